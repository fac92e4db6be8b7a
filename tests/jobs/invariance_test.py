# SPDX-License-Identifier: Apache-2.0
"""The same values, types, order and ledger for any number of ranks, chunk and memory; the same bytes at one chunk size."""

import csv
import gzip
import io
import json
import random
import subprocess

import harness

OUTPUTS = ["o.csv", "o.csv.gz", "o.csv.zst", "o.tsv", "o.jsonl", "o.parquet", "o.arrow"]
SEED = 20261101


def words(rng):
    return rng.choice(["Ann", "Bob", "日本語", "a,b", 'say "x"', " edge ", "two\nlines", "", "NA", "cr\r\nlf", "x" * 300, "🙂"])


def csv_text(rng, rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "name", "note", "price", "day", "ok"])
    for i in range(rows):
        writer.writerow([i, words(rng), words(rng) * rng.randint(1, 4), rng.choice(["", "1.5", "2", "1e3", "7"]),
                         f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}", rng.choice(["true", "False", "NA"])])
        if rng.random() < 0.01:
            writer.writerow([i] * 9)
    return text.getvalue()


def log_text(rng, lines):
    out = []
    for i in range(lines):
        request = rng.choice([f"GET /product/{i} HTTP/1.1", "POST /search?q=a%20b HTTP/2.0", r"\x16\x03", "-"])
        agent = rng.choice(["curl/8", "-", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Safari/604.1"])
        out.append(f'10.0.{i % 256}.{i // 256 % 256} - - [{i % 28 + 1:02}/Nov/2026:06:52:16 +0{i % 10}00] "{request}" {200 + i % 300} '
                   f'{rng.choice(["-", str(i)])} "-" "{agent}"')
        if rng.random() < 0.02:
            out.append(rng.choice(["", "noise", '"broken']))
    return "\n".join(out)


def json_text(rng, rows):
    out = []
    for i in range(rows):
        row = {"id": i, "req": {"id": f"r{i}", "size": rng.choice([1, 2.5, None])}, "tags": list(range(i % 3)), "text": words(rng)}
        if i > rows * 0.9:
            row["late"] = True
        out.append(json.dumps(row, ensure_ascii=bool(i % 2)) if rng.random() > 0.01 else '{"id": ')
    return "\n".join(out) + "\n"


def facts(report):
    return harness.facts(report) | {"outputs": [(o["path"], o["rows"]) for o in report["outputs"]]}


class Invariance(harness.Case):
    def results(self, job, settings):
        """Runs the job once for each (ranks, {resources}); gives folder, fingerprint and facts of each."""
        made = []
        for number, (ranks, resources) in enumerate(settings):
            out = self.folder / f"out{number}"
            out.mkdir()
            self.write("job.yml", dict(job, resources=resources))
            ran = harness.call("run", "../job.yml", "--report", "../report.json", cwd=out, ranks=ranks)
            self.assertEqual(ran.code, 0, f"{ranks} ranks, {resources}\n{ran}")
            report = json.loads((self.folder / "report.json").read_text())
            self.check_ledger(report)
            made.append((f"{ranks} ranks, {resources}", out, harness.fingerprint(out), facts(report)))
        return made

    def all_equal(self, job, chunk="64KiB", other_chunks=(), ranks=(1, 2, 3, 4)):
        """The same bytes for every number of ranks and memory at one chunk size; the same values for the other chunk sizes."""
        made = self.results(job, [(n, {"chunk": chunk}) for n in ranks] + [(3, {"chunk": chunk, "memory": "64MiB"})])
        for label, out, prints, known in made[1:]:
            self.assertEqual(prints, made[0][2], label)
            self.assertEqual(known, made[0][3], label)
            self.same_hdf5(made[0][1], out)
        for label, out, _, known in self.results_apart(job, other_chunks):
            self.assertEqual(known, made[0][3], label)
            self.same_values(made[0][1], out)
        return made[0]

    def results_apart(self, job, chunks):
        """Runs with other chunk sizes, beside those that stand already."""
        for path in self.folder.glob("out*"):
            path.rename(self.folder / f"first-{path.name}")
        made = self.results(job, [(2, {"chunk": chunk}) for chunk in chunks])
        return made

    def same_hdf5(self, left, right):
        for path in left.glob("*.h5"):
            ran = subprocess.run(["h5diff", "-c", path, right / path.name], capture_output=True, text=True)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def same_values(self, left, right):
        left = self.folder / f"first-{left.name}"
        for name in ("o.csv", "o.tsv", "o.jsonl"):
            if (left / name).exists():
                self.assertEqual((left / name).read_bytes(), (right / name).read_bytes(), name)
        import pyarrow.parquet
        if (left / "o.parquet").exists():
            tables = [pyarrow.parquet.read_table(folder / "o.parquet") for folder in (left, right)]
            self.assertTrue(tables[0].equals(tables[1]))
        self.same_hdf5(left, right)

    def job(self, fmt, steps=(), paths="data", outputs=OUTPUTS, **keys):
        return {"input": dict({"paths": paths, "format": fmt, "rejects": {"max": "20%", "path": "rejects.jsonl"}}, **keys),
                "steps": list(steps), "output": [{"path": name} for name in outputs]}

    STEPS = [{"index": "row"}, {"sample": {"fraction": 0.8, "seed": 3}}, {"limit": 2000}]

    def test_presets_of_json(self):
        """Arrays and objects of many lines are cut like JSON; each file has its keys in an order of its own."""
        records = [{"eventVersion": "1.08", "eventName": f"Get{i}", "userIdentity": {"type": "Root", "arn": f"arn:{i}"}, "note": "{[" * (i % 5)}
                   for i in range(3000)]
        self.write("data/a.json", json.dumps({"Records": records[:1500]}))
        self.write("data/b.json", json.dumps({"Records": [dict(reversed(record.items())) for record in records[1500:]]}, indent=1))
        self.all_equal(self.job("cloudtrail", [{"index": "row"}], outputs=["o.jsonl"]), other_chunks=("64MiB",))
        rows = [json.loads(line) for line in next(self.folder.glob("first-out0")).joinpath("o.jsonl").read_text().splitlines()]
        self.assertEqual([(row["eventname"], row["useridentity_arn"]) for row in rows], [(f"Get{i}", f"arn:{i}") for i in range(3000)])

    def test_combined(self):
        self.write("data/access.log", log_text(random.Random(SEED), 6000))
        steps = [{"filter": "method is not null"}, {"parse": {"column": "path", "patterns": [r"^/product/(?<product>\d+)", r"q=(?<query>[^&]*)"]}},
                 {"set": {"device": "device_class(user_agent)", "day": "cast(time as date)"}}, {"flag": {"bad": "status >= 400"}}, {"fill": "None"}]
        first = self.all_equal(self.job("combined", steps + self.STEPS, outputs=OUTPUTS + ["o.h5"]), other_chunks=("8KiB", "1MiB", "64MiB"))
        self.assertEqual(first[3]["ledger"]["kept"], 2000)

    def test_json(self):
        self.write("data/a.jsonl", json_text(random.Random(SEED), 4000))
        self.all_equal(self.job("json", [{"filter": "id % 7 <> 3"}, {"index": "row"}], outputs=OUTPUTS + ["o.h5"]), other_chunks=("4KiB", "1MiB"))

    def test_json_as_one_array(self):
        rows = [json.loads(line) for line in json_text(random.Random(SEED), 3000).splitlines() if line.endswith("}")]
        self.write("data/a.json", json.dumps(rows, indent=1))
        self.all_equal(self.job("json", outputs=["o.csv", "o.jsonl"]), other_chunks=("16KiB", "64MiB"))

    def test_csv_with_quoted_newlines_across_splits(self):
        self.write("data/a.csv", csv_text(random.Random(SEED), 4000))
        self.write("data/b.csv", csv_text(random.Random(SEED + 1), 500))
        self.all_equal(self.job("csv", [{"set": {"cost": "price * 2"}}] + self.STEPS), chunk="8KiB", other_chunks=("1KiB", "64KiB", "64MiB"))

    def test_csv_of_one_huge_quoted_field(self):
        self.write("data/a.csv", "a,b\n1,x\n2,\"" + "line\n" * 40000 + "\"\n3,y\n")
        self.all_equal(self.job("csv", outputs=["o.csv", "o.parquet"]), chunk="8KiB", other_chunks=("64KiB", "64MiB"), ranks=(1, 3))

    def test_csv_splits_that_begin_inside_a_long_quoted_field(self):
        # The lines inside look like rows of another type: what a split that begins there takes them for must not count.
        head = "".join(f"{i},abc{i}\n" for i in range(5000))
        tail = "".join(f"{i},abc{i}\n" for i in range(5001, 20000))
        field = "".join(f"x{i},y\n" for i in range(8000)) + "1,2,3,4,5\n" * 2000
        self.write("data/a.csv", "id,note\n" + head + f'5000,"long\n{field}end"\n' + tail)
        job = self.job("csv", outputs=["o.csv"])
        job["input"]["rejects"] = {"max": 100, "path": "rejects.jsonl"}
        first = self.all_equal(job, chunk="16KiB", other_chunks=("64MiB",))
        self.assertEqual(first[3]["outputs"], [("o.csv", 20000)])
        self.assertEqual(first[3]["columns"][0]["type"], "int64")

    def test_rejects_know_their_lines_in_every_block(self):
        lines = [f"k={i}" if i % 5000 else f"bad {i}" for i in range(400_000)]
        self.write("data/a.log", "\n".join(lines) + "\n")
        job = self.job("regex", patterns=["^k=(?<k>\\d+)$"], outputs=["o.csv"])
        for number, (label, out, _, _) in enumerate(self.results(job, [(1, {"chunk": "2MiB"}), (2, {"chunk": "1300KiB"})])):
            rejects = [json.loads(line) for line in (out / "rejects.jsonl").read_text().splitlines()]
            self.assertEqual([r["line"] for r in rejects], list(range(1, 400_000, 5000)), label)

    def test_splits_that_begin_inside_a_character_of_the_header(self):
        text = "#" + "₂ᴸ²" * 20 + ",b,c\n123,TEST1,text1\n345,TEST1,text2\n"
        self.write("a.csv", text)
        job = {"input": {"paths": "a.csv", "format": "csv", "source": True}, "output": "out.csv"}
        wanted = None
        for chunk in ["1MiB"] + list(range(60, 75)) + list(range(130, 170, 3)):
            ran = self.run_job(job, "--overwrite", "--set", f"resources.chunk={chunk}")
            got = (ran.report["ledger"], (self.folder / "out.csv").read_text())
            wanted = wanted or got
            self.assertEqual(got, wanted, chunk)

    def test_lines_that_end_in_a_lone_cr(self):
        rows = ["id,name,v"]
        for i in range(800):
            rows.append(f"{i},x,3,4,5" if i % 100 == 7 else f'{i},"a\rc",{i}' if i % 50 == 9 else f"{i},name,{'?' if i % 90 == 3 else i}")
        self.write("a.csv", "\r".join(rows) + "\r")
        self.write("b.csv", "\r".join(rows[:500]))
        self.write("c.csv", "\r".join(row.replace("\r", "\n") for row in rows))  # LF in quotes alone
        lines, line = [], 2
        for row in rows[1:]:
            lines.append((row.split(",")[0], line, row.count(",")))
            line += 1 + row.count("\r")
        job = {"input": {"paths": ["a.csv", "b.csv", "c.csv"], "format": "csv", "source": True, "rejects": {"max": "100%", "path": "r.jsonl"}},
               "steps": [{"cast": {"v": "int64"}}, {"sort": ["-id"]}, {"cast": {"id": "int64"}}], "output": "out.jsonl"}
        wanted = {"a.csv": lines, "b.csv": lines[:499], "c.csv": lines}
        for ranks in (0, 1, 2, 3, 4):
            for chunk in ("1KiB", "5KiB", "1MiB"):
                with self.subTest(ranks=ranks, chunk=chunk):
                    self.run_job(job, "--overwrite", "--set", f"resources.chunk={chunk}", ranks=ranks)
                    kept = [json.loads(row) for row in (self.folder / "out.jsonl").read_text().splitlines()]
                    rejected = [json.loads(row) for row in (self.folder / "r.jsonl").read_text().splitlines()]
                    for name, records in wanted.items():
                        places = [(str(row["id"]), row["_line"]) for row in kept if row["_file"] == name]
                        places += [(row["text"].split(",")[0], row["line"]) for row in rejected if row["file"] == name]
                        self.assertEqual(sorted(places), sorted((i, at) for i, at, _ in records), name)
                    self.assertEqual(len(rejected), sum(n > 2 for records in wanted.values() for _, _, n in records) +
                                     sum(int(i) % 90 == 3 for records in wanted.values() for i, _, n in records if n == 2 and int(i) % 50 != 9))

    def test_regex_and_lines(self):
        self.write("data/a.log", log_text(random.Random(SEED), 4000).replace("\n", "\r\n"))
        self.all_equal(self.job("regex", self.STEPS, patterns=[r"^(?<ip>[\d.]+) .*?\" (?<status>\d+) (?<size>\d+|-)", r"^(?<word>noise)$", "(?<all>.*)"],
                                outputs=["o.csv", "o.jsonl"]), chunk="16KiB", other_chunks=("1MiB",))
        for path in self.folder.glob("*out*"):
            harness.shutil.rmtree(path)
        self.all_equal(self.job("lines", self.STEPS, outputs=["o.csv", "o.parquet"]), chunk="16KiB", other_chunks=("1MiB",), ranks=(1, 4))

    def test_plain_gzip_and_zstd_mixed(self):
        rng = random.Random(SEED)
        texts = [csv_text(rng, 800).encode() for _ in range(4)]
        self.write("data/a.csv", texts[0])
        self.write("data/b.csv.gz", gzip.compress(texts[1][:9000], mtime=0) + gzip.compress(texts[1][9000:], mtime=0))
        self.write("data/c.csv.zst", b"".join(subprocess.run(["zstd", "-qc"], input=part, capture_output=True, check=True).stdout
                                              for part in (texts[2][:5000], texts[2][5000:])))
        self.write("data/d.csv", gzip.compress(texts[3], mtime=0))
        self.all_equal(self.job("csv", self.STEPS), chunk="16KiB", other_chunks=("1MiB",))

    def test_a_thousand_small_files(self):
        rng = random.Random(SEED)
        for i in range(1000):
            text = f"id,v{i % 3}\n" + "".join(f"{i * 10 + k},{rng.randint(0, 99)}\n" for k in range(rng.randint(0, 5)))
            self.write(f"data/{i % 10}/{i:04}.csv", text if i % 50 else "")
        self.all_equal(self.job("csv", [{"index": "row"}], outputs=["o.csv", "o.parquet", "o.h5"]), other_chunks=("64MiB",), ranks=(1, 2, 4))

    def test_types_that_widen_late(self):
        lines = [f"{i},{i},2026-01-01,{i}" for i in range(5000)]
        lines[4990] = "4990,1.5,2026-01-01T05:00:00Z,word"
        self.write("data/a.csv", "a,b,c,d\n" + "\n".join(lines) + "\n")
        first = self.all_equal(self.job("csv", outputs=OUTPUTS + ["o.h5"]), chunk="8KiB", other_chunks=("1MiB",))
        self.assertEqual([c["type"] for c in first[3]["columns"]], ["int64", "float64", "timestamp", "string"])

    def test_files_n(self):
        self.write("data/a.csv", csv_text(random.Random(SEED), 3000))
        job = self.job("csv")
        job["output"] = [{"path": "o.csv.gz", "files": 3}, {"path": "p.parquet", "files": 5}, {"path": "q.csv", "files": 2}]
        self.all_equal(job, chunk="16KiB")

    def test_no_rows_at_all(self):
        self.write("data/a.csv", csv_text(random.Random(SEED), 300))
        self.all_equal(self.job("csv", [{"filter": "id < 0"}], outputs=OUTPUTS + ["o.h5"]), chunk="4KiB", ranks=(1, 3))


if __name__ == "__main__":
    harness.main()
