# SPDX-License-Identifier: Apache-2.0
"""Joins and groups beside Polars and DuckDB, after comparing what they wrote.

usage: python bench/tables.py BUILD [--rows 4000000] [--runs 5] [--ranks 2]

1. Two NDJSON tables of that many rows, joined on a 16-character key, then grouped: evclean, DuckDB and Polars with two
   threads each.
2. A lookup table of 200,000 rows joined to the same events, beside the job without the join.
"""

import argparse
import csv
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "bench" / "data"
ENVIRONMENT = os.environ | {
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none", "POLARS_MAX_THREADS": "2"}
QUERY = ("select o.country, e.kind, count(*) as n, sum(e.bytes) as bytes, avg(o.score) as score "
         "from events e join others o on e.key = o.key group by o.country, e.kind")

PEERS = {
    "DuckDB": """
import duckdb, sys
c = duckdb.connect(); c.sql("set threads = 2")
c.sql(\"\"\"copy (select o.country, e.kind, count(*) as n, sum(e.bytes)::bigint as bytes, avg(o.score) as score
  from read_json('{a}', format='newline_delimited') e join read_json('{b}', format='newline_delimited') o
  on e.key = o.key group by 1, 2 order by 1, 2) to '{out}' (header)\"\"\")
""",
    "Polars": """
import polars as pl
e, o = pl.scan_ndjson('{a}'), pl.scan_ndjson('{b}')
(e.join(o, on='key').group_by('country', 'kind')
  .agg(pl.len().alias('n'), pl.col('bytes').sum(), pl.col('score').mean()).sort('country', 'kind')
  .sink_csv('{out}'))
""",
}


def make_inputs(rows: int) -> tuple[pathlib.Path, pathlib.Path, pathlib.Path]:
    """Seeded; keys of 16 characters, one match for most, none for some, several for a few."""
    DATA.mkdir(exist_ok=True)
    a, b, lookup = (DATA / f"{name}-{rows}.{end}" for name, end in
                    (("tables-a", "jsonl"), ("tables-b", "jsonl"), ("tables-lookup", "csv")))
    if lookup.exists():
        return a, b, lookup
    draw = random.Random(7)
    countries, kinds = [f"C{i:02d}" for i in range(60)], ["view", "click", "buy", "search", "login"]
    with open(a, "w", encoding="ascii") as file:
        for row in range(rows):
            key = f"{draw.randrange(rows) * 2654435761 % 2**60:016x}"
            file.write(f'{{"id":{row},"key":"{key}","kind":"{draw.choice(kinds)}","bytes":{draw.randrange(10**6)},'
                       f'"path":"/p/{draw.randrange(10**5)}/item","user":"u{draw.randrange(200000)}"}}\n')
    with open(b, "w", encoding="ascii") as file:
        for row in range(rows):
            key = f"{draw.randrange(rows) * 2654435761 % 2**60:016x}"
            file.write(f'{{"key":"{key}","country":"{draw.choice(countries)}","score":{draw.randrange(1000)}}}\n')
    with open(lookup, "w", encoding="ascii") as file:
        file.write("user,plan\n")
        for user in range(200000):
            file.write(f"u{user},{draw.choice(['free', 'pro', 'team'])}\n")
    return a, b, lookup


def run(command: list[str]) -> float:
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)[:200]}\nended with {done.returncode}:\n{done.stderr[-3000:]}")
    return time.perf_counter() - begin


def evclean(build: str, ranks: int, job: dict, name: str) -> float:
    path = DATA / f"{name}.yml"
    path.write_text(json.dumps(job), encoding="utf-8")
    report = DATA / f"{name}.report.json"
    run(["mpirun", "-np", str(ranks), f"{build}/evclean", "run", str(path), "--overwrite", "--progress", "none",
         "--report", str(report)])
    return json.loads(report.read_text(encoding="utf-8"))["seconds"]


def rows_of(path: pathlib.Path) -> list[tuple]:
    with open(path, encoding="utf-8", newline="") as file:
        return [(r["country"], r["kind"], int(r["n"]), int(r["bytes"]), round(float(r["score"]), 9))
                for r in csv.DictReader(file)]


def show(name: str, seconds: list[float], against: float | None = None) -> None:
    ratio = "" if against is None else f"   {statistics.median(seconds) / against:5.2f} x evclean"
    print(f"{name:<32} min {min(seconds):6.2f}  median {statistics.median(seconds):6.2f}  max {max(seconds):6.2f} s{ratio}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ranks", type=int, default=2)
    args = parser.parse_args()
    a, b, lookup = make_inputs(args.rows)
    build = str(pathlib.Path(args.build).resolve())
    out = DATA / "tables-out.csv"
    job = {"input": {"paths": str(a), "format": "json"}, "tables": {"others": {"paths": str(b), "format": "json"},
                                                                  "result": {"sql": QUERY}},
           "output": {"path": str(out), "table": "result"}}
    own = [evclean(build, args.ranks, job, "tables-join") for _ in range(args.runs)]
    expected = rows_of(out)
    times = {}
    for name, program in PEERS.items():
        other = DATA / f"tables-{name}.csv"
        script = program.format(a=a, b=b, out=other)
        times[name] = [run([sys.executable, "-c", script]) for _ in range(args.runs)]
        if rows_of(other) != expected:
            sys.exit(f"{name} wrote other rows than evclean")
    plain = {"input": {"paths": str(a), "format": "json"}, "output": str(DATA / "tables-events.csv.zst")}
    with_join = plain | {"tables": {"users": {"paths": str(lookup), "format": "csv"}},
                         "steps": [{"join": {"table": "users", "on": "user", "how": "left"}}]}
    without = [evclean(build, args.ranks, plain, "tables-plain") for _ in range(args.runs)]
    joined = [evclean(build, args.ranks, with_join, "tables-lookup") for _ in range(args.runs)]
    print(f"{args.rows} rows in each table, {args.ranks} ranks, {args.runs} runs; the outputs are the same")
    show("evclean", own)
    for name, seconds in times.items():
        show(name, seconds, statistics.median(own))
    show("events alone", without)
    show("with a lookup of 200,000 rows", joined)
    print(f"the lookup costs {100 * (statistics.median(joined) / statistics.median(without) - 1):.0f} % on top")


if __name__ == "__main__":
    main()
