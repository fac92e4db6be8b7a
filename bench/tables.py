# SPDX-License-Identifier: Apache-2.0
"""Joins and groups beside Polars and DuckDB, after comparing what they wrote.

usage: python bench/tables.py BUILD [--rows 4000000] [--runs 5] [--ranks 2]

1. Two NDJSON tables of that many rows, joined on a 16-character key, then grouped: evclean, DuckDB and Polars with two
   threads each. Once with small rows (110 and 55 bytes), once with events as the generator makes them (280 bytes, nested).
2. A lookup table of 200,000 rows joined to the same events, beside the job without the join.

All take turns, so that a noisy minute touches all of them. Seconds are those of the work: neither the start of mpirun
nor that of Python and its imports.
"""

import argparse
import csv
import json
import os
import pathlib
import random
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from inputs import TIMED, median, peer  # noqa: E402
from run import DATA, BenchError, measure, print_table, run  # noqa: E402

QUERY = ("select o.country, e.kind, count(*) as n, sum(e.bytes) as bytes, avg(o.score) as score "
         "from events e join others o on e.key = o.key group by o.country, e.kind")
QUERY_EVENTS = ('select o.country, e.event as kind, count(*) as n, sum(o.score) as bytes, avg(e."req.ms") as score '
                'from events e join others o on e."req.id" = o.key group by o.country, e.event')

DUCKDB = TIMED.format(imports="import duckdb", work="""
c = duckdb.connect(); c.sql("set threads = 2"); c.sql("set enable_progress_bar = false")
c.sql(\"\"\"copy (select @columns
  from read_json('@a', format='newline_delimited') e join read_json('@b', format='newline_delimited') o
  on @key = o.key group by 1, 2 order by 1, 2) to '@out' (header)\"\"\")
rows = None
""")
POLARS = TIMED.format(imports="import polars as pl", work="""
e, o = pl.scan_ndjson('@a')@chosen, pl.scan_ndjson('@b')
(e.join(o, on='key').group_by('country', 'kind')
  .agg(pl.len().alias('n'), pl.col('@sum').sum().alias('bytes'), pl.col('@mean').mean().alias('score')).sort('country', 'kind')
  .sink_csv('@out'))
rows = None
""")


def filled(program: str, **words: str) -> str:
    for word, text in words.items():
        program = program.replace(f"@{word}", text)
    return program


PEERS = {
    "DuckDB": filled(DUCKDB, key="e.key", columns="o.country, e.kind, count(*) as n, sum(e.bytes)::bigint as bytes, "
                                                  "avg(o.score) as score"),
    "Polars": filled(POLARS, chosen="", sum="bytes", mean="score"),
}
PEERS_EVENTS = {
    "DuckDB": filled(DUCKDB, key="e.req.id", columns="o.country, e.event as kind, count(*) as n, "
                                                     "sum(o.score)::bigint as bytes, avg(e.req.ms) as score"),
    "Polars": filled(POLARS, sum="score", mean="ms",
                     chosen=".select(pl.col('event').alias('kind'), pl.col('req').struct.field('id').alias('key'), "
                            "pl.col('req').struct.field('ms').alias('ms'))"),
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


def make_events(build: str, rows: int) -> tuple[pathlib.Path, pathlib.Path]:
    """The generator's events, and as many rows that name their requests."""
    a, b = DATA / f"tables-events-{rows}.jsonl", DATA / f"tables-requests-{rows}.jsonl"
    if b.exists():
        return a, b
    run([f"{build}/bench/generate_events", "--format", "json", "--rows", str(rows), "--dirt", "none", "--seed", "1",
         "--output", str(a)])
    draw = random.Random(7)
    countries = [f"C{i:02d}" for i in range(60)]
    with open(a, encoding="utf-8") as file:
        ids = [re.search(r'"id":"([0-9a-f]{16})"', line).group(1) for line in file]
    part = b.with_suffix(".part")
    with open(part, "w", encoding="ascii") as file:
        for _ in range(rows):
            file.write(f'{{"key":"{draw.choice(ids)}","country":"{draw.choice(countries)}","score":{draw.randrange(1000)}}}\n')
    part.rename(b)
    return a, b


def evclean(build: str, ranks: int, job: dict, name: str) -> dict:
    path, report = DATA / f"{name}.yml", DATA / f"{name}.report.json"
    path.write_text(json.dumps(job), encoding="utf-8")
    begin = time.perf_counter()
    run(["mpirun", "-np", str(ranks), f"{build}/evclean", "run", str(path), "--overwrite", "--progress", "none",
         "--report", str(report)])
    wall = time.perf_counter() - begin
    return {"seconds": json.loads(report.read_text(encoding="utf-8"))["seconds"], "wall": wall}


def rows_of(path: str) -> list[tuple]:
    with open(path, encoding="utf-8", newline="") as file:
        return [(r["country"], r["kind"], int(r["n"]), int(r["bytes"]), round(float(r["score"]), 9))
                for r in csv.DictReader(file)]


def compare(title: str, evclean_case, peers: dict[str, str], outputs: dict[str, str], paths: list[pathlib.Path],
            runs: int) -> None:
    cases = {"evclean": evclean_case}
    for name, program in peers.items():
        code = filled(program, a=str(paths[0]), b=str(paths[1]), out=outputs[name])
        cases[name] = lambda code=code: peer(code)
    for case in cases.values():
        case()
    for name in peers:
        if rows_of(outputs[name]) != rows_of(outputs["evclean"]):
            raise BenchError(f"{name} wrote other rows than evclean")
    print(f"\n== {title}; the outputs are the same", flush=True)
    figures = measure(cases, runs)
    print_table(figures, dict.fromkeys(cases, sum(os.path.getsize(path) for path in paths)))
    print(f"{min(median(figures, name) for name in peers) / median(figures, 'evclean'):6.2f} times the fastest peer (wanted: 2)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ranks", type=int, default=2)
    args = parser.parse_args()
    a, b, lookup = make_inputs(args.rows)
    build = str(pathlib.Path(args.build).resolve())
    outputs = {name: str(DATA / f"tables-{name}.csv") for name in ("evclean", *PEERS)}

    def query_of(events: pathlib.Path, others: pathlib.Path, sql: str) -> dict:
        return {"input": {"paths": str(events), "format": "json"},
                "tables": {"others": {"paths": str(others), "format": "json"}, "result": {"sql": sql}},
                "output": {"path": outputs["evclean"], "table": "result"}}

    shape = f"{args.rows} rows in each table, {args.ranks} ranks"
    compare(f"small rows: {shape}", lambda: evclean(build, args.ranks, query_of(a, b, QUERY), "tables-join"), PEERS,
            outputs, [a, b], args.runs)
    events, requests = make_events(build, args.rows)
    compare(f"events: {shape}", lambda: evclean(build, args.ranks, query_of(events, requests, QUERY_EVENTS), "tables-join"),
            PEERS_EVENTS, outputs, [events, requests], args.runs)

    plain = {"input": {"paths": str(a), "format": "json"}, "output": str(DATA / "tables-events.csv.zst")}
    with_lookup = plain | {"tables": {"users": {"paths": str(lookup), "format": "csv"}},
                           "steps": [{"join": {"table": "users", "on": "user", "how": "left"}}]}
    lookups = {"events alone": lambda: evclean(build, args.ranks, plain, "tables-plain"),
               "with a lookup of 200,000 rows": lambda: evclean(build, args.ranks, with_lookup, "tables-lookup")}
    print(f"\n== a lookup: {shape}", flush=True)
    for case in lookups.values():
        case()
    figures = measure(lookups, args.runs)
    print_table(figures, dict.fromkeys(lookups, os.path.getsize(a)))
    more = median(figures, "with a lookup of 200,000 rows") / median(figures, "events alone") - 1
    print(f"the lookup costs {100 * more:.0f} % on top (wanted: 15)")


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"tables: {error}")
