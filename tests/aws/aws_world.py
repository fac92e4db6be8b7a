# SPDX-License-Identifier: Apache-2.0
"""A test has an account at moto's server, with a configuration, a job and the files it names."""

import os
import pathlib
import shutil
import tempfile
import unittest
from unittest import mock

from aws_server import Cloud, command, environment

import boto3

REGION = "eu-central-1"
CONFIG = """\
emr:
  cluster_name: access-log
  region_name: eu-central-1
  instances: 8
  instance_type: r6i.2xlarge
  key_pairs: {us-east-1: evclean-us, eu-central-1: evclean-eu}
  log_path: s3://our-logs/evclean/
  code_path: s3://our-code/evclean/
  profiles: {cluster: work}
bundle: bundle.tar.gz
jobs: [job.yml]
"""
JOB = """\
input: {paths: "s3://our-input/2026/*.gz", format: combined}
tables:
  users: {paths: users.csv}
output: "s3://our-output/clean.parquet"
"""


class AwsTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.cloud = Cloud()

    @classmethod
    def tearDownClass(cls):
        cls.cloud.close()

    def setUp(self):
        self.cloud.reset()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="evclean-aws-"))
        self.addCleanup(shutil.rmtree, self.folder)
        patch = mock.patch.dict(os.environ, environment(self.cloud, self.folder), clear=True)
        patch.start()
        self.addCleanup(patch.stop)
        self.write("job.yml", JOB)
        self.write("users.csv", "ip,plan\n")
        self.write("bundle.tar.gz", "not really one")
        self.configure()

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def configure(self, *changes, base=CONFIG):
        for old, new in changes:
            self.assertIn(old, base)
            base = base.replace(old, new)
        self.write("config.yml", base)

    def client(self, service, region=REGION, profile="work"):
        return boto3.Session(profile_name=profile).client(service, region_name=region)

    def furnish(self, *, keys=(REGION,), closed=True, buckets=("our-logs", "our-code", "our-input", "our-output")):
        """An account in which everything is as it should be."""
        s3, iam = self.client("s3"), self.client("iam")
        for name in buckets:
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
            if closed:
                s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={
                    key: True for key in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")})
        for name in ("EMR_DefaultRole", "EMR_EC2_DefaultRole", "evclean-node"):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
            iam.create_instance_profile(InstanceProfileName=name)
        for region in keys:
            self.client("ec2", region).create_key_pair(KeyName="evclean-eu" if region == REGION else "evclean-us")

    def run_command(self, *words):
        return command(self.folder, *words)

    def succeeds(self, *words):
        result = self.run_command(*words)
        self.assertEqual(result.code, 0, result)
        return result.out

    def fails(self, *words, says=(), code=2):
        result = self.run_command(*words)
        self.assertEqual(result.code, code, result)
        for text in says:
            self.assertIn(text, result.out + result.err, result)
        self.assertNotIn("Traceback", result.err)
        return result

    def rule(self, match, answer):
        self.cloud.rules.append(lambda request: answer(request) if match(request) else None)

    def requests(self, name):
        return [r for r in self.cloud.seen if name in (r.target, r.action)]
