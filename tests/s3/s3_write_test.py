# SPDX-License-Identifier: Apache-2.0
"""Output on S3: all or nothing, the same bytes for any number of ranks, and nothing left behind."""

import hashlib
import io
import json
import os
import pathlib
import random
import signal
import subprocess
import threading
import time

import h5py
import pandas
import s3_case
from s3_case import GATE, S3, S3Case
from s3_world import MAIN, OTHER, environment, profile_files


def job_of(output, **more):
    return dict({"input": {"paths": "in.csv", "format": "csv"}, "output": output}, **more)


def children_of(parent):
    children = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended
        if int(fields[1]) == parent:
            children.append(int(stat.parent.name))
    return children


def hdf5_values(body):
    """Every dataset's type and bytes, and all attributes, by path."""
    found = {}

    def take(name, item):
        found["/" + name] = (str(item.dtype), item[()].tobytes()) if isinstance(item, h5py.Dataset) else ("group", b"")
        found["/" + name + "@"] = sorted((key, str(value)) for key, value in item.attrs.items())

    with h5py.File(io.BytesIO(body)) as file:
        file.visititems(take)
    return found


class Write(S3Case):
    def setUp(self):
        super().setUp()
        random.seed(11)
        self.write("in.csv", "n,x\n" + "".join(f"{i},{random.random()}\n" for i in range(3000)))

    def big_input(self, rows=900_000):
        random.seed(5)
        self.write("in.csv", "n,x\n" + "".join(f"{i},{random.getrandbits(60)}\n" for i in range(rows)))

    def run_on_machines(self, machines, ranks=1, code=0, limits=None):
        """job.yml with a scratch folder of its own on each machine; `limits` are KiB of a file there."""
        command = list(s3_case.harness.MPIRUN)
        for machine in range(machines):
            (self.folder / f"scratch-{machine}").mkdir(exist_ok=True)
            limit = (limits or {}).get(machine)
            program = [s3_case.harness.PROGRAM, "run", "job.yml", "--report", "report.json"]
            if limit:
                program = ["bash", "-c", f'ulimit -f {limit}; exec "$@"', "evclean", *program]
            command += [":"] * bool(machine) + ["-np", str(ranks), "-x", f"TMPDIR={self.folder}/scratch-{machine}", *program]
        environment = dict(s3_case.harness.ENVIRONMENT, **self.env)
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=90)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual([path for i in range(machines) for path in (self.folder / f"scratch-{i}").iterdir()], [])
        return done

    def assertClean(self, *buckets):
        for bucket in buckets or ("out",):
            self.assertEqual(self.uploads(bucket), [])
        scratch = [path for path in self.folder.rglob("*") if ".evclean" in path.name]
        self.assertEqual(scratch, [])

    def test_every_format(self):
        for name in ("a.csv", "a.csv.gz", "a.csv.zst", "a.tsv", "a.jsonl", "a.parquet", "a.arrow", "a.h5"):
            self.run_s3(job_of([f"s3://out/d/{name}", {"path": name, "overwrite": True}]), ranks=2)
            there, here = self.get("out", "d/" + name), (self.folder / name).read_bytes()
            if name == "a.h5":
                (self.folder / "b.h5").write_bytes(there)
                self.assertTrue(pandas.read_hdf(self.folder / "b.h5").equals(pandas.read_hdf(self.folder / name)))
            else:
                self.assertEqual(there, here, name)
            S3.delete_object(Bucket="out", Key="d/" + name)
        self.assertClean()

    def test_matrices_and_their_mapping(self):
        encode = {"encode": {"standardise": ["x"], "split": {"by": "n", "test": "30%"}}}
        for path in ("s3://out/m/f.npy", "f.npy"):
            self.run_s3(job_of(path, steps=[encode]), ranks=3)
        names = [f"f.{kind}" for kind in ("mapping.json", "names.json", "test.npy", "train.npy")]
        self.assertEqual(self.keys("out"), [f"m/{name}" for name in names])
        for name in names:
            self.assertEqual(self.get("out", f"m/{name}"), (self.folder / name).read_bytes(), name)
        self.assertClean()

    def test_the_same_bytes_at_any_number_of_ranks_in_parts(self):
        self.big_input()
        seen = set()
        for ranks in (1, 2, 3, 4):
            GATE.requests.clear()
            ran = self.run_s3(job_of({"path": "s3://out/big.csv", "overwrite": True}, resources={"chunk": "1MiB"}),
                              ranks=ranks)
            entry = ran.report["outputs"][0]
            body = self.get("out", "big.csv")
            self.assertEqual((entry["path"], entry["rows"], entry["bytes"], entry["sha256"]),
                             ("s3://out/big.csv", 900_000, len(body), hashlib.sha256(body).hexdigest()))
            parts = [r for r in GATE.seen(method="PUT", object="big.csv") if "partNumber" in r.query]
            self.assertEqual(sorted(int(r.query["partNumber"]) for r in parts), list(range(1, len(parts) + 1)))
            self.assertGreater(len(parts), 1)
            self.assertEqual(body, (self.folder / "in.csv").read_bytes())
            seen.add(S3.head_object(Bucket="out", Key="big.csv")["ETag"])
        self.assertEqual(len(seen), 1)
        self.assertClean()

    def test_machines_that_share_no_scratch(self):
        """Each rank has a scratch folder of its own, as ranks on several machines have."""
        self.big_input()
        self.write("job.yml", job_of(["s3://out/big.csv", "s3://out/s.csv.gz", "s3://out/p.parquet", "s3://out/a.arrow"],
                                     resources={"chunk": "1MiB", "memory": "64MiB"}))
        self.run_on_machines(3)
        report = json.loads((self.folder / "report.json").read_text())
        for entry in report["outputs"]:
            body = self.get("out", entry["path"][len("s3://out/"):])
            self.assertEqual((entry["bytes"], entry["sha256"]), (len(body), hashlib.sha256(body).hexdigest()))
        self.assertEqual(self.get("out", "big.csv"), (self.folder / "in.csv").read_bytes())
        self.assertEqual(len(pandas.read_parquet(io.BytesIO(self.get("out", "p.parquet")))), 900_000)
        self.assertClean()

    def test_hdf5_from_machines_that_share_no_scratch(self):
        """Those on the first one's machine write the file."""
        rows = "".join(f"{i},{i * 0.5},{'long ' * (i % 7)},{'' if i % 5 else i},u{i % 900}\n" for i in range(60_000))
        self.write("in.csv", "n,x,text,gaps,user\n" + rows)
        outputs = [{"path": "DIR/table.h5"}, {"path": "DIR/two.h5", "key": "events"},
                   {"path": "DIR/two.h5", "key": "users/all", "table": "users"}, {"path": "DIR/set.h5", "files": 3},
                   {"path": "DIR/days.h5", "table": "users", "partition_by": ["half"]},
                   {"path": "DIR/m.h5", "layout": "matrix", "table": "numbers", "files": 2, "compression_level": 0}]
        more = {"tables": {
            "users": {"sql": "select user, count(*) as hits, user < 'u4' as half from events group by user"},
            "numbers": {"sql": "select n, x, user from events", "steps": [
                {"encode": {"keep": ["n"], "standardise": ["x"], "split": {"by": "user", "test": "30%"}}}]}},
            "resources": {"chunk": "256KiB", "memory": "64MiB"}}

        def at(place):
            return [dict(output, path=output["path"].replace("DIR", place)) for output in outputs]

        self.run_s3(job_of(at("here"), **more), ranks=2)
        here = {str(path.relative_to(self.folder / "here")): path.read_bytes()
                for path in (self.folder / "here").rglob("*.h5")}
        self.assertEqual(len(here), 9)
        for machines, ranks in ((3, 1), (2, 2), (4, 1)):
            self.write("job.yml", job_of([dict(output, overwrite=True) for output in at("s3://out/d")], **more))
            self.run_on_machines(machines, ranks)
            report = json.loads((self.folder / "report.json").read_text())
            for entry in report["outputs"]:
                body = self.get("out", entry["path"][len("s3://out/"):])
                self.assertEqual((entry["bytes"], entry["sha256"]), (len(body), hashlib.sha256(body).hexdigest()))
            there = {key[len("d/"):]: self.get("out", key) for key in self.keys("out") if key.endswith(".h5")}
            self.assertEqual(sorted(there), sorted(here))
            for name in here:
                self.assertEqual(hdf5_values(there[name]), hdf5_values(here[name]), (machines, ranks, name))
            self.assertClean()

    def test_hdf5_from_several_machines_needs_room_on_the_first(self):
        self.big_input()
        self.write("job.yml", job_of("s3://out/x.h5", resources={"chunk": "1MiB", "memory": "64MiB"}))
        done = self.run_on_machines(3, limits={0: 8192}, code=3)
        self.says(done.stderr, "s3://out/x.h5", "scratch-0", "waits in the scratch folder", "too large")
        self.assertEqual(self.keys("out"), [])
        self.assertClean()

    def test_files_a_folder_rejects_and_the_report(self):
        self.write("in.csv", "n,x\n1,2\n3,4\n5,6,7,8,9\n")
        self.write("job.yml", {"input": {"paths": "in.csv", "format": "csv",
                                         "rejects": {"max": "100%", "path": "s3://out/rejects.jsonl"}},
                               "output": {"path": "s3://out/set/", "format": "csv", "files": 2}})
        ran = self.call("run", "job.yml", "--report", "s3://out/report.json", env=self.env)
        self.assertEqual(ran.code, 0, ran)
        self.assertNoSecrets(ran)
        self.assertEqual(self.keys("out"), ["rejects.jsonl", "report.json", "set/events-00000-of-00002.csv",
                                            "set/events-00001-of-00002.csv"])
        self.assertEqual(self.get("out", "set/events-00001-of-00002.csv"), b"n,x\n3,4\n")
        self.assertEqual(json.loads(self.get("out", "rejects.jsonl"))["text"], "5,6,7,8,9")
        report = json.loads(self.get("out", "report.json"))
        self.assertEqual([entry["rows"] for entry in report["outputs"]], [1, 1])

    def test_partitions_and_their_replacement(self):
        self.write("in.csv", "n,day\n1,a\n2,b\n3,a\n")
        job = job_of({"path": "s3://out/p/", "format": "csv", "partition_by": "day"})
        self.run_s3(job, ranks=2)
        self.assertEqual(self.keys("out"), ["p/day=a/events.csv", "p/day=b/events.csv"])
        self.assertEqual(self.get("out", "p/day=a/events.csv"), b"n\n1\n3\n")
        self.says(self.run_s3(job, code=2).err, "s3://out/p/day=a/events.csv exists already")
        self.write("in.csv", "n,day\n9,c\n")
        self.run_s3(job, "--overwrite")
        self.assertEqual(self.keys("out"), ["p/day=c/events.csv"])
        self.assertClean()

    def test_an_existing_output_is_refused_and_overwrite_replaces_the_set(self):
        S3.put_object(Bucket="out", Key="e-00000-of-00002.csv", Body=b"old")
        S3.put_object(Bucket="out", Key="e-00001-of-00002.csv", Body=b"old")
        S3.put_object(Bucket="out", Key="e-x.csv", Body=b"another")
        ran = self.run_s3(job_of("s3://out/e.csv"), code=2)
        self.says(ran.err, "s3://out/e-00000-of-00002.csv exists already", "--overwrite")
        self.run_s3(job_of("s3://out/e.csv"), "--overwrite")
        self.assertEqual(self.keys("out"), ["e-x.csv", "e.csv"])

    def test_an_object_that_appears_meanwhile_is_not_replaced(self):
        def appear(request):
            if request.method == "PUT" and request.object == "late.csv" and request.bucket == "out":
                S3.put_object(Bucket="out", Key="late.csv", Body=b"theirs")
        GATE.rules.append(appear)
        ran = self.run_s3(job_of(["s3://out/a.csv", "s3://out/late.csv"]), code=2)
        self.says(ran.err, "s3://out/late.csv appeared while the job ran", "nothing is published")
        self.assertEqual(self.keys("out"), ["late.csv"])
        self.assertEqual(self.get("out", "late.csv"), b"theirs")

    def test_nothing_is_visible_before_all_is_uploaded(self):
        self.big_input()
        states = []

        def look(request):
            if "partNumber" in request.query:
                states.append(self.keys("out"))
        GATE.rules.append(look)
        self.run_s3(job_of(["s3://out/big.csv", "s3://out/other.csv.gz", "s3://out/small.parquet"]), ranks=2)
        self.assertTrue(states)
        self.assertEqual([state for state in states if state], [])
        self.assertEqual(self.keys("out"), ["big.csv", "other.csv.gz", "small.parquet"])

    def test_a_failed_upload_is_aborted_and_nothing_stays(self):
        self.big_input()
        for ranks in (1, 3):
            GATE.rules.clear()
            GATE.rules.append(lambda r: 403 if r.query.get("partNumber") == "2" else None)
            ran = self.run_s3(job_of(["s3://out/big.csv", "local.csv"]), ranks=ranks, code=3)
            self.says(ran.err, "cannot write s3://out/big.csv", "AccessDenied", "..." + MAIN[0][-4:])
            self.assertEqual(self.keys("out"), [])
            self.assertFalse((self.folder / "local.csv").exists())
            self.assertClean()

    def test_a_signal_aborts_uploads(self):
        self.big_input()
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            for ranks in (0, 2):
                reached = threading.Event()

                def hold(request):
                    if "partNumber" in request.query:
                        reached.set()
                        return "slow" if request.query["partNumber"] == "1" else "stall"
                GATE.rules[:] = [hold]
                self.write("job.yml", job_of("s3://out/big.csv"))
                command = (s3_case.harness.MPIRUN + ["-np", str(ranks)] if ranks else []) + [s3_case.harness.PROGRAM, "run", "job.yml"]
                process = subprocess.Popen(command, cwd=self.folder, env=dict(s3_case.harness.ENVIRONMENT, **self.env),
                                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                self.assertTrue(reached.wait(60))
                process.send_signal(number)
                process.communicate(timeout=60)
                if not ranks:
                    self.assertEqual(process.returncode, code)
                self.assertNotEqual(process.returncode, 0)
                self.assertEqual(self.keys("out"), [])
                self.assertClean()

    def signal_at(self, number, ranks, job, is_moment):
        """Runs a job and sends its ranks a signal while the request of this moment waits for its reply. Gives the exit
        code. Not mpirun: when it hands signals on, and kills, is a matter of the machine's load."""
        self.write("job.yml", job)
        command = (s3_case.harness.MPIRUN + ["-np", str(ranks)] if ranks else []) + [s3_case.harness.PROGRAM, "run", "job.yml"]
        started, hit = threading.Event(), []

        def strike(request):
            if is_moment(request) and not hit and started.wait(30):
                hit.append(request)
                for pid in children_of(process.pid) if ranks else [process.pid]:
                    os.kill(pid, number)
                time.sleep(0.1)
        GATE.rules[:] = [strike]
        process = subprocess.Popen(command, cwd=self.folder, env=dict(s3_case.harness.ENVIRONMENT, **self.env),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.set()
        _, err = process.communicate(timeout=60)
        self.assertTrue(hit, err)
        return process.returncode

    def test_a_signal_while_an_upload_begins(self):
        """The upload is made, and its id arrives when the run is already over: the trial before reading, and the real one."""
        self.big_input()
        for number, ranks in ((signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGTERM, 2)):
            for nth in (1, 2):
                seen = []

                def is_moment(request):
                    seen.extend([request] * ("uploads" in request.query and request.method == "POST"))
                    return len(seen) == nth
                with self.subTest(number=number, ranks=ranks, nth=nth):
                    self.assertNotEqual(self.signal_at(number, ranks, job_of("s3://out/big.csv"), is_moment), 0)
                    self.assertEqual(self.keys("out"), [])
                    self.assertClean()

    def test_a_signal_while_objects_become_visible(self):
        """Either all is published and the run says so, or nothing is there."""
        self.big_input()
        for ranks in (0, 2):
            for path in ("big.csv", "small.csv"):
                def is_moment(request):
                    makes = request.method == "POST" and "uploadId" in request.query or request.method == "PUT" and not request.query
                    return request.object == path and makes
                outputs = ["s3://out/big.csv", {"path": "s3://out/small.csv", "table": "few"}]
                self.write("few.csv", "a\n1\n")
                job = job_of(outputs, tables={"few": {"paths": "few.csv"}})
                with self.subTest(ranks=ranks, path=path):
                    code = self.signal_at(signal.SIGTERM, ranks, job, is_moment)
                    self.assertIn(self.keys("out"), [["big.csv", "small.csv"]] if code == 0 else [[]])
                    self.assertClean()
                for key in self.keys("out"):
                    S3.delete_object(Bucket="out", Key=key)

    def test_a_bucket_that_cannot_be_written_is_found_before_reading(self):
        GATE.allowed["out"] = {OTHER[0]}
        ran = self.run_s3(job_of("s3://out/a.csv"), code=3)
        self.says(ran.err, "cannot write s3://out/a.csv", "AccessDenied")
        self.assertNotIn("in.csv", ran.err)
        ran = self.run_s3(job_of("s3://nowhere/a.csv"), code=2)
        self.says(ran.err, "NoSuchBucket", "s3://nowhere/a.csv")
        self.write("job.yml", job_of("s3://out/a.csv"))
        ran = self.call("check", "job.yml", env=self.env)
        self.assertEqual(ran.code, 2)
        self.says(ran.err, "s3://out/a.csv", "cannot be written", "AccessDenied")

    def test_who_owns_and_who_encrypts(self):
        self.big_input(300_000)
        s3 = {"acl": "bucket-owner-full-control", "sse": "aws:kms", "kms_key": "alias/logs", "request_payer": True}
        self.run_s3(job_of([{"path": "s3://out/big.csv", "s3": s3}, {"path": "s3://out/small.parquet", "s3": s3}]))
        made = [r for r in GATE.requests if "uploads" in r.query or (r.method == "PUT" and "partNumber" not in r.query)]
        self.assertGreaterEqual(len(made), 2)
        for request in made:
            self.assertEqual(request.headers["x-amz-acl"], "bucket-owner-full-control")
            self.assertEqual(request.headers["x-amz-server-side-encryption"], "aws:kms")
            self.assertEqual(request.headers["x-amz-server-side-encryption-aws-kms-key-id"], "alias/logs")
        self.assertTrue(all(r.headers["x-amz-request-payer"] == "requester" for r in GATE.requests))

    def test_input_and_output_of_different_accounts_and_regions(self):
        config = "[profile reader]\nregion = us-east-1\n"
        keys = (f"[reader]\naws_access_key_id={MAIN[0]}\naws_secret_access_key={MAIN[1]}\n"
                f"[writer]\naws_access_key_id={OTHER[0]}\naws_secret_access_key={OTHER[1]}\n")
        self.env = environment(GATE, self.folder, account=None)
        self.env.update(profile_files(self.folder, config, keys))
        GATE.allowed = {"logs": {MAIN[0]}, "elsewhere": {OTHER[0]}}
        S3.put_object(Bucket="logs", Key="a.csv", Body=b"n\n1\n")
        job = {"input": {"paths": "s3://logs/", "format": "csv", "s3": {"profile": "reader"}},
               "output": {"path": "s3://elsewhere/b.csv", "s3": {"profile": "writer"}}}
        self.run_s3(job, ranks=2)
        self.assertEqual(self.get("elsewhere", "b.csv"), b"n\n1\n")
        job["output"]["s3"] = {"profile": "reader"}
        ran = self.run_s3(job, "--overwrite", code=3)
        self.says(ran.err, "s3://elsewhere/b.csv", "eu-central-1", "profile 'reader'", "AccessDenied")


if __name__ == "__main__":
    s3_case.harness.main()
