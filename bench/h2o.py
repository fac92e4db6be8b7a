# SPDX-License-Identifier: Apache-2.0
"""The group-by questions of the h2o db-benchmark (those that the job contract covers), and distinct and sort over the
same table: evclean's operators with 2 ranks beside DuckDB and Polars with 2 threads, all from memory. Results are compared
first.

usage: .venv/bin/python bench/h2o.py [--build build] [--rows 1e7] [--runs 5] [--only q1,q3] [--cpu]
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "bench" / "data"
THREADS = 2
ENVIRONMENT = os.environ | {
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none", "OMPI_MCA_mpi_yield_when_idle": "1"}
os.environ["POLARS_MAX_THREADS"] = str(THREADS)

SQL = {
    "q1": "select id1, sum(v1)::bigint from t group by id1",
    "q2": "select id1, id2, sum(v1)::bigint from t group by id1, id2",
    "q3": "select id3, sum(v1)::bigint, avg(v3) from t group by id3",
    "q4": "select id4, avg(v1), avg(v2), avg(v3) from t group by id4",
    "q5": "select id6, sum(v1)::bigint, sum(v2)::bigint, sum(v3) from t group by id6",
    "q6": "select id4, id5, quantile_cont(v3, 0.5), stddev(v3) from t group by id4, id5",
    "q7": "select id3, max(v1), min(v2) from t group by id3",
    "q10": "select id1, id2, id3, id4, id5, id6, sum(v3), count(*) from t group by id1, id2, id3, id4, id5, id6",
    "count distinct": "select id1, count(distinct id3) from t group by id1",
    "distinct": "select distinct on (id3) * from t",
    "sort": "select * from t order by id6, id3",
    "first ten": "select * from t order by v3 limit 10",
}
# What of a result depends on the choice of equal rows is not compared.
ROWS_ONLY = {"distinct"}
# The median of evclean is a sketch's: within 1 % (most of these groups are small enough to be exact).
TOLERANCE = {"q6": 0.01}


def polars_answers(frame):
    import polars as pl
    c = pl.col
    return {
        "q1": lambda: frame.group_by("id1").agg(c("v1").sum()),
        "q2": lambda: frame.group_by("id1", "id2").agg(c("v1").sum()),
        "q3": lambda: frame.group_by("id3").agg(c("v1").sum(), c("v3").mean()),
        "q4": lambda: frame.group_by("id4").agg(c("v1").mean(), c("v2").mean(), c("v3").mean()),
        "q5": lambda: frame.group_by("id6").agg(c("v1").sum(), c("v2").sum(), c("v3").sum()),
        "q6": lambda: frame.group_by("id4", "id5").agg(c("v3").median().alias("m"), c("v3").std().alias("s")),
        "q7": lambda: frame.group_by("id3").agg(c("v1").max(), c("v2").min()),
        "q10": lambda: frame.group_by("id1", "id2", "id3", "id4", "id5", "id6").agg(c("v3").sum(), pl.len()),
        "count distinct": lambda: frame.group_by("id1").agg(c("id3").n_unique()),
        "distinct": lambda: frame.unique(subset=["id3"], keep="first", maintain_order=True),
        "sort": lambda: frame.sort("id6", "id3", maintain_order=True),
        "first ten": lambda: frame.bottom_k(10, by="v3"),
    }


def make_table(rows: int) -> pathlib.Path:
    """The benchmark's table G1 with K = 100, numbers as 64-bit integers. Made once."""
    import numpy
    import pyarrow
    DATA.mkdir(exist_ok=True)
    path = DATA / f"h2o-{rows}.arrow"
    if path.exists():
        return path
    print(f"making {path.relative_to(ROOT)}", flush=True)
    random = numpy.random.default_rng(1)
    k, n = 100, max(rows // 100, 1)

    def words(form: str, most: int):
        choices = pyarrow.array([form % i for i in range(1, most + 1)])
        return choices.take(pyarrow.array(random.integers(0, most, rows)))

    table = pyarrow.table({
        "id1": words("id%03d", k), "id2": words("id%03d", k), "id3": words("id%010d", n),
        "id4": random.integers(1, k + 1, rows), "id5": random.integers(1, k + 1, rows),
        "id6": random.integers(1, n + 1, rows), "v1": random.integers(1, 6, rows), "v2": random.integers(1, 16, rows),
        "v3": numpy.round(random.uniform(0, 100, rows), 6)})
    with pyarrow.OSFile(str(path) + ".part", "wb") as out, pyarrow.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=65536)
    os.rename(str(path) + ".part", path)
    return path


def run_evclean(build: str, table: pathlib.Path, question: str, runs: int, ranks: int = THREADS) -> dict:
    command = ["mpirun", "-np", str(ranks), f"{build}/bench/bench_relational", str(table), question, str(runs)]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def timed(answer, runs: int):
    seconds, cpu, result = [], [], None
    for _ in range(runs):
        began, cpu_began = time.perf_counter(), time.process_time()
        result = answer()
        seconds.append(time.perf_counter() - began)
        cpu.append((time.process_time() - cpu_began) / THREADS)
    return {"seconds": seconds, "cpu": cpu}, result


def sums_of(table) -> list[float]:
    import pyarrow.compute
    import pyarrow.types
    return [float(pyarrow.compute.sum(column).as_py() or 0) if not (pyarrow.types.is_string(column.type) or
            pyarrow.types.is_large_string(column.type) or pyarrow.types.is_string_view(column.type)) else 0.0
            for column in table.columns]


def compare(question: str, name: str, ours: dict, rows: int, sums: list[float]) -> None:
    if ours["rows"] != rows:
        sys.exit(f"{question}: evclean has {ours['rows']} rows, {name} {rows}")
    if question in ROWS_ONLY:
        return
    for one, other in zip(ours["sums"], sums):
        if not math.isclose(one, other, rel_tol=TOLERANCE.get(question, 1e-9)):
            sys.exit(f"{question}: evclean's columns add up to {ours['sums']}, {name}'s to {sums}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default=",".join(SQL), help="questions, with commas between")
    parser.add_argument("--cpu", action="store_true", help="CPU seconds a rank or thread: for a machine that is not quiet")
    parser.add_argument("--ranks", type=int, default=THREADS)
    options = parser.parse_args()
    import duckdb
    import polars
    import pyarrow
    path = make_table(int(options.rows))
    arrow = pyarrow.ipc.open_file(pyarrow.memory_map(str(path))).read_all()
    database = duckdb.connect()
    database.execute(f"set threads = {THREADS}")
    database.execute("set preserve_insertion_order = false")
    database.execute("create table t as select * from arrow")
    answers = polars_answers(polars.from_arrow(arrow))
    print(f"h2o group-by, {int(options.rows):,} rows; DuckDB {duckdb.__version__}, Polars {polars.__version__}, {THREADS} "
          f"threads; evclean {options.ranks} rank(s); median of {options.runs}{', CPU seconds' if options.cpu else ''}; load "
          + "%.1f" % os.getloadavg()[0])
    print(f"{'':<16}{'evclean':>9}{'DuckDB':>9}{'Polars':>9}{'against the fastest':>21}")
    key = "cpu" if options.cpu else "seconds"
    for question in options.only.split(","):
        ours = run_evclean(options.build, path, question, options.runs, options.ranks)
        duck, duck_result = timed(lambda: database.sql(SQL[question]).to_arrow_table(), options.runs)
        pole, pole_result = timed(answers[question], options.runs)
        compare(question, "DuckDB", ours, duck_result.num_rows, sums_of(duck_result))
        compare(question, "Polars", ours, pole_result.height, sums_of(pole_result.to_arrow()))
        mine, a, b = (statistics.median(one[key]) for one in (ours, duck, pole))
        print(f"{question:<16}{mine:>9.3f}{a:>9.3f}{b:>9.3f}{min(a, b) / mine:>18.2f} x   {ours['how']}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
