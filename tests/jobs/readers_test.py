# SPDX-License-Identifier: Apache-2.0
"""Edge cases written in every format and read back, value by value, by the programs people use: pandas, pyarrow, DuckDB, Polars, h5py."""

import datetime
import json

import duckdb
import h5py
import numpy
import pandas
import polars
import pyarrow.compute
import pyarrow.feather
import pyarrow.parquet

import harness

UTC = datetime.timezone.utc
ODD = ["plain", "h\u00e9llo \u65e5\u672c \U0001f600", "say \"hi\", you", "two\nlines", "tab\there", " edge ", "None", "NULL", "0", "\u00a0", "=1+1", "a\\b"]
TABLES = {
    "odd": [{"i": n * 10**15, "f": n / 3, "s": ODD[n], "b": n % 2 == 0, "d": f"{1900 + n * 20}-02-28", "t": f"{1960 + n}-01-01T00:00:00.{n:06}Z"}
            for n in range(len(ODD))],
    "nulls": [{"i": None if n % 2 else n, "f": None if n % 3 else n + 0.5, "s": None if n % 5 else "x", "b": None if n % 2 else True,
               "d": None if n % 2 else "1969-12-31", "t": None if n % 2 else "1969-12-31T23:59:59Z"} for n in range(20)],
    "one": [{"i": 1, "f": 1.0, "s": "only", "b": True, "d": "2026-11-01", "t": "2026-11-01T06:52:16Z"}],
    "wide": [{f"c{n}": n if n % 2 else f"v{n}" for n in range(300)}],
    "long": [{"s": "\u00e9" * 500_000, "i": 1}, {"s": "x", "i": 2}],
    "none": [{"i": 1, "f": 1.5, "s": "x", "b": True, "d": "2026-11-01", "t": "2026-11-01T06:52:16Z"}],
}


def plain(value):
    """A value as JSON lines write it, whatever a reader made of it."""
    if value is None or value is pandas.NaT or value is pandas.NA or (isinstance(value, (float, numpy.floating)) and numpy.isnan(value)):
        return None
    if isinstance(value, (numpy.bool_, bool)):
        return bool(value)
    if isinstance(value, (numpy.integer, int)):
        return int(value)
    if isinstance(value, (numpy.floating, float)):
        return float(value)
    if isinstance(value, datetime.datetime):
        value = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        return value.isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, datetime.date) else value


class Readers(harness.Case):
    def expected(self, rows):
        made = []
        for row in rows:
            row = dict(row)
            if row.get("t"):
                row["t"] = datetime.datetime.fromisoformat(row["t"]).replace(tzinfo=None).isoformat(timespec="microseconds")
            made.append(row)
        return made

    def write_all(self, name, ranks, kinds):
        rows = TABLES[name]
        self.write("in.txt", "".join(json.dumps(row) + "\n" for row in rows))
        job = {"input": {"paths": "in.txt", "format": "json", "nulls": {"only": []}}, "output": [{"path": f"o.{kind}"} for kind in kinds]}
        if name == "none":
            job["steps"] = [{"filter": "i > 1"}]
        return self.run_job(job, "--overwrite", ranks=ranks)

    def rows_of(self, frame):
        return [{key: plain(value) for key, value in row.items()} for row in frame]

    def tables(self):
        file = str(self.folder / "o")
        quiet = duckdb.connect()
        quiet.execute("set timezone = 'UTC'")
        yield "pyarrow parquet", pyarrow.parquet.read_table(file + ".parquet").to_pylist()
        yield "pyarrow feather", pyarrow.feather.read_table(file + ".arrow").to_pylist()
        yield "pandas parquet", pandas.read_parquet(file + ".parquet", dtype_backend="numpy_nullable").to_dict("records")
        yield "pandas feather", pandas.read_feather(file + ".arrow", dtype_backend="pyarrow").to_dict("records")
        yield "polars parquet", polars.read_parquet(file + ".parquet").to_dicts()
        yield "polars arrow", polars.read_ipc(file + ".arrow").to_dicts()
        yield "duckdb parquet", quiet.execute(f"select * from read_parquet('{file}.parquet')").to_arrow_table().to_pylist()

    REAL = ["lnav_samples/gharchive_log.jsonl", "lnav_samples/logfile_shop_access_log.0", "vega_flights/airports.csv",
            "user_agents_crawlers/crawler-user-agents.json", "zeek_logs/zeek-json/weird.json.gz", "qsv_dirty_csv/utf8-japanesedata.csv"]

    def test_what_parquet_says_of_its_values_holds(self):
        """Readers leave out row groups by smallest and largest values and counts of nulls: wrong ones would lose rows."""
        if not harness.SHARED.is_dir():
            print("shared data not present", flush=True)
            return
        for name in self.REAL:
            with self.subTest(file=name):
                self.fresh()
                self.run_job({"input": {"paths": str(harness.SHARED / name), "rejects": {"max": "100%"}}, "resources": {"chunk": "64KiB"},
                              "output": [{"path": "o.parquet"}, {"path": "o.arrow"}]}, ranks=2)
                table = pyarrow.parquet.read_table(self.folder / "o.parquet")
                other = pyarrow.feather.read_table(self.folder / "o.arrow").cast(table.schema)
                self.assertTrue(table.equals(other), "Parquet and Arrow differ")
                self.hold(pyarrow.parquet.ParquetFile(self.folder / "o.parquet").metadata, table)

    def hold(self, metadata, table):
        begin = bounded = 0
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            for index in range(group.num_columns):
                values = table.column(index).slice(begin, group.num_rows)
                said = group.column(index).statistics
                self.assertEqual(said.null_count, values.null_count, table.column_names[index])
                if said.has_min_max:
                    true = pyarrow.compute.min_max(values).as_py()
                    bounded += 1
                    if not isinstance(true["min"], datetime.datetime):
                        self.assertEqual((said.min, said.max), (true["min"], true["max"]), table.column_names[index])
            begin += group.num_rows
        self.assertGreater(bounded, 0)

    def test_parquet_and_arrow_by_every_reader(self):
        for name, rows in TABLES.items():
            self.write_all(name, 2, ["parquet", "arrow", "csv", "jsonl"])
            want = [] if name == "none" else self.expected(rows)
            for reader, frame in self.tables():
                with self.subTest(table=name, reader=reader):
                    self.assertEqual(self.rows_of(frame), want)

    def test_text_by_every_reader(self):
        for name in ("odd", "nulls", "one", "wide", "long", "none"):
            self.write_all(name, 2, ["csv", "jsonl"])
            want = [] if name == "none" else TABLES[name]
            columns = list(TABLES[name][0])
            file = str(self.folder / "o")
            texts = [column for column in columns if column == "s" or (name == "wide" and int(column[1:]) % 2 == 0)]
            with self.subTest(table=name):
                frame = pandas.read_csv(file + ".csv", keep_default_na=False, na_values={c: [""] for c in columns}, dtype={c: str for c in texts})
                self.assertEqual(list(frame.columns), columns)
                for column in texts:
                    self.assertEqual([plain(v) for v in frame[column]], [row[column] for row in want])
                found = polars.read_csv(file + ".csv", schema_overrides={c: polars.String for c in texts}, infer_schema_length=None)
                for column in texts:
                    self.assertEqual(found[column].to_list(), [row[column] for row in want])
                size = 2 << 21
                lines = duckdb.sql(f"select * from read_csv('{file}.csv', all_varchar=true, header=true, max_line_size={size}, buffer_size={4 * size}, "
                                   "new_line='\\n', quote='\"', escape='\"', delim=',', allow_quoted_nulls=false)").fetchall()
                self.assertEqual([row[columns.index(texts[0])] for row in lines], [row[texts[0]] for row in want])
                objects = [json.loads(line) for line in (self.folder / "o.jsonl").read_text().splitlines()]
                self.assertEqual([row[texts[0]] for row in objects], [row[texts[0]] for row in want])

    def test_hdf5_by_pandas_and_h5py(self):
        for name in ("odd", "nulls", "one", "wide", "none"):
            with self.subTest(table=name):
                self.write_all(name, 3, ["h5"])
                want = [] if name == "none" else self.expected(TABLES[name])
                frame = pandas.read_hdf(self.folder / "o.h5")
                found = self.rows_of(frame.to_dict("records"))
                for row in found + want:
                    for column in ("i", "b"):  # missing integers and booleans make floats
                        row[column] = None if row.get(column) is None else float(row[column])
                    if row.get("d") is not None:
                        row["d"] = row["d"][:10]
                self.assertEqual(found, want)
                with h5py.File(self.folder / "o.h5") as file:
                    self.assertEqual(file["events/table"].shape, (len(want),))
                    self.assertEqual(file["events/table"]["index"].tolist(), list(range(len(want))))

    def test_hdf5_answers_where_on_columns(self):
        self.write("in.txt", "status,path,took,day,odd name,class\n" + "".join(
            f"{200 + n % 3 * 100},/p/{n % 7},{n / 4},2026-11-{n % 9 + 1:02},{n},c{n}\n" for n in range(500)))
        for ranks in (1, 3):
            self.run_job({"input": "in.txt", "output": "o.h5"}, "--overwrite", ranks=ranks)
            whole = pandas.read_hdf(self.folder / "o.h5")
            self.assertEqual(list(whole.columns), ["status", "path", "took", "day", "odd name", "class"])
            for where, wanted in (("status >= 300 & took < 50", (whole["status"] >= 300) & (whole["took"] < 50)),
                                  ("path == '/p/3'", whole["path"] == "/p/3"),
                                  ("day > '2026-11-05' & index < 100", (whole["day"] > "2026-11-05") & (whole.index < 100))):
                found = pandas.read_hdf(self.folder / "o.h5", where=where)
                self.assertGreater(len(found), 0)
                pandas.testing.assert_frame_equal(found, whole[wanted])
            self.assertEqual(pandas.read_hdf(self.folder / "o.h5", columns=["path", "odd name"], stop=3)["odd name"].tolist(), [0, 1, 2])
            with h5py.File(self.folder / "o.h5") as file:
                self.assertEqual(file["events/table"]["status"][:3].tolist(), [200, 300, 400])

    def test_hdf5_names_columns_that_where_takes_for_its_own_words(self):
        self.write("in.txt", "max,index,class,status\n1,2,3,4\n5,6,7,8\n")
        ran = self.run_job({"input": "in.txt", "output": "o.h5"})
        self.says(str(ran.report["tables"]["events"]["notes"]), "takes max, index, class for a word or function of its own")
        self.assertEqual(pandas.read_hdf(self.folder / "o.h5", where="status > 4")["max"].tolist(), [5])
        with self.assertRaises(TypeError):
            pandas.read_hdf(self.folder / "o.h5", where="max > 4")

    def test_hdf5_refuses_or_cuts_a_long_text(self):
        self.write("in.txt", "".join(json.dumps(row) + "\n" for row in TABLES["long"]))
        job = {"input": {"paths": "in.txt", "format": "json"}, "output": {"path": "o.h5"}}
        self.says(self.run_job(job, code=2).err, "column s", "1000000 bytes", "max_string")
        job["output"]["long_text"] = "truncate"
        self.run_job(job)
        self.assertEqual(pandas.read_hdf(self.folder / "o.h5")["s"].tolist(), ["\u00e9" * 2048, "x"])
        job["output"] = {"path": "p.h5", "max_string": "1MiB"}
        self.run_job(job)
        self.assertEqual(pandas.read_hdf(self.folder / "p.h5")["s"].tolist(), [row["s"] for row in TABLES["long"]])

    def test_several_tables_in_one_hdf5_file(self):
        self.write("in.txt", "a,b\n" + "".join(f"{n},x{n}\n" for n in range(1000)))
        job = {"input": "in.txt", "tables": {"users": {"rows": [{"ip": "1.2.3.4", "n": 1}, {"ip": "é", "n": 2}]},
                                             "empty": {"rows": [{"z": 1}], "steps": [{"filter": "z > 1"}]}},
               "output": [{"path": "o.h5", "key": "a/b"}, {"path": "o.h5", "key": "users", "table": "users"}, {"path": "o.h5", "key": "a"},
                          {"path": "o.h5", "key": "empty", "table": "empty"}, "o.csv"]}
        for ranks in (1, 2, 4):
            ran = self.run_job(job, "--overwrite", ranks=ranks)
            for key in ("a", "a/b"):
                frame = pandas.read_hdf(self.folder / "o.h5", key)
                self.assertEqual((frame["a"].tolist(), frame["b"].tolist()), (list(range(1000)), [f"x{n}" for n in range(1000)]))
            self.assertEqual(pandas.read_hdf(self.folder / "o.h5", "users")["ip"].tolist(), ["1.2.3.4", "é"])
            self.assertEqual(len(pandas.read_hdf(self.folder / "o.h5", "empty")), 0)
            with pandas.HDFStore(self.folder / "o.h5", "r") as store:
                self.assertEqual(sorted(store.keys()), ["/a", "/a/b", "/empty", "/users"])
            sizes = {entry["bytes"] for entry in ran.report["outputs"] if entry["path"] == "o.h5"}
            self.assertEqual(sizes, {(self.folder / "o.h5").stat().st_size})
        ran = self.run_job(job, code=2)
        self.says(ran.err, "o.h5 exists already")
        job["output"][2]["key"] = "a/b"
        self.says(self.run_job(job, code=2).err, "two outputs have the path")

    def test_an_error_in_a_later_table_publishes_none(self):
        self.write("in.txt", "a,b\n1,x\n")
        job = {"input": "in.txt", "tables": {"users": {"rows": [{"s": "x" * 5000}]}},
               "output": [{"path": "o.h5", "key": "a"}, {"path": "o.h5", "key": "users", "table": "users"}]}
        for ranks in (1, 3):
            self.says(self.run_job(job, code=2, ranks=ranks).err, "max_string")
            self.assertNothingLeft()


if __name__ == "__main__":
    harness.main()
