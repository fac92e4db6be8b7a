# SPDX-License-Identifier: Apache-2.0
"""--resume: a run that is cut off, at any moment and on any number of ranks, is gone on with by any other number, and
ends with the same bytes, ledger, rejects and report as one that was never cut off."""

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import time

import harness

# What differs between two runs of the same job.
OF_A_RUN = {"seconds", "ranks", "notes", "restored_splits", "stages", "peak_memory_bytes", "operators", "patterns"}


def without_times(value):
    if isinstance(value, dict):
        if str(value.get("path", "")).endswith(".h5"):
            value = dict(value, sha256="")  # the same datasets, not the same bytes
        return {key: without_times(item) for key, item in value.items() if key not in OF_A_RUN and "seconds" not in key}
    return [without_times(item) for item in value] if isinstance(value, list) else value


class Resume(harness.Case):
    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("EVCLEAN_SEED", "20261124"))
        print(f"seed {seed}", flush=True)
        self.random = random.Random(seed)

    def access_log(self, lines):
        choose = self.random.choice
        return "".join(
            "not a line\n" if i % 997 == 0 else
            f'10.0.{i % 7}.{i % 251} - - [01/Nov/2026:06:{i // 60 % 60:02}:{i % 60:02} +0000] '
            f'"{choose(["GET", "POST", "HEAD"])} {choose(["/product/", "/search?q=", "/x/"])}{i} HTTP/1.1" '
            f'{choose([200, 304, 404])} {i} "-" "curl/{i % 9}"\n' for i in range(lines))

    def make_inputs(self):
        """Lines, CSV with quoted line ends (where splits are checked against each other), several gzip files, JSON."""
        self.write("in/a.log", self.access_log(100_000))
        for part in range(6):
            self.write(f"in/z{part}.log.gz", gzip.compress(self.access_log(4_000).encode(), 1))
        self.write("users.csv", "ip,name,note\n" + "".join(
            f'10.0.{i % 7}.{i % 251},user {i},"line one\nline ""{i}"" two, and\r\nthree"\n' for i in range(1757)))
        self.write("clicks.csv", "id,text,score\n" + "".join(
            f'{i},"a\nquoted ""{i}""\n",{"" if i % 13 == 0 else i / 8}\n' for i in range(60_000)))
        self.write("hits.jsonl", "".join(json.dumps({"id": i, "n": {"x": i % 17}, "late": 1} if i > 39_000 else
                                                    {"id": i, "n": {"x": i % 17}}) + "\n" for i in range(40_000)))

    def jobs(self):
        resources = {"chunk": "256KiB"}
        yield "access", {
            "input": {"paths": "in/", "format": "combined", "rejects": {"max": "1%", "path": "rejects.jsonl"}},
            "steps": [{"filter": "method in ('GET','POST') and status <> 304"},
                      {"parse": {"column": "path", "patterns": [r"^/product/(?<product>\d+)", "^/search\\?q=(?<query>[^&]*)"]}},
                      {"set": {"device": "device_class(user_agent)", "day": "cast(time as date)"}},
                      {"index": "n"}, {"fill": "None"}],
            "output": [{"path": "out/e.csv.zst"}, {"path": "out/e.parquet", "files": 3}, {"path": "out/e.h5"},
                       {"path": "out/days/", "format": "csv", "partition_by": ["status"]}],
            "resources": resources}
        yield "tables", {
            "input": {"paths": "in/", "format": "combined", "rejects": {"max": "1%"}},
            "steps": [{"join": {"table": "users", "on": "ip", "how": "left", "strategy": "rows"}},
                      {"group": {"by": ["name", "status"], "agg": {"hits": "count(*)", "bytes": "sum(bytes)"}}}],
            "tables": {"users": {"paths": "users.csv", "format": "csv"},
                       "clicks": {"paths": "clicks.csv", "format": "csv", "source": True},
                       "hits": {"paths": "hits.jsonl", "format": "json",
                                "steps": [{"join": {"table": "clicks", "on": "id", "columns": ["score"]}}]}},
            "output": [{"path": "out/g.csv"}, {"path": "out/c.csv", "table": "clicks"},
                       {"path": "out/h.jsonl", "table": "hits"}],
            "resources": resources}

    def outputs(self):
        found = {str(p.relative_to(self.folder)): p.read_bytes() for p in (self.folder / "out").rglob("*") if p.is_file()}
        rejects = self.folder / "rejects.jsonl"
        if rejects.exists():
            found["rejects"] = rejects.read_bytes()
        return found

    def compared(self, now, then):
        self.assertEqual(sorted(now), sorted(then))
        for name, content in then.items():
            if name.endswith(".h5"):
                self.assertEqual(len(now[name]), len(content), name)
            else:
                self.assertTrue(now[name] == content, f"{name} differs")

    def remove_outputs(self):
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        (self.folder / "rejects.jsonl").unlink(missing_ok=True)

    def kept_bytes(self):
        sizes = []
        for path in self.folder.glob(".evclean-resume-*/*.log"):
            try:
                sizes.append(path.stat().st_size)
            except FileNotFoundError:
                pass
        return sum(sizes)

    def cut_off(self, ranks, kept_bytes, with_signal):
        """Starts the job, lets it go on for some milliseconds at a time and ends it once so much more is kept; false if it
        was done before."""
        target = self.kept_bytes() + kept_bytes
        process = subprocess.Popen(
            harness.MPIRUN + ["-np", str(ranks), harness.PROGRAM, "run", "job.yml", "--resume", "--progress", "none"],
            cwd=self.folder, env=harness.ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, start_new_session=True)
        limit = time.monotonic() + harness.TIME_LIMIT_S
        found = []
        while process.poll() is None and time.monotonic() < limit:
            if len(found) < ranks:
                found = list(self.ranks_of_this_test())
            time.sleep(0.002)
            self.send(found, signal.SIGSTOP)
            cut = self.kept_bytes() >= target
            if cut and with_signal == signal.SIGKILL:
                os.killpg(process.pid, signal.SIGKILL)
            if cut:
                found = list(self.ranks_of_this_test())  # one that came late would go on, and publish
                self.send(found, with_signal)
            self.send(found, signal.SIGCONT)
            if cut:
                break
        while with_signal == signal.SIGKILL and process.poll() != 0 and (left := list(self.ranks_of_this_test())):
            self.send(left, signal.SIGKILL)
            time.sleep(0.002)
        self.err = process.communicate(timeout=harness.TIME_LIMIT_S)[1].decode(errors="replace")
        return process.returncode != 0

    @staticmethod
    def send(pids, with_signal):
        for pid in pids:
            try:
                os.kill(pid, with_signal)
            except ProcessLookupError:
                pass

    def ranks_of_this_test(self):
        """mpirun gives each rank a process group of its own."""
        folder, program = os.path.realpath(self.folder), os.path.realpath(harness.PROGRAM)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/cwd") == folder and os.readlink(f"/proc/{pid}/exe") == program:
                    yield int(pid)
            except OSError:
                pass

    def whole(self, job):
        ran = self.run_job(job, ranks=2)
        then = self.outputs()
        self.remove_outputs()
        return ran, then

    def gone_on_with(self, job, expected, then, ranks, at_least=1):
        ran = self.run_job(job, "--resume", ranks=ranks)
        self.compared(self.outputs(), then)
        self.assertEqual(without_times(ran.report), without_times(expected.report))
        restored = sum(table["restored_splits"] for table in ran.report["tables"].values())
        self.assertGreaterEqual(restored, at_least, ran)
        if at_least:
            self.says(ran.err, "splits were read by an earlier run")
        hidden = [path.name for path in self.folder.rglob(".*")]
        self.assertEqual(hidden, [], "something hidden is left")
        return restored

    def test_cut_off_and_gone_on_with(self):
        self.make_inputs()
        for name, job in self.jobs():
            self.remove_outputs()
            expected, then = self.whole(job)
            for ranks_before, ranks_after, how in ((2, 1, signal.SIGKILL), (1, 4, signal.SIGTERM), (3, 2, signal.SIGKILL),
                                                   (2, 3, signal.SIGINT)):
                with self.subTest(job=name, before=ranks_before, after=ranks_after, how=how.name):
                    self.remove_outputs()
                    if not self.cut_off(ranks_before, 250_000, how):
                        self.fail("the job was done before it was cut off")
                    self.assertEqual([name for name in self.outputs() if ".evclean-" not in name and name != "rejects"], [])
                    restored = self.gone_on_with(job, expected, then, ranks_after)
                    print(f"{name}: {restored} splits taken over from {ranks_before} ranks by {ranks_after}", flush=True)

    def test_cut_off_again_and_again(self):
        self.make_inputs()
        name, job = next(self.jobs())
        expected, then = self.whole(job)
        cuts = 0
        for ranks in (2, 3, 1):
            cuts += self.cut_off(ranks, 200_000, signal.SIGKILL)
        self.assertEqual(cuts, 3)
        self.gone_on_with(job, expected, then, 2, at_least=2)

    def test_what_is_kept_may_be_torn_or_damaged(self):
        self.make_inputs()
        name, job = next(self.jobs())
        expected, then = self.whole(job)
        self.assertTrue(self.cut_off(2, 400_000, signal.SIGKILL))
        for path in self.folder.glob(".evclean-resume-*/*.log"):
            content = bytearray(path.read_bytes())
            for _ in range(3):
                content[self.random.randrange(len(content))] ^= 1 << self.random.randrange(8)
            path.write_bytes(content[:-self.random.randrange(1, 5_000)])
        for path in self.folder.glob(".evclean-resume-*"):
            (path / "other.log").write_bytes(b"not ours")
            (path / "empty.log").write_bytes(b"")
        self.gone_on_with(job, expected, then, 3, at_least=0)

    def test_a_change_is_seen(self):
        """Another job, another file, a file that has grown: what no longer holds is not taken over."""
        self.make_inputs()
        name, job = next(self.jobs())
        self.whole(job)
        self.assertTrue(self.cut_off(2, 400_000, signal.SIGKILL))
        with open(self.folder / "in/z5.log.gz", "ab") as file:
            file.write(gzip.compress(self.access_log(500).encode()))
        expected, then = self.whole(job)
        self.gone_on_with(job, expected, then, 2, at_least=1)
        self.remove_outputs()
        self.assertTrue(self.cut_off(2, 250_000, signal.SIGKILL))
        changed = dict(job, steps=job["steps"][:1])
        self.write("job.yml", changed)
        expected, then = self.whole(changed)
        ran = self.run_job(changed, "--resume", ranks=2)
        self.compared(self.outputs(), then)
        self.assertEqual(ran.report["tables"]["events"]["restored_splits"], 0)

    def test_what_ends_for_good_leaves_nothing(self):
        self.write("in.csv", "a,b\n" + "".join(f"{i},x\n" for i in range(1000)))
        job = {"input": {"paths": "in.csv", "format": "csv"}, "steps": [{"set": {"c": "b + 1"}}], "output": "out/x.csv"}
        ran = self.run_job(job, "--resume", code=2)
        self.assertEqual([p.name for p in self.folder.glob(".*")], [], ran)
        job["steps"] = []
        self.run_job(job, "--resume", ranks=3)
        self.assertEqual([p.name for p in self.folder.glob(".*")], [])

    def test_it_is_said_what_is_kept(self):
        self.make_inputs()
        name, job = next(self.jobs())
        self.write("job.yml", job)
        self.assertTrue(self.cut_off(2, 250_000, signal.SIGTERM))
        self.says(self.err, "what is done is kept in .evclean-resume-")

    def test_only_whole_runs(self):
        self.write("in.csv", "a\n1\n")
        job = {"input": {"paths": "in.csv", "format": "csv"}, "output": "out/x.csv"}
        self.says(self.run_job(job, "--resume", "--limit", "3", code=2).err, "leave out --limit")

    def test_one_big_gzip(self):
        """Parts of a compressed file are taken over all together, or not at all."""
        text = self.access_log(200_000).encode()
        self.write("in/one.log.gz", gzip.compress(text, 1))
        self.write("in/two.log.gz", b"".join(gzip.compress(text[i:i + 300_000], 1) for i in range(0, len(text), 300_000)))
        name, job = next(self.jobs())
        job["output"] = [{"path": "out/e.csv.zst"}]
        expected, then = self.whole(job)
        for ranks_before, ranks_after in ((2, 1), (1, 2), (3, 3)):
            with self.subTest(before=ranks_before, after=ranks_after):
                self.assertTrue(self.cut_off(ranks_before, 400_000, signal.SIGKILL))
                self.gone_on_with(job, expected, then, ranks_after, at_least=0)
                self.remove_outputs()


if __name__ == "__main__":
    harness.main()
