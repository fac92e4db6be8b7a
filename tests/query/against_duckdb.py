# SPDX-License-Identifier: Apache-2.0
"""Runs queries with the room `query` at several rank counts and with DuckDB, and compares the answers.

Used by random_queries_test.py and tpch_test.py: check(tables, queries, run_queries, ranks).
"""
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import duckdb
import pyarrow as pa
import pyarrow.ipc

MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none", "--mca", "pml", "ob1", "--mca", "btl", "self,vader",
          "--mca", "mpi_yield_when_idle", "1", "--timeout", "200"]


def write_tables(folder, tables):
    os.makedirs(f"{folder}/tables")
    for name, table in tables.items():
        with pa.OSFile(f"{folder}/tables/{name}.arrow", "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)


def run_ours(folder, queries, program, ranks):
    """Answers in order: an Arrow table, or the text of the mistake."""
    shutil.rmtree(f"{folder}/results", ignore_errors=True)
    os.makedirs(f"{folder}/results")
    with open(f"{folder}/queries.txt", "w", encoding="utf-8") as file:
        file.writelines(re.sub(r"\s+", " ", query).strip() + "\n" for query in queries)
    started = time.time()
    subprocess.run(MPIRUN + ["-np", str(ranks), program, folder], check=True, timeout=220)
    print(f"{len(queries)} queries with {ranks} ranks: {time.time() - started:.1f} s", flush=True)
    answers = []
    for number in range(len(queries)):
        stem = f"{folder}/results/{number}"
        if os.path.exists(stem + ".error"):
            with open(stem + ".error", encoding="utf-8") as file:
                answers.append(file.read())
        else:
            with pa.memory_map(stem + ".arrow") as file:
                answers.append(pa.ipc.open_file(file).read_all())
    return answers


def plain(value):
    if hasattr(value, "tzinfo") and value.tzinfo is not None:
        return value.replace(tzinfo=None)
    if type(value).__name__ == "Decimal":
        return float(value) if value != value.to_integral_value() else int(value)
    return value


def rows_of(table):
    columns = [[plain(value) for value in column.to_pylist()] for column in table.columns]
    return list(zip(*columns)) if columns else []


def order_key(row):
    """Sorts rows of mixed values and nulls; floats coarsely, so that a last digit does not reorder."""
    def one(value):
        if value is None:
            return (1, "", 0.0)
        if isinstance(value, (int, float)):
            return (0, "n", float(f"{value:.9g}"))
        return (0, str(value), 0.0)
    return tuple(one(value) for value in row)


def same_value(a, b):
    if isinstance(a, float) or isinstance(b, float):
        if a is None or b is None:
            return a is b
        return a == b or math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)
    return a == b


def same_rows(ours, theirs):
    return len(ours) == len(theirs) and all(
        len(a) == len(b) and all(same_value(x, y) for x, y in zip(a, b)) for a, b in zip(ours, theirs))


def show(rows):
    return "\n".join(f"    {row}" for row in rows[:8]) + (f"\n    … {len(rows)} rows" if len(rows) > 8 else "")


def compare(query, ours, theirs, ordered):
    """A text that says what differs; None when nothing does."""
    if isinstance(ours, str):
        return f"refused: {ours}"
    ours, theirs = rows_of(ours), rows_of(theirs)
    if not ordered:
        ours, theirs = sorted(ours, key=order_key), sorted(theirs, key=order_key)
    if same_rows(ours, theirs):
        return None
    return f"ours:\n{show(ours)}\n  DuckDB:\n{show(theirs)}"


def connect(tables):
    connection = duckdb.connect()
    connection.execute("SET threads=1; SET TimeZone='UTC'; SET ieee_floating_point_ops=false")
    for name, table in tables.items():
        naive = [pa.field(f.name, pa.timestamp("us")) if pa.types.is_timestamp(f.type) else f for f in table.schema]
        connection.register(f"arrow_{name}", table.cast(pa.schema(naive)))
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM arrow_{name}")
    return connection


def check(tables, queries, program, rank_counts, minimum):
    """queries: (ours, DuckDB's or None for the same text, ordered). Ends the process with 1 when any differ."""
    connection = connect(tables)
    folder = tempfile.mkdtemp(prefix="evclean-query-")
    failed, compared = 0, 0
    try:
        write_tables(folder, tables)
        texts = [query[0] for query in queries]
        answers = {ranks: run_ours(folder, texts, program, ranks) for ranks in rank_counts}
        first = answers[rank_counts[0]]
        for number, (ours, theirs, ordered) in enumerate(queries):
            difference = None
            for ranks in rank_counts[1:]:
                other = answers[ranks][number]
                same = other == first[number] if isinstance(other, str) or isinstance(first[number], str) \
                    else other.equals(first[number])
                if not same:
                    difference = f"{ranks} ranks answer differently from {rank_counts[0]}"
            expected = connection.sql(theirs or ours).to_arrow_table()
            difference = difference or compare(ours, first[number], expected, ordered)
            compared += 1
            if difference:
                failed += 1
                if failed <= 12:
                    print(f"DIFFERENT {ours}\n  {difference}\n", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{compared - failed} of {compared} queries agree with DuckDB at {rank_counts} ranks")
    sys.exit(0 if failed == 0 and compared >= minimum else 1)
