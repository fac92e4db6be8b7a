# SPDX-License-Identifier: Apache-2.0
"""corrupt: salvage of CSV and JSON whose records are not lines: what was whole stays as it was, nothing is made up."""

import csv
import gzip
import io
import json
import random
import zlib

import harness


def gz(text):
    return gzip.compress(text.encode(), 6, mtime=0)


def cut_off(text):
    """A gzip member that lacks what stands behind this text."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(text.encode()) + packer.flush(zlib.Z_FULL_FLUSH)


def csv_rows(count):
    return [f"{i},{i * 7 % 1000},name {i}\n" for i in range(count)]


class Salvage(harness.Case):
    def salvaged(self, packed, fmt, ranks=0):
        """Rows (lists of texts) and rejects."""
        self.fresh()
        self.write("data/a", packed)
        job = {"input": {"paths": "data/a", "format": fmt, "corrupt": "salvage", "rejects": {"max": "100%", "path": "rejects.jsonl"}},
               "resources": {"chunk": "64KiB"}, "output": "o.csv"}
        self.run_job(job, ranks=ranks)
        rows = list(csv.reader(io.StringIO((self.folder / "o.csv").read_bytes().decode(), newline="")))
        return rows[1:], [json.loads(line) for line in (self.folder / "rejects.jsonl").read_text().splitlines()]

    def test_a_csv_that_lost_its_begin_says_what_its_names_may_be(self):
        for format, said in (("csv", True), ("lines", False)):
            for ranks in (0, 2):
                self.fresh()
                self.write("a.gz", b"\x1f\x8b\x08" + b"\0" * 7 + b"\xff" * 40 + gz("".join(csv_rows(500))))
                ran = self.run_job({"input": {"paths": "a.gz", "format": format, "corrupt": "salvage"}, "output": "o.csv"}, ranks=ranks)
                self.assertEqual("a header at its begin is lost" in ran.err, said, ran)

    def test_a_file_that_lacks_its_last_bytes_keeps_every_row(self):
        """The text is several blocks long; none of its rows lies at the damage."""
        rows = csv_rows(120_000)
        whole = [line.rstrip("\n").split(",") for line in rows]
        for ranks in (0, 3):
            with self.subTest(ranks=ranks):
                found, rejects = self.salvaged(gz("id,v,n\n" + "".join(rows))[:-3], "csv", ranks)
                self.assertEqual(found, whole)
                self.assertEqual(rejects, [])
        records = "".join(json.dumps({"id": i, "n": {"k": [i, {"x": "}"}]}}, indent=1) + "\n" for i in range(40_000))
        found, rejects = self.salvaged(gz(records)[:-3], "json")
        self.assertEqual([int(row[0]) for row in found], list(range(40_000)))
        self.assertEqual(rejects, [])

    def test_a_record_whose_quote_is_open_at_the_cut_is_one_reject(self):
        rng = random.Random(20261130)
        text = "id,t,n\n" + "".join('%d,"%s",%d\n' % (i, "a,b\n" * rng.randint(0, 9) + "1,2,3\n4,5,6", i) for i in range(2000))
        whole = list(csv.reader(io.StringIO(text, newline="")))[1:]
        for cut in [rng.randrange(len(text) // 2, len(text)) for _ in range(6)] + [len(text) - 8]:
            for behind in ("", "7,8,9\n"):
                with self.subTest(cut=cut, behind=behind):
                    found, rejects = self.salvaged(cut_off(text[:cut]) + (gz(behind) if behind else b""), "csv", ranks=2)
                    if behind:
                        self.assertEqual(found.pop(), behind.strip().split(","))
                    self.assertEqual(found, whole[:len(found)])
                    self.assertLessEqual(len(rejects), 1)
                    self.assertTrue(all(reject["reason"] == "cut off" for reject in rejects), rejects)

    def test_a_json_record_that_is_open_at_the_cut_gives_no_row_of_what_stands_in_it(self):
        inner = [{"k": i} for i in range(30)]
        text = "".join(json.dumps({"id": i, "n": inner}, indent=1) + "\n" for i in range(300))
        packed = gz(text)
        for cut in range(len(packed) // 2, len(packed) - 8, len(packed) // 20):
            with self.subTest(cut=cut):
                found, rejects = self.salvaged(packed[:cut], "json")
                self.assertEqual([row[0] for row in found], [str(i) for i in range(len(found))])
                self.assertTrue(all(len(row) == 2 for row in found))
                self.assertEqual([reject["reason"] for reject in rejects], ["cut off"] * len(rejects))
                self.assertLessEqual(len(rejects), 1)

    def test_two_halves_at_a_loss_inside_a_block_stay_apart(self):
        """The begin of a member is lost within an open quote; the member behind it begins a record."""
        first, last = "a,b\n1,x\n2,\"open\nstill open", "3,y\n4,\"z\"\n"
        packed = gz(first)[:-8] + gz(last)
        found, rejects = self.salvaged(packed, "csv", 2)
        self.assertEqual(found, [["1", "x"], ["3", "y"], ["4", "z"]])
        self.assertEqual([(reject["line"], reject["reason"]) for reject in rejects], [(3, "cut off")])

    def test_a_line_that_goes_on_in_a_lost_member_takes_its_other_end_along(self):
        packed = gz("1 whole\n2 begins ") + gz("in the middle\n3 x\n4 be")[:5] + gz("gins\n5 whole\n")
        found, rejects = self.salvaged(packed, "lines", 2)
        self.assertEqual(found, [["1 whole"], ["5 whole"]])
        self.assertEqual([reject["text"] for reject in rejects], ["2 begins ", "gins"])


class ArrayWithoutItsEnd(harness.Case):
    NOTE = "the array is not closed"

    def read(self, files, ranks=0, args=(), chunk="64KiB"):
        """Values of the column id, the files that the report calls unclosed, and what ran."""
        self.fresh()
        for name, text in files.items():
            self.write("data/" + name, text)
        job = {"input": {"paths": "data", "format": "json", "rejects": {"max": "100%"}}, "resources": {"chunk": chunk}, "output": "o.csv"}
        ran = self.run_job(job, *args, ranks=ranks)
        with open(self.folder / "o.csv", newline="") as rows:
            ids = [int(row["id"]) for row in csv.DictReader(rows)]
        return ids, [file["file"] for file in ran.report["tables"]["events"]["files"] if file.get("unclosed")], ran

    def records(self, count):
        return ",\n".join(json.dumps({"id": i, "t": "x]" * (i % 40), "k": [i, [{"id": 0}]]}) for i in range(count))

    def test_it_is_told_and_the_records_before_are_kept(self):
        text = self.records(6000)
        whole, ids = "[" + text + "]\n", list(range(6000))
        cut = whole.rindex('"k"')
        cases = {  # text, is it open, rejects
            "whole": (whole, False, 0),
            "blanks behind it for more than a split": (whole + " \n" * 100_000, False, 0),
            "cut behind a record": (whole[:-2], True, 0),
            "cut behind a comma": (whole[:-2] + ",\n", True, 0),
            "cut there, and blanks": (whole[:-2] + "\n" * 200_000, True, 0),
            "cut inside a record": (whole[:cut], True, 1),
            "records one after another": (text.replace(",\n", "\n"), False, 0),
        }
        for name, (text, is_open, rejects) in cases.items():
            for ranks in (0, 1, 2, 3, 4):
                with self.subTest(case=name, ranks=ranks):
                    found, unclosed, ran = self.read({"a.json": text}, ranks)
                    self.assertEqual(found, ids[:len(ids) - rejects])
                    self.assertEqual(ran.report["ledger"]["rejected"], rejects)
                    self.assertEqual([name.rsplit("/", 1)[1] for name in unclosed], ["a.json"] if is_open else [])
                    self.assertEqual(ran.err.count(self.NOTE), int(is_open), ran)

    def test_each_file_is_judged_by_its_own_end(self):
        files = {f"{i}.json": "[" + self.records(i * 900) + ("]" if i % 2 else "") for i in range(1, 7)}
        for ranks in (0, 3):
            for chunk in ("64KiB", "64MiB"):
                with self.subTest(ranks=ranks, chunk=chunk):
                    _, unclosed, _ = self.read(files, ranks, chunk=chunk)
                    self.assertEqual([name.rsplit("/", 1)[1] for name in unclosed], ["2.json", "4.json", "6.json"])

    def test_compressed_ones_too_and_damage_is_told_alone(self):
        text = "[" + self.records(6000)
        for packed, is_open in ((gz(text), True), (gz(text + "]"), False)):
            for ranks in (0, 3):
                _, unclosed, _ = self.read({"a.json.gz": packed}, ranks)
                self.assertEqual(len(unclosed), int(is_open))
        self.fresh()
        self.write("data/a", cut_off(text))
        job = {"input": {"paths": "data/a", "format": "json", "corrupt": "salvage", "rejects": {"max": "100%"}}, "output": "o.csv"}
        ran = self.run_job(job, ranks=2)
        self.says(ran.err, "truncated gzip stream")
        self.assertNotIn(self.NOTE, ran.err)

    def test_who_stops_before_the_end_does_not_ask_for_it(self):
        _, unclosed, ran = self.read({"a.json": "[" + self.records(6000) + "]"}, 2, ["--limit", "10"])
        self.assertEqual(unclosed, [])
        self.assertNotIn(self.NOTE, ran.err)


if __name__ == "__main__":
    harness.main()
