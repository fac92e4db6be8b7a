#!/bin/bash
# The DAG of aws/airflow in a real Airflow, installed into an environment of its own. Prints "ok NAME" or "not ok NAME".
# usage: airflow_test.sh BUILD (which is not used; EVCLEAN_AIRFLOW_PYTHON names a Python that has Airflow already)
set -u
root=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d /var/tmp/evclean-airflow.XXXXXX)
trap 'rm -rf "$work"' EXIT
python=${EVCLEAN_AIRFLOW_PYTHON:-}
if [ -z "$python" ]; then
  python=$work/venv/bin/python
  { python3 -m venv "$work/venv" && "$python" -m pip install --quiet --disable-pip-version-check apache-airflow==3.3.2 \
    apache-airflow-providers-amazon==9.39.0 'moto[server]==5.2.5' pydantic typer PyYAML; } >"$work/log" 2>&1 || {
    echo "not ok Airflow can be installed"
    tail -n 15 "$work/log" | sed 's/^/  /'
    exit 0
  }
fi
if PYTHONDONTWRITEBYTECODE=1 timeout 600 "$python" "$root/tests/aws/airflow_test.py" >"$work/log" 2>&1; then
  echo "ok the DAG is imported by a real Airflow; structure, teardown, and its request against moto"
else
  echo "not ok the DAG is imported by a real Airflow; structure, teardown, and its request against moto"
  tail -n 30 "$work/log" | sed 's/^/  /'
fi
