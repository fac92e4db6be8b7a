# SPDX-License-Identifier: Apache-2.0
"""The log of a run: what cluster-run sends to S3 while it goes on, else what EMR keeps of the step."""

import gzip
import time

import botocore.exceptions as aws

from evclean_aws import steps
from evclean_aws.accounts import code_of, explain
from evclean_aws.buckets import split_path
from evclean_aws.problem import Problem, without_secrets
from evclean_aws.upload import read_text

DONE = ("COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED")


def choose(state, wanted=None):
    """The step that is meant: by id, or the last that has begun."""
    if wanted is not None:
        for step in state.steps:
            if step.id == wanted:
                return step
        raise Problem(f"the cluster {state.id} has no step {wanted}", f"it has {', '.join(s.id for s in state.steps) or 'none'}")
    if not state.steps:
        raise Problem(f"the cluster {state.id} has no steps yet", "evclean-aws submit")
    begun = [step for step in state.steps if step.state != "PENDING"]
    return (begun or state.steps)[-1]


def text_of(account, state, step):
    """(text, where): the run's own log, else EMR's stderr and controller logs of the step. (None, where) when nothing is there."""
    path = steps.log_path(step.words)
    if path:
        text = read_text(account, path)
        if text is not None:
            return text, path
    return _emr_log(account, state, step)


def _emr_log(account, state, step):
    base = f"{state.log_path.rstrip('/')}/{state.id}/steps/{step.id}/".replace("s3n://", "s3://")
    for name in ("stderr.gz", "stdout.gz", "controller.gz"):
        bucket, key = split_path(base + name)
        try:
            body = account.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        except aws.ClientError as error:
            if code_of(error) in ("NoSuchKey", "404", "AccessDenied", "NoSuchBucket"):
                continue
            raise explain(f"read {base}{name}", account.profile, error) from error
        text = gzip.decompress(body).decode("utf-8", "replace")
        if text.strip():
            return text, base + name
    return None, base


def last_lines(text, count=20):
    return [without_secrets(line) for line in text.splitlines()[-count:]]


def follow(account, cluster, state, step_id, out, *, interval_s=5.0):
    """Prints a step's log as it grows until the step has ended; its last state. A cluster that ends meanwhile ends it too."""
    shown = 0
    while True:
        step = choose(state, step_id)
        text, _ = text_of(account, state, step) if step.state != "PENDING" else (None, "")
        if text is not None and len(text) > shown:
            out(without_secrets(text[shown:]))
            shown = len(text)
        if step.state in DONE or not state.steps:
            return step, state
        if state.state in ("TERMINATED", "TERMINATED_WITH_ERRORS"):
            raise cluster.gone(state, f"finish the step {step.name}")
        time.sleep(interval_s)
        state = cluster.state(state.id)
