# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in users' hands: a clear message, the right exit code, all ranks ended, nothing half-written.

Every case runs with one rank and with three.
"""

import gzip
import os
import random
import shutil
import resource
import signal
import subprocess
import time

import harness

GOOD = "id,name\n1,Ann\n2,Bob\n"
RANKS = (1, 3)


class Bad(harness.Case):
    def ends(self, job, *words, code=2, prepare=None, allowed=(), args=(), **options):
        """The job ends with `code` and `words` in its message at every number of ranks, and leaves nothing behind."""
        for ranks in RANKS:
            with self.subTest(ranks=ranks):
                self.fresh()
                self.write("in.txt", GOOD)
                if prepare:
                    prepare()
                self.write("job.yml", job)
                ran = self.call("run", "job.yml", *args, ranks=ranks, **options)
                self.assertEqual(ran.code, code, ran)
                self.says(ran.err, *words)
                self.assertLessEqual(ran.err.lower().count(words[0].lower()), 4, f"the message comes once, not for each rank\n{ran}")
                self.assertNothingLeft(*allowed)

    def job(self, **keys):
        return dict({"input": {"paths": "in.txt", "format": "csv"}, "output": "out.csv"}, **keys)

    def of(self, paths, **keys):
        return {"input": dict({"paths": paths, "format": "csv"}, **keys), "output": "out.csv"}


class JobFiles(Bad):
    def test_wrong_job_path(self):
        for ranks in RANKS:
            ran = self.call("run", "nope.yml", ranks=ranks)
            self.assertEqual(ran.code, 2, ran)
            self.says(ran.err, "nope.yml")

    def test_wrong_input_path(self):
        self.ends(self.of("nope/*.csv"), "nope/*.csv")
        self.ends(self.of(["in.txt", "gone.csv"]), "gone.csv")

    def test_folder_without_files(self):
        self.ends(self.of("data"), "data", prepare=lambda: (self.folder / "data").mkdir())

    def test_misspelt_key(self):
        self.ends("input:\n  paths: in.txt\n  fromat: csv\noutput: out.csv\n", "fromat", "did you mean", "format", "job.yml:3:3")

    def test_bad_yaml(self):
        self.ends("input:\n  paths: [in.txt\n  format: csv\noutput: out.csv\n", "job.yml:")
        self.ends("input:\n\tpaths: in.txt\n", "job.yml:2:")

    def test_a_binary_job_file(self):
        self.ends(b"\x7fELF\0\1\2\xff\xfe" * 50, "job.yml")

    def test_bad_regex(self):
        self.ends("input: {paths: in.txt, format: lines}\nsteps:\n  - parse: {column: line, patterns: ['^(?<a>\\d+']}\noutput: out.csv\n",
                  "job.yml:3:", "(?<a>\\d+", "^\n")
        self.ends("input: {paths: in.txt, format: regex, patterns: ['(?<a>[z-a])']}\noutput: out.csv\n", "job.yml:1:", "^\n")

    def test_bad_expression(self):
        self.ends("input: {paths: in.txt, format: csv}\nsteps:\n  - filter: 'id >> > 5'\noutput: out.csv\n", "job.yml:3:", "id >> > 5", "^\n")

    def test_unknown_column(self):
        self.ends(self.job(steps=[{"filter": "nmae = 'x'"}]), "nmae", "did you mean", "name")
        self.ends(self.job(steps=[{"parse": {"column": "nmae", "patterns": ["(?<a>x)"]}}]), "nmae", "did you mean")

    def test_no_output(self):
        self.ends({"input": {"paths": "in.txt", "format": "csv"}}, "output")
        self.ends({"input": {"paths": "in.txt", "format": "csv"}, "output": []}, "output")

    def test_no_input(self):
        self.ends({"output": "out.csv"}, "input")

    def test_one_bad_file_among_tables_names_it(self):
        self.ends(self.of("in.txt", types={"id": "int46"}), "int46")


class Outputs(Bad):
    def test_output_exists(self):
        self.ends(self.job(output=["out.csv", "new.parquet"]), "out.csv", "overwrite",
                  prepare=lambda: self.write("out.csv", "old"), allowed=["out.csv"])
        self.assertEqual((self.folder / "out.csv").read_text(), "old")

    def test_output_below_a_file(self):
        self.ends(self.job(output=["ok.csv", "in.txt/out.csv"]), "in.txt/out.csv")

    def test_output_in_a_folder_that_takes_no_files(self):
        for name in ("out.csv", "out.parquet", "out.h5"):
            self.ends(self.job(output=["ok.csv", f"/proc/{name}"]), f"/proc/{name}")

    def test_access_denied(self):
        if os.geteuid() != 0:
            self.ends(self.job(output="locked/out.csv"), "locked/out.csv", code=3,
                      prepare=lambda: (self.folder / "locked").mkdir(0o555))
            return
        for ranks in RANKS:
            self.fresh()
            os.chmod(self.folder, 0o755)
            (self.folder / "locked").mkdir(0o755)
            self.write("in.txt", GOOD)
            self.write("job.yml", self.job(output="locked/out.csv"))
            ran = self.call("run", "job.yml", ranks=ranks, user=65534)
            self.assertEqual(ran.code, 3, ran)
            self.says(ran.err, "locked/out.csv", "denied")
            os.chmod(self.folder / "in.txt", 0o600)
            self.write("job.yml", self.job(output="/tmp/never.csv"))
            ran = self.call("run", "job.yml", ranks=ranks, user=65534)
            self.assertEqual(ran.code, 3, ran)
            self.says(ran.err, "in.txt", "denied")

    def test_output_is_a_folder(self):
        self.ends(self.job(output="out.csv"), "out.csv", prepare=lambda: (self.folder / "out.csv").mkdir(), args=["--overwrite"])

    def test_rejects_cannot_be_written(self):
        self.ends(self.of("in.txt", rejects={"max": 1, "path": "in.txt/r.jsonl"}), "in.txt/r.jsonl")

    def test_report_cannot_be_written(self):
        for ranks in RANKS:
            self.fresh()
            self.write("in.txt", GOOD)
            self.write("job.yml", self.job())
            ran = self.call("run", "job.yml", "--report", "in.txt/r.json", ranks=ranks)
            self.assertIn(ran.code, (2, 3), ran)
            self.says(ran.err, "in.txt/r.json")

    def as_nobody(self, *args, ranks=0):
        """A call without the right to write into the folder `locked`."""
        os.chmod(self.folder, 0o777)
        (self.folder / "locked").mkdir(0o555, exist_ok=True)
        return self.call(*args, ranks=ranks, user=65534 if os.geteuid() == 0 else None)

    def test_denied_reports_and_states_are_found_before_the_run(self):
        for ranks in RANKS:
            self.fresh()
            self.write("in.txt", GOOD)
            self.write("job.yml", self.job())
            for report in ("locked/r.json", "locked/new/r.html"):
                ran = self.as_nobody("run", "job.yml", "--report", report, ranks=ranks)
                self.assertEqual(ran.code, 3, ran)
                self.says(ran.err, "--report", report, "denied")
            self.write("job.yml", self.of("in.txt", only_new="locked/state"))
            ran = self.as_nobody("run", "job.yml", ranks=ranks)
            self.assertEqual(ran.code, 3, ran)
            self.says(ran.err, "only_new", "locked/state", "denied")
            self.assertNothingLeft()

    def test_a_report_goes_where_a_link_points_and_is_else_replaced_whole(self):
        self.write("in.txt", GOOD)
        self.write("job.yml", self.job())
        self.write("real.json", "old")
        (self.folder / "r.json").symlink_to("real.json")
        for name in ("r.json", "new/r.json", "real.json"):
            ran = self.call("run", "job.yml", "--report", name, "--overwrite")
            self.assertEqual(ran.code, 0, ran)
            self.assertIn("ledger", (self.folder / name).read_text())
        self.assertTrue((self.folder / "r.json").is_symlink())
        self.assertEqual([p.name for p in self.folder.rglob(".*")], [])

    def noise(self, rows):
        """A table that no compression makes small: 110 bytes a row."""
        rng = random.Random(1)
        self.write("in.txt", "id,name\n" + "".join(f"{i},{rng.getrandbits(400):x}\n" for i in range(rows)))

    def test_disk_full(self):
        full = self.folder / "full"
        full.mkdir()
        if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", full],
                                               stderr=subprocess.DEVNULL).returncode != 0:
            print("no tmpfs can be mounted here: see the limit on the size of files")
            return
        self.addCleanup(subprocess.run, ["umount", full])
        self.noise(20_000)
        for name in ("out.csv", "out.csv.gz", "out.parquet", "out.h5", "out.jsonl"):
            for ranks in RANKS:
                with self.subTest(name=name, ranks=ranks):
                    self.write("job.yml", self.job(output=f"full/{name}", resources={"chunk": "64KiB"}))
                    ran = self.call("run", "job.yml", ranks=ranks)
                    self.assertEqual(ran.code, 3, ran)
                    self.says(ran.err, name)
                    self.assertEqual(list(full.iterdir()), [])

    def test_a_limit_on_the_size_of_files(self):
        self.noise(150_000)
        self.write("job.yml", self.job(resources={"chunk": "1MiB"}))
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10 << 20, limits[1]))  # MPI's own files need less
        try:
            ran = self.call("run", "job.yml")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        self.assertEqual(ran.code, 3, ran)
        self.says(ran.err, "out.csv")
        self.assertNothingLeft()


class Inputs(Bad):
    def test_a_binary_file_as_log(self):
        noise = random.Random(2).randbytes(300_000)
        self.ends({"input": {"paths": "data/x.log", "format": "combined"}, "output": "out.csv"}, "x.log", code=1,
                  prepare=lambda: self.write("data/x.log", noise))
        self.ends({"input": {"paths": "data/x.log"}, "output": "out.csv"}, "x.log", prepare=lambda: self.write("data/x.log", b"\0" + noise))

    def test_nul_bytes_are_kept_and_counted(self):
        for ranks in RANKS:
            table = self.clean(b"a,b\nx\0y,1\n\0,2\n", ranks=ranks)
            self.assertEqual(table.column("a"), ["x\0y", "\0"])
            self.assertRegex(str(table.ran.report) + table.ran.err, r"(?i)NUL")

    def test_a_line_of_200_mb_is_a_reject_and_memory_stays_bounded(self):
        path = self.folder / "data" / "long.log"
        path.parent.mkdir()
        with open(path, "wb") as file:
            file.write(b"first\n")
            for _ in range(200):
                file.write(b"x" * (1 << 20))
            file.write(b"\nlast\n")
        for ranks in RANKS:
            with self.subTest(ranks=ranks):
                ran = self.run_job({"input": {"paths": "data", "format": "lines", "rejects": {"max": 5}}, "output": "out.csv",
                                    "resources": {"chunk": "4MiB"}}, "--overwrite", ranks=ranks)
                self.assertEqual((self.folder / "out.csv").read_text(), "line\nfirst\nlast\n")
                self.assertEqual(ran.report["ledger"], {"lines": 3, "kept": 2, "filtered": 0, "rejected": 1, "blank": 0})
                self.says(ran.err, "long.log:2")
                self.assertLess(ran.report["peak_memory_bytes"], (120 << 20) + ranks * (120 << 20))

    def damaged(self):
        rows = random.Random(3)
        whole = gzip.compress("".join(f"{i},{rows.getrandbits(200):x}\n" for i in range(20000)).encode())
        self.write("data/bad.csv.gz", gzip.compress(b"id,name\n")[:0] + whole[:len(whole) // 2])
        self.write("data/good.csv", GOOD)

    def test_a_truncated_gzip_fails(self):
        self.ends(self.of("data"), "bad.csv.gz", prepare=self.damaged)
        self.ends(self.of("data", corrupt="fail"), "bad.csv.gz", prepare=self.damaged)

    def test_what_comes_first_counts_a_spent_budget_or_an_error(self):
        rows = random.Random(3)
        whole = gzip.compress("".join(f"{i},{rows.getrandbits(200):x}\n" for i in range(20000)).encode())
        text = "id,name\n" + "".join("1,2,3\n" if i % 5000 == 49 else f"{i},n\n" for i in range(400000))
        self.write("a.csv", text)
        self.write("b.csv.gz", gzip.compress(b"id,name\n") + whole[:len(whole) // 2])
        job = {"input": {"paths": ["a.csv", "b.csv.gz"], "format": "csv", "rejects": {"max": 3, "path": "r.jsonl"}},
               "output": "out.csv", "resources": {"chunk": "1500KiB"}}
        for ranks in (0, 2, 3, 4):
            with self.subTest(ranks=ranks):
                ran = self.run_job(job, ranks=ranks, code=1)
                self.assertEqual(ran.report["ledger"], {"lines": 15051, "kept": 15046, "filtered": 0, "rejected": 4, "blank": 1})
                self.assertFalse((self.folder / "out.csv").exists())
                ran = self.call("run", "job.yml", "--overwrite", "--set", "input.rejects.max=1000", ranks=ranks)
                self.assertEqual(ran.code, 2, ran)
                self.says(ran.err, "b.csv.gz")

    def test_a_truncated_gzip_is_skipped_whole_with_its_types(self):
        for ranks in RANKS:
            self.damaged()
            ran = self.run_job(self.of("data", corrupt="skip", header=True), "--overwrite", ranks=ranks)
            self.assertEqual((self.folder / "out.csv").read_text(), GOOD)
            self.says(ran.err, "bad.csv.gz")
            self.assertEqual(ran.report["ledger"], {"lines": 3, "kept": 2, "filtered": 0, "rejected": 0, "blank": 1})

    def test_flipped_bits_in_gzip_and_zstd_fail(self):
        text = "id,name\n" + "".join(f"{i},n{i % 97}\n" for i in range(30000))
        zstd = subprocess.run(["zstd", "-c", "--check"], input=text.encode(), capture_output=True, check=True).stdout
        for name, data in (("a.csv.gz", gzip.compress(text.encode())), ("a.csv.zst", zstd)):
            broken = bytearray(data)
            broken[len(data) // 2] ^= 0x10
            self.ends(self.of("data"), name, prepare=lambda: self.write(f"data/{name}", bytes(broken)))

    def test_an_empty_file_among_good_ones_changes_nothing(self):
        for ranks in RANKS:
            table = self.clean({"1.csv": GOOD, "2.csv": "", "3.csv.gz": gzip.compress(b""), "4.csv": "id,name\n3,Cid\n"}, ranks=ranks)
            self.assertEqual((table.column("id"), table.types), ([1, 2, 3], {"id": "int64", "name": "string"}))

    def test_a_path_that_is_no_file(self):
        self.ends(self.of("pipe"), "pipe", prepare=lambda: os.mkfifo(self.folder / "pipe"), limit_s=20)
        self.ends(self.of("loop"), "loop", prepare=lambda: os.symlink("loop", self.folder / "loop"))


class Ends(Bad):
    """Signals in the middle of a run, and ranks that die."""

    OUTPUTS = ("out.csv", "out.parquet", "out.csv.gz")

    def big(self, outputs=OUTPUTS, slow=True):
        """A run of many splits; `slow` by a pattern that goes back and forth, so that it is in the middle for seconds."""
        line = '1.2.3.{} - - [01/Nov/2026:06:{:02}:16 +0000] "GET /items/{:05} HTTP/1.1" 200 {} "-" "Mozilla/5.0 (X11; Linux)"\n'
        block = "".join(line.format(i % 250, i % 60, i, i * 7) for i in range(20000))
        with open(self.folder / "in.txt", "w") as file:
            for _ in range(20 if slow else 60):
                file.write(block)
        pattern = "^(?<a>([a-z0-9/]+)*[A-Z])$" if slow else "(?<a>[a-z]+).(?<b>[0-9]+)"
        self.write("job.yml", {"input": {"paths": "in.txt", "format": "combined"}, "resources": {"chunk": "1MiB"},
                               "steps": [{"parse": {"column": "path", "patterns": [pattern]}}],
                               "output": list(outputs)})
        self.write("other.csv", "untouched")

    def start(self, ranks):
        for name in self.OUTPUTS:
            (self.folder / name).unlink(missing_ok=True)
        command = (harness.MPIRUN + ["-np", str(ranks)] if ranks else []) + [harness.PROGRAM, "run", "job.yml", "--progress", "plain"]
        return subprocess.Popen(command, cwd=self.folder, env=harness.ENVIRONMENT, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)

    def wait_for_work(self, process):
        """Until the run says how far it is: it is in the middle."""
        self.assertTrue(any(b"%" in line for line in iter(process.stderr.readline, b"")), "the run was over before it said anything")

    def wait_for_writing(self, process):
        """Until an output has grown under its hidden name: the run is about to publish."""
        while process.poll() is None:
            for path in self.folder.glob(".out*"):
                try:
                    if path.stat().st_size > 0:
                        return
                except OSError:
                    pass
            time.sleep(0.001)

    def ended(self, process, limit_s=20):
        try:
            _, err = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            self.fail(f"still running {limit_s} s after the signal")
        return harness.Ran(process.returncode, "", err.decode(errors="replace"))

    def members(self, process):
        """The evclean processes of a run: those of its session."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.getsid(int(entry)) == process.pid and int(entry) != process.pid:
                    if os.path.basename(os.readlink(f"/proc/{entry}/exe")) == os.path.basename(os.path.realpath(harness.PROGRAM)):
                        found.append(int(entry))
            except OSError:
                pass
        return found

    def gone(self, process):
        """Whether every evclean of the run ends within 5 s."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            if not self.members(process):
                return True
            time.sleep(0.05)
        return False

    def test_signals_end_all_ranks_and_leave_nothing(self):
        self.big()
        for ranks in (0, 1, 3):
            for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
                with self.subTest(ranks=ranks, signal=number.name):
                    process = self.start(ranks)
                    self.wait_for_work(process)
                    process.send_signal(number)
                    ran = self.ended(process)
                    if not ranks:
                        self.assertEqual(ran.code, code, ran)
                    self.assertNotEqual(ran.code, 0, ran)
                    self.assertTrue(self.gone(process))
                    self.assertNothingLeft("other.csv")

    def test_a_signal_while_outputs_are_written_leaves_all_or_nothing(self):
        self.big(slow=False)
        for ranks in (0, 3):
            for delay in (0.0, 0.05, 0.2):
                with self.subTest(ranks=ranks, delay=delay):
                    process = self.start(ranks)
                    self.wait_for_writing(process)
                    time.sleep(delay)
                    process.send_signal(signal.SIGINT)
                    ran = self.ended(process)
                    self.assertTrue(self.gone(process))
                    there = [name for name in self.OUTPUTS if (self.folder / name).exists()]
                    if ran.code == 0:  # mpirun's own code is 1 after a signal, though the ranks were through
                        self.assertEqual(there, list(self.OUTPUTS), ran)
                    elif not ranks:
                        self.assertEqual(there, [], ran)
                    self.assertIn(len(there), (0, len(self.OUTPUTS)), ran)
                    self.assertNothingLeft("other.csv", *there)

    def test_a_signal_while_partitions_appear_takes_back_the_rejects_too(self):
        self.write("in.csv", "k,v\n" + "".join(f"{i},x\n" for i in range(4000)) + "1,2,3,4\n")
        self.write("job.yml", {"input": {"paths": "in.csv", "format": "csv", "rejects": {"path": "rejects/r.jsonl"}},
                               "output": {"path": "out/x.csv", "partition_by": ["k"]}})
        process = self.start(0)
        while process.poll() is None and not list(self.folder.glob("out/k=*")) + list(self.folder.glob("rejects/*.jsonl")):
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        ran = self.ended(process)
        seen = list(self.folder.glob("out/k=*/x.csv")) + list(self.folder.glob("rejects/*.jsonl"))
        self.assertEqual(len(seen), 4001 if ran.code == 0 else 0, ran)

    def test_a_signal_to_a_rank_s_own_process_ends_all(self):
        self.big()
        process = self.start(3)
        self.wait_for_work(process)
        for pid in self.members(process)[:1]:
            os.kill(pid, signal.SIGTERM)
        ran = self.ended(process)
        self.assertNotEqual(ran.code, 0, ran)
        self.assertTrue(self.gone(process))
        self.assertNothingLeft("other.csv")

    def test_a_killed_rank_ends_the_job(self):
        self.big()
        process = self.start(3)
        self.wait_for_work(process)
        victims = self.members(process)
        self.assertEqual(len(victims), 3)
        os.kill(victims[-1], signal.SIGKILL)
        ran = self.ended(process)
        self.assertNotEqual(ran.code, 0, ran)
        self.assertTrue(self.gone(process))
        for name in self.OUTPUTS:
            self.assertFalse((self.folder / name).exists())
        self.assertEqual((self.folder / "other.csv").read_text(), "untouched")

    def test_after_a_killed_run_the_next_one_works(self):
        self.big(["out.csv"])
        process = self.start(0)
        self.wait_for_work(process)
        process.kill()
        self.ended(process)
        self.write("in.txt", '1.2.3.4 - - [01/Nov/2026:06:52:16 +0000] "GET / HTTP/1.1" 200 1 "-" "x"\n')
        ran = self.call("run", "job.yml")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual((self.folder / "out.csv").read_text().count("\n"), 2)
        self.assertEqual(list(self.folder.glob(".out.csv*")), [], "what the killed run left is removed")

    def test_a_run_takes_nothing_from_another_that_is_going_on(self):
        self.big([{"path": "out.csv", "overwrite": True}])
        first = self.start(0)
        self.wait_for_work(first)
        self.write("small.txt", "a\n1\n")
        self.write("small.yml", {"input": {"paths": "small.txt", "format": "csv"}, "output": "out.csv"})
        ran = self.call("run", "small.yml", "--overwrite")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual((self.folder / "out.csv").read_text(), "a\n1\n")
        self.assertIsNone(first.poll(), "the first run was over too early")
        self.assertEqual(self.ended(first, limit_s=80).code, 0)
        self.assertEqual((self.folder / "out.csv").read_text().count("\n"), 20 * 20000 + 1)


if __name__ == "__main__":
    harness.main()
