# SPDX-License-Identifier: Apache-2.0
"""More than 2 GiB to one rank, for real: a join in which whole rows travel, a distinct and a sort over them, below a memory
budget that makes all of them spill. The output is that of a lookup in passing, which sends no row.

usage: large_exchange.py BUILD [--bytes 6G]        needs three times the bytes in $TMPDIR or /var/tmp
Prints "ok NAME" or "not ok NAME" a test.
"""

import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ENVIRONMENT = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                            "OMPI_MCA_rmaps_base_oversubscribe": "1"}
LIMIT_S = 1200


def run(build: pathlib.Path, folder: pathlib.Path, name: str, steps: list) -> dict:
    job = {"input": {"paths": "orders.csv", "format": "csv", "types": {"order-id": "string"}},
           "tables": {"countries": {"rows": [{"country": c, "zone": z} for c, z in (("IN", 1), ("FR", 2), ("DE", 3))]}},
           "steps": [{"join": {"table": "countries", "on": "country", "how": "left", **steps[0]}}, *steps[1:]],
           "output": f"{name}.csv", "resources": {"memory": "512MiB", "scratch": "."}}
    (folder / f"{name}.yml").write_text(json.dumps(job), encoding="utf-8")
    subprocess.run(["mpirun", "-np", "2", str(build / "evclean"), "run", f"{name}.yml", "--overwrite", "--progress", "none",
                    "--report", f"{name}.json"], cwd=folder, env=ENVIRONMENT, check=True, timeout=LIMIT_S, capture_output=True)
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def digest(path: pathlib.Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--bytes", default="6G")
    options = parser.parse_args()
    build = options.build.resolve()
    failed = 0
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        folder = pathlib.Path(name)
        subprocess.run([str(build / "bench/generate_events"), "--format", "csv", "--bytes", options.bytes, "--dirt", "none",
                        "--output", str(folder / "orders.csv")], check=True)
        run(build, folder, "lookup", [{"strategy": "auto"}])
        expected = digest(folder / "lookup.csv")
        for title, steps in (("rows travel in a join", [{"strategy": "rows"}]),
                             ("every row in a distinct", [{"strategy": "auto"}, {"distinct": None}]),
                             ("every row in a sort", [{"strategy": "auto"}, {"sort": "order-id"}])):
            said = run(build, folder, "exchange", steps)
            (operator,) = said["tables"]["events"]["operators"][-1:]
            same = digest(folder / "exchange.csv") == expected
            print(f"{'ok' if same else 'not ok'} {options.bytes} of rows, 2 ranks: {title} "
                  f"({operator['rows_in']:,} rows, {operator['seconds']:.0f} s)", flush=True)
            failed += not same
    return failed


if __name__ == "__main__":
    sys.exit(main())
