# SPDX-License-Identifier: Apache-2.0
"""--replay: the rejected records alone, read again in their files by the mended job; main output and replay together are
what the mended job makes of everything."""

import gzip
import json

import harness


class Replay(harness.Case):
    def rows(self, name):
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def run_both(self, job, mended, ranks=0):
        """Rows of the first run, of the replay, and the replay's report."""
        self.run_job(job, "--overwrite", ranks=ranks)
        first = self.rows("out.jsonl")
        ran = self.run_job(mended, "--replay", "bad.jsonl", "--overwrite", ranks=ranks)
        self.assertEqual(self.rows("out.jsonl"), first)
        return first, self.rows("out-replay.jsonl"), ran

    def job(self, **keys):
        return {"input": dict({"paths": "in/", "rejects": {"max": "90%", "path": "bad.jsonl"}}, **keys), "output": "out.jsonl"}

    def test_casts_of_csv_with_head_line_numbers_and_quoted_line_ends(self):
        text = 'id;n;t\n' + "".join(f'{i};{i if i % 7 else "1,5"};"a\nb"\n' for i in range(500))
        self.write("in/a.csv", text)
        self.write("in/b.csv", "n\tid\nx\t900\n2\t901\n")
        job = self.job(format="csv", types={"n": "int64"}, source=True)
        mended = self.job(format="csv", types={"n": "string"}, source=True)
        seen = set()
        for ranks in (0, 2, 4):
            for chunk in ("1KiB", "64MiB"):
                job["resources"] = mended["resources"] = {"chunk": chunk}
                first, again, ran = self.run_both(job, mended, ranks)
                seen.add(json.dumps(again))
                self.assertEqual(ran.report["ledger"], {"lines": 73, "kept": 73, "filtered": 0, "rejected": 0, "blank": 0})
        self.assertEqual(len(seen), 1)
        self.assertEqual([r["id"] for r in again], [i for i in range(0, 500, 7)] + [900])
        self.assertEqual([r["_line"] for r in again], [2 + 2 * i for i in range(0, 500, 7)] + [2])
        self.assertEqual({r["n"] for r in again}, {"1,5", "x"})
        self.assertEqual(sorted(r["id"] for r in first + again), list(range(500)) + [900, 901])

    def test_fields_are_those_in_force_at_the_record(self):
        near = "#Fields: x-a sc-status\n1 200\n#Fields: sc-status x-a\n2xx 7\n"
        far = "200 8\n" * 300_000 + "3xx 9\n#Fields: x-a sc-status\n5 4xx\n"
        self.write("in/a.log", near + far)
        job, mended = self.job(format="w3c"), self.job(format="w3c", types={"sc_status": "string"})
        for ranks in (0, 1, 2, 3, 4):
            with self.subTest(ranks=ranks):
                first, again, ran = self.run_both(job, mended, ranks)
                self.assertEqual([(r["x_a"], r["sc_status"]) for r in again], [(7, "2xx"), (9, "3xx"), (5, "4xx")])

    def test_records_that_still_do_not_fit_become_rejects_again(self):
        lines = ["GET /a 200", "POST /b 404 late", "???", "GET /c 500 late"]
        self.write("in/a.log", "\n".join(lines) + "\n")
        one = r"^(?<method>[A-Z]+) (?<path>\S+) (?<status>\d+)$"
        job = self.job(patterns=[one])
        mended = self.job(patterns=[one, r"^(?<method>[A-Z]+) (?<path>\S+) (?<status>\d+) late$"])
        for ranks in (0, 3):
            first, again, ran = self.run_both(job, mended, ranks)
            self.assertEqual([r["path"] for r in again], ["/b", "/c"])
            self.assertEqual(ran.report["ledger"], {"lines": 3, "kept": 2, "filtered": 0, "rejected": 1, "blank": 0})
            left = self.rows("bad-replay.jsonl")
            self.assertEqual([(r["line"], r["text"]) for r in left], [(3, "???")])
        self.assertEqual(len(self.rows("bad.jsonl")), 3)
        mended["input"]["patterns"].append("^(?<path>.*)$")
        self.run_job(mended, "--replay", "bad-replay.jsonl", "--overwrite")
        self.assertEqual(self.rows("out-replay.jsonl"), [{"method": None, "path": "???", "status": None}])

    def test_compressed_files_and_json(self):
        text = "".join(json.dumps({"id": i, "n": i if i % 10 else "many"}) + "\n" + ("broken {\n" if i == 55 else "") for i in range(100))
        for name, data in (("in/a.json", text.encode()), ("in/a.json.gz", gzip.compress(text.encode()))):
            self.fresh()
            self.write(name, data)
            job = self.job(format="json")
            job["steps"] = [{"cast": {"n": "int64"}}]
            mended = self.job(format="json")
            mended["steps"] = [{"map": {"column": "n", "values": {"many": "-1"}}}, {"cast": {"n": "int64"}}]
            first, again, ran = self.run_both(job, mended, 2)
            self.assertEqual([(r["id"], r["n"]) for r in again], [(i, -1) for i in range(0, 100, 10)])
            self.assertEqual(ran.report["ledger"]["rejected"], 1)
            self.assertEqual([r["line"] for r in self.rows("bad-replay.jsonl")], [57])

    def test_names_of_outputs_and_other_tables(self):
        self.write("in/a.csv", "id,n\n1,x\n2,5\n")
        self.write("t.csv", "k\n1\n2\n")
        job = {"input": {"paths": "in/", "format": "csv", "types": {"n": "int64"}, "rejects": {"max": 5, "path": "o/bad.jsonl"}},
               "tables": {"t": {"paths": "t.csv", "format": "csv"}},
               "output": [{"path": "o/e.v2.csv.zst"}, {"path": "o/e.parquet", "files": 2}, {"path": "o/dir/", "format": "csv"},
                          {"path": "o/t.csv", "table": "t"}]}
        self.run_job(job)
        job["input"]["types"] = {}
        ran = self.run_job(job, "--replay", "o/bad.jsonl")
        self.assertEqual([(o["path"], o["rows"]) for o in ran.report["outputs"]],
                         [("o/e.v2-replay.csv.zst", 1), ("o/e-replay-00000-of-00002.parquet", 1), ("o/e-replay-00001-of-00002.parquet", 0),
                          ("o/dir-replay/events.csv", 1), ("o/t-replay.csv", 2)])

    def test_rows_behind_explode_are_not_repeated(self):
        self.write("in/a.json", '{"t": [1, "x", 2]}\n{"t": ["y"]}\nbroken\n')
        job = self.job(format="json")
        job["steps"] = [{"explode": "t"}, {"cast": {"t": "int64"}}]
        mended = self.job(format="json")
        mended["steps"] = [{"explode": "t"}]
        first, again, ran = self.run_both(job, mended)
        self.assertEqual((first, again), ([{"t": 1}, {"t": 2}], []))
        self.assertIn("2 rejects are not replayed", ran.err)
        self.assertEqual(ran.report["ledger"]["rejected"], 1)

    def test_a_record_that_explode_cannot_read_is_replayed(self):
        self.write("in/a.csv", 'id,t\n1,"[1"\n2,[2]\n')
        job = self.job(format="csv")
        job["steps"] = [{"explode": "t"}]
        mended = self.job(format="csv")
        mended["steps"] = [{"set": {"t": "trim(t, '[]')"}}]
        for ranks in (0, 2):
            first, again, ran = self.run_both(job, mended, ranks)
            self.assertEqual([[r["id"] for r in rows] for rows in (first, again)], [[2], [1]])

    def test_what_is_no_reject_file_is_refused(self):
        self.write("in/a.csv", "id\n1\n")
        job = self.job(format="csv")
        self.write("bad.jsonl", '{"a": 1}\n')
        self.says(self.run_job(job, "--replay", "bad.jsonl", code=2).err, "line 1 of 'bad.jsonl' is not a reject")
        self.write("bad.jsonl", '{"file": "in/z.csv", "line": 2, "byte_offset": 3}\n')
        self.says(self.run_job(job, "--replay", "bad.jsonl", code=2).err, "in/z.csv", "does not list")
        self.write("bad.jsonl", '{"file": "in/a.csv", "line": 2, "byte_offset": 300}\n')
        self.says(self.run_job(job, "--replay", "bad.jsonl", code=2).err, "in/a.csv is shorter")
        self.says(self.run_job(job, "--replay", "none.jsonl", code=2).err, "none.jsonl", "it is not there")
        self.write("bad.jsonl", "")
        self.run_job(job, "--replay", "bad.jsonl")
        self.assertEqual(self.rows("out-replay.jsonl"), [])


if __name__ == "__main__":
    harness.main()
