#!/bin/bash
# Outputs in Spark (local mode): every value of every format that Spark reads. Prints "ok NAME" or "not ok NAME".
# usage: spark_test.sh BUILD
set -u
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "$1/evclean")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
if ! command -v java >/dev/null; then
  echo "not ok Spark needs Java 17 or later"
  exit 0
fi
if ! { python3 -m venv venv && venv/bin/python -m pip install -q --disable-pip-version-check "pyspark>=4,<5"; } >pip.log 2>&1; then
  tail -n 3 pip.log >&2
  echo "not ok Spark can be installed"
  exit 0
fi
# Times without a zone are the process's in Python: UTC here as in the session.
TZ=UTC SPARK_LOCAL_IP=127.0.0.1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
  timeout 900 venv/bin/python "$here/spark_read.py" "$program" "$work" 2>spark.log || {
  tail -n 20 spark.log >&2
  echo "not ok Spark reads to the end"
}
