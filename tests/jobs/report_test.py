# SPDX-License-Identifier: Apache-2.0
"""What a report says beside its ledger: odd things counted, evidence of types, how patterns did, budgets by file."""

import gzip
import json
import os

import harness


class Report(harness.Case):
    def table(self, ran, name="events"):
        return ran.report["tables"][name]

    def test_odd_json_is_counted_by_file(self):
        self.write("a.json", '{"a": 1, "a": 2}\n{"a": 3, "b": "\\ud800", "b": "x"}\n')
        self.write("b.json", '{"a": 1}\n')
        for ranks in (0, 2):
            ran = self.run_job({"input": {"paths": ["a.json", "b.json"], "format": "json"}, "output": "out.csv"}, "--overwrite", ranks=ranks)
            files = self.table(ran)["files"]
            self.assertEqual([f.get("duplicate_keys", 0) for f in files], [2, 0])
            self.assertEqual([f.get("lone_surrogates", 0) for f in files], [1, 0])
            self.says(ran.err, "a.json: 2 keys were given twice", "a.json: 1 halves of surrogate pairs")

    def test_lines_above_a_csv_header_are_told(self):
        self.write("a.csv", "Report of November\n\nid,name\n1,x\n2,y\n")
        self.write("b.csv", "ua\nMozilla/5.0 (X11; Linux)\nMozilla/5.0 (Win; x64)\nMozilla/5.0 (Mac; y)\n")
        for ranks in (0, 1, 2, 3, 4):
            ran = self.run_job({"input": {"paths": ["a.csv", "b.csv"], "format": "csv"}, "output": "out.csv"}, "--overwrite", ranks=ranks)
            self.assertEqual([c["name"] for c in ran.report["columns"]], ["id", "name", "ua"])
            files = self.table(ran)["files"]
            self.assertEqual([(f["ledger"]["kept"], f["ledger"]["blank"], f.get("preamble_lines", 0)) for f in files], [(2, 3, 2), (3, 1, 0)])
            self.says(ran.err, "a.csv: 2 lines above the CSV header were taken for text about the table")

    def test_the_year_of_times_without_one_is_said(self):
        for name, when in (("a.log", 1_557_000_000), ("b.log", 1_557_000_001), ("c.log", 1_700_000_000)):
            os.utime(self.write(name, "Feb  3 04:05:06 host app: text\n"), (when, when))
        job = {"input": {"paths": ["a.log", "b.log", "c.log"], "format": "syslog"}, "output": "out.csv"}
        ran = self.run_job(job, ranks=2)
        self.says(ran.err, "times without a year", "2019 (a.log and 1 more), 2023 (c.log)")
        job["input"]["year"] = 2001
        self.assertNotIn("without a year", self.run_job(job, "--overwrite").err)

    def test_evidence_of_types(self):
        text = "zip,d,n\n007,13/02/2026,NA\n012,01/02/2026,5\n99,02/02/2026,NA\n"
        table = self.clean(text, [])
        columns = {c["name"]: c for c in table.ran.report["columns"]}
        self.assertEqual(columns["zip"]["zero_padded"], 2)
        self.assertEqual(columns["n"]["null_words"], {"NA": 2})
        self.assertEqual(columns["d"]["dates"], "1 read only as day/month such as '13/02/2026' at in.txt:2, 1 either way such as '01/02/2026' at in.txt:3")
        self.says(table.ran.err, "2 with leading zeros", "read only as day/month such as '13/02/2026'", "2 x 'NA' is missing")

    def test_patterns_of_a_step_and_of_the_format(self):
        self.write("in.txt", "".join(f"GET /product/{i}\n" if i % 4 else f"POST /search?q={i}\n" for i in range(2000)))
        job = {"input": {"paths": "in.txt", "patterns": [r"^(?<method>GET) (?<path>.*)", r"^(?<method>\w+) (?<path>.*)", r"^(?<x>never)"]},
               "steps": [{"parse": {"column": "path", "patterns": [r"^/(?<page>\w+)", r"^/product/(?<product>\d+)", "^(?<q>zzz)"]}}],
               "resources": {"chunk": "8KiB"}, "output": "out.csv"}
        seen = set()
        for ranks in (0, 2, 3):
            ran = self.run_job(job, "--overwrite", ranks=ranks)
            patterns = self.table(ran)["patterns"]
            self.assertTrue(all(p.pop("seconds") >= 0 for p in patterns))
            seen.add(json.dumps(patterns))
        self.assertEqual(len(seen), 1)
        series = {name: [p for p in patterns if p["series"] == name] for name in ("format regex", "step 1 (parse)")}
        self.assertEqual([(p["tried"], p["hit"], p["share"], p["limit_hits"]) for p in series["format regex"]],
                         [(2000, 1500, 0.75, 0), (500, 500, 1.0, 0), (0, 0, 0.0, 0)])
        self.assertEqual([(p["tried"], p["hit"]) for p in series["step 1 (parse)"]], [(2000, 2000), (0, 0), (0, 0)])
        shadowed = series["step 1 (parse)"][1]
        self.assertTrue(0 < shadowed["shadowed"] <= shadowed["compared"] < 2000, shadowed)
        self.says(ran.err, r"step 1 (parse): pattern 2 '^/product/(?<product>\d+)' never gave a value: an earlier pattern takes what it matches",
                  "format regex: pattern 3 '^(?<x>never)' matched none of")
        self.assertNotIn("format regex: pattern 2", ran.err)

    def test_match_limits_are_counted_by_pattern(self):
        self.write("in.txt", "a" * 40 + "b\n")
        job = {"input": {"paths": "in.txt", "format": "lines"}, "steps": [{"parse": {"column": "line", "patterns": [r"^(?<x>(a+)+)$"]}}], "output": "out.csv"}
        ran = self.run_job(job)
        self.assertEqual([(p["tried"], p["hit"], p["limit_hits"]) for p in self.table(ran)["patterns"]], [(1, 0, 1)])

    def test_budgets_by_file(self):
        good, bad = "1\n" * 50, "1\nx\nx\nx\n" + "1\n" * 46
        names = {"a.csv": "n\n" + good, "b.csv": "n\n" + bad}
        for name, text in names.items():
            self.write(name, text)
        job = {"input": {"paths": list(names), "format": "csv", "types": {"n": "int64"}}, "output": "out.csv"}
        for budget, code in (({"max_per_file": 3}, 0), ({"max_per_file": 2}, 1), ({"max_per_file": "6%"}, 0), ({"max_per_file": "5%"}, 1),
                             ({"max": 2, "max_per_file": 9}, 1), ({"max": "3%"}, 0)):
            for ranks in (0, 2):
                job["input"]["rejects"] = budget
                ran = self.run_job(job, "--overwrite", ranks=ranks, code=code)
                if "max" not in budget and code:
                    self.says(ran.err, "over the reject budget: 3 of 50 records of b.csv rejected" if "%" in str(budget) else
                              "over the reject budget: 3 of 4 records of b.csv rejected")
        job["input"]["rejects"] = {"max_per_file": "1.5"}
        self.says(self.run_job(job, code=2).err, "rejects.max_per_file is a share such as 0.1% or a count")

    def test_a_budget_in_records_ends_the_run_at_the_record_that_spends_it(self):
        lines = [f'{i},"line\nend {i}"\n' + ("1,2,3,4\n" if i % 9 == 2 else "") + ("x,y\n" if i % 31 == 30 else "") for i in range(300)]
        self.write("a.csv", "a,b\n" + "".join(lines[:200]))
        (self.folder / "b.csv.gz").write_bytes(gzip.compress(("a,c\n" + "".join(lines[200:])).encode()))
        job = {"input": {"paths": ["a.csv", "b.csv.gz"], "format": "csv", "types": {"a": "string"}, "rejects": {"max": "100%", "path": "all.jsonl"}},
               "steps": [{"cast": {"a": "int64"}}], "output": "out.csv"}
        self.run_job(job, "--overwrite")
        rejects = (self.folder / "all.jsonl").read_text().splitlines(True)
        for most in (0, 7, 33):
            found = set()
            for ranks, chunk in ((0, "64MiB"), (1, "300"), (2, "64MiB"), (2, "1KiB"), (3, "300"), (4, "700")):
                job["input"]["rejects"] = {"max": most, "path": "some.jsonl"}
                job["resources"] = {"chunk": chunk}
                ran = self.run_job(job, "--overwrite", ranks=ranks, code=1)
                found.add(json.dumps([ran.report["ledger"], self.table(ran)["files"]]))
                self.assertEqual((self.folder / "some.jsonl").read_text(), "".join(rejects[:most + 1]))
                self.assertEqual(ran.report["ledger"]["rejected"], most + 1)
            self.assertEqual(len(found), 1, found)

    def test_rejects_of_rows_that_a_wrong_guess_let_through_spend_no_budget(self):
        good = "".join(f"{i},{i}\n" for i in range(20000))
        self.write("in.csv", "x,y\n" + good + "abc,none\n" * 20 + good)  # nothing at its begin tells that x is text
        job = {"input": {"paths": "in.csv", "types": {"y": "string"}, "rejects": {"max": 5}},
               "steps": [{"filter": "x is null"}, {"cast": {"y": "int64"}}], "output": "out.csv"}
        for ranks in (0, 2):
            ran = self.run_job(job, "--overwrite", ranks=ranks)
            self.assertEqual((ran.report["ledger"]["rejected"], ran.report["ledger"]["filtered"]), (0, 40020))


if __name__ == "__main__":
    harness.main()
