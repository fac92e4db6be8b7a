# SPDX-License-Identifier: Apache-2.0
"""Outputs, ledger and rejects by sections 2.6 and 2.7 of the job contract, on small inputs."""

import gzip
import hashlib
import json
import subprocess

import h5py
import pandas
import pyarrow.parquet

import harness

PEOPLE = "id,name,city,age\n1,Ann,Rome,30\n2,Bob,,41\n3,,Oslo,\n4,Dan,Rome,7\n"


class Text(harness.Case):
    def csv_of(self, rows, steps=(), **output):
        """The CSV of JSON rows, so that every text can be an input."""
        self.write("in.txt", "".join(json.dumps(row) + "\n" for row in rows))
        self.run_job({"input": {"paths": "in.txt", "format": "json", "nulls": {"only": []}}, "steps": list(steps),
                      "output": dict({"path": "out.csv"}, **output)}, "--overwrite")
        return (self.folder / "out.csv").read_bytes().decode()

    def test_fields_are_quoted_where_they_must_be_and_nowhere_else(self):
        fields = {"a,b": '"a,b"', 'a"b': '"a""b"', "a\rb": '"a\rb"', "a\nb": '"a\nb"', " a": '" a"', "a ": '"a "', "\ta": '"\ta"',
                  "a b": "a b", "a;b": "a;b", "'a'": "'a'", "#a": "#a", "日本": "日本", "a\tb": "a\tb", "-": "-", "NA": "NA"}
        for text, expected in fields.items():
            with self.subTest(text=text):
                self.assertEqual(self.csv_of([{"v": text, "w": 1}]), f"v,w\n{expected},1\n")

    def test_missing_text_and_the_empty_string(self):
        rows = [{"a": "x", "b": None}, {"a": "NULL", "b": 2}]
        made = [{"set": {"c": "''"}}]
        self.assertEqual(self.csv_of(rows, made), 'a,b,c\nx,,""\nNULL,2,""\n')
        self.assertEqual(self.csv_of(rows, made, missing_text="NULL"), 'a,b,c\nx,NULL,""\n"NULL",2,""\n')
        self.assertEqual(self.csv_of(rows, made, null="\\N"), 'a,b,c\nx,\\N,""\nNULL,2,""\n')

    def test_a_header_is_quoted_too(self):
        self.assertEqual(self.csv_of([{"a,b": 1, 'c"': 2}]), '"a,b","c"""\n1,2\n')

    def test_floats_read_back_and_always_look_like_floats(self):
        values = [1.0, 0.1, 1e300, 1e-7, -2.5, 123456789012345680.0, 5e-324, 1 / 3, 100.0, 1e21]
        lines = self.csv_of([{"v": value} for value in values]).splitlines()[1:]
        self.assertEqual([float(line) for line in lines], values)
        self.assertTrue(all("." in line or "e" in line.lower() for line in lines), lines)
        self.assertTrue(all(len(line) <= len(repr(value)) + 1 for line, value in zip(lines, values)), lines)
        self.assertEqual(lines[0], "1.0")

    def test_dates_times_and_booleans(self):
        text = "d,t,b\n2026-11-01,2026-11-01T06:52:16Z,TRUE\n2026-11-02,2026-11-01T06:52:16.120+01:00,False\n"
        table = self.clean(text)
        self.assertEqual(table.csv, "d,t,b\n2026-11-01,2026-11-01 06:52:16,true\n2026-11-02,2026-11-01 05:52:16.12,false\n")
        self.assertEqual((self.folder / "out.jsonl").read_text().splitlines(),
                         ['{"d":"2026-11-01","t":"2026-11-01T06:52:16Z","b":true}',
                          '{"d":"2026-11-02","t":"2026-11-01T05:52:16.12Z","b":false}'])

    def test_json_lines_have_every_key_and_escape(self):
        table = self.clean('{"a":"q\\"\\n\\u0001é","b":{"c":null}}\n{"a":"x","b":{"c":1}}\n', fmt="json")
        self.assertEqual(table.rows, [{"a": 'q"\n\x01é', "b.c": None}, {"a": "x", "b.c": 1}])

    def test_an_empty_table_has_a_header(self):
        table = self.clean(PEOPLE, [{"filter": "id > 99"}])
        self.assertEqual((table.csv, table.rows), ("id,name,city,age\n", []))

    def test_tsv(self):
        self.write("in.txt", 'a,b\n"x\ty",2\n')
        self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "output": "out.tsv"})
        self.assertEqual((self.folder / "out.tsv").read_text(), 'a\tb\n"x\ty"\t2\n')


class Files(harness.Case):
    def out(self, output, text=PEOPLE, *args, ranks=0, steps=()):
        self.write("in.txt", text)
        return self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "steps": list(steps), "output": output},
                            *args, ranks=ranks)

    def listing(self):
        return sorted(p.name for p in self.folder.iterdir() if p.name not in ("in.txt", "job.yml", "report.json"))

    def test_all_kinds_at_once(self):
        names = ["o.csv", "o.csv.gz", "o.csv.zst", "o.tsv", "o.jsonl", "o.jsonl.gz", "o.jsonl.zst", "o.h5", "o.parquet", "o.arrow"]
        ran = self.out([{"path": name} for name in names])
        self.assertEqual(self.listing(), sorted(names))
        text = (self.folder / "o.csv").read_bytes()
        self.assertEqual(text, PEOPLE.encode())
        self.assertEqual(gzip.decompress((self.folder / "o.csv.gz").read_bytes()), text)
        self.assertEqual(subprocess.run(["zstd", "-dc", "o.csv.zst"], cwd=self.folder, capture_output=True).stdout, text)
        lines = (self.folder / "o.jsonl").read_bytes()
        self.assertEqual(gzip.decompress((self.folder / "o.jsonl.gz").read_bytes()), lines)
        self.assertEqual(pandas.read_parquet(self.folder / "o.parquet")["id"].tolist(), [1, 2, 3, 4])
        self.assertEqual(pandas.read_feather(self.folder / "o.arrow")["id"].tolist(), [1, 2, 3, 4])
        self.assertEqual(pandas.read_hdf(self.folder / "o.h5")["id"].tolist(), [1, 2, 3, 4])
        for entry in ran.report["outputs"]:
            path = self.folder / entry["path"]
            self.assertEqual((entry["rows"], entry["bytes"]), (4, path.stat().st_size), entry)
            self.assertEqual(entry["sha256"], hashlib.sha256(path.read_bytes()).hexdigest(), entry)

    def test_hdf5_has_no_missing_integers_and_says_so(self):
        ran = self.out("o.h5", "a,b,c\n1,true,9007199254740993\n,,\n3,false,1\n")
        frame = pandas.read_hdf(self.folder / "o.h5")
        self.assertEqual(frame["a"].tolist()[::2], [1.0, 3.0])
        self.assertTrue(frame["a"].isna()[1])
        self.assertEqual(frame["b"].tolist()[::2], [1.0, 0.0])
        self.assertEqual(frame["c"].tolist()[::2], ["9007199254740993", "1"])
        self.assertRegex(ran.err + str(ran.report), r"float64")
        with h5py.File(self.folder / "o.h5") as file:
            self.assertIn("events", file)

    def test_hdf5_key_and_long_text(self):
        self.out({"path": "o.h5", "key": "mine"})
        self.assertEqual(len(pandas.read_hdf(self.folder / "o.h5", "mine")), 4)
        self.fresh()
        text = "a,b\n" + "x" * 5000 + ",1\n"
        self.write("in.txt", text)
        ran = self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "output": {"path": "o.h5"}}, code=2)
        self.says(ran.err, "max_string")
        self.out({"path": "o.h5", "long_text": "truncate", "max_string": 100}, text)
        self.assertEqual(pandas.read_hdf(self.folder / "o.h5")["a"].tolist(), ["x" * 100])

    def test_hdf5_a_text_that_is_cut_is_not_the_word_for_missing(self):
        rows = [{"a": "<NA>" + "b" * 20}, {"a": None}, {"a": "x"}]
        cut = self.hdf5_texts(rows, max_string=4, long_text="truncate")
        self.assertTrue(rows[0]["a"].startswith(cut[0]) and cut[0].startswith("<NA>"), cut)
        self.assertTrue(pandas.isna(cut[1]))
        self.assertEqual(cut[2], "x")
        ends = self.hdf5_texts([{"a": "<NA>\0"}, {"a": None}])
        self.assertEqual(ends[0], "<NA>")
        self.assertTrue(pandas.isna(ends[1]))

    def hdf5_texts(self, rows, **keys):
        self.fresh()
        self.write("in.txt", "".join(json.dumps(row) + "\n" for row in rows))
        self.run_job({"input": {"paths": "in.txt", "format": "json"}, "output": {"path": "o.h5", **keys}})
        return pandas.read_hdf(self.folder / "o.h5")["a"].tolist()

    def test_parquet_types(self):
        self.out("o.parquet", "i,f,s,b,d,t\n1,1.5,x,true,2026-11-01,2026-11-01T00:00:00Z\n,,,,,\n")
        schema = pyarrow.parquet.read_schema(self.folder / "o.parquet")
        self.assertEqual([str(field.type).replace("large_", "") for field in schema],
                         ["int64", "double", "string", "bool", "date32[day]", "timestamp[us, tz=UTC]"])

    def test_files_n_are_even_and_together_the_whole(self):
        text = "v\n" + "".join(f"{i}\n" for i in range(1003))
        for kind, read in (("csv", pandas.read_csv), ("parquet", pandas.read_parquet)):
            with self.subTest(kind=kind):
                self.fresh()
                self.out({"path": f"e.{kind}", "files": 4}, text, ranks=3)
                names = [f"e-0000{i}-of-00004.{kind}" for i in range(4)]
                self.assertEqual(self.listing(), names)
                parts = [read(self.folder / name)["v"].tolist() for name in names]
                self.assertEqual(sum(parts, []), list(range(1003)))
                self.assertLessEqual(max(map(len, parts)) - min(map(len, parts)), 1)

    def test_more_files_than_rows(self):
        self.out({"path": "e.csv", "files": 6}, "v\n1\n2\n")
        self.assertEqual([(self.folder / f"e-0000{i}-of-00006.csv").read_text().count("\n") for i in range(6)].count(2), 2)

    def test_a_folder_takes_its_format(self):
        self.out({"path": "d/", "format": "parquet", "files": 2})
        names = sorted(p.name for p in (self.folder / "d").iterdir())
        self.assertEqual(len(names), 2)
        self.assertTrue(all(name.endswith("-of-00002.parquet") for name in names), names)

    def test_folders_are_made_for_an_output(self):
        self.out("new/deep/o.csv")
        self.assertEqual((self.folder / "new/deep/o.csv").read_text(), PEOPLE)

    def test_overwrite_replaces_the_whole_set(self):
        self.out({"path": "e.csv", "files": 4})
        self.assertEqual(self.run_job({"input": {"paths": "in.txt", "format": "csv"},
                                       "output": {"path": "e.csv", "files": 2}}, code=2).code, 2)
        self.out({"path": "e.csv", "files": 2}, PEOPLE, "--overwrite")
        self.assertEqual(self.listing(), ["e-00000-of-00002.csv", "e-00001-of-00002.csv"])
        self.out({"path": "e.csv", "files": 3, "overwrite": True})
        self.assertEqual(self.listing(), [f"e-0000{i}-of-00003.csv" for i in range(3)])

    def test_two_outputs_of_one_name_are_an_error(self):
        self.write("in.txt", PEOPLE)
        ran = self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "output": ["a.csv", "a.csv"]}, code=2)
        self.says(ran.err, "a.csv")
        self.assertNothingLeft()

    def test_an_unknown_extension_is_an_error(self):
        self.refused(PEOPLE, output="out.xlsx", words=[".xlsx"])

    def test_further_tables_and_rows_inline(self):
        self.write("in.txt", PEOPLE)
        job = {"input": {"paths": "in.txt", "format": "csv"},
               "tables": {"users": {"rows": [{"ip": "1.2.3.4", "n": 1}, {"ip": "5.6.7.8", "z": True}],
                                    "steps": [{"set": {"m": "n + 1"}}]}},
               "output": [{"path": "e.csv"}, {"path": "u.csv", "table": "users"}]}
        ran = self.run_job(job, code=None)
        self.assertIn(ran.code, (0, 2), ran)
        if ran.code == 2:
            self.says(ran.err, "not available yet")
            return
        self.assertEqual((self.folder / "u.csv").read_text(), "ip,n,z,m\n1.2.3.4,1,,2\n5.6.7.8,,true,\n")


class Rejects(harness.Case):
    ROWS = "a,b\n" + "".join(f"{i},x\n" if i % 10 else f"{i},x,y,z\n" for i in range(1, 101))

    def job(self, rejects, **output):
        return {"input": {"paths": "in.txt", "format": "csv", "rejects": rejects}, "output": dict({"path": "out.csv"}, **output)}

    def test_rejects_are_written_in_order_with_place_and_text(self):
        self.write("in.txt", self.ROWS)
        for ranks in (1, 3):
            ran = self.run_job(dict(self.job({"max": "10%", "path": "r.jsonl"}), resources={"chunk": "64"}), "--overwrite", ranks=ranks)
            rejects = [json.loads(line) for line in (self.folder / "r.jsonl").read_text().splitlines()]
            self.assertEqual([r["line"] for r in rejects], list(range(11, 102, 10)))
            data = self.ROWS.encode()
            texts = [key for key, value in rejects[0].items() if value == "10,x,y,z"]
            self.assertEqual(len(texts), 1, rejects[0])
            for r in rejects:
                offset = next(value for key, value in r.items() if "offset" in key or key == "byte")
                self.assertTrue(data[offset:].startswith(r[texts[0]].encode() + b"\n"), r)
                self.assertTrue(r["file"].endswith("in.txt"))
                self.assertTrue(r["reason"])
            self.assertEqual(ran.report["ledger"], {"lines": 101, "kept": 90, "filtered": 0, "rejected": 10, "blank": 1})

    def test_over_the_budget_ends_with_1_and_publishes_nothing_but_the_rejects(self):
        self.write("in.txt", self.ROWS)
        for budget in ("9%", "0.5%", 9, 0, "9.99%"):
            for ranks in (1, 3):
                with self.subTest(budget=budget, ranks=ranks):
                    ran = self.run_job(self.job({"max": budget, "path": "r.jsonl"}), "--overwrite", ranks=ranks, code=1)
                    self.assertTrue((self.folder / "r.jsonl").read_text().count("\n") >= 1)
                    self.assertNothingLeft("r.jsonl")
                    self.says(ran.err, "reject")

    def test_within_the_budget(self):
        self.write("in.txt", self.ROWS)
        for budget in ("10%", 10, "100%"):
            with self.subTest(budget=budget):
                self.run_job(self.job({"max": budget}), "--overwrite")

    def test_the_default_budget_is_a_tenth(self):
        for bad, code in ((10, 0), (11, 1)):
            self.write("in.txt", "a,b\n" + "1,2\n" * (100 - bad) + "1,2,3,4\n" * bad)
            ran = self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "output": "out.csv"}, "--overwrite", code=code)
            self.assertEqual(ran.report["ledger"]["rejected"], bad)

    def test_without_a_path_the_first_three_are_shown(self):
        self.write("in.txt", self.ROWS)
        ran = self.run_job(self.job({"max": "10%"}))
        for line in (11, 21, 31):
            self.says(ran.err, f"in.txt:{line}")
        self.assertNotIn("in.txt:41", ran.err)

    def test_ledgers_a_file(self):
        self.write("1.csv", "a\n1\n\n2\n")
        self.write("2.csv", "a\n3,4,5\n6\n")
        ran = self.run_job({"input": {"paths": "*.csv", "format": "csv", "rejects": {"max": 1}}, "steps": [{"filter": "a <> 2"}],
                            "output": "out/o.csv"})
        files = {entry["file"].split("/")[-1]: entry["ledger"] for entry in ran.report["tables"]["events"]["files"]}
        self.assertEqual(files["1.csv"], {"lines": 4, "kept": 1, "filtered": 1, "rejected": 0, "blank": 2})
        self.assertEqual(files["2.csv"], {"lines": 3, "kept": 1, "filtered": 0, "rejected": 1, "blank": 1})
        self.assertEqual(ran.report["columns"], [dict(ran.report["columns"][0], name="a", type="int64", missing=0)])
        self.assertEqual(ran.report["ranks"], 1)
        self.assertGreater(ran.report["seconds"], 0)

    def test_control_bytes_of_the_data_do_not_reach_the_terminal(self):
        self.write("in.txt", b"a,b\n1,2\n1,\x1b[31mred,3,4\n" + b"1,2\n" * 20)
        ran = self.run_job(self.job({"max": "10%"}))
        self.assertNotIn("\x1b", ran.err)
        self.says(ran.err, "\\x1b")


if __name__ == "__main__":
    harness.main()
