# SPDX-License-Identifier: Apache-2.0
"""Measures writing: clean rows to Parquet and .csv.gz beside Polars and DuckDB, HDF5 beside parallel HDF5 alone. The rows
of all are compared first. See bench/README.md.

usage: bench/outputs.py [--build build] [--size 750M] [--json 1100M] [--runs 5] [parquet] [json] [gzip] [hdf5]
"""

import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from inputs import DUCKDB_JSON, POLARS_JSON, evclean, generated, median, peer, run_benches  # noqa: E402
from run import DATA, BenchError, make_classes, make_input, measure, print_table, run, run_evclean, run_polars  # noqa: E402

REPORT = str(DATA / "report.json")


def same_tables(paths: dict[str, str]) -> None:
    """Counts, and hashes of the columns in common (as text), by DuckDB."""
    import duckdb
    found = {}
    for name, path in paths.items():
        source = f"read_csv('{path}', all_varchar=true, quote='\"')" if ".csv" in path else f"'{path}'"
        columns = [row[0] for row in duckdb.sql(f"describe from {source}").fetchall()]
        sums = ", ".join(f'sum(hash("{c}"::varchar)::hugeint)' for c in sorted(columns) if c != "time")
        found[name] = (sorted(columns), duckdb.sql(f"select count(*), {sums} from {source}").fetchall()[0])
    (first, reference), *others = found.items()
    for name, other in others:
        if other != reference:
            wrong = [c for c, a, b in zip(reference[0], reference[1][1:], other[1][1:]) if a != b]
            raise BenchError(f"{first} and {name} differ: {reference[0]} {other[0]}, in {wrong}")
    sizes = ", ".join(f"{name} {os.path.getsize(path) / 1e6:.1f} MB" for name, path in paths.items())
    print(f"outputs compared: {reference[1][0]:,} rows, the same values ({sizes})", flush=True)


def compared(title: str, cases: dict, outputs: dict[str, str], path: str, runs: int, wanted: float, alike: bool = True) -> dict:
    print(f"\n== {title}: {os.path.getsize(path) / 1e6:.0f} MB", flush=True)
    rows = {name: case().get("rows") for name, case in cases.items()}
    if alike:
        same_tables(outputs)
    elif len(set(rows.values())) > 1:
        raise BenchError(f"the rows differ: {rows}")
    figures = measure(cases, runs)
    print_table(figures, dict.fromkeys(cases, os.path.getsize(path)))
    fastest = min(median(figures, name) for name in figures if not name.startswith("evclean"))
    print(f"{fastest / median(figures, 'evclean, 2 ranks'):6.2f} times the fastest peer (wanted: {wanted:g})")
    return figures


def access(options, ending: str, title: str, wanted: float) -> dict:
    log = make_input(options.build, f"access-{options.size}", options.size, 1)
    classes = make_classes(options.build)
    outputs = {"evclean, 2 ranks": str(DATA / f"outputs-evclean.{ending}"),
               "polars, 2 threads, regex": str(DATA / f"outputs-regex.{ending}"),
               "polars, 2 threads, split": str(DATA / f"outputs-split.{ending}")}
    cases = {"evclean, 2 ranks": lambda: run_evclean(options.build, 2, log, outputs["evclean, 2 ranks"])}
    for method in ("regex", "split"):
        name = f"polars, 2 threads, {method}"
        cases[name] = lambda method=method, name=name: run_polars(method, log[0], outputs[name], classes)
    return compared(title, cases, outputs, log[0], options.runs, wanted)


def bench_json(options) -> dict:
    path = generated(options.build, "json", options.json)
    polars = POLARS_JSON.replace('frame.lazy().sink_csv(sys.argv[2], compression="zstd", check_extension=False)',
                                 'frame.write_parquet(sys.argv[2], compression="zstd", compression_level=3)')
    duckdb = DUCKDB_JSON.replace("(header, compression zstd)", "(format parquet, compression zstd)")
    if "write_parquet" not in polars or "format parquet" not in duckdb:
        raise BenchError("bench/inputs.py has changed: its peers do not write CSV as expected")
    outputs = {name: str(DATA / f"outputs-{name}-json.parquet") for name in ("evclean", "polars", "duckdb")}
    return compared("nested JSON lines to Parquet", {
        "evclean, 2 ranks": lambda: evclean(options.build, 2, path, "json", outputs["evclean"]),
        "polars, 2 threads": lambda: peer(polars, path, outputs["polars"]),
        "duckdb, 2 threads": lambda: peer(duckdb, path, outputs["duckdb"])}, outputs, path, options.runs, 2, alike=False)


def bench_hdf5(options) -> dict:
    log = make_input(options.build, f"access-{options.size}", options.size, 1)
    own, raw = str(DATA / "outputs-evclean.h5"), str(DATA / "outputs-raw.h5")

    def write() -> dict:
        run_evclean(options.build, 2, log, own)
        said = json.loads(pathlib.Path(REPORT).read_text(encoding="utf-8"))
        return {"seconds": said["tables"]["events"]["seconds"]["write"]}

    def alone() -> dict:
        begin = time.perf_counter()
        said = json.loads(run(["mpirun", "-np", "2", f"{options.build}/bench/bench_hdf5", own, "events", raw]))
        return said | {"wall": time.perf_counter() - begin}

    print("\n== HDF5, the same rows from memory", flush=True)
    write()
    stored = alone()["bytes"]
    same_hdf5(own, raw)
    figures = measure({"evclean, 2 ranks: writing": write, "parallel HDF5 alone": alone}, options.runs)
    print_table(figures, dict.fromkeys(figures, stored))
    ratio = median(figures, "evclean, 2 ranks: writing") / median(figures, "parallel HDF5 alone")
    print(f"{ratio:6.2f} times parallel HDF5 alone (wanted: 1.5)")
    return figures


def same_hdf5(own: str, raw: str) -> None:
    import h5py
    with h5py.File(own) as a, h5py.File(raw) as b:
        left, right = a["events/table"], b["table"]
        step = 1 << 18
        for row in range(0, len(left), step):
            if left[row:row + step].tobytes() != right[row:row + step].tobytes():
                raise BenchError(f"rows from {row} on differ")
        print(f"outputs compared: {len(left):,} rows of {left.dtype.itemsize} bytes, the same")


BENCHES = {"parquet": lambda options: access(options, "parquet", "access log to Parquet", 4),
           "json": bench_json,
           "gzip": lambda options: access(options, "csv.gz", "access log to .csv.gz", 4),
           "hdf5": bench_hdf5}


if __name__ == "__main__":
    sys.exit(run_benches("outputs", __doc__, BENCHES, {"--size": ("750M", "of the access log"),
                                                       "--json": ("1100M", "of the JSON lines")}))
