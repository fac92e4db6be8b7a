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


if __name__ == "__main__":
    harness.main()
