# SPDX-License-Identifier: Apache-2.0
"""evclean against versitygw: python s3_server.py build/evclean versitygw. Prints "ok NAME" or "not ok NAME" a case."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import boto3
from botocore.config import Config

PROGRAM, SERVER = sys.argv[1:3]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "s3"))
from s3_world import free_port, profile_files, wait_for_port  # noqa: E402

REGION = "eu-central-1"
OWNER, BOB = ("rootkey", "rootsecret-nobody-sees"), ("bobskey", "bobsecret-nobody-sees")
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1", "-np"]


class World:
    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        for name in ("data", "iam", "work"):
            (folder / name).mkdir()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = dict(os.environ, ROOT_ACCESS_KEY=OWNER[0], ROOT_SECRET_KEY=OWNER[1])
        self.process = subprocess.Popen(
            [SERVER, "--port", f"127.0.0.1:{self.port}", "--region", REGION, "--iam-dir", str(folder / "iam"),
             "--keep-alive", "posix", str(folder / "data")], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.port)
        subprocess.run([SERVER, "admin", "-a", OWNER[0], "-s", OWNER[1], "-er", self.url, "-r", REGION, "create-user",
                        "-a", BOB[0], "-s", BOB[1], "-r", "user"], check=True, stdout=subprocess.DEVNULL)
        self.s3 = boto3.client("s3", endpoint_url=self.url, aws_access_key_id=OWNER[0], aws_secret_access_key=OWNER[1],
                               region_name=REGION, config=Config(s3={"addressing_style": "path"}))
        for bucket in ("logs", "out"):
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.env = dict(os.environ, AWS_ENDPOINT_URL=self.url, AWS_REGION="us-west-2", AWS_EC2_METADATA_DISABLED="true",
                        OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", **profile_files(
                            folder, "", "".join(f"[{name}]\naws_access_key_id={key[0]}\naws_secret_access_key={key[1]}\n"
                                                for name, key in (("owner", OWNER), ("bob", BOB)))))

    def start(self, job, ranks=0, profile="owner"):
        (self.folder / "work" / "job.yml").write_text(json.dumps(dict(job, s3={"profile": profile})))
        command = ([*MPIRUN, str(ranks)] if ranks else []) + [PROGRAM, "run", "job.yml", "--overwrite", "--report", "report.json"]
        return subprocess.Popen(command, cwd=self.folder / "work", env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, job, ranks=0, profile="owner", code=0):
        process = self.start(job, ranks, profile)
        out, err = process.communicate(timeout=120)
        assert process.returncode == code, f"code {process.returncode}\n{out}{err}"
        for secret in (OWNER[1], BOB[1]):
            assert secret not in out + err
        return err

    def get(self, key):
        return self.s3.get_object(Bucket="out", Key=key)["Body"].read()

    def uploads(self):
        return self.s3.list_multipart_uploads(Bucket="out").get("Uploads", [])


def job_of(paths="s3://logs/", output="s3://out/all.csv", **more):
    return dict({"input": {"paths": paths, "format": "csv"}, "output": output, "resources": {"chunk": "1MiB"}}, **more)


def reading_and_writing_at_1_to_4_ranks(world):
    text = "n,x\n" + "".join(f"{i},{i * 7919 % 1000003}\n" for i in range(1_200_000))
    world.s3.put_object(Bucket="logs", Key="2026/big.csv", Body=text.encode())
    seen = set()
    for ranks in (1, 2, 3, 4):
        world.run(job_of(), ranks)
        seen.add((world.get("all.csv"), world.s3.head_object(Bucket="out", Key="all.csv")["ETag"]))
    assert len(seen) == 1 and next(iter(seen))[0].decode() == text
    assert not world.uploads()


def many_small_objects_in_pages(world):
    for i in range(1100):
        world.s3.put_object(Bucket="logs", Key=f"small/{i:04}.csv", Body=f"n,x\n{i},1\n".encode())
    world.run(job_of("s3://logs/small/*.csv", "s3://out/small.csv"), 2)
    assert world.get("small.csv").decode() == "n,x\n" + "".join(f"{i},1\n" for i in range(1100))


def another_account_is_refused_until_a_policy_allows_it(world):
    err = world.run(job_of("s3://logs/2026/big.csv", "b.csv"), 2, "bob", 3)
    assert "AccessDenied" in err and "profile 'bob'" in err and "s3://logs/2026/big.csv" in err, err
    allow = [{"Effect": "Allow", "Principal": [OWNER[0], BOB[0]], "Action": ["s3:GetObject", "s3:ListBucket"],
              "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]}]
    world.s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": allow}))
    world.run(job_of("s3://logs/2026/", "b.csv"), 2, "bob")
    err = world.run(job_of("s3://logs/2026/", "s3://out/b.csv"), 2, "bob", 3)
    assert "cannot write s3://out/b.csv" in err and "AccessDenied" in err, err


def an_interrupt_leaves_no_upload(world):
    for number in (signal.SIGINT, signal.SIGTERM):
        for ranks in (0, 2):
            process = world.start(job_of(output="s3://out/cut.csv"), ranks)
            end = time.monotonic() + 60
            while not world.uploads() and process.poll() is None and time.monotonic() < end:
                time.sleep(0.002)
            process.send_signal(number)
            process.communicate(timeout=60)
            time.sleep(0.3)
            assert not world.uploads()


def parquet_and_hdf5_open(world):
    import io
    import pandas
    world.run(job_of("s3://logs/2026/", ["s3://out/a.parquet", "s3://out/a.h5"]), 3)
    frame = pandas.read_parquet(io.BytesIO(world.get("a.parquet")))
    (world.folder / "a.h5").write_bytes(world.get("a.h5"))
    assert frame.equals(pandas.read_hdf(world.folder / "a.h5")) and len(frame) == 1_200_000


def main():
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        world = World(pathlib.Path(name))
        try:
            for case in (reading_and_writing_at_1_to_4_ranks, many_small_objects_in_pages,
                         another_account_is_refused_until_a_policy_allows_it, an_interrupt_leaves_no_upload,
                         parquet_and_hdf5_open):
                title = "S3 server: " + case.__name__.replace("_", " ")
                try:
                    case(world)
                    print("ok", title, flush=True)
                except Exception:
                    print("not ok", title, flush=True)
                    traceback.print_exc()
        finally:
            world.process.kill()
            world.process.wait()


if __name__ == "__main__":
    main()
