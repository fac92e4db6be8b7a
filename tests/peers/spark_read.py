# SPDX-License-Identifier: Apache-2.0
"""Tables written by evclean with two ranks and read back by Spark: python spark_read.py build/evclean FOLDER. Prints "ok NAME" or
"not ok NAME" for each table and format."""

import datetime
import json
import pathlib
import subprocess
import sys

from pyspark.sql import SparkSession

PROGRAM, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
ODD = ["plain", "h\u00e9llo \u65e5\u672c \U0001f600", 'say "hi", you', "two\nlines", "tab\there", " edge ", "None", "NULL", "0", "\u00a0", "=1+1",
       "a\\b", "", "cr\r\nlf"]
TABLES = {
    "odd": [{"i": (n - 7) * 10**15, "f": n / 3, "s": text, "b": n % 2 == 0, "d": f"{1900 + n * 12}-02-28",
             "t": f"{1960 + n}-01-01T00:00:00.{n:06}Z"} for n, text in enumerate(ODD)],
    "nulls": [{"i": None if n % 2 else n, "f": None if n % 3 else n + 0.5, "s": None if n % 5 else "x", "b": None if n % 2 else True,
               "d": None if n % 2 else "1969-12-31", "t": None if n % 2 else "1969-12-31T23:59:59Z"} for n in range(20)],
    "one row": [{"i": -2**63, "f": -1e300, "s": "only", "b": True, "d": "0001-01-01", "t": "1582-10-01T06:52:16Z"}],
    "300 columns": [{f"c{n}": n if n % 2 else f"v{n}" for n in range(300)}],
    "a text of 1 MB": [{"s": "\u00e9" * 500_000, "i": 1}, {"s": "x", "i": 2}],
    "empty": [{"i": 1, "f": 1.5, "s": "x", "b": True, "d": "2026-11-01", "t": "2026-11-01T06:52:16Z"}],
    "many rows": [{"i": n * n, "f": n / 7, "s": f"word {n % 97}", "b": n % 3 == 0, "d": str(datetime.date(1950, 1, 1) + datetime.timedelta(n % 40000)),
                   "t": f"{1900 + n % 200}-03-04T05:06:07Z"} for n in range(50_000)],
}


def write(name):
    """Gives the expected rows."""
    rows = TABLES[name]
    (FOLDER / "in.txt").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    job = {"input": {"paths": "in.txt", "format": "json", "nulls": {"only": []}}, "resources": {"chunk": "64KiB"},
           "output": [{"path": f"o.{kind}"} for kind in ("parquet", "csv", "csv.gz", "jsonl", "jsonl.gz")] + [{"path": "set.parquet", "files": 3}]}
    if name == "empty":
        job["steps"] = [{"filter": "i > 1"}]
    (FOLDER / "job.yml").write_text(json.dumps(job), encoding="utf-8")
    subprocess.run(["mpirun", "--oversubscribe", "-np", "2", PROGRAM, "run", "job.yml", "--overwrite", "--progress", "none"], cwd=FOLDER, check=True,
                   stdout=subprocess.DEVNULL)
    return [] if name == "empty" else rows


def typed(row):
    row = dict(row)
    if row.get("d"):
        row["d"] = datetime.date.fromisoformat(row["d"])
    if row.get("t"):
        row["t"] = datetime.datetime.fromisoformat(row["t"].replace("Z", ""))
    return row


def frames(spark):
    """Each format in Spark; text with the types that Parquet has."""
    parquet = spark.read.parquet(str(FOLDER / "o.parquet"))
    yield "Parquet", parquet
    yield "Parquet in three files", spark.read.parquet(*sorted(map(str, FOLDER.glob("set-0*.parquet"))))
    for kind in ("csv", "csv.gz"):
        yield kind, spark.read.csv(str(FOLDER / f"o.{kind}"), schema=parquet.schema, header=True, multiLine=True, escape='"', lineSep="\n",
                                   maxCharsPerColumn=-1, maxColumns=1000)
    for kind in ("jsonl", "jsonl.gz"):
        yield kind, spark.read.json(str(FOLDER / f"o.{kind}"), schema=parquet.schema)


def ordered(rows):
    return sorted(rows, key=lambda row: json.dumps(row, default=str, sort_keys=True))


def main():
    spark = (SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
             .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.memory", "1g").getOrCreate())
    for name in TABLES:
        want = ordered([typed(row) for row in write(name)])
        spark.catalog.clearCache()
        for reader, frame in frames(spark):
            wanted = want
            if reader.startswith("csv"):  # Spark takes "" for missing, quoted or not
                wanted = ordered([{key: None if value == "" else value for key, value in row.items()} for row in want])
            found = ordered([row.asDict() for row in frame.collect()])
            good = found == wanted and frame.columns == list(TABLES[name][0])
            print(f"{'ok' if good else 'not ok'} Spark reads {reader}: {name}", flush=True)
            if not good:
                wrong = [pair for pair in zip(found, wanted) if pair[0] != pair[1]][:3]
                print(f"  {len(found)} rows, wanted {len(want)}: {str(wrong)[:1000]}", flush=True)
    spark.stop()


main()
