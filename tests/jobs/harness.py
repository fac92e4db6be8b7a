# SPDX-License-Identifier: Apache-2.0
"""What the job tests share: a folder of its own for each case, and evclean run in it, alone or under mpirun.

A script is called with the program's path first: python x_test.py build/evclean [unittest's arguments]. It prints its
cases and ends with another code than 0 when one fails.
"""

import gzip
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "evclean"
SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data"
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none", "--mca", "pml", "ob1", "--mca", "btl", "self,vader",
          "--mca", "mpi_yield_when_idle", "1"]
TIME_LIMIT_S = 90
ENVIRONMENT = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")


class Ran:
    """What a call of evclean left: exit code, stdout, stderr (text) and, where asked for, the report."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.report = {}

    def __str__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out[-3000:]}\n--- stderr\n{self.err[-3000:]}"


class Table:
    """A table as a job wrote it: `rows` are dicts (from JSON lines), `csv` the text, `types` from the report."""

    def __init__(self, ran, folder):
        self.ran = ran
        self.csv = (folder / "out.csv").read_text()
        self.rows = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
        self.types = {column["name"]: column["type"] for column in ran.report["columns"]}
        self.names = list(self.types)
        self.ledger = ran.report["ledger"]

    def column(self, name):
        return [row[name] for row in self.rows]


def call(*args, cwd, ranks=0, env=None, limit_s=TIME_LIMIT_S, user=None):
    """evclean with `args`; under mpirun when `ranks` is not 0. A call that does not end is killed and fails the test."""
    command = (MPIRUN + ["-np", str(ranks)] if ranks else []) + [PROGRAM] + [str(arg) for arg in args]
    env = dict(ENVIRONMENT, **(env or {}))
    if ranks == 1:  # mpirun waits 2 s after a code other than 0 for ranks that are still there; here there are none
        env["OMPI_MCA_odls_base_sigkill_timeout"] = "0"
    process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, user=user)
    try:
        out, err = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(f"{' '.join(command)}: still running after {limit_s} s\n{err.decode(errors='replace')}")
    return Ran(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


def fingerprint(folder):
    """Hash of each file below a folder, by its path there; HDF5 apart, whose bytes may differ."""
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.endswith(".h5")}


def facts(report):
    """What of a report must not depend on ranks, chunk or memory."""
    tables = {name: {key: table[key] for key in ("ledger", "columns", "files")} for name, table in report["tables"].items()}
    return {"ledger": report["ledger"], "tables": tables, "columns": report["columns"]}


class Case(unittest.TestCase):
    """A test with a folder of its own, removed at the end."""

    maxDiff = 4000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="evclean-jobs-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, content):
        """A file below the folder; text, bytes, or a thing to write as JSON (which is YAML)."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_bytes(content.encode())
        else:
            path.write_text(json.dumps(content, ensure_ascii=False))
        return path

    def fresh(self):
        """Empties the folder, for the next of several cases in one test."""
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def call(self, *args, **options):
        return call(*args, cwd=options.pop("cwd", self.folder), **options)

    def run_job(self, job, *args, ranks=0, code=0, **options):
        """Writes the job, runs it with a report, wants `code`."""
        self.write("job.yml", job)
        ran = self.call("run", "job.yml", "--report", "report.json", *args, ranks=ranks, **options)
        if code is not None:
            self.assertEqual(ran.code, code, f"\njob: {job}\n{ran}")
        report = self.folder / "report.json"
        if report.exists():
            ran.report = json.loads(report.read_text())
            report.unlink()
            self.check_ledger(ran.report)
        return ran

    def clean(self, text, steps=(), fmt="csv", args=(), ranks=0, **keys):
        """The table that `steps` make of an input with this text."""
        names = text if isinstance(text, dict) else {"in.txt": text}
        for name, content in names.items():
            self.write(name, content)
        job = {"input": {"paths": list(names), "format": fmt}, "steps": list(steps),
               "output": [{"path": "out.csv"}, {"path": "out.jsonl"}]}
        for key, value in keys.items():
            (job if key in ("functions", "tables", "resources") else job["input"])[key] = value
        ran = self.run_job(job, "--overwrite", *args, ranks=ranks)
        return Table(ran, self.folder)

    def refused(self, text, steps=(), fmt="csv", words=(), code=2, **keys):
        """The same for a job that is not to run: its exit code, `words` in its message, and no output."""
        self.fresh()
        self.write("in.txt", text)
        job = {"input": {"paths": "in.txt", "format": fmt}, "steps": list(steps), "output": "out.csv"}
        for key, value in keys.items():
            (job if key in ("functions", "tables", "resources", "output") else job["input"])[key] = value
        ran = self.run_job(job, code=code)
        self.says(ran.err, *words)
        self.assertNothingLeft()
        return ran

    def says(self, text, *words):
        for word in words:
            self.assertIn(word.lower(), text.lower())

    def check_ledger(self, report):
        """Every ledger of a report balances, and the tables' sums are the whole."""
        for ledger in [report["ledger"]] + [table["ledger"] for table in report["tables"].values()]:
            self.assertEqual(ledger["lines"], sum(ledger[k] for k in ("kept", "filtered", "rejected", "blank")), ledger)

    def assertNothingLeft(self, *allowed):
        """No output, whole, partial or hidden, stands in the folder but those named."""
        known = {"job.yml", "in.txt", "report.json", *allowed}
        left = [str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()]
        left = [name for name in left if name not in known and not name.startswith("data/")]
        self.assertEqual(left, [])


def main():
    """Runs the cases of the script; the program's path is not unittest's."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} PATH_OF_EVCLEAN [unittest arguments]")
    del sys.argv[1]
    started = time.monotonic()
    result = unittest.main(verbosity=2, exit=False).result
    print(f"{result.testsRun} cases in {time.monotonic() - started:.1f} s", file=sys.stderr)
    sys.exit(0 if result.wasSuccessful() else 1)
