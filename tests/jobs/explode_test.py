# SPDX-License-Identifier: Apache-2.0
"""explode: a row for each element, typed like JSON, the same for any number of ranks; the ledger counts records, steps rows."""

import json
import random

import pandas

import harness


def lines(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


class Explode(harness.Case):
    def test_a_row_for_each_element_typed_like_json(self):
        rows = [{"id": 1, "tags": [3, 1], "s": ["7", "b"], "when": ["2026-11-01", "2026-11-02"]}, {"id": 2, "tags": [], "s": ["x"]},
                {"id": 3, "s": ["x"]}, {"id": 4, "tags": None}, {"id": 5, "tags": [2, None]}]
        table = self.clean(lines(rows), [{"explode": {"column": "tags"}}], fmt="json")
        self.assertEqual([(r["id"], r["tags"]) for r in table.rows], [(1, 3), (1, 1), (5, 2), (5, None)])
        self.assertEqual(table.names, ["id", "tags", "s", "when"])
        self.assertEqual(table.types["tags"], "int64")
        self.assertEqual(table.ledger, {"lines": 5, "kept": 5, "filtered": 0, "rejected": 0, "blank": 0})
        steps = table.ran.report["tables"]["events"]["steps"]
        self.assertEqual([(s["name"], s["rows_in"], s["rows_out"]) for s in steps], [("explode", 5, 4)])
        self.assertIn("step 1 (explode): 5 rows in, 4 out", table.ran.err)
        table = self.clean(lines(rows[:1]), [{"explode": "s"}, {"explode": "when"}], fmt="json")
        self.assertEqual([(r["s"], r["when"]) for r in table.rows],
                         [("7", "2026-11-01"), ("7", "2026-11-02"), ("b", "2026-11-01"), ("b", "2026-11-02")])
        self.assertEqual((table.types["s"], table.types["when"]), ("string", "date"))

    def test_keep_empty_keeps_a_row_without_an_element(self):
        rows = [{"id": 1, "tags": []}, {"id": 2}, {"id": 3, "tags": [True, False]}]
        table = self.clean(lines(rows), [{"explode": {"column": "tags", "keep_empty": True}}], fmt="json")
        self.assertEqual([(r["id"], r["tags"]) for r in table.rows], [(1, None), (2, None), (3, True), (3, False)])
        self.assertEqual(table.types["tags"], "bool")

    def test_as_adds_a_column_and_keeps_the_array(self):
        rows = [{"id": 1, "tags": [1.5, 2], "n": 0}, {"id": 2, "tags": [{"a": 1}, [2]], "n": 1}]
        table = self.clean(lines(rows[:1]), [{"explode": {"column": "tags", "as": "tag"}}], fmt="json")
        self.assertEqual(table.names, ["id", "tags", "n", "tag"])
        self.assertEqual([r["tag"] for r in table.rows], [1.5, 2.0])
        self.assertEqual(table.column("tags"), ["[1.5, 2]"] * 2)
        table = self.clean(lines(rows), [{"explode": {"column": "tags", "as": "n"}}], fmt="json")
        self.assertEqual(table.names, ["id", "tags", "n"])
        self.assertEqual(table.column("n"), ["1.5", "2", '{"a": 1}', "[2]"])

    def test_strings_lose_their_escapes(self):
        text = '{"t": ["a\\"b", "\\u00e9\\n", "\\ud83d\\ude00", "plain", "\\ud800"]}\n'
        table = self.clean(text, [{"explode": "t"}], fmt="json")
        self.assertEqual(table.column("t"), ['a"b', "é\n", "😀", "plain", "\ufffd"])

    def test_a_column_of_a_csv_file_or_made_by_a_step(self):
        text = 'id,tags\n1,"[1, 2]"\n2,"[""NA"", """"]"\n3,NA\n4,7\n'
        table = self.clean(text, [{"explode": "tags"}])
        self.assertEqual([(r["id"], r["tags"]) for r in table.rows], [(1, "1"), (1, "2"), (2, "NA"), (2, None), (4, "7")])
        self.assertIn("1 values were no array and stayed one row", table.ran.err)
        made = [{"set": {"t": "'[1,' || id || ']'"}}, {"explode": "t"}, {"filter": "t > 1"}]
        table = self.clean('{"id": "5"}\n{"id": "1"}\n', made, fmt="json")
        self.assertEqual(table.column("t"), [5])

    def test_what_is_no_array_stays_one_row_and_a_broken_one_is_a_reject(self):
        text = '{"t": 5}\n{"t": "x"}\n{"t": [1]}\n'
        table = self.clean(text, [{"explode": "t"}], fmt="json")
        self.assertEqual(table.column("t"), ["5", "x", "1"])
        table = self.clean("t\n[1,2\n[3]\n", [{"explode": "t"}], delimiter=";", rejects={"max": 5, "path": "bad.jsonl"})
        self.assertEqual(table.column("t"), [3])
        self.assertEqual(table.ledger["rejected"], 0)
        self.assertEqual(table.ledger["kept"], 2)
        bad = json.loads((self.folder / "bad.jsonl").read_text())
        self.assertEqual((bad["line"], bad["reason"]), (2, "explode: t '[1,2' is not a JSON array"))

    def test_rows_that_do_not_fit_a_later_step_are_judged_by_the_budget(self):
        text = lines([{"t": [1, "x", 2]}, {"t": [3]}])
        steps = [{"explode": "t"}, {"cast": {"t": "int64"}}]
        table = self.clean(text, steps, fmt="json", rejects={"max": 1})
        self.assertEqual(table.column("t"), [1, 2, 3])
        self.assertEqual(table.ledger, {"lines": 2, "kept": 2, "filtered": 0, "rejected": 0, "blank": 0})
        self.assertEqual(table.ran.report["tables"]["events"]["rejected_rows"], 1)
        self.refused(text, steps, fmt="json", rejects={"max": 0}, code=1, words=["over the reject budget"])
        self.refused(text, steps, fmt="json", rejects={"max": "20%"}, code=1, words=["over the reject budget"])

    def test_filters_before_count_records_and_filters_behind_count_rows(self):
        text = lines({"id": i, "t": [i, i + 1]} for i in range(10))
        table = self.clean(text, [{"filter": "id < 8"}, {"explode": "t"}, {"filter": "t % 2 = 0"}, {"index": "n"}, {"limit": 5}], fmt="json")
        self.assertEqual(table.ledger, {"lines": 10, "kept": 8, "filtered": 2, "rejected": 0, "blank": 0})
        steps = table.ran.report["tables"]["events"]["steps"]
        self.assertEqual([(s["rows_in"], s["rows_out"]) for s in steps], [(10, 8), (8, 16), (16, 8), (8, 8), (8, 5)])
        self.assertEqual([(r["id"], r["t"], r["n"]) for r in table.rows], [(0, 0, 0), (1, 2, 1), (2, 2, 2), (3, 4, 3), (4, 4, 4)])

    def test_any_number_of_ranks_and_chunks_gives_what_pandas_explodes(self):
        seed = random.randrange(1 << 30)
        print(f"seed {seed}")
        rng = random.Random(seed)
        rows = [{"id": i, "name": "x" * rng.randrange(1, 40), "t": [rng.randrange(1000) for _ in range(rng.choice([0, 1, 2, 9, 40]))]}
                for i in range(4000)]
        rows[1777]["t"] = list(range(40000))  # more than a batch
        frame = pandas.DataFrame(rows).explode("t").dropna(subset="t").reset_index(drop=True)
        expected = [(int(i), n, int(t), k) for k, (i, n, t) in enumerate(zip(frame["id"], frame["name"], frame["t"]))]
        job = {"input": {"paths": "in.txt", "format": "json"}, "steps": [{"explode": "t"}, {"index": "n"}, {"sample": {"fraction": 0.5, "seed": 3}}],
               "resources": {"chunk": "64KiB"}, "output": [{"path": "out.jsonl"}, {"path": "all.parquet"}]}
        self.write("in.txt", lines(rows))
        seen = set()
        for ranks in (0, 2, 3, 4):
            self.run_job(job, "--overwrite", ranks=ranks)
            seen.add(((self.folder / "out.jsonl").read_bytes(), (self.folder / "all.parquet").read_bytes()))
        self.assertEqual(len(seen), 1)
        sample = [tuple(json.loads(line).values()) for line in (self.folder / "out.jsonl").read_text().splitlines()]
        job["steps"].pop()
        for chunk in ("64KiB", "64MiB"):
            job["resources"]["chunk"] = chunk
            self.run_job(job, "--overwrite", ranks=2)
            got = [tuple(json.loads(line).values()) for line in (self.folder / "out.jsonl").read_text().splitlines()]
            self.assertEqual(got, expected, f"seed {seed}, chunk {chunk}")
        self.assertTrue(set(sample) <= set(got))
        self.assertTrue(0.45 < len(sample) / len(got) < 0.55, len(sample))

    def test_a_long_text_beside_a_long_array_needs_no_memory_for_all_rows_at_once(self):
        self.write("in.txt", lines([{"x": "y" * 50_000, "t": list(range(40_000))}]))  # 2 GB if made at once
        job = {"input": {"paths": "in.txt", "format": "json"}, "steps": [{"set": {"x": "x || 'z'"}}, {"explode": "t"}, {"filter": "t % 4000 = 0"}],
               "output": "out.csv"}
        ran = self.run_job(job)
        self.assertEqual((self.folder / "out.csv").read_text().count("z,"), 10)
        self.assertLess(ran.report["peak_memory_bytes"], 400 << 20)

    def test_a_jobs_own_tests_and_the_preview_explode_too(self):
        self.write("in.txt", '{"id": 1, "t": [1, 2]}\n')
        job = {"input": {"paths": "in.txt", "format": "json"}, "steps": [{"explode": {"column": "t", "as": "x"}}], "output": "out.csv",
               "tests": [{"name": "two", "input": '{"id": 7, "t": [4, 5]}', "expect": [{"id": 7, "x": 4}, {"id": 7, "x": 5}]},
                         {"name": "none", "input": [{"id": 7, "t": "[]"}], "expect": "filtered"}]}
        self.write("job.yml", job)
        ran = self.call("test", "job.yml")
        self.assertEqual(ran.out.splitlines()[-1], "2 passed, 0 failed", ran)
        self.assertIn("x:int64", self.call("preview", "job.yml").out)
        self.assertEqual(self.call("check", "job.yml").code, 0)
        job["steps"][0]["explode"]["column"] = "tt"
        self.write("job.yml", job)
        ran = self.call("check", "job.yml")
        self.assertEqual(ran.code, 2)
        self.assertIn("no column 'tt'", ran.err)


if __name__ == "__main__":
    harness.main()
