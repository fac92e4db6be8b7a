# SPDX-License-Identifier: Apache-2.0
"""Measures reading: nested JSON lines and CSV beside Polars and DuckDB, decoding beside simdjson, one gzip member beside
its decompression. See bench/README.md.

usage: bench/inputs.py [--build build] [--size 1100M] [--gzip 2G] [--runs 5] [json] [decode] [csv] [gzip]
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from run import DATA, ENVIRONMENT, ROOT, BenchError, measure, print_table, run, save  # noqa: E402

DECODER = "evclean's decoder, 1 core"
REPORT = str(DATA / "inputs-report.json")


def generated(build: str, fmt: str, size: str) -> str:
    """Without malformed records where peers read them: they end at the first."""
    DATA.mkdir(exist_ok=True)
    path = DATA / f"inputs-{size}.{'jsonl' if fmt == 'json' else fmt if fmt == 'csv' else 'log'}"
    if not path.exists():
        print(f"making {path.name}", flush=True)
        part = path.with_suffix(".part")
        run([f"{build}/bench/generate_events", "--format", fmt, "--bytes", size, "--seed", "1", "--output", str(part),
             "--dirt", "real" if fmt == "combined" else "none",
             "--truth", str(path) + ".truth.json"])
        part.rename(path)
    return str(path)


def evclean(build: str, ranks: int, source: str, fmt: str, output: str, steps: str = "[]") -> dict:
    job = DATA / "inputs.yml"
    job.write_text(f"input: {{paths: {source}, format: {fmt}, rejects: {{max: 100%}}}}\nsteps: {steps}\n"
                   f"output: {{path: {output}}}\n", encoding="utf-8")
    begin = time.perf_counter()
    run(["mpirun", "-np", str(ranks), f"{build}/evclean", "run", str(job), "--overwrite", "--progress", "none", "--report", REPORT])
    wall = time.perf_counter() - begin
    said = json.loads(pathlib.Path(REPORT).read_text(encoding="utf-8"))
    return {"seconds": said["seconds"], "wall": wall, "rows": said["outputs"][0]["rows"]}


def stage(build: str, name: str, path: str) -> dict:
    return json.loads(run([f"{build}/bench/bench_decode", name, path]))


def peer(code: str, *arguments: str) -> dict:
    """Runs Python that prints its own seconds and rows; importing is not counted."""
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(done.stderr[-2000:])
    return json.loads(done.stdout) | {"wall": time.perf_counter() - begin}


TIMED = """
import json, sys, time
{imports}
begin = time.perf_counter()
{work}
print(json.dumps({{"seconds": time.perf_counter() - begin, "rows": rows}}))
"""
# Nested objects are flattened as evclean does; lists become JSON text.
POLARS_JSON = TIMED.format(imports="import polars as pl", work="""
frame = pl.read_ndjson(sys.argv[1], infer_schema_length=10000, ignore_errors=True)
while any(isinstance(t, pl.Struct) for t in frame.dtypes):
    for name, kind in zip(frame.columns, frame.dtypes):
        if isinstance(kind, pl.Struct):
            frame = frame.with_columns(frame[name].struct.rename_fields([name + "." + f.name for f in kind.fields])).unnest(name)
lists = [n for n, t in zip(frame.columns, frame.dtypes) if isinstance(t, pl.List)]
frame = frame.with_columns([pl.col(n).cast(pl.List(pl.String)).list.join(",") for n in lists])
rows = frame.height
frame.lazy().sink_csv(sys.argv[2], compression="zstd", check_extension=False)""")
DUCKDB_JSON = TIMED.format(imports="import duckdb", work="""
db = duckdb.connect(config={"threads": 2})
db.execute("set enable_progress_bar = false")
source = f"read_json('{sys.argv[1]}', format='newline_delimited', ignore_errors=true)"
def leaves(name, kind):
    if kind.id == "struct":
        for field, inner in kind.children:
            yield from leaves(f'{name}."{field}"', inner)
    else:
        yield name
columns = [leaf for name, kind in zip(db.sql(f"from {source}").columns, db.sql(f"from {source}").types) for leaf in leaves(f'"{name}"', kind)]
names = [c.replace('"', "") for c in columns]
select = ", ".join(f'{c} as "{n}"' for c, n in zip(columns, names))
rows = db.execute(f"copy (select {select} from {source}) to '{sys.argv[2]}' (header, compression zstd)").fetchone()[0]""")
POLARS_CSV = TIMED.format(imports="import polars as pl", work="""
frame = pl.read_csv(sys.argv[1], infer_schema_length=10000)
rows = frame.height""")
DUCKDB_CSV = TIMED.format(imports="import duckdb", work="""
db = duckdb.connect(config={"threads": 2})
db.execute("set enable_progress_bar = false")
db.execute(f"create table t as from read_csv('{sys.argv[1]}')")
rows = db.execute("select count(*) from t").fetchone()[0]""")


def rows_alike(results: dict[str, dict]) -> None:
    """Peers may drop or keep a dirty record that we reject: counts must agree to a thousandth."""
    counts = {name: result["rows"] for name, result in results.items()}
    print("rows: " + ", ".join(f"{name} {count:,}" for name, count in counts.items()), flush=True)
    if max(counts.values()) > 1.001 * min(counts.values()) + 1:
        raise BenchError(f"the rows differ: {counts}")


def measured(title: str, cases: dict, path: str, runs: int, alike: bool = True) -> dict:
    print(f"\n== {title}: {os.path.getsize(path) / 1e6:.0f} MB", flush=True)
    first = {name: case() for name, case in cases.items()}
    if alike:
        rows_alike(first)
    figures = measure(cases, runs)
    print_table(figures, dict.fromkeys(cases, os.path.getsize(path)))
    return figures


def median(figures: dict, name: str) -> float:
    return figures[name]["seconds"]["median"]


def bench_json(options) -> dict:
    path = generated(options.build, "json", options.size)
    figures = measured("nested JSON lines to .csv.zst", {
        "evclean, 2 ranks": lambda: evclean(options.build, 2, path, "json", str(DATA / "inputs.csv.zst")),
        "polars, 2 threads": lambda: peer(POLARS_JSON, path, str(DATA / "inputs-polars.csv.zst")),
        "duckdb, 2 threads": lambda: peer(DUCKDB_JSON, path, str(DATA / "inputs-duckdb.csv.zst"))}, path, options.runs)
    fastest = min(median(figures, name) for name in figures if not name.startswith("evclean"))
    print(f"{fastest / median(figures, 'evclean, 2 ranks'):6.2f} times the fastest peer (wanted: 3)")
    return figures


def bench_decode(options) -> dict:
    path = generated(options.build, "json", options.size)
    figures = measured("decoding JSON on one core", {
        "simdjson": lambda: stage(options.build, "simdjson", path),
        "evclean's decoder": lambda: stage(options.build, "json", path)}, path, options.runs, alike=False)
    share = median(figures, "simdjson") / median(figures, "evclean's decoder")
    print(f"{100 * share:6.0f} % of simdjson's rate (wanted: 60)")
    return figures


def bench_csv(options) -> dict:
    path = generated(options.build, "csv", options.size)
    # Every value is decoded and typed, and no row is written.
    figures = measured("CSV, all columns read", {
        "evclean, 2 ranks": lambda: evclean(options.build, 2, path, "csv", str(DATA / "inputs.arrow")),
        "polars, 2 threads": lambda: peer(POLARS_CSV, path),
        "duckdb, 2 threads": lambda: peer(DUCKDB_CSV, path),
        DECODER: lambda: stage(options.build, "csv", path) | {"rows": None}}, path, options.runs, alike=False)
    fastest = min(median(figures, name) for name in figures if not name.startswith("evclean"))
    print(f"{fastest / (median(figures, DECODER) / 2):6.2f} times the fastest peer, decoding on two cores (wanted: 1)")
    return figures


def bench_gzip(options) -> dict:
    plain = generated(options.build, "combined", options.gzip)
    path = plain + ".gz"
    if not os.path.exists(path):
        run(["sh", "-c", f"gzip -6 -c '{plain}' > '{path}.part' && mv '{path}.part' '{path}'"])
    figures = measured("one gzip member", {
        "decompression alone": lambda: stage(options.build, "gunzip", path),
        "gzip -dc": lambda: timed(["sh", "-c", f"gzip -dc '{path}' > /dev/null"]),
        "evclean, 1 rank": lambda: evclean(options.build, 1, path, "combined", str(DATA / "inputs.csv.zst")),
        "evclean, 2 ranks": lambda: evclean(options.build, 2, path, "combined", str(DATA / "inputs.csv.zst"))}, plain, options.runs, alike=False)
    for name in ("decompression alone", "gzip -dc"):
        print(f"{median(figures, 'evclean, 2 ranks') / median(figures, name):6.2f} times {name} (wanted: 1.15)")
    return figures


def timed(command: list[str]) -> dict:
    begin = time.perf_counter()
    run(command)
    return {"seconds": time.perf_counter() - begin}


BENCHES = {"json": bench_json, "decode": bench_decode, "csv": bench_csv, "gzip": bench_gzip}


def run_benches(name: str, doc: str, benches: dict, sizes: dict[str, tuple[str, str]]) -> int:
    """The command line of a bench: `sizes` are its options with default and help; figures are saved."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--runs", type=int, default=5)
    for option, (default, text) in sizes.items():
        parser.add_argument(option, default=default, help=text)
    parser.add_argument("what", nargs="*", default=list(benches), help=", ".join(benches))
    options = parser.parse_args()
    print("load %.1f %.1f %.1f" % os.getloadavg())
    try:
        figures = {what: benches[what](options) for what in options.what}
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    save({"header": {"date": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()), "bench": name,
                     "load": "%.1f %.1f %.1f" % os.getloadavg(), "commit": run(["git", "rev-parse", "--short", "HEAD"]).strip()},
          "figures": figures})
    return 0


if __name__ == "__main__":
    sys.exit(run_benches("inputs", __doc__, BENCHES, {"--size": ("1100M", "of JSON lines and CSV"),
                                                      "--gzip": ("2G", "text inside the gzip file")}))
