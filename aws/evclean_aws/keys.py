# SPDX-License-Identifier: Apache-2.0
"""Key pairs: made by ssh-keygen on this machine for one cluster; only the public half goes to AWS, region by region."""

import pathlib
import shutil
import subprocess

import botocore.exceptions as aws

from evclean_aws.accounts import code_of, explain
from evclean_aws.problem import SYSTEM, Problem


def default_name(config):
    return f"evclean-{config.cluster.cluster_name}"


def private_path(name):
    return pathlib.Path.home() / ".ssh" / name


def create(name):
    """The path of the public half. The private half is written by ssh-keygen alone, readable by its owner alone."""
    path = private_path(name)
    if path.exists():
        raise Problem(f"{path} exists already", "evclean-aws keys import takes it as it is; or choose another --name")
    if shutil.which("ssh-keygen") is None:
        raise Problem("ssh-keygen is not installed", "install openssh-client", SYSTEM)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    done = subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Problem(f"ssh-keygen: {done.stderr.strip()}", code=SYSTEM)
    return path.with_suffix(".pub")


def read_public(path):
    """The text of a public key. Problem for a private one, or none."""
    path = pathlib.Path(path).expanduser()
    if path.suffix != ".pub" and path.with_name(path.name + ".pub").exists():
        path = path.with_name(path.name + ".pub")
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"cannot read the public key {path}: {error}", "ssh-keygen -t ed25519 makes one; evclean-aws keys create too") from None
    if "PRIVATE KEY" in text:
        raise Problem(f"{path} is a private key: it stays here", f"name its public half: ssh-keygen -y -f {path} > {path}.pub")
    if not text.startswith(("ssh-ed25519 ", "ssh-rsa ")):
        raise Problem(f"{path} is no public key that EC2 takes", "EC2 takes ed25519 and RSA keys: ssh-keygen -t ed25519")
    return text.strip()


def put(account, region, name, public):
    """'made', or 'there already' for the same key. Problem when another key has the name."""
    client = account.client("ec2", region)
    try:
        client.import_key_pair(KeyName=name, PublicKeyMaterial=public.encode(),
                               TagSpecifications=[{"ResourceType": "key-pair", "Tags": [{"Key": "evclean", "Value": name}]}])
        return "made"
    except aws.ClientError as error:
        if code_of(error) == "InvalidKeyPair.Duplicate":
            return _compare(client, account, region, name, public)
        if code_of(error) == "InvalidKeyPair.Format" or code_of(error) == "InvalidKey.Format":
            raise Problem(f"{region}: EC2 does not take this public key", "EC2 takes ed25519 and RSA keys: ssh-keygen -t ed25519") from None
        raise explain(f"import the key pair into {region}", account.profile, error) from error


def _compare(client, account, region, name, public):
    try:
        there = client.describe_key_pairs(KeyNames=[name], IncludePublicKey=True)["KeyPairs"][0].get("PublicKey", "")
    except aws.ClientError as error:
        raise explain(f"look at the key pair in {region}", account.profile, error) from error
    if there.split()[:2] == public.split()[:2]:
        return "there already"
    raise Problem(f"{region} has another key pair named '{name}'", "choose another --name, or remove that one: "
                  f"aws ec2 delete-key-pair --region {region} --key-name {name}")
