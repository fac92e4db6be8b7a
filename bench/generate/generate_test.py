# SPDX-License-Identifier: Apache-2.0
"""What the generator says of its files is compared with what Python's re, json and csv find in them.

usage: generate_test.py PROGRAM
"""

import csv
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop()
LINE = re.compile(rb'[^ ]+ [^ ]+ [^\[]+ \[[^\]]+\] "((?:[^"\\]|\\.)*)" (\d+) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"')


class Generator(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def make(self, name, *options, code=0):
        done = subprocess.run([PROGRAM, "--output", str(self.folder / name), *options], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def data(self, name):
        return (self.folder / name).read_bytes()

    def make_with_truth(self, name, *options):
        self.make(name, "--truth", str(self.folder / "truth.json"), *options)
        return json.loads(self.data("truth.json"))

    def test_same_seed_same_bytes_another_seed_others(self):
        for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
            self.make(name, "--format", "combined", "--rows", "3k", "--seed", seed)
        self.assertEqual(self.data("a"), self.data("b"))
        self.assertNotEqual(self.data("a"), self.data("c"))

    def test_parts_equal_the_whole_and_a_range_is_its_lines(self):
        for profile in ("combined", "json"):
            options = ["--format", profile, "--dirt", "stress", "--rate", "long_line=0"]
            self.make("whole", *options, "--rows", "9000")
            self.make("part.log", *options, "--rows", "9000", "--files", "3")
            self.make("range", *options, "--rows", "2000", "--first-row", "4000")
            self.assertEqual(self.data("whole"), b"".join(self.data(f"part-{i}.log") for i in range(3)))
            self.assertEqual(self.data("whole").split(b"\n")[4000:6000], self.data("range").split(b"\n")[:-1])

    def test_truth_of_an_access_log(self):
        truth = self.make_with_truth("a", "--format", "combined", "--rows", "20k", "--dirt", "stress", "--rate", "long_line=0.01%",
                                     "--long-line", "70000")
        rows, rejects, blank, statuses, sizes, wanted = 0, [], 0, {}, 0, 0
        for number, line in enumerate(self.data("a").split(b"\n")[:-1], 1):
            match = LINE.fullmatch(line)
            if not line:
                blank += 1
            elif not match:
                rejects.append(number)
            else:
                rows += 1
                status = match[2].decode()
                statuses[status] = statuses.get(status, 0) + 1
                sizes += int(match[3]) if match[3] != b"-" else 0
                wanted += match[1].startswith((b"GET ", b"POST ")) and status != "304"
        self.assertEqual(truth["ledger"], {"lines": 20_000, "rows": rows, "rejected": len(rejects), "blank": blank})
        self.assertGreater(len(rejects), 200)
        self.assertEqual([reject["line"] for reject in truth["rejects"]], rejects)
        self.assertEqual({k: v for k, v in truth["status"].items() if v}, statuses)
        self.assertEqual(truth["sum"]["bytes"], sizes)
        self.assertEqual(truth["rows"]["get_or_post_not_304"], wanted)

    def test_truth_of_json(self):
        truth = self.make_with_truth("a", "--format", "json", "--rows", "20k", "--dirt", "stress")
        types, rejects, late, first_late = {}, [], 0, None
        for number, line in enumerate(self.data("a").decode(errors="replace").split("\n")[:-1], 1):
            if not line:
                continue
            try:
                event = json.loads(line)
            except ValueError:
                rejects.append(number)
                continue
            types[event["event"]] = types.get(event["event"], 0) + 1
            if "experiment" in event:
                late += 1
                first_late = first_late or number
        self.assertEqual(truth["event"], types)
        self.assertEqual([reject["line"] for reject in truth["rejects"]], rejects)
        self.assertEqual(truth["rows"]["experiment"], late)
        self.assertGreater(first_late, 10_000)

    def test_truth_of_csv(self):
        truth = self.make_with_truth("a", "--format", "csv", "--rows", "30k", "--dirt", "stress", "--rate", "invalid_utf8=0")
        reader = csv.reader(io.StringIO(self.data("a").decode(), newline=""))
        header = next(reader)
        rows = quantity = blank = long = 0
        for fields in reader:
            if not fields or fields == header:
                blank += 1
            elif len(fields) > len(header):
                long += 1
            else:
                rows += 1
                quantity += int(fields[5])
        self.assertEqual(truth["ledger"], {"lines": 30_001, "rows": rows, "rejected": long, "blank": blank + 1})
        self.assertEqual(truth["sum"]["quantity"], quantity)
        self.assertGreater(truth["dirt"]["drifted"], 0)

    def test_one_address_may_send_nearly_all(self):
        self.make("a", "--format", "combined", "--rows", "5k", "--hot", "97%", "--dirt", "none")
        addresses = [line.split(b" ")[0] for line in self.data("a").split(b"\n")[:-1]]
        self.assertGreater(max(map(addresses.count, set(addresses))), 4_500)

    def test_users_are_the_addresses_of_the_log(self):
        self.make("log", "--format", "combined", "--rows", "3k", "--dirt", "none", "--addresses", "500")
        self.make("users", "--format", "users", "--rows", "500")
        users = {line.split(b",")[0] for line in self.data("users").split(b"\n")[1:-1]}
        self.assertLessEqual({line.split(b" ")[0] for line in self.data("log").split(b"\n")[:-1]}, users)

    def test_mistakes_are_named(self):
        self.assertIn("--rowz", self.make("a", "--rowz", "5", code=2))
        self.assertIn("--rows or --bytes", self.make("a", code=2))
        self.assertIn("malformd", self.make("a", "--rows", "5", "--rate", "malformd=1%", code=2))
        self.assertIn("12x", self.make("a", "--rows", "12x", code=2))
        self.assertIn("nowhere", self.make("nowhere/a", "--rows", "5", code=3))


if __name__ == "__main__":
    unittest.main()
