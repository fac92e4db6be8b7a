# SPDX-License-Identifier: Apache-2.0
"""The policies of policies/*.json with this configuration's names in them, ready to paste."""

import json
import pathlib

from evclean_aws.buckets import split_path

FOLDER = pathlib.Path(__file__).with_name("policies")

WHAT = {
    "operator.json": "for the people (profile `cluster`) who run evclean-aws",
    "node-role.json": "for the role of the nodes (instance_profile): reads jobs and input, writes logs and outputs",
    "node-role-ec2.json": "further for the nodes' role with ec2: steps come through Systems Manager",
    "node-trust.json": "who may take the nodes' role: EC2",
    "bucket-no-plain-http.json": "for the buckets of logs and code: nothing without TLS",
    "cross-account-read.json": "for a bucket of another account that jobs read: to be set by its owner",
    "kms-use.json": "for the KMS key of such a bucket, in its key policy: to be set by its owner",
}


def fill(name, values):
    """A policy as text. A value that is a list takes the place of its string in a list."""

    def filled(node):
        if isinstance(node, dict):
            return {key: filled(value) for key, value in node.items()}
        if isinstance(node, list):
            result = []
            for item in map(filled, node):
                result.extend(item if isinstance(item, list) else [item])
            return result
        if isinstance(node, str):
            for key, value in values.items():
                if node == "${" + key + "}" or (isinstance(value, list) and "${" + key + "}" in node):
                    if isinstance(value, list):
                        return [node.replace("${" + key + "}", item) for item in value]
                    return value
                node = node.replace("${" + key + "}", value) if isinstance(value, str) else node
        return node

    return json.dumps(filled(json.loads((FOLDER / name).read_text())), indent=2)


def cross_account_read(bucket, role_arn):
    return fill("cross-account-read.json", {"bucket": bucket, "role": role_arn})


def kms_use(role_arn):
    return fill("kms-use.json", {"role": role_arn})


def role_arn(account_id, config):
    return f"arn:aws:iam::{account_id}:role/{config.instance_profile}"


def all_policies(config, account_id, input_buckets, output_buckets):
    """[(file name, what for, text)] for this configuration."""
    cluster = config.cluster
    code_bucket, code_folder = split_path(cluster.code_path)
    log_bucket, log_folder = split_path(cluster.log_path)
    values = {
        "account": account_id, "region": cluster.region_name, "name": cluster.cluster_name,
        "code_bucket": code_bucket, "code_folder": code_folder, "log_bucket": log_bucket, "log_folder": log_folder,
        "buckets": sorted({code_bucket, log_bucket}), "input_bucket": sorted(input_buckets) or [code_bucket],
        "output_bucket": sorted(output_buckets) or [log_bucket],
        "role": role_arn(account_id, config), "service_role": f"arn:aws:iam::{account_id}:role/{cluster.service_role}",
    }
    once = [n for n in WHAT if not n.startswith(("cross-account", "kms", "bucket-"))
            and (n != "node-role-ec2.json" or config.kind == "ec2")]
    texts = [(name, WHAT[name], fill(name, values)) for name in once]
    for bucket in values["buckets"]:
        texts.append((f"bucket-no-plain-http.json for {bucket}", WHAT["bucket-no-plain-http.json"],
                      fill("bucket-no-plain-http.json", {"one_bucket": bucket})))
    return texts
