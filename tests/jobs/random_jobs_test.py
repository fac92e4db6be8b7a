# SPDX-License-Identifier: Apache-2.0
"""Random jobs over messy inputs: alone and on several ranks, with any memory, the same bytes (or the same words of error); with
another chunk the same values. Seeds are printed: EVCLEAN_SEED repeats one, EVCLEAN_RANDOM_JOBS says how many are run."""

import collections
import json
import os
import random
import re
import time

import harness
from random_jobs import Pipeline

SYSTEM_CODES = (3, 4)
CHUNKS = ["1KiB", "4KiB", "16KiB", "64KiB"]


def facts(report):
    rows = collections.Counter()  # by output: how many files of a size there are depends on the chunk
    for output in report["outputs"]:
        rows[re.match(r"o\d", output["path"])[0]] += output["rows"]
    return harness.facts(report) | {"rows": rows}


class RandomJobs(harness.Case):
    def outcome(self, pipeline, number, ranks, resources):
        out = self.folder / f"out{number}"
        out.mkdir()
        self.write("job.yml", pipeline.job | {"resources": resources})
        ran = self.call("run", "../job.yml", "--report", "../report.json", cwd=out, ranks=ranks)
        self.assertNotIn(ran.code, SYSTEM_CODES, ran)
        self.assertGreaterEqual(ran.code, 0, ran)
        report = self.folder / "report.json"
        known = {}
        if report.exists():
            said = json.loads(report.read_text())
            report.unlink()
            self.check_ledger(said)
            known = facts(said)
        words = [line for line in ran.err.splitlines() if re.match(r"evclean: (?!job )", line)]
        error = "" if ran.code == 0 else re.sub(r"\[rank \d+/\d+\] ", "", "\n".join(words))
        return {"code": ran.code, "files": harness.fingerprint(out), "facts": known, "error": error}, ran

    def check(self, seed):
        self.fresh()
        rng = random.Random(seed)
        pipeline = Pipeline(rng)
        for name, content in pipeline.inputs.items():
            self.write(name, content)
        chunk = rng.choice(CHUNKS)
        label = f"seed {seed}: {json.dumps(pipeline.job, ensure_ascii=False)}, chunk {chunk}"
        try:
            alone, ran = self.outcome(pipeline, 0, 0, {"chunk": chunk})
            ranks = rng.sample([1, 2, 3, 4], 2)
            for number, resources in enumerate([{"chunk": chunk}, {"chunk": chunk, "memory": "64MiB"}]):
                found, other = self.outcome(pipeline, number + 1, ranks[number], resources)
                self.assertEqual(found, alone, f"{ranks[number]} ranks, {resources}\n{ran}\n{other}")
            found, other = self.outcome(pipeline, 3, 2, {"chunk": rng.choice(CHUNKS)})
            self.assertEqual((found["code"], found["facts"]), (alone["code"], alone["facts"]), f"another chunk\n{ran}\n{other}")
            self.assertEqual(found["files"].get("rejects.jsonl"), alone["files"].get("rejects.jsonl"), "rejects with another chunk")
        except AssertionError as failed:
            raise AssertionError(f"{label}\n{failed}") from None
        return alone

    def test_random_jobs(self):
        first = int(os.environ.get("EVCLEAN_SEED", time.time_ns() % 10**9))
        count = int(os.environ.get("EVCLEAN_RANDOM_JOBS", "1" if "EVCLEAN_SEED" in os.environ else "12"))
        print(f"seeds from {first} on")
        codes = []
        for seed in range(first, first + count):
            alone = self.check(seed)
            codes.append(alone["code"])
            if alone["code"] != 0 and os.environ.get("EVCLEAN_SHOW"):
                print(seed, alone["code"], alone["error"][:400])
        print(f"exit codes: {codes}")
        if count >= 12:
            self.assertGreater(codes.count(0), count // 3, "most random jobs are sound")


if __name__ == "__main__":
    harness.main()
