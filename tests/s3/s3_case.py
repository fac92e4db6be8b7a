# SPDX-License-Identifier: Apache-2.0
"""What the S3 tests share: one server for the script, and jobs that run against it."""

import atexit
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "jobs"))

import harness  # noqa: E402
import s3_world  # noqa: E402

for name in [name for name in harness.ENVIRONMENT if name.startswith("AWS_")]:  # of who runs the tests
    del harness.ENVIRONMENT[name]

SERVER = s3_world.Server()
GATE = s3_world.Gate(SERVER)
atexit.register(SERVER.stop)
S3 = SERVER.client
BUCKETS = {"logs": None, "elsewhere": "eu-central-1", "other.account": None, "out": None}


def empty(bucket):
    for page in S3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            S3.delete_object(Bucket=bucket, Key=entry["Key"])


class S3Case(harness.Case):
    """A test with a folder, and buckets, of its own."""

    def setUp(self):
        super().setUp()
        GATE.forget()
        existing = {bucket["Name"] for bucket in S3.list_buckets()["Buckets"]}
        for bucket in BUCKETS:
            if bucket in existing:
                empty(bucket)
            else:
                S3.create_bucket(Bucket=bucket)
        GATE.regions = {bucket: region or "us-east-1" for bucket, region in BUCKETS.items()}
        self.env = s3_world.environment(GATE, self.folder)

    def put(self, bucket, **objects):
        """Objects by name; `__` in a name is a slash, or give them as a dict through `named`."""
        for name, content in objects.pop("named", {}).items():
            S3.put_object(Bucket=bucket, Key=name, Body=content if isinstance(content, bytes) else content.encode())

    def get(self, bucket, key):
        return S3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def keys(self, bucket):
        return [entry["Key"] for page in S3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
                for entry in page.get("Contents", [])]

    def uploads(self, bucket):
        return [upload["Key"] for upload in S3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]

    def run_s3(self, job, *args, ranks=0, code=0, **more):
        """As run_job; nothing that is printed or reported may hold a secret or a signature."""
        ran = self.run_job(job, *args, ranks=ranks, code=code, env=dict(self.env, **more))
        self.assertNoSecrets(ran)
        return ran

    def assertNoSecrets(self, ran):
        texts = [ran.out, ran.err, str(ran.report)]
        texts += [path.read_bytes().decode(errors="replace") for path in self.folder.rglob("*")
                  if path.is_file() and not path.name.startswith("aws-")]
        for text in texts:
            for secret in s3_world.SECRETS:
                self.assertNotIn(secret, text)
            self.assertNotRegex(text, r"(?i)signature=|aws4-hmac|x-amz-security-token")

    def rows_of(self, paths, ranks=0, fmt="csv", more=None, **keys):
        """Lines of the CSV that a job without steps makes of these paths."""
        job = {"input": dict({"paths": paths, "format": fmt}, **keys), "output": {"path": "out.csv", "overwrite": True}}
        job.update(more or {})
        ran = self.run_s3(job, ranks=ranks)
        return (self.folder / "out.csv").read_text().splitlines(), ran

    def refused_s3(self, paths, *words, code=3, more=None, env=None, **keys):
        job = {"input": dict({"paths": paths, "format": "csv"}, **keys), "output": {"path": "out.csv", "overwrite": True}}
        job.update(more or {})
        ran = self.run_s3(job, code=code, **(env or {}))
        self.says(ran.err, *words)
        return ran
