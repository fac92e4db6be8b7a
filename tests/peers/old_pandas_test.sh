#!/bin/bash
# HDF5 files in pandas 1.5, as docs/hdf5.md says: types, missing values, `where=`, several keys.
# Prints "ok NAME" or "not ok NAME". usage: old_pandas_test.sh BUILD
set -u
program=$(realpath "$1/evclean")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
if ! { python3 -m venv venv && venv/bin/python -m pip install -q --disable-pip-version-check "pandas==1.5.3" "numpy<2" "tables<3.10"; } >pip.log 2>&1; then
  tail -n 3 pip.log >&2
  echo "not ok pandas 1.5 can be installed"
  exit 0
fi
cat >job.yml <<'JOB'
input: in.csv
tables: {users: {rows: [{ip: 1.2.3.4, n: 1}, {ip: "é", n: 2}]}}
output: [{path: o.h5, key: events}, {path: o.h5, key: users, table: users}]
JOB
{
  echo "status,path,took,day,ok,gap,odd name"
  for n in $(seq 0 99); do echo "$((200 + n % 3 * 100)),/é/$((n % 7)),$n.25,19$((60 + n % 20))-01-02,true,$([ $((n % 2)) = 0 ] && echo "$n"),x$n"; done
} >in.csv
"$program" run job.yml --log-level error || { echo "not ok the job runs"; exit 0; }
cat >read.py <<'PY'
import pandas

assert pandas.__version__.startswith("1.5"), pandas.__version__
frame = pandas.read_hdf("o.h5", "events")
assert list(frame.columns) == ["status", "path", "took", "day", "ok", "gap", "odd name"]
assert frame["status"].tolist() == [200 + n % 3 * 100 for n in range(100)] and frame["status"].dtype == "int64"
assert frame["path"].tolist() == [f"/\u00e9/{n % 7}" for n in range(100)]
assert frame["took"].tolist() == [n + 0.25 for n in range(100)]
assert frame["day"].dt.year.tolist() == [1960 + n % 20 for n in range(100)]
assert frame["ok"].all() and frame["gap"].isna().sum() == 50 and frame["gap"][98] == 98.0
assert frame["odd name"].tolist() == [f"x{n}" for n in range(100)]
found = pandas.read_hdf("o.h5", "events", where="status >= 300 & took < 50 & path == '/\u00e9/3'")
pandas.testing.assert_frame_equal(found, frame[(frame["status"] >= 300) & (frame["took"] < 50) & (frame["path"] == "/\u00e9/3")])
assert len(found) > 0
assert pandas.read_hdf("o.h5", "users")["ip"].tolist() == ["1.2.3.4", "\u00e9"]
PY
if venv/bin/python read.py; then echo "ok pandas 1.5 reads types, missing values, where= and keys"; else echo "not ok pandas 1.5 reads types, missing values, where= and keys"; fi
