# SPDX-License-Identifier: Apache-2.0
"""What subcommands share: the configuration with its account and cluster, and what is shown of a cluster and its steps."""

import os

from evclean_aws import config as configuration
from evclean_aws import cost, jobs, logs
from evclean_aws.accounts import Account
from evclean_aws.doctor import OK, Doctor, check_outputs
from evclean_aws.ec2 import Ec2
from evclean_aws.emr import Emr
from evclean_aws.problem import Problem, without_secrets

INTERVAL_S = float(os.environ.get("EVCLEAN_AWS_SECONDS", "10"))  # between two looks at AWS


def say(text=""):
    print(without_secrets(str(text)), flush=True)


class Session:
    """The configuration, who we are, and the kind of cluster it names."""

    def __init__(self, path):
        self.config = configuration.read(path)
        self._account = self._cluster = None

    @property
    def account(self):
        if self._account is None:
            self._account = Account(self.config.cluster.profiles.cluster, self.config.cluster.region_name)
        return self._account

    @property
    def cluster(self):
        if self._cluster is None:
            if self.config.kind == "parallelcluster":
                raise Problem("with parallelcluster, jobs go through Slurm and this subcommand has nothing to look at",
                              "evclean-aws ssh, then sbatch, squeue and scancel there (evclean-aws submit shows the line)")
            self._cluster = (Emr if self.config.kind == "emr" else Ec2)(self.account, self.config)
        return self._cluster

    def state(self, cluster_id=None):
        return self.cluster.state(self.cluster.find(cluster_id))

    def job_files(self, named):
        paths = named_paths(named) or [self.config.resolve(path) for path in self.config.jobs]
        if not paths:
            raise Problem("no job is named", "evclean-aws submit job.yml, or jobs: [job.yml] in the configuration")
        found = [jobs.look(path) for path in paths]
        for job in found:
            check_outputs(self.config, job)
        return found


def named_paths(named):
    """Job files of the command line: relative to the working directory, not to the configuration."""
    return [os.path.abspath(path) for path in named or []]


def print_findings(findings):
    for finding in findings:
        say(f"{finding.state:8}{finding.text}")
        if finding.cure:
            say("        " + finding.cure.replace("\n", "\n        "))


def examine(session, named, quiet=False):
    """The doctor's checks before anything is paid for. Problem when one found something wrong."""
    doctor = Doctor(session.config, named_paths(named)).run()
    print_findings([f for f in doctor.findings if not quiet or f.state != OK])
    if doctor.wrong:
        raise Problem(f"{len(doctor.wrong)} of {len(doctor.findings)} checks found something wrong: nothing was started",
                      "change what they say; evclean-aws doctor looks again")
    return doctor


def show_state(session, state):
    say(f"cluster {state.id} ({state.name}): {state.state}")
    if state.code:
        reason = f"{state.code}{': ' + state.message if state.message else ''}"
        say(f"reason  {reason}")
    if state.leader and state.alive:
        say(f"leading {state.leader}")
    hours = cost.hours_of(state)
    if hours is not None:
        say(f"there for {hours:.2f} h")
    lost = [i for i in session.cluster.instances(state.id) if i[3]]
    for instance, address, name, reason in lost:
        say(f"node    {instance} {address} {name}: {reason}")
    for step in state.steps:
        say(f"step    {step.id} {step.name}: {step.state}{' (' + step.reason + ')' if step.reason else ''}")


def failed_step(session, state, step):
    """A failed step as a Problem that holds its log's last lines."""
    text, where = logs.text_of(session.account, state, step)
    if text is None:
        tail = f"no log yet under {where} (EMR sends logs every five minutes)"
    else:
        tail = "\n  ".join([f"the last lines of {where}:", *("| " + line for line in logs.last_lines(text))])
    return Problem(f"the step {step.id} ({step.name}) of {state.id} ended {step.state}{': ' + step.reason if step.reason else ''}", tail, 1)


def judge(session, state):
    """Problem for a cluster or step that did not end well."""
    for step in state.steps:
        if step.state == "FAILED":
            raise failed_step(session, state, step)
    if state.state == "TERMINATED_WITH_ERRORS" or state.state == "DEGRADED":
        raise session.cluster.gone(state, "go on")


def follow_step(session, state, step_id):
    step, state = logs.follow(session.account, session.cluster, state, step_id, lambda text: print(text, end="", flush=True),
                              interval_s=INTERVAL_S)
    say(f"step {step.id} {step.state}")
    if step.state != "COMPLETED":
        raise failed_step(session, state, step)


def bill_text(session, state):
    hours = cost.hours_of(state)
    if hours is None:
        return "its hours are not known"
    return f"{hours:.2f} h, about {cost.bill(session.account, session.config, hours).total:.2f} USD"
