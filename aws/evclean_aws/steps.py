# SPDX-License-Identifier: Apache-2.0
"""The command line of a step: one job over all nodes."""

import datetime
import re
import shlex

from evclean_aws import instances
from evclean_aws.problem import Problem

RUN = "/opt/evclean/libexec/cluster-run"


def run_name(job_path, now=None):
    """A name for a run that sorts by time: 20261101T065216Z-access_log."""
    now = now or datetime.datetime.now(datetime.timezone.utc)
    return f"{now:%Y%m%dT%H%M%SZ}-{re.sub(r'[^A-Za-z0-9_-]', '-', job_path.stem)}"


def size(config):
    cluster = config.cluster
    return instances.size_of(instances.check_type(cluster.instance_type), hadoop=config.kind == "emr",
                             ranks=cluster.ranks_per_node,
                             memory_mib=cluster.memory_per_rank and instances.mib(cluster.memory_per_rank))


def meet_path(config, token):
    return f"{config.cluster.code_path}clusters/{token}/"


def install_arguments(config, bundle, token, user):
    return ["--bundle", bundle.path, "--sha256", bundle.sha256, "--meet", meet_path(config, token), "--user", user,
            "--region", config.cluster.region_name]


def run_arguments(config, job, uploaded, token, user, name, options=(), day=None):
    """What libexec/cluster-run gets. The log's name holds the run's, so that `logs` finds it."""
    cluster, fits = config.cluster, size(config)
    words = [RUN, "--job", uploaded.path, "--file", job.path.name, "--nodes", str(cluster.instances), "--ranks", str(fits.ranks),
             "--memory", fits.memory, "--meet", meet_path(config, token), "--log", f"{cluster.log_path}runs/{name}.log",
             "--region", cluster.region_name, "--retries", str(cluster.retries), "--user", user]
    if day:
        words += ["--day", day]  # ${DAY} of the job
    if cluster.shared_folder:
        words += ["--shared", cluster.shared_folder]
    if config.kind == "ec2" and cluster.auto_terminate:
        words += ["--then", "shutdown"]
    for option in options:
        if option.startswith("resources.memory"):
            raise Problem("resources.memory is calculated from the instance type", "set memory_per_rank in the configuration")
    return words + ["--", *options]


def log_path(words):
    """The --log of a step's words, or None."""
    words = list(words)
    if len(words) == 1:
        words = shlex.split(words[0])
    return words[words.index("--log") + 1] if "--log" in words[:-1] else None


def shown(words):
    return shlex.join(words)
