#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves on a real account what moto cannot: costs about a dollar. Makes two small EMR clusters of its own name, runs a job
on 2 nodes, fails a step, and ends both; each line is "ok NAME" or "not ok NAME", the last "N passed, N failed".

usage: prove_on_real_account.py --config config.yml --input s3://bucket/some.log [--yes]
config.yml is one that `evclean-aws doctor` finds nothing wrong with; its bundle, buckets, key pair and subnet are used, its
cluster_name gets "-proof" and instances become 2. Nothing else of the account is touched.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import yaml

HERE = pathlib.Path(__file__).resolve().parent
JOB = """\
input: {{paths: "{source}", format: lines, rejects: {{max: 100%}}}}
steps: [{{limit: 1000}}]
output: {{path: "{target}", overwrite: true}}
"""


class Proof:
    def __init__(self, config, folder):
        self.config, self.folder, self.passed, self.failed = config, folder, 0, 0

    def aws(self, *words, limit_s=3600):
        done = subprocess.run([str(HERE / "evclean-aws"), *words, "--config", str(self.config)], cwd=self.folder, timeout=limit_s,
                              capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def check(self, name, holds, said=""):
        self.passed, self.failed = self.passed + bool(holds), self.failed + (not holds)
        print(f"{'ok' if holds else 'not ok'} {name}", flush=True)
        if not holds:
            print("  " + said.strip().replace("\n", "\n  "), flush=True)
        return holds


def settings(original, folder, **changes):
    data = yaml.safe_load(original.read_text())
    if "emr" not in data:
        sys.exit("this proof is for a configuration with the section emr")
    data["emr"].update(instances=2, cluster_name=data["emr"]["cluster_name"][:50] + "-proof", **changes)
    data["bundle"] = str((original.parent / data["bundle"]).resolve())
    data["jobs"] = ["proof.yml"]
    path = folder / f"config-{len(list(folder.iterdir()))}.yml"
    path.write_text(yaml.safe_dump(data))
    return path, data["emr"]


def prove(original, source, folder):
    config, section = settings(original, folder, auto_terminate=False)
    target = section["log_path"].rstrip("/") + "/proof/lines.csv"
    (folder / "proof.yml").write_text(JOB.format(source=source, target=target))
    (folder / "broken.yml").write_text(JOB.format(source=source + ".is-not-there", target=target))
    proof = Proof(config, folder)
    code, said = proof.aws("doctor")
    if not proof.check("doctor: roles, quota, simulator, offerings, release, buckets of a real account", code == 0, said):
        return proof
    try:
        code, said = proof.aws("up", "proof.yml")
        if not proof.check("EMR takes the request: subnet, roles, key pair, tags, bootstrap action, idle policy", code == 0, said):
            return proof
        code, said = proof.aws("status", "--wait")
        proof.check("bootstrap installs the bundle on 2 nodes, they meet, mpirun runs over both", code == 0 and "COMPLETED" in said, said)
        code, said = proof.aws("logs")
        proof.check("the log is in S3 and names 2 nodes", code == 0 and "ranks on 2 nodes" in said, said)
        code, said = proof.aws("submit", "broken.yml", "--follow")
        proof.check("a failed step shows its last lines", code == 1 and "is-not-there" in said, said)
        code, said = proof.aws("ssh", "hostname")
        proof.check("ssh to the leading node", code == 0, said)
        code, said = proof.aws("cost", "--hours", "1")
        proof.check("the price list answers", code == 0 and "price list" in said, said)
    finally:
        code, said = proof.aws("down")
        proof.check("down ends it", code == 0, said)
    time.sleep(60)
    code, said = proof.aws("ssh", "true")
    proof.check("a cluster that is gone says why", code == 2 and "USER_REQUEST" in said, said)
    config, _ = settings(original, folder, auto_terminate=True)
    proof.config = config
    code, said = proof.aws("run", "proof.yml")
    proof.check("run: all of it, and the cluster ends by itself", code == 0 and "COMPLETED" in said, said)
    return proof


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=pathlib.Path, required=True)
    parser.add_argument("--input", required=True, help="a text file on S3 that the nodes may read")
    parser.add_argument("--yes", action="store_true", help="do not ask before spending money")
    chosen = parser.parse_args()
    if not chosen.yes and input("This makes two EMR clusters of 2 instances for some 20 minutes each. Go on? [y/N] ") != "y":
        sys.exit("nothing was done")
    with tempfile.TemporaryDirectory() as folder:
        proof = prove(chosen.config.resolve(), chosen.input, pathlib.Path(folder))
    print(f"{proof.passed} passed, {proof.failed} failed")
    sys.exit(0 if proof.failed == 0 and proof.passed else 1)


if __name__ == "__main__":
    main()
