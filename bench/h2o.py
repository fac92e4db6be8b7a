# SPDX-License-Identifier: Apache-2.0
"""The group-by and join questions of the h2o db-benchmark (those that the job contract covers), and distinct and sort
over the same tables: evclean's operators with 2 ranks beside DuckDB and Polars with 2 threads, all from memory. Results are
compared first. evclean gives a join's rows in the order of the left table; the others need not.

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
# Name: key, kind, size of the right table.
JOINS = {
    "small inner on int": ("id1", "inner", "small"),
    "medium inner on int": ("id2", "inner", "medium"),
    "medium outer on int": ("id2", "left", "medium"),
    "medium inner on text": ("id5", "inner", "medium"),
    "big inner on int": ("id3", "inner", "big"),
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
    write_table(path, table)
    return path


def write_table(path: pathlib.Path, table) -> None:
    import pyarrow
    with pyarrow.OSFile(str(path) + ".part", "wb") as out, pyarrow.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=65536)
    os.rename(str(path) + ".part", path)


def make_join_tables(rows: int) -> dict[str, pathlib.Path]:
    """The benchmark's x and its small, medium and big right tables: unique keys, ten left rows in eleven have a match."""
    import numpy
    import pyarrow
    import pyarrow.compute
    sizes = {"small": max(rows // 10**6, 1), "medium": max(rows // 1000, 1), "big": rows}
    paths = {name: DATA / f"h2o-join-{name}-{rows}.arrow" for name in ["x", *sizes]}
    if all(path.exists() for path in paths.values()):
        return paths
    print(f"making {paths['x'].relative_to(ROOT)} and its right tables", flush=True)
    random = numpy.random.default_rng(2)

    def text(numbers):
        return pyarrow.compute.binary_join_element_wise("id", pyarrow.array(numbers).cast(pyarrow.string()), "")

    def with_texts(ids: list, value: str):
        names = [f"id{i + 1}" for i in range(len(ids))] + [f"id{i + 4}" for i in range(len(ids))] + [value]
        return pyarrow.table([*ids, *map(text, ids), numpy.round(random.uniform(0, 100, len(ids[0])), 6)], names=names)

    def keys(size: str, count: int):
        return random.integers(1, sizes[size] * 11 // 10 + 2, count)

    write_table(paths["x"], with_texts([keys(size, rows) for size in sizes], "v1"))
    for number, (name, size) in enumerate(sizes.items()):
        own = random.permutation(size) + 1 + size // 10
        ids = [keys(smaller, size) for smaller in list(sizes)[:number]] + [own]
        write_table(paths[name], with_texts(ids, "v2"))
    return paths


def run_evclean(build: str, tables: list[pathlib.Path], question: str, runs: int, ranks: int = THREADS) -> dict:
    command = ["mpirun", "-np", str(ranks), f"{build}/bench/bench_relational", str(tables[0]), question, str(runs),
               *map(str, tables[1:])]
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


class GroupQuestions:
    """q1 to q10, distinct and sort: one table."""

    def __init__(self, rows: int, database):
        import polars
        self.path = make_table(rows)
        arrow = read_arrow(self.path)
        database.execute("create or replace table t as select * from arrow")
        self.database, self.answers = database, polars_answers(polars.from_arrow(arrow))

    def ask(self, question: str):
        return [self.path], lambda: self.database.sql(SQL[question]).to_arrow_table(), self.answers[question]


class JoinQuestions:
    """x with a small, medium or big table: all columns of both."""

    def __init__(self, rows: int, database):
        import polars
        self.paths, self.database, self.frames = make_join_tables(rows), database, {}
        for name, path in self.paths.items():
            arrow = read_arrow(path)
            database.execute(f"create or replace table {name} as select * from arrow")
            self.frames[name] = polars.from_arrow(arrow)

    def ask(self, question: str):
        key, how, name = JOINS[question]
        sql = f"select x.*, r.* exclude ({key}) from x {how} join {name} r on x.{key} = r.{key}"
        left, right = self.frames["x"], self.frames[name]
        return ([self.paths["x"], self.paths[name]], lambda: self.database.sql(sql).to_arrow_table(),
                lambda: left.join(right, on=key, how=how))


def read_arrow(path: pathlib.Path):
    import pyarrow
    return pyarrow.ipc.open_file(pyarrow.memory_map(str(path))).read_all()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default=",".join([*SQL, *JOINS]), help="questions, with commas between; groups, joins")
    parser.add_argument("--cpu", action="store_true", help="CPU seconds a rank or thread: for a machine that is not quiet")
    parser.add_argument("--ranks", type=int, default=THREADS)
    options = parser.parse_args()
    import duckdb
    import polars
    database = duckdb.connect()
    database.execute(f"set threads = {THREADS}")
    database.execute("set preserve_insertion_order = false")
    rows = int(options.rows)
    print(f"h2o, {rows:,} rows; DuckDB {duckdb.__version__}, Polars {polars.__version__}, {THREADS} threads; evclean "
          f"{options.ranks} rank(s); median of {options.runs}{', CPU seconds' if options.cpu else ''}; load "
          + "%.1f" % os.getloadavg()[0])
    print(f"{'':<22}{'evclean':>9}{'DuckDB':>9}{'Polars':>9}{'against the fastest':>21}")
    key = "cpu" if options.cpu else "seconds"
    wanted = options.only.replace("groups", ",".join(SQL)).replace("joins", ",".join(JOINS)).split(",")
    for kind, names in ((GroupQuestions, SQL), (JoinQuestions, JOINS)):
        chosen = [question for question in wanted if question in names]
        if not chosen:
            continue
        questions = kind(rows, database)
        for question in chosen:
            tables, ask_duckdb, ask_polars = questions.ask(question)
            ours = run_evclean(options.build, tables, question, options.runs, options.ranks)
            duck, duck_result = timed(ask_duckdb, options.runs)
            compare(question, "DuckDB", ours, duck_result.num_rows, sums_of(duck_result))
            del duck_result
            pole, pole_result = timed(ask_polars, options.runs)
            compare(question, "Polars", ours, pole_result.height, sums_of(pole_result.to_arrow()))
            del pole_result
            mine, a, b = (statistics.median(one[key]) for one in (ours, duck, pole))
            print(f"{question:<22}{mine:>9.3f}{a:>9.3f}{b:>9.3f}{min(a, b) / mine:>18.2f} x   {ours['how']}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
