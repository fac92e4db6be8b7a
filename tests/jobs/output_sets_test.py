# SPDX-License-Identifier: Apache-2.0
"""Outputs of many files: files: N, file_size, partition_by, in every format, for any number of ranks."""

import io
import json
import os
import pathlib
import random
import subprocess
import urllib.parse

import duckdb
import pandas
import polars
import pyarrow.dataset

import harness

ODD_VALUES = ["a/b", "..", "../../x", "a b", "é€", "100%", "a=b", "x'y\"z", "#", "?", "*", "__HIVE_DEFAULT_PARTITION__", "{}", "[1]", "a\\b", "~",
              ".hidden", "-"]
KINDS = ["csv", "csv.gz", "csv.zst", "tsv", "jsonl", "jsonl.gz", "jsonl.zst", "parquet", "arrow", "h5"]


def read(path):
    name = str(path)
    if name.endswith(".zst"):
        text = io.BytesIO(subprocess.run(["zstd", "-dc", name], check=True, capture_output=True).stdout)
        name, path = name.removesuffix(".zst"), text
    if ".csv" in name:
        return pandas.read_csv(path, keep_default_na=False, na_values=[""])
    if ".tsv" in name:
        return pandas.read_csv(path, sep="\t", keep_default_na=False, na_values=[""])
    if ".jsonl" in name:
        return pandas.read_json(path, lines=True, dtype=False)
    if name.endswith(".parquet"):
        return pandas.read_parquet(path)
    if name.endswith(".arrow"):
        return pandas.read_feather(path)
    return pandas.read_hdf(path)


class Sets(harness.Case):
    def rows(self, count, days=5, seed=1):
        source = random.Random(seed)
        return [{"n": i, "day": f"2026-11-{source.randrange(days) + 1:02}", "kind": source.choice(["x", "y", None]),
                 "text": f"{source.random()} " * 3} for i in range(count)]

    def run_rows(self, rows, output, *args, ranks=0, code=0, chunk=None, steps=()):
        self.write("in.txt", "".join(json.dumps(row) + "\n" for row in rows))
        job = {"input": {"paths": "in.txt", "format": "json", "nulls": {"only": []}}, "steps": list(steps), "output": output}
        if chunk:
            job["resources"] = {"chunk": chunk}
        return self.run_job(job, *args, ranks=ranks, code=code)

    def files(self, folder="."):
        root = self.folder / folder
        known = ("in.txt", "job.yml", "report.json")
        return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file() and p.name not in known)

    def bytes_of(self, names):
        return {name: (self.folder / name).read_bytes() for name in names}

    def test_every_format_in_partitions_holds_every_row_once(self):
        rows = self.rows(600)
        outputs = [{"path": f"{kind.replace('.', '_')}/", "format": kind, "partition_by": ["day", "kind"]} for kind in KINDS]
        ran = self.run_rows(rows, outputs, ranks=3, chunk="10KiB")
        want = {(r["day"], r["kind"], r["n"]) for r in rows}
        for kind in KINDS:
            with self.subTest(kind=kind):
                folder = kind.replace(".", "_")
                files = self.files(folder)
                self.assertEqual(len(files), 15)
                found = set()
                for name in files:
                    day, value, file = name.split("/")
                    self.assertEqual(file, f"events.{kind}")
                    frame = read(self.folder / folder / name)
                    self.assertEqual(sorted(frame.columns), ["n", "text"])
                    self.assertTrue(frame["n"].is_monotonic_increasing)  # input order
                    value = None if value == "kind=__HIVE_DEFAULT_PARTITION__" else value.removeprefix("kind=")
                    found |= {(day.removeprefix("day="), value, int(n)) for n in frame["n"]}
                self.assertEqual(found, want)
        self.assertEqual(sum(o["rows"] for o in ran.report["outputs"]), len(rows) * len(KINDS))
        for entry in ran.report["outputs"]:
            self.assertEqual(entry["bytes"], (self.folder / entry["path"]).stat().st_size)

    def test_readers_find_the_partitions(self):
        rows = self.rows(300)
        self.run_rows(rows, [{"path": "p/", "format": "parquet", "partition_by": ["day", "kind"]},
                             {"path": "q/", "format": "parquet", "partition_by": ["day"]}], ranks=2)
        want = sorted((r["n"], r["day"], r["kind"]) for r in rows)
        key = lambda row: row[0]
        found = duckdb.sql(f"select n, day::varchar, kind from read_parquet('{self.folder}/p/**/*.parquet', hive_partitioning=true)").fetchall()
        self.assertEqual(sorted(found, key=key), want)
        table = pyarrow.dataset.dataset(self.folder / "p", partitioning="hive").to_table().to_pylist()
        self.assertEqual(sorted(((r["n"], r["day"], r["kind"]) for r in table), key=key), want)
        frame = polars.read_parquet(self.folder / "p", hive_partitioning=True, try_parse_hive_dates=False)
        self.assertEqual(sorted(frame.select("n", "day", "kind").rows(), key=key), want)
        frame = pandas.read_parquet(self.folder / "q", filters=[("day", "=", "2026-11-02")])
        self.assertEqual(sorted(frame["n"]), [n for n, day, _ in want if day == "2026-11-02"])

    def test_no_value_leaves_the_folder_and_all_read_back(self):
        rows = [{"n": i, "v": value} for i, value in enumerate(ODD_VALUES + [None])]
        self.run_rows(rows, {"path": "out/t/", "format": "parquet", "partition_by": "v"}, ranks=2)
        files = self.files()
        self.assertEqual(len(files), len(rows))
        for name in files:
            self.assertRegex(name, r"^out/t/v=[A-Za-z0-9%._~-]+/events\.parquet$")
        found = {pandas.read_parquet(self.folder / name)["n"][0]: urllib.parse.unquote(name.split("/")[2][2:]) for name in files}
        self.assertEqual([found[i] for i in range(len(ODD_VALUES))], ODD_VALUES)
        self.assertIn("out/t/v=__HIVE_DEFAULT_PARTITION__/events.parquet", files)
        self.assertEqual(found[len(ODD_VALUES)], "__HIVE_DEFAULT_PARTITION__")
        readable = [i for i, value in enumerate(ODD_VALUES) if value != "__HIVE_DEFAULT_PARTITION__"]  # readers unquote first
        for got in (dict(duckdb.sql(f"select n, v from read_parquet('{self.folder}/out/t/*/*.parquet', hive_partitioning=true, "
                                    "hive_types_autocast=false)").fetchall()),
                    {r["n"]: r["v"] for r in pyarrow.dataset.dataset(self.folder / "out/t", partitioning="hive").to_table().to_pylist()}):
            self.assertEqual([got[i] for i in readable], [ODD_VALUES[i] for i in readable])
            self.assertIsNone(got[len(ODD_VALUES)])

    def test_an_empty_text_stands_with_null_and_is_noted(self):
        ran = self.run_rows([{"n": 1, "v": None}, {"n": 2, "v": "x"}], {"path": "o.csv", "partition_by": "w"},
                            steps=[{"set": {"w": "case when n = 1 then '' else v end"}}])
        self.assertEqual(self.files(), ["w=__HIVE_DEFAULT_PARTITION__/o.csv", "w=x/o.csv"])
        self.says(str(ran.report) + ran.err, "1 rows with an empty text in column w")

    def test_the_same_files_and_bytes_for_any_number_of_ranks(self):
        rows = self.rows(3000)
        outputs = [{"path": "a.csv", "file_size": "20KiB"}, {"path": "a.jsonl.gz", "file_size": "5KiB"},
                   {"path": "a.parquet", "partition_by": "day"}, {"path": "a.arrow", "file_size": "9KiB"},
                   {"path": "b.csv.zst", "partition_by": ["kind"], "file_size": "4KiB"},
                   {"path": "c.csv", "partition_by": ["kind"], "files": 2}, {"path": "d.parquet", "files": 3}]
        runs = []
        for ranks in (1, 2, 3, 4):
            self.fresh()
            self.run_rows(rows, outputs, ranks=ranks, chunk="30KiB")
            runs.append(self.bytes_of(self.files()))
        for ranks, run in zip((2, 3, 4), runs[1:]):
            self.assertEqual(sorted(run), sorted(runs[0]))
            for name, content in run.items():
                self.assertEqual(content, runs[0][name], f"{name} at {ranks} ranks")
        self.assertEqual(len([n for n in runs[0] if n.startswith("kind=") and n.endswith("/c-00000-of-00002.csv")]), 3)

    def test_file_size_closes_at_the_first_frame_after_it(self):
        rows = self.rows(40000)
        size = 2 << 20
        kinds = ["csv", "csv.gz", "csv.zst", "jsonl", "tsv"]
        self.run_rows(rows, [{"path": f"{kind.replace('.', '_')}/", "format": kind, "file_size": "2MiB"} for kind in kinds], ranks=2)
        for kind in kinds:
            with self.subTest(kind=kind):
                folder = kind.replace(".", "_")
                files = self.files(folder)
                count = len(files)
                self.assertEqual(files, [f"events-{i:05}-of-{count:05}.{kind}" for i in range(count)])
                sizes = [(self.folder / folder / name).stat().st_size for name in files]
                if "." not in kind:
                    self.assertGreater(count, 1)
                for one in sizes[:-1]:
                    self.assertGreaterEqual(one, size)
                    self.assertLess(one, size + (2 << 20))
                numbers = [n for name in files for n in read(self.folder / folder / name)["n"]]
                self.assertEqual(numbers, list(range(len(rows))))

    def test_file_size_cuts_row_groups_apart(self):
        rows = self.rows(2000)
        self.run_rows(rows, [{"path": "a.parquet", "file_size": "1"}, {"path": "a.arrow", "file_size": 1}, {"path": "one.parquet", "file_size": "1GiB"}],
                      chunk="40KiB")
        for kind in ("parquet", "arrow"):
            names = [name for name in self.files() if name.startswith("a-") and name.endswith(kind)]
            self.assertEqual(sum((read(self.folder / name)["n"].tolist() for name in names), []), list(range(2000)))
        self.assertIn("one-00000-of-00001.parquet", self.files())

    def test_an_empty_table_has_one_file_or_no_partition(self):
        self.run_rows(self.rows(3), [{"path": "a.csv", "file_size": "1MiB"}, {"path": "a.parquet", "file_size": "1MiB"},
                                     {"path": "b.csv", "partition_by": "day"}], steps=[{"filter": "n > 5"}], ranks=2)
        self.assertEqual(self.files(), ["a-00000-of-00001.csv", "a-00000-of-00001.parquet"])
        self.assertEqual((self.folder / "a-00000-of-00001.csv").read_text(), "n,day,kind,text\n")
        self.assertEqual(len(read(self.folder / "a-00000-of-00001.parquet")), 0)

    def test_a_file_starts_with_a_header_of_its_own(self):
        self.run_rows(self.rows(500), [{"path": "a.csv", "file_size": "1KiB"}, {"path": "a.csv.gz", "file_size": "1KiB"}], chunk="4KiB")
        for name in self.files():
            frame = read(self.folder / name)
            self.assertEqual(list(frame.columns), ["n", "day", "kind", "text"])
            self.assertGreater(len(frame), 0)

    def test_overwrite_replaces_partitions_of_a_former_run(self):
        output = {"path": "t/", "format": "csv", "partition_by": ["day"]}
        self.run_rows(self.rows(50, days=5), output)
        self.write("t/day=2026-11-04/notes.md", "mine")
        self.write("t/other/events.csv", "mine")
        ran = self.run_rows(self.rows(50, days=2), output, code=2)
        self.says(ran.err, "exists already", "--overwrite")
        before = self.files("t")
        self.run_rows(self.rows(50, days=2), output, "--overwrite", ranks=2)
        self.assertEqual(self.files("t"), ["day=2026-11-01/events.csv", "day=2026-11-02/events.csv", "day=2026-11-04/notes.md", "other/events.csv"])
        self.assertLess(len(self.files("t")), len(before))
        self.assertFalse((self.folder / "t/day=2026-11-03").exists())
        self.run_rows(self.rows(50), {"path": "t/", "format": "csv", "files": 2}, "--overwrite")
        self.assertEqual(self.files("t"), ["day=2026-11-04/notes.md", "events-00000-of-00002.csv", "events-00001-of-00002.csv", "other/events.csv"])

    def test_a_plain_output_replaces_partitions_of_its_name(self):
        for further in ({}, {"files": 2}):
            for ranks in (0, 1, 2, 3, 4):
                with self.subTest(further=further, ranks=ranks):
                    self.fresh()
                    self.run_rows(self.rows(50), {"path": "t/x.csv", "partition_by": ["day"]})
                    self.write("t/day=2026-11-04/notes.md", "mine")
                    self.write("t/other/x.csv", "mine")
                    plain = {"path": "t/x.csv", **further}
                    ran = self.run_rows(self.rows(50), plain, code=2, ranks=ranks)
                    self.says(ran.err, "t/day=", "exists already", "t/x.csv", "--overwrite")
                    self.run_rows(self.rows(50), plain, "--overwrite", ranks=ranks)
                    made = ["x-00000-of-00002.csv", "x-00001-of-00002.csv"] if further else ["x.csv"]
                    self.assertEqual(self.files("t"), ["day=2026-11-04/notes.md", "other/x.csv", *made])
                    self.assertFalse((self.folder / "t/day=2026-11-03").exists())

    def test_overwrite_replaces_fewer_and_more_files(self):
        for size in ("1KiB", "10MiB", "3KiB"):
            self.run_rows(self.rows(300), {"path": "a.csv", "file_size": size}, "--overwrite", chunk="4KiB")
            count = len(self.files())
            self.assertEqual(self.files(), [f"a-{i:05}-of-{count:05}.csv" for i in range(count)])

    def test_too_many_partitions_name_the_column(self):
        for ranks in (1, 3):
            ran = self.run_rows(self.rows(200), {"path": "t/", "format": "csv", "partition_by": ["day", "n"], "max_partitions": 50}, code=2,
                                ranks=ranks, chunk="4KiB")
            self.says(ran.err, "more than 50 partitions", "column 'n'", "max_partitions")
            self.assertNothingLeft()
            self.assertFalse((self.folder / "t").exists())

    def test_mistakes_are_told_by_run_and_check(self):
        for output, words in (({"path": "t/", "format": "csv", "partition_by": "dya"}, ["no column 'dya'", "day"]),
                              ({"path": "t/", "format": "csv", "partition_by": ["n", "day", "kind", "text"]}, ["every column"]),
                              ({"path": "t/", "format": "h5", "file_size": "1MiB"}, ["file_size", "HDF5"]),
                              ({"path": "t/", "format": "csv", "file_size": "1MiB", "files": 2}, ["file_size", "files"]),
                              ({"path": "t.csv", "partition_by": ["day", "day"]}, ["twice"]),
                              ({"path": "t.csv", "max_partitions": 5}, ["partition_by"])):
            with self.subTest(output=output):
                ran = self.run_rows(self.rows(3), output, code=2)
                self.says(ran.err, *words)
                self.assertNothingLeft()
                checked = self.call("check", "job.yml")
                self.assertEqual(checked.code, 2, checked)
                self.says(checked.err, *words)

    def test_an_input_is_never_replaced_as_part_of_an_output(self):
        parts = [f"data-0000{i}-of-00002.csv" for i in range(2)]
        cases = [(parts, "data-*.csv", {"path": "data.csv"}), (parts, "data-*.csv", {"path": "data.csv", "partition_by": "n"}),
                 (parts, "data-*-of-00002.csv", {"path": "data.csv", "files": 3}),
                 (["lake/day=1/events.csv"], "lake/day=*/events.csv", {"path": "lake/", "format": "csv"}),
                 (["lake/day=1/events.csv"], "lake/day=*/events.csv", {"path": "lake/", "format": "csv", "file_size": "1MiB"})]
        for names, paths, output in cases:
            for ranks in (0, 1, 2, 3, 4):
                with self.subTest(output=output, ranks=ranks):
                    self.fresh()
                    for name in names:
                        self.write(name, "n,m\n1,2\n")
                    ran = self.run_job({"input": paths, "output": output}, "--overwrite", code=2, ranks=ranks)
                    self.says(ran.err, names[0], "whose run replaces all of them", "another folder")
                    self.assertEqual(self.files(), names)
                    checked = self.call("check", "job.yml")
                    self.assertEqual(checked.code, 2, checked)
                    self.says(checked.err, names[0], "whose run replaces all of them")

    def test_an_input_pattern_covers_an_output_at_any_depth(self):
        self.write("in/a.csv", "n\n1\n")
        os.symlink(self.folder / "in", self.folder / "link")
        for paths, output in (("in/**/*.csv", "in/out.csv"), ("in/**", "in/x/y/out.csv"), ("**/*.csv", "out.csv"),
                              ("in/**/*.csv", "in/x/y/out.csv"), ("link/*.csv", "in/out.csv"), ("in", "in/x/out.csv"),
                              ("i?", "in/x/out.csv")):
            with self.subTest(paths=paths, output=output):
                ran = self.run_job({"input": paths, "output": output}, code=2)
                self.says(ran.err, f"input '{paths}' matches the output '{output}'")
        for paths, output in (("in", "in/_clean/out.csv"), ("in/**", "in/.clean/out.csv"), ("in/*.csv", "in/x/out.csv"),
                              ("in/**/a*.csv", "in/out.csv")):
            with self.subTest(paths=paths, output=output):
                self.run_job({"input": paths, "output": output})

    def test_a_partition_column_may_come_late_or_never(self):
        late = [{"n": i, "pad": "x" * 50} for i in range(5000)] + [{"n": 1, "day": "2026-11-01"}]
        output = {"path": "o/", "format": "csv", "partition_by": ["day"]}
        for ranks in (0, 1, 2, 3, 4):
            with self.subTest(ranks=ranks):
                self.fresh()
                ran = self.run_rows(late, output, ranks=ranks, chunk="16KiB")
                self.assertEqual([entry["rows"] for entry in ran.report["outputs"]], [1, 5000])
                self.assertEqual(self.files(), ["o/day=2026-11-01/events.csv", "o/day=__HIVE_DEFAULT_PARTITION__/events.csv"])
                for steps in ([], [{"sort": ["n"]}], [{"filter": "n > 1"}]):
                    ran = self.run_rows([], output, "--overwrite", ranks=ranks, steps=steps)
                    self.says(str(ran.report), "there are no rows, so there is no partition")
                    self.assertEqual(self.files(), [])
                ran = self.run_rows(late, {**output, "partition_by": ["dya"]}, ranks=ranks, code=2)
                self.says(ran.err, "no column 'dya'", "day")
                self.run_rows([], output, ranks=ranks, steps=[{"select": ["n"]}], code=2)

    def test_partitions_of_an_incremental_run_without_news(self):
        for fmt, text in (("json", '{"day":"2026-11-01","n":1}\n'), ("csv", "day,n\n2026-11-01,1\n")):
            with self.subTest(format=fmt):
                self.fresh()
                self.write("in.txt", text)
                job = {"input": {"paths": "in.txt", "format": fmt, "only_new": "state"},
                       "output": {"path": "o/", "format": "parquet", "partition_by": "day"}}
                self.run_job(job)
                self.assertEqual(self.files(), ["o/day=2026-11-01/events.parquet", "state"])
                job["output"]["path"] = "p/"
                self.run_job(job)
                self.assertEqual(self.files(), ["o/day=2026-11-01/events.parquet", "state"])

    def test_one_file_under_two_names_is_one(self):
        rows = self.rows(3)
        os.symlink(self.folder, self.folder / "here")
        for other in (str(self.folder / "a.csv"), "here/a.csv", "x/../a.csv"):
            self.says(self.run_rows(rows, ["a.csv", other], code=2).err, "two outputs have the path")
        self.says(self.run_rows(rows, [{"path": "o/", "format": "csv"}, "o/events.csv"], code=2).err, "two outputs have the path")
        self.run_rows(rows, [{"path": "o/", "format": "csv"}, {"path": "o/", "format": "parquet"}])
        self.assertEqual(self.files("o"), ["events.csv", "events.parquet"])
        for ranks in (0, 1, 2, 3, 4):
            self.run_rows(rows, [{"path": "./t.h5", "key": "a"}, {"path": str(self.folder / "t.h5"), "key": "b"}], "--overwrite", ranks=ranks)
            self.assertEqual(len(pandas.read_hdf(self.folder / "t.h5", "a")), 3)
            self.assertEqual(len(pandas.read_hdf(self.folder / "t.h5", "b")), 3)

    def test_a_path_that_cannot_be_is_told_first(self):
        (self.folder / "d.csv").mkdir()
        for path, words in (("x" * 256 + ".csv", ["260 bytes", "255"]), ("d.csv", ["is a folder"])):
            with self.subTest(path=path):
                ran = self.run_rows(self.rows(3), ["o.csv", path], code=2)
                self.says(ran.err, path, *words)
                self.says(self.run_rows(self.rows(3), ["o.csv", path], "--overwrite", code=2).err, path, *words)
                self.assertNothingLeft()
                checked = self.call("check", "job.yml")
                self.assertEqual(checked.code, 2, checked)
                self.says(checked.err, "job.yml:1:", path, *words)

    def test_levels_are_those_of_the_compression(self):
        rows = self.rows(3000)
        levels = {"csv.gz": (0, 1, 12), "csv.zst": (-7, 0, 19), "parquet": (-7, 1), "arrow": (1, 12), "h5": (0, 9)}
        sizes = {}
        for kind, some in levels.items():
            for level in some:
                self.run_rows(rows, {"path": f"a{level}.{kind}", "compression_level": level}, ranks=2)
                frame = read(self.folder / f"a{level}.{kind}")
                self.assertEqual(frame["n"].tolist(), list(range(3000)))
                sizes[kind, level] = (self.folder / f"a{level}.{kind}").stat().st_size
            self.assertGreater(sizes[kind, some[0]], sizes[kind, some[-1]], kind)

    def test_an_error_leaves_no_partition(self):
        rows = self.rows(100) + [{"n": "x" * 10, "day": "z", "kind": "x", "text": "t"}]
        self.write("in.txt", "".join(json.dumps(row) + "\n" for row in rows) + "broken\n" * 50)
        job = {"input": {"paths": "in.txt", "format": "json", "rejects": {"max": "1%"}}, "output": {"path": "t/", "format": "csv", "partition_by": "day"}}
        self.run_job(job, code=1, ranks=2)
        self.assertNothingLeft()
        self.assertFalse((self.folder / "t").exists())

    def test_a_partition_of_dates_and_numbers(self):
        self.write("in.txt", "d,n,b,f,t,v\n2026-11-01,7,true,1.5,2026-11-01T06:52:16Z,1\n1969-12-31,-7,false,-0.5,1969-12-31T23:59:59Z,2\n")
        self.run_job({"input": "in.txt", "output": {"path": "o.csv", "partition_by": ["d", "n", "b", "f", "t"]}})
        self.assertEqual(self.files(), ["d=1969-12-31/n=-7/b=false/f=-0.5/t=1969-12-31%2023%3A59%3A59/o.csv",
                                        "d=2026-11-01/n=7/b=true/f=1.5/t=2026-11-01%2006%3A52%3A16/o.csv"])
        self.assertEqual(pathlib.Path(self.folder / self.files()[0]).read_text(), "v\n2\n")


if __name__ == "__main__":
    harness.main()
