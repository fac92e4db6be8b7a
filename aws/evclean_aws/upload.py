# SPDX-License-Identifier: Apache-2.0
"""Bundle, node scripts and jobs to S3, each under its SHA-256: the same content is uploaded once, and a name never changes
what it means."""

import dataclasses
import pathlib

import botocore.exceptions as aws

from evclean_aws import jobs
from evclean_aws.accounts import call, code_of, explain
from evclean_aws.buckets import split_path
from evclean_aws.problem import Problem

NODES = pathlib.Path(__file__).with_name("nodes")


@dataclasses.dataclass
class Uploaded:
    path: str
    sha256: str
    fresh: bool = True


class Uploader:
    def __init__(self, account, config):
        self.account, self.config = account, config
        self.bucket, self.folder = split_path(config.cluster.code_path)

    def _exists(self, key):
        try:
            self.account.client("s3").head_object(Bucket=self.bucket, Key=key)
            return True
        except aws.ClientError as error:
            if code_of(error) in ("404", "NoSuchKey", "NotFound"):
                return False
            raise explain(f"look at s3://{self.bucket}/{key}", self.account.profile, error) from error

    def _encrypted(self):
        kms = self.config.cluster.kms_key
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms} if kms else {"ServerSideEncryption": "AES256"}

    def put(self, local, key):
        """One file, unless it is there already: encrypted, and checked by S3 on arrival."""
        fresh = not self._exists(key)
        if fresh:
            extra = {**self._encrypted(), "ChecksumAlgorithm": "SHA256"}
            try:
                self.account.client("s3").upload_file(str(local), self.bucket, key, ExtraArgs=extra)
            except (aws.ClientError, aws.BotoCoreError) as error:
                raise explain(f"upload {local} to s3://{self.bucket}/{key}", self.account.profile, error) from error
            except OSError as error:
                raise Problem(f"cannot read {local}: {error.strerror}") from None
            except Exception as error:  # boto3's own S3UploadFailedError hides the cause in its text
                raise Problem(f"cannot upload {local} to s3://{self.bucket}/{key}: {error}") from error
        return Uploaded(f"s3://{self.bucket}/{key}", pathlib.PurePosixPath(key).parts[-2], fresh)

    def bundle(self):
        if self.config.bundle is None:
            raise Problem("bundle: the configuration names none", "make bundle, then bundle: build/evclean-bundle.tar.gz")
        path = self.config.resolve(self.config.bundle)
        if not path.is_file():
            raise Problem(f"bundle: there is no file {path}", "make bundle")
        return self.put(path, f"{self.folder}bundles/{jobs.file_digest(path)}/{path.name}")

    def script(self, name):
        path = NODES / name
        return self.put(path, f"{self.folder}scripts/{jobs.file_digest(path)}/{name}")

    def job(self, job):
        """The job file and what comes along, in a folder named after the hash of all; the job file last, so that a folder
        that has it is whole."""
        digest = jobs.digest(job)
        folder = f"{self.folder}jobs/{digest}/"
        fresh = not self._exists(folder + job.path.name)
        if fresh:
            for name, path in job.along.items():
                self.put(path, folder + name)
            self.put(job.path, folder + job.path.name)
        return Uploaded(f"s3://{self.bucket}/{folder}", digest, fresh)


def read_text(account, path):
    """The text of a small object, or None when it is not there."""
    bucket, key = split_path(path)
    try:
        body = call(f"read {path}", account.profile, account.client("s3").get_object, Bucket=bucket, Key=key)["Body"].read()
    except Problem as problem:
        if isinstance(problem.__cause__, aws.ClientError) and code_of(problem.__cause__) in ("NoSuchKey", "404"):
            return None
        raise
    return body.decode("utf-8", "replace")
