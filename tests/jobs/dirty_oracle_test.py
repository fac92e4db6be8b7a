# SPDX-License-Identifier: Apache-2.0
"""Random dirty CSV and JSON: missing values, quotes and ragged rows as pandas reads them, types as they were made. The seed is printed;
EVCLEAN_SEED repeats one."""

import datetime
import json
import math
import os
import random
import time

import pandas
import pyarrow.parquet

import harness

NULL_WORDS = ["", "NA", "N/A", "NULL", "null", "NaN", "nan", "None", "n/a", "<NA>", "#N/A"]
READERS = {"int64": int, "float64": float, "bool": lambda text: text == "true", "date": datetime.date.fromisoformat,
           "timestamp": lambda text: datetime.datetime.fromisoformat(text if "." not in text else text.ljust(26, "0")), "string": str}
WORDS = ["plain", "two words", "é ü", "a;b", 'say "so"', "line\nend", "x,y", "日本", "-", "#1", "12a", "it's"]


def value(rng, kind):
    if kind == "int64":
        return str(rng.choice([0, 7, -3, rng.randrange(-10**6, 10**6), rng.randrange(10**15)]))
    if kind == "float64":
        return rng.choice([f"{rng.uniform(-1e4, 1e4):.3f}", f"{rng.uniform(-1, 1):.17g}", "1e5", "-2.5E-3", str(rng.randrange(100))])
    if kind == "bool":
        return rng.choice(["true", "false"])
    day = datetime.date(2000, 1, 1) + datetime.timedelta(rng.randrange(12000))
    if kind == "date":
        return day.isoformat()
    if kind == "timestamp":
        return f"{day} {rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}" + rng.choice(["", ".5", ".123456"])
    return rng.choice(WORDS) + rng.choice(["", str(rng.randrange(50))])


def quoted(text, mark):
    return mark + text.replace(mark, mark * 2) + mark


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return a == b or math.isclose(a, b, rel_tol=1e-15)
    return a == b


class Dirty(harness.Case):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("EVCLEAN_SEED", time.time_ns() % 10**9))
        print(f"seed {self.seed}")
        self.rng = random.Random(self.seed)

    def csv_text(self, delimiter, kinds):
        """A table, and how many of its rows are too long."""
        rng, lines, long_rows = self.rng, [delimiter.join(f"c{i}" for i in range(len(kinds)))], 0
        needs_quotes = lambda text: any(c in text for c in (delimiter, '"', "\n", "\r", ","))
        for row in range(rng.randrange(30, 250)):
            cells = []
            for kind in kinds:
                text = rng.choice(NULL_WORDS) if rng.random() < 0.15 else value(rng, kind)
                quote = needs_quotes(text) or (text and text not in NULL_WORDS and kind == "string" and rng.random() < 0.2)
                cells.append(quoted(text, '"') if quote else text)
            if row > 20 and rng.random() < 0.05 and len(cells) > 2:
                cells = cells[:rng.randrange(2, len(cells))]
            elif row > 20 and rng.random() < 0.04:
                cells += ["more", "fields"]
                long_rows += 1
            lines.append(delimiter.join(cells))
        return rng.choice(["\n", "\r\n"]).join(lines) + rng.choice(["", "\n"]), long_rows

    def test_csv_as_pandas_reads_it(self):
        for number in range(8):
            rng = self.rng
            delimiter = rng.choice([",", ";", "\t", "|"])
            kinds = ["string"] + [rng.choice(["int64", "float64", "bool", "date", "timestamp", "string"]) for _ in range(rng.randrange(3, 7))]
            text, long_rows = self.csv_text(delimiter, kinds)
            path = self.write("in.csv", text)
            frame = pandas.read_csv(path, sep=delimiter, dtype=str, engine="python", on_bad_lines="skip", skip_blank_lines=True)
            job = {"input": {"paths": "in.csv", "format": "csv", "rejects": {"max": "50%"}}, "resources": {"chunk": rng.choice(["1KiB", "7KiB", "64MiB"])},
                   "output": "out.parquet"}
            ran = self.run_job(job, "--overwrite", ranks=rng.choice([0, 2, 3]))
            what = f"table {number}: EVCLEAN_SEED={self.seed}"
            self.assertEqual(ran.report["ledger"]["rejected"], long_rows, what)
            types = [c["type"] for c in ran.report["columns"]]
            got = pyarrow.parquet.read_table(self.folder / "out.parquet").to_pydict()
            self.assertEqual(len(got["c0"]), len(frame), what)
            for (name, column), kind, type_ in zip(got.items(), kinds, types):
                texts = [None if pandas.isna(cell) else cell for cell in frame[name]]
                seen = [cell for cell in texts if cell is not None]
                if kind == "float64" and seen and all(cell.lstrip("-").isdigit() for cell in seen):
                    kind = "int64"
                self.assertEqual(type_, kind if seen else "string", f"{what}, column {name}: {seen[:5]}")
                for row, (a, cell) in enumerate(zip(column, texts)):
                    b = None if cell is None else READERS[type_](cell)
                    a = a.replace(tzinfo=None) if isinstance(a, datetime.datetime) else a
                    if not same(a, b):
                        self.fail(f"{what}, column {name}, row {row}: evclean {a!r}, pandas {cell!r}")

    def test_a_value_like_a_comment_beside_a_quoted_line_end_does_not_change_the_quote(self):
        self.write("in.csv", 'a\tb\tc\n#1\t"line\nend"\tx\n"say ""so"""\tit\'s\ty\n')
        self.run_job({"input": {"paths": "in.csv", "format": "csv"}, "output": "out.jsonl"})
        rows = [json.loads(line) for line in (self.folder / "out.jsonl").read_text().splitlines()]
        self.assertEqual(rows, [{"a": "#1", "b": "line\nend", "c": "x"}, {"a": 'say "so"', "b": "it's", "c": "y"}])

    def json_value(self, kind):
        rng = self.rng
        if kind == "int64":
            return rng.randrange(-10**9, 10**9)
        if kind == "float64":
            return rng.choice([rng.uniform(-1e6, 1e6), 0.1, -2.5e-7, 1e300])
        if kind == "bool":
            return rng.random() < 0.5
        if kind == "array":
            return [rng.randrange(9) for _ in range(rng.randrange(3))]
        if kind == "object":
            return {"a": rng.randrange(5), "b": {"c": rng.choice(WORDS)}}
        return rng.choice(WORDS + ["007", "12", "true", "1.5"])

    def test_json_as_pandas_reads_it(self):
        for number in range(6):
            rng = self.rng
            kinds = {f"k{i}": rng.choice(["int64", "float64", "bool", "string", "array", "object"]) for i in range(rng.randrange(2, 7))}
            records, lines, broken = [], [], 0
            for _ in range(rng.randrange(20, 200)):
                record = {k: self.json_value(kind) for k, kind in kinds.items() if rng.random() < 0.85}
                record.update({k: None for k in kinds if rng.random() < 0.05})
                record = dict(rng.sample(list(record.items()), len(record)))
                if rng.random() < 0.04:
                    lines.append(json.dumps(record)[:-1] + ", broken")
                    broken += 1
                records.append(record)
                lines.append(json.dumps(record, ensure_ascii=rng.random() < 0.5))
            self.write("in.json", "\n".join(lines) + "\n")
            flat = pandas.json_normalize(records).dropna(axis="columns", how="all")
            job = {"input": {"paths": "in.json", "format": "json", "rejects": {"max": "50%"}}, "resources": {"chunk": rng.choice(["2KiB", "64MiB"])},
                   "output": "out.jsonl"}
            ran = self.run_job(job, "--overwrite", ranks=rng.choice([0, 2]))
            what = f"table {number}: EVCLEAN_SEED={self.seed}"
            self.assertEqual((ran.report["ledger"]["kept"], ran.report["ledger"]["rejected"]), (len(records), broken), what)
            got = [json.loads(line) for line in (self.folder / "out.jsonl").read_text().splitlines()]
            for name in flat.columns:
                for row, wanted in enumerate(flat[name]):
                    a = got[row].get(name)
                    if isinstance(wanted, list):
                        self.assertEqual(json.loads(a), wanted, what)
                        continue
                    wanted = None if wanted is None or wanted != wanted else wanted
                    self.assertTrue(same(a, wanted) or (a is not None and a == wanted), f"{what}, {name}, row {row}: evclean {a!r}, pandas {wanted!r}")
            types = {c["name"]: c["type"] for c in ran.report["columns"]}
            for name, kind in kinds.items():
                seen = [r[name] for r in records if r.get(name) is not None]
                if seen and kind in ("int64", "float64", "bool"):
                    self.assertEqual(types[name], kind, what)


if __name__ == "__main__":
    harness.main()
