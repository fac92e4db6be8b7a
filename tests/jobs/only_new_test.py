# SPDX-License-Identifier: Apache-2.0
"""only_new: a second run over a growing folder reads just what is new: nothing twice, nothing lost, for any ranks."""

import gzip
import json
import os

import harness


class OnlyNew(harness.Case):
    ranks = 0

    def setUp(self):
        super().setUp()
        self.runs = 0

    def job(self, **keys):
        job = {"input": {"paths": "in/", "format": "lines", "only_new": "state/read.jsonl", "missing": "skip"},
               "steps": [{"rename": {"line": "x"}}], "output": "out.jsonl"}
        job["input"].update(keys)
        if job["input"]["format"] != "lines":
            job["steps"] = []
        return job

    def new(self, *args, ranks=0, code=0, **keys):
        """What a run of the job reads."""
        ran = self.run_job(self.job(**keys), "--overwrite", *args, ranks=ranks, code=code)
        if code:
            return ran
        self.err = ran.err
        self.notes = ran.report["tables"]["events"]["notes"]
        return [json.loads(line)["x"] for line in (self.folder / "out.jsonl").read_text().splitlines()]

    def append(self, name, text):
        with open(self.folder / name, "a", newline="") as file:
            file.write(text)

    def test_new_files_and_grown_files(self):
        for ranks in (0, 1, 2, 3, 4):
            with self.subTest(ranks=ranks):
                self.fresh()
                self.write("in/a.log", "a1\na2\n")
                self.write("in/b.log", "b1\n")
                self.assertEqual(self.new(ranks=ranks), ["a1", "a2", "b1"])
                self.assertEqual(self.new(ranks=ranks), [])
                self.says(self.err, "2 files were read by earlier runs, 0 to read")
                self.append("in/a.log", "a3\n")
                self.write("in/c.log", "c1\n")
                self.assertEqual(self.new(ranks=ranks), ["a3", "c1"])
                self.says(self.err, "a.log has grown: read on from byte 6")
                self.assertEqual(self.new(ranks=ranks), [])

    def test_lines_of_a_csv_that_end_in_a_lone_cr(self):
        self.write("in/a.csv", "x,y\r1,1\r2,2\r")
        keys = {"format": "csv", "source": True}
        self.assertEqual(self.new(**keys), [1, 2])
        for more, read, lines in (("3,3\r4", [3, 4], [4, 5]), (",4\r5,5\r", [4, 5], [5, 6]), ("6,6\r", [6], [7])):
            self.append("in/a.csv", more)
            self.assertEqual(self.new(**keys), read)
            self.assertEqual([json.loads(row)["_line"] for row in (self.folder / "out.jsonl").read_text().splitlines()], lines)

    def test_a_last_line_without_its_end(self):
        self.write("in/a.log", "a1\na2")
        self.assertEqual(self.new(), ["a1", "a2"])
        self.append("in/a.log", "\na3\r\na4")
        self.assertEqual(self.new(), ["a3", "a4"])
        self.append("in/a.log", "\r\na5\n")
        self.assertEqual(self.new(), ["a5"])
        self.write("in/b.log", "b1\nb2 be")
        self.assertEqual(self.new(), ["b1", "b2 be"])
        self.append("in/b.log", "gins\nb3\n")
        self.assertEqual(self.new(), ["b2 begins", "b3"])
        self.says(self.err, "b.log: its last line was not whole")
        self.append("in/a.log", "\n")
        self.assertEqual(self.new(), [])

    def test_a_run_that_fails_remembers_nothing(self):
        self.write("in/a.log", '{"x": 1}\n')
        self.assertEqual(self.new(format="json"), [1])
        self.write("in/b.log", '{"x": 2}\nnot json\n')
        self.new(format="json", rejects={"max": 0}, code=1)
        self.assertEqual(self.new("--limit", "1", format="json", rejects={"max": 1}), [2])
        self.assertEqual(self.new(format="json", rejects={"max": 1}), [2])
        self.assertEqual(self.new(format="json"), [])
        before = (self.folder / "state/read.jsonl").read_bytes()
        self.write("in/c.log", '{"x": "text"}\n')
        job = self.job(format="json")
        job["steps"].append({"filter": "x > 1"})
        ran = self.run_job(job, "--overwrite", code=2)
        self.says(ran.err, "c.log")
        self.assertEqual((self.folder / "state/read.jsonl").read_bytes(), before)
        self.assertEqual(os.listdir(self.folder / "state"), ["read.jsonl"])

    def test_csv_goes_on_with_the_head_of_its_file_and_right_line_numbers(self):
        self.write("in/a.csv", 'x;y\n1;"q\nq"\n2;b\n')
        self.assertEqual(self.new(format="csv", source=True), [1, 2])
        self.append("in/a.csv", '3;c\n4;d;too;long\n5;"e\n"\n')
        self.assertEqual(self.new(format="csv", source=True, rejects={"max": 2, "path": "bad.jsonl"}), [3, 5])
        self.assertEqual(json.loads((self.folder / "bad.jsonl").read_text())["line"], 6)
        rows = [json.loads(line) for line in (self.folder / "out.jsonl").read_text().splitlines()]
        self.assertEqual([(r["y"], r["_line"]) for r in rows], [("c", 5), ("e\n", 7)])

    def test_a_log_goes_on_with_the_fields_in_force_at_its_old_end(self):
        for ranks in (0, 1, 2, 3, 4):
            for fmt in ("w3c", ["common", "w3c"]):
                with self.subTest(ranks=ranks, format=fmt):
                    self.fresh()
                    self.write("in/a.log", "#Fields: cs-method x\nGET /a\n#Fields: x cs-method\n" + "/b GET\n" * 3)
                    self.assertEqual(self.new(ranks=ranks, format=fmt), ["/a"] + 3 * ["/b"])
                    self.append("in/a.log", "/c POST\n")
                    self.assertEqual(self.new(ranks=ranks, format=fmt), ["/c"])
                    self.append("in/a.log", "#Fields: cs-method x\nPUT /d\n")
                    self.assertEqual(self.new(ranks=ranks, format=fmt), ["/d"])
                    self.append("in/a.log", "PUT /e\n")
                    self.assertEqual(self.new(ranks=ranks, format=fmt), ["/e"])

    def test_an_event_that_grew_is_read_again_whole(self):
        for ranks in (0, 1, 2, 3, 4):
            with self.subTest(ranks=ranks):
                self.fresh()
                keys = {"ranks": ranks, "multiline": {"start": "^A"}, "source": True}
                self.write("in/a.log", "A1\n x\nA2\n")
                self.assertEqual(self.new(**keys), ["A1\n x", "A2"])
                self.append("in/a.log", "\n b\n c\nA3\n")
                self.assertEqual(self.new(**keys), ["A2\n\n b\n c", "A3"])
                self.says(self.err, "its last record goes on", "read again from byte 6")
                rows = [json.loads(line) for line in (self.folder / "out.jsonl").read_text().splitlines()]
                self.assertEqual([row["_line"] for row in rows], [3, 7])
                self.append("in/a.log", "A4\n")
                self.assertEqual(self.new(**keys), ["A4"])

    def test_a_stack_trace_that_came_later_belongs_to_its_event(self):
        event = "2026-11-01 06:52:16 ERROR app.X: broke\n"
        self.write("in/a.log", event)
        job = {"input": {"paths": "in/", "format": "log4j", "only_new": "state.jsonl"}, "output": "out.jsonl"}
        whole = dict(job, input={"paths": "in/", "format": "log4j"}, output="whole.jsonl")
        self.run_job(job)
        self.append("in/a.log", "\tat main.c\n")
        ran = self.run_job(job, "--overwrite")
        self.run_job(whole)
        self.assertEqual(ran.report["ledger"]["kept"], 1)
        self.assertEqual((self.folder / "out.jsonl").read_text(), (self.folder / "whole.jsonl").read_text())

    def test_a_csv_row_or_json_object_that_was_cut_in_two_is_read_again_whole(self):
        cases = [("csv", "x,y\n1,a\n", '2,"b\n', ' c\n\n d"\n3,e\n', 8), ("csv", "x,y\n1,a\n", "2,b", "c\n3,e\n", 8),
                 ("json", '{"x":\n1}\n', '{"x":\n', '2}{"x":3}', 9), ("json", '[{"x": 1},\n', '{"x":\n', '2},\n{"x": 3}\n', 11),
                 ("json", '{"x":1}{\n"x":2}', "", '{"x":3}', 0)]
        for ranks in (0, 1, 2, 3, 4):
            for fmt, whole, cut, rest, at in cases:
                for auto in (False, True) if whole[0] in "x[" else (False,):
                    with self.subTest(ranks=ranks, format=fmt, auto=auto, cut=cut):
                        self.fresh()
                        keys = {"ranks": ranks, "format": "auto" if auto else fmt, "rejects": {"max": "100%"}, "source": True}
                        self.write("in/a." + fmt, whole + cut)
                        first = self.new(**keys)
                        self.assertEqual(first[:1], [1])
                        self.append("in/a." + fmt, rest)
                        self.assertEqual(self.new(**keys), [2, 3] if cut else [3])
                        if cut:
                            self.says(self.err, "a.%s has grown: read on from byte %d" % (fmt, at), "it is read again")
                        rows = [json.loads(line) for line in (self.folder / "out.jsonl").read_text().splitlines()]
                        self.assertEqual([row["_line"] for row in rows][:1], [whole.count("\n") + 1])
                        self.append("in/a." + fmt, '\n{"x": 4}\n' if fmt == "json" else "4,f\n")
                        self.assertEqual(self.new(**keys), [4])

    def test_a_quote_that_nothing_closes_does_not_bring_rows_twice(self):
        keys = {"format": "csv", "rejects": {"max": "100%"}}
        self.write("in/a.csv", 'x,y\n1,a\n2,"b\n3,c\n')
        self.assertEqual(self.new(**keys), [1, 3])
        self.append("in/a.csv", "4,d\n5,e")
        self.assertEqual(self.new(**keys), [4, 5])
        self.append("in/a.csv", '\n6,"f"\n')
        self.assertEqual(self.new(**keys), [6])

    def test_an_event_that_grew_is_read_again_whole_under_auto_too(self):
        event = "2026-11-01 06:52:16 ERROR app.X: broke\n"
        self.write("in/a.log", event * 3)
        job = {"input": {"paths": "in/", "only_new": "state.jsonl"}, "output": "out.jsonl"}
        self.run_job(job)
        self.append("in/a.log", "\tat main.c\n" + event)
        self.assertEqual(self.run_job(job, "--overwrite").report["ledger"]["kept"], 2)
        self.assertIn("at main.c", (self.folder / "out.jsonl").read_text().splitlines()[0])

    def test_nothing_new_leaves_the_columns_of_what_was_read(self):
        for ranks in (0, 1, 2, 3, 4):
            for fmt, text, names in (("csv", "x,y\n1,a\n", "x,y"), ("auto", '{"x": 1, "y": {"z": 2}}\n', "x,y.z"), ("json", '{"x": 1}\n', "x")):
                with self.subTest(ranks=ranks, format=fmt):
                    self.fresh()
                    self.write("in/a.txt", text)
                    job = dict(self.job(format=fmt, types={"never": "date"}), output=["out.csv", "out.parquet"], steps=[{"filter": "x > 0"}, {"set": {"w": "x + 1"}}])
                    self.run_job(job, "--overwrite", ranks=ranks)
                    self.assertEqual((self.folder / "out.csv").read_text().splitlines()[0], names + ",w")
                    ran = self.run_job(job, "--overwrite", ranks=ranks)
                    self.assertEqual((self.folder / "out.csv").read_text(), names + ",w\n")
                    self.assertEqual([c["name"] for c in ran.report["columns"]], (names + ",w").split(","))
                    self.assertEqual(ran.report["ledger"]["lines"], 0)

    def test_a_large_file_that_grew_is_cut_for_all_ranks(self):
        text = "".join(f"{i:08}\n" for i in range(20000))
        self.write("in/a.log", text[:90000])
        first = self.new(ranks=2)
        self.write("in/a.log", text)
        resources = {"chunk": "16KiB"}
        job = self.job()
        job["resources"] = resources
        state = (self.folder / "state/read.jsonl").read_bytes()
        seen = set()
        for ranks in (0, 2, 4):
            (self.folder / "state/read.jsonl").write_bytes(state)
            ran = self.run_job(job, "--overwrite", ranks=ranks)
            seen.add((self.folder / "out.jsonl").read_text())
            self.assertEqual(ran.report["ledger"]["lines"], 10000)
        self.assertEqual(len(seen), 1)
        self.assertEqual(first + [json.loads(line)["x"] for line in seen.pop().splitlines()], text.split())

    def test_rotated_logs_are_known_under_their_new_names(self):
        old = "".join(f"old {i}\n" for i in range(300))
        self.write("in/a.log", old)
        self.assertEqual(len(self.new()), 300)
        os.rename(self.folder / "in/a.log", self.folder / "in/a.log.1")
        self.append("in/a.log.1", "late\n")
        self.write("in/a.log", "fresh\n")
        self.assertEqual(self.new(), ["fresh", "late"])
        self.says(self.err, "a.log.1 is what a.log was", "a.log has another content")
        # copytruncate: a copy under another name, and the file begins again
        self.write("in/a.log.2", (self.folder / "in/a.log.1").read_text())
        self.write("in/a.log.1", "again\n")
        self.assertEqual(self.new(), ["again"])
        self.assertEqual(self.new(), [])

    def test_a_copy_is_a_new_file(self):
        text = "same\n" * 500
        self.write("in/a.log", text)
        self.assertEqual(len(self.new()), 500)
        self.write("in/b.log", text)
        self.assertEqual(len(self.new()), 500)
        self.write("in/c.log", "short\n")
        self.assertEqual(self.new(), ["short"])
        (self.folder / "in/c.log").unlink()
        self.write("in/d.log", "short\n")
        self.assertEqual(self.new(), ["short"])

    def test_what_was_rewritten_or_cannot_be_read_on_is_refused_by_name(self):
        self.write("in/a.log", "x" * 2000 + "\nend\n")
        self.new()
        self.write("in/a.log", "x" * 2000 + "\nother\nend\n")
        ran = self.new(code=2)
        self.says(ran.err, "a.log was rewritten", "state/read.jsonl")
        (self.folder / "in/a.log").unlink()
        self.write("in/b.gz", gzip.compress(b"b1\n"))
        self.assertEqual(self.new(), ["b1"])
        self.write("in/b.gz", (self.folder / "in/b.gz").read_bytes() + gzip.compress(b"b2\n"))
        self.says(self.new(code=2).err, "b.gz has grown", "compressed")

    def test_a_file_left_out_as_damaged_is_read_once_it_is_whole(self):
        whole = gzip.compress(b"".join(b"%d\n" % i for i in range(1000)))
        self.write("in/a.gz", whole[:300])
        self.assertEqual(self.new(corrupt="skip"), [])
        self.write("in/a.gz", whole)
        self.assertEqual(len(self.new(corrupt="skip")), 1000)
        self.assertEqual(self.new(corrupt="skip"), [])

    def test_the_state_may_lie_in_the_folder_and_be_shared_by_tables(self):
        self.write("in/a.log", "a1\n")
        self.write("other/t.log", "t1\n")
        job = {"input": {"paths": "in/", "format": "lines", "only_new": "in/state"}, "output": [{"path": "e.csv"}, {"path": "t.csv", "table": "t"}],
               "tables": {"t": {"paths": "other/", "format": "lines", "only_new": "in/state"}}}
        rows = lambda ran: [output["rows"] for output in ran.report["outputs"]]
        self.assertEqual(rows(self.run_job(job, "--overwrite")), [1, 1])
        self.append("other/t.log", "t2\nt3\n")
        self.assertEqual(rows(self.run_job(job, "--overwrite", ranks=2)), [0, 2])
        self.assertEqual(rows(self.run_job(job, "--overwrite")), [0, 0])

    def test_a_state_that_is_none_is_refused(self):
        self.write("in/a.log", "a1\n")
        self.write("state/read.jsonl", "something else\n")
        self.says(self.new(code=2).err, "state/read.jsonl", "is not a state that evclean wrote")
        self.assertEqual((self.folder / "state/read.jsonl").read_text(), "something else\n")


if __name__ == "__main__":
    harness.main()
