# SPDX-License-Identifier: Apache-2.0
"""Reading one large object: evclean beside plain ranged downloads from the same server with as many connections.

usage: bench/s3_read.py BUILD [--size 1G] [--ranks 2] [--connections 8] [--runs 3] [--server versitygw]

The server runs on loopback. `--server` is the path of versitygw; without it the tests' server (moto) is used, which is
slow itself. The downloads are curl's, one process a connection, each an equal range, thrown away. Beside them: the source
alone (one process that reads the object as text and decodes nothing), and a job that reads the object line by line and
keeps no line. All take turns. What was read is compared first: the bytes' hash with that of what curl gets, the lines'
number with that of the object. "processor" is the processors' time of all processes, the server's too: on a machine that
the server shares it says more than the clock.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import boto3
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "s3"))
import s3_world  # noqa: E402

UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
KEY, SECRET = "benchkey", "benchsecret"


def start_server(program, folder):
    port = s3_world.free_port()
    if program:
        for name in ("data", "iam"):
            (folder / name).mkdir()
        environment = dict(os.environ, ROOT_ACCESS_KEY=KEY, ROOT_SECRET_KEY=SECRET)
        command = [program, "--port", f"127.0.0.1:{port}", "--region", "us-east-1", "--iam-dir", str(folder / "iam"),
                   "--keep-alive", "posix", str(folder / "data")]
    else:
        environment = os.environ
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    s3_world.wait_for_port(port)
    return process, f"http://127.0.0.1:{port}"


def make_object(client, size):
    """Log-like lines; the object has exactly `size` bytes, its last line maybe a short one. Gives their number."""
    client.create_bucket(Bucket="bench")
    block = b"".join(b'10.0.%d.%d - - [01/Nov/2026:06:52:16 +0000] "GET /product/%d HTTP/1.1" 200 %d "-" "curl/8"\n'
                     % (i >> 8 & 255, i & 255, i, i * 7 % 9000) for i in range(80000))
    upload = client.create_multipart_upload(Bucket="bench", Key="big.log")["UploadId"]
    parts, left, lines = [], size, 0
    while left > 0:
        body = (block * ((64 << 20) // len(block)))[:left]
        tag = client.upload_part(Bucket="bench", Key="big.log", UploadId=upload, PartNumber=len(parts) + 1, Body=body)
        parts.append({"PartNumber": len(parts) + 1, "ETag": tag["ETag"]})
        left -= len(body)
        lines += body.count(b"\n") + (left == 0 and not body.endswith(b"\n"))
    client.complete_multipart_upload(Bucket="bench", Key="big.log", UploadId=upload, MultipartUpload={"Parts": parts})
    return lines


class Meter:
    """Seconds, and processor seconds of the server and of our children, of a block."""

    def __init__(self, server):
        self.server, self.seconds, self.processor = server, [], []

    def now(self):
        fields = pathlib.Path(f"/proc/{self.server.pid}/stat").read_text().rsplit(")", 1)[1].split()
        used = os.times()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + used.children_user + used.children_system

    def run(self, body, *arguments):
        before = self.now()
        self.seconds.append(body(*arguments))
        self.processor.append(self.now() - before)


def read_source(build, environment, path, *words):
    done = subprocess.run([f"{build}/bench/bench_source", path, *words], env=environment, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def same_bytes(build, environment, folder, url):
    subprocess.run(["curl", "-sf", "-o", str(folder / "plain"), url], check=True)
    there, here = (read_source(build, environment, path, "hash") for path in ("s3://bench/big.log", str(folder / "plain")))
    (folder / "plain").unlink()
    if (there["bytes"], there["hash"]) != (here["bytes"], here["hash"]):
        sys.exit(f"the source gives other bytes than curl: {there} {here}")


def download(url, size, connections):
    begin = time.perf_counter()
    share = (size + connections - 1) // connections
    processes = [subprocess.Popen(["curl", "-sf", "-o", "/dev/null", "-r", f"{i * share}-{min(size, (i + 1) * share) - 1}", url])
                 for i in range(connections)]
    if any(process.wait() for process in processes):
        sys.exit("a download failed")
    return time.perf_counter() - begin


def account(endpoint, connections):
    return dict(os.environ, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_REGION="us-east-1",
                AWS_ENDPOINT_URL=endpoint, EVCLEAN_S3_CONNECTIONS=str(connections),
                OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")


def clean(build, endpoint, folder, ranks, connections, lines):
    (folder / "job.yml").write_text(json.dumps({
        "input": {"paths": "s3://bench/big.log", "format": "lines"}, "steps": [{"filter": "false"}],
        "output": {"path": str(folder / "out.csv"), "overwrite": True}}))
    mpirun = ["mpirun", "--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1", "-np", str(ranks)]
    subprocess.run([*mpirun * (ranks > 1), f"{build}/evclean", "run", str(folder / "job.yml"), "--progress", "none", "--report",
                    str(folder / "report.json")], env=account(endpoint, connections // ranks), check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    report = json.loads((folder / "report.json").read_text())
    if report["ledger"]["lines"] != lines:
        sys.exit("evclean did not read the whole object")
    return report["seconds"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--size", default="1G")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--server")
    wanted = parser.parse_args()
    size = int(wanted.size[:-1]) * UNITS[wanted.size[-1]]
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = pathlib.Path(name)
        process, endpoint = start_server(wanted.server, folder)
        try:
            client = boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=KEY, aws_secret_access_key=SECRET,
                                  region_name="us-east-1", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
            lines = make_object(client, size)
            url = client.generate_presigned_url("get_object", Params={"Bucket": "bench", "Key": "big.log"}, ExpiresIn=36000)
            environment = account(endpoint, wanted.connections)
            same_bytes(wanted.build, environment, folder, url)
            plain, source, ours = Meter(process), Meter(process), Meter(process)
            for _ in range(wanted.runs):
                plain.run(download, url, size, wanted.connections)
                source.run(lambda: read_source(wanted.build, environment, "s3://bench/big.log")["seconds"])
                ours.run(clean, wanted.build, endpoint, folder, wanted.ranks, wanted.connections, lines)
        finally:
            process.kill()
            process.wait()
    print(f"{wanted.size} object, {wanted.connections} connections, {wanted.ranks} ranks, load {os.getloadavg()[0]:.1f}, "
          f"{os.path.basename(wanted.server or 'moto')}")
    base = statistics.median(plain.seconds)
    for title, meter in (("plain ranged download", plain), ("the source alone", source), (f"a job, {wanted.ranks} ranks", ours)):
        middle = statistics.median(meter.seconds)
        print(f"{title:24} min {min(meter.seconds):.2f} s  median {middle:.2f} s  max {max(meter.seconds):.2f} s  {size / middle / 1e6:7.0f} MB/s  "
              f"processor {statistics.median(meter.processor):.2f} s  {100 * base / middle:4.0f} % of the plain rate")


if __name__ == "__main__":
    main()
