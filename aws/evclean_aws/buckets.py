# SPDX-License-Identifier: Apache-2.0
"""Buckets: where they are, whether we may, whether others may."""

import botocore.exceptions as aws

from evclean_aws.accounts import call, code_of, explain
from evclean_aws.problem import Problem


def split_path(path):
    """('bucket', 'folder/') of s3://bucket/folder/."""
    bucket, _, key = path.removeprefix("s3://").partition("/")
    return bucket, key


class Bucket:
    """What one identity sees of a bucket."""

    def __init__(self, name, region, allowed):
        self.name, self.region, self.allowed = name, region, allowed


def look(account, name):
    """The bucket's region, and whether the account may list it. Problem when there is no such bucket."""
    try:
        headers = account.client("s3").head_bucket(Bucket=name)["ResponseMetadata"]["HTTPHeaders"]
        allowed = True
    except aws.ClientError as error:
        headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
        status = error.response["ResponseMetadata"].get("HTTPStatusCode")
        if status == 404:
            raise Problem(f"there is no bucket '{name}'", f"make it: aws s3 mb s3://{name} --region {account.region}") from None
        if status not in (301, 400, 403):
            raise explain(f"look at the bucket {name}", account.profile, error) from error
        allowed = status != 403
    except aws.ParamValidationError as error:
        raise Problem(f"'{name}' cannot be the name of a bucket: {error}") from None
    return Bucket(name, headers.get("x-amz-bucket-region") or _location(account, name), allowed)


def _location(account, name):
    try:
        return account.client("s3").get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1"
    except aws.ClientError:
        return None


def is_closed(account, name):
    """Whether the public is kept out: None when we may not know."""
    try:
        block = account.client("s3").get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        return all(block.get(key) for key in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"))
    except aws.ClientError as error:
        return False if code_of(error) == "NoSuchPublicAccessBlockConfiguration" else None


def encryption(account, name):
    """(algorithm, KMS key or None): (None, None) when unknown."""
    try:
        rules = account.client("s3").get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        default = rules[0]["ApplyServerSideEncryptionByDefault"]
        return default["SSEAlgorithm"], default.get("KMSMasterKeyID")
    except aws.ClientError as error:
        return ("none", None) if code_of(error) == "ServerSideEncryptionConfigurationNotFoundError" else (None, None)


def may_write(account, path):
    """Writes and removes a small object. Problem when that is refused."""
    bucket, folder = split_path(path)
    s3 = account.client("s3")
    key = folder + ".evclean-doctor"
    call(f"write to {path}", account.profile, s3.put_object, Bucket=bucket, Key=key, Body=b"")
    call(f"remove from {path}", account.profile, s3.delete_object, Bucket=bucket, Key=key)
