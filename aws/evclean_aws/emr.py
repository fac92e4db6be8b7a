# SPDX-License-Identifier: Apache-2.0
"""EMR: a cluster that lives for its steps, or until it has been idle for a while."""

import dataclasses
import datetime
import re
import secrets

from evclean_aws import steps
from evclean_aws.accounts import call, explain, code_of
from evclean_aws.problem import SYSTEM, Problem

import botocore.exceptions as aws

USER = "hadoop"
ALIVE = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]
ENDED = ["TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS"]
TAG = "evclean:cluster"
TOKEN_TAG = "evclean:meet"

_CURES = {
    "VALIDATION_ERROR": "evclean-aws doctor looks at what EMR validates: roles, subnet, key pair, quota",
    "BOOTSTRAP_FAILURE": "the nodes' own log says why: {logs}{id}/node/*/bootstrap-actions/1/stderr.gz",
    "INSTANCE_FAILURE": "instances were lost (spot?): market: on_demand, another zone, or another instance type",
    "INSTANCE_FLEET_TIMEOUT": "the instances could not be had: another zone or instance type, or fewer",
    "INTERNAL_ERROR": "AWS's side: try again; another zone or instance type if it stays",
    "STEP_FAILURE": "evclean-aws logs shows the failed step's last lines",
    "USER_REQUEST": "someone ended it (evclean-aws down, the console)",
    "ALL_STEPS_COMPLETED": "all its steps are done; auto_terminate: false keeps the next one for a look",
}


class ClusterId(str):
    """An id that AWS gave: never empty, never 'None'."""

    def __new__(cls, value, source):
        if not isinstance(value, str) or not re.match(r"^j-[A-Z0-9]{3,}$", value):
            raise Problem(f"{source} gave no cluster id (found {value!r})",
                          "it looks like j-1A2B3C4D5E6F7; evclean-aws doctor says what keeps EMR from making one")
        return super().__new__(cls, value)


@dataclasses.dataclass
class Step:
    id: str
    name: str
    state: str
    words: list
    reason: str
    log_file: str


@dataclasses.dataclass
class State:
    id: str
    name: str
    state: str
    code: str
    message: str
    leader: str
    tags: dict
    log_path: str
    created: datetime.datetime
    ended: datetime.datetime
    steps: list

    @property
    def alive(self):
        return self.state in ALIVE

    def why(self, log_path):
        """Why it ended, and what to change."""
        cure = _CURES.get(self.code, "").format(logs=log_path, id=self.id)
        return f"{self.code or 'no reason given'}{': ' + self.message if self.message else ''}", cure


class Emr:
    def __init__(self, account, config):
        self.account, self.config = account, config
        self.client = account.client("emr")

    def _call(self, doing, function, **arguments):
        return call(doing, self.account.profile, function, **arguments)

    def request(self, bundle, script, token):
        """run_job_flow's arguments; a pure function of its inputs, so that a test can hold it against a golden file."""
        cluster = self.config.cluster
        groups = [{"Name": "leader", "InstanceRole": "MASTER", "InstanceType": cluster.instance_type, "InstanceCount": 1,
                   "Market": "ON_DEMAND"}]
        if cluster.instances > 1:
            groups.append({"Name": "nodes", "InstanceRole": "CORE", "InstanceType": cluster.instance_type,
                           "InstanceCount": cluster.instances - 1, "Market": cluster.market.upper()})
        where = {"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": not cluster.auto_terminate, "TerminationProtected": False}
        if self.config.key_pair:
            where["Ec2KeyName"] = self.config.key_pair
        if cluster.subnet:
            where["Ec2SubnetId"] = cluster.subnet
        elif cluster.zone:
            where["Placement"] = {"AvailabilityZone": cluster.zone}
        arguments = steps.install_arguments(self.config, bundle, token, USER)
        request = {
            "Name": cluster.cluster_name, "LogUri": cluster.log_path, "ReleaseLabel": cluster.release,
            "Applications": [{"Name": "Hadoop"}], "ServiceRole": cluster.service_role, "JobFlowRole": self.config.instance_profile,
            "VisibleToAllUsers": True, "Instances": where, "StepConcurrencyLevel": 1,
            "BootstrapActions": [{"Name": "evclean", "ScriptBootstrapAction": {"Path": script.path, "Args": arguments}}],
            "Tags": [{"Key": key, "Value": value} for key, value in
                     {**cluster.tags, TAG: cluster.cluster_name, TOKEN_TAG: token}.items()],
        }
        if not cluster.auto_terminate:
            request["AutoTerminationPolicy"] = {"IdleTimeout": max(60, int(cluster.idle_hours * 3600))}
        if cluster.security_configuration:
            request["SecurityConfiguration"] = cluster.security_configuration
        return request

    def step(self, words, name):
        """A step that fails ends the cluster only where nobody wants to look at it."""
        return {"Name": name, "ActionOnFailure": "TERMINATE_CLUSTER" if self.config.cluster.auto_terminate else "CONTINUE",
                "HadoopJarStep": {"Jar": "command-runner.jar", "Args": words}}

    def start(self, bundle, script, make_steps):
        """A new cluster with the steps that make_steps(token) gives; its id. The token names the folder where its nodes meet."""
        token = secrets.token_hex(8)
        request = self.request(bundle, script, token)
        request["Steps"] = [self.step(words, name) for words, name in make_steps(token)]
        response = self._call("make the cluster", self.client.run_job_flow, **request)
        return ClusterId(response.get("JobFlowId"), "run_job_flow")

    def add(self, state, name_and_words):
        """Steps for a cluster that is alive; their ids."""
        if not state.alive:
            raise self.gone(state, "take further steps")
        request = [self.step(words, name) for words, name in name_and_words]
        ids = self._call("add the step", self.client.add_job_flow_steps, JobFlowId=ClusterId(state.id, "the cluster"), Steps=request)
        if len(ids.get("StepIds", [])) != len(request):
            raise Problem(f"add_job_flow_steps gave {len(ids.get('StepIds', []))} ids for {len(request)} steps", code=SYSTEM)
        return ids["StepIds"]

    def gone(self, state, what):
        reason, cure = state.why(self.config.cluster.log_path)
        return Problem(f"the cluster {state.id} cannot {what}: it is {state.state} ({reason})", cure)

    def find(self, wanted=None):
        """The id of the cluster of this configuration: `wanted`, else the one that is alive, else the last one that was."""
        if wanted is not None:
            return ClusterId(wanted, "--cluster-id")
        name = self.config.cluster.cluster_name
        alive = self._named(name, ALIVE)
        if len(alive) > 1:
            raise Problem(f"{len(alive)} clusters are named {name}: {', '.join(alive)}", "say which: --cluster-id")
        found = alive or self._named(name, ENDED)[:1]
        if not found:
            raise Problem(f"there is no cluster named {name} in {self.account.region}, and was none lately",
                          "evclean-aws up makes one (is region_name the right one?)")
        return ClusterId(found[0], "list_clusters")

    def _named(self, name, states):
        pages = self.client.get_paginator("list_clusters").paginate(ClusterStates=states)
        try:
            found = [c for page in pages for c in page["Clusters"] if c["Name"] == name]
        except (aws.ClientError, aws.BotoCoreError) as error:
            raise explain("list the clusters", self.account.profile, error) from error
        found.sort(key=lambda c: c["Status"]["Timeline"].get("CreationDateTime", datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)),
                   reverse=True)
        return [c["Id"] for c in found]

    def state(self, cluster_id):
        cluster_id = ClusterId(cluster_id, "the caller")
        cluster = self._call("look at the cluster", self.client.describe_cluster, ClusterId=cluster_id)["Cluster"]
        reason, line = cluster["Status"].get("StateChangeReason", {}), cluster["Status"].get("Timeline", {})
        return State(cluster_id, cluster["Name"], cluster["Status"]["State"], reason.get("Code", ""), reason.get("Message", ""),
                     cluster.get("MasterPublicDnsName", ""), {tag["Key"]: tag["Value"] for tag in cluster.get("Tags", [])},
                     cluster.get("LogUri", ""), line.get("CreationDateTime"), line.get("EndDateTime"), self._steps(cluster_id))

    def _steps(self, cluster_id):
        pages = self._call("list the steps", self.client.list_steps, ClusterId=cluster_id)
        found = []
        for step in pages.get("Steps", []):
            failure = step["Status"].get("FailureDetails", {})
            found.append(Step(step["Id"], step["Name"], step["Status"]["State"], step.get("Config", {}).get("Args", []),
                              failure.get("Message") or failure.get("Reason") or step["Status"].get("StateChangeReason", {}).get("Message", ""),
                              failure.get("LogFile", "")))
        return list(reversed(found))  # EMR lists the newest first

    def instances(self, cluster_id):
        """[(instance id, private address, state, reason)] of all that belong or belonged to it."""
        pages = self._call("list the instances", self.client.list_instances, ClusterId=ClusterId(cluster_id, "the caller"))
        return [(i.get("Ec2InstanceId", "?"), i.get("PrivateIpAddress", ""), i.get("Status", {}).get("State", ""),
                 i.get("Status", {}).get("StateChangeReason", {}).get("Message", "")) for i in pages.get("Instances", [])]

    def end(self, state):
        if state.state in ENDED:
            return False
        cluster_id = ClusterId(state.id, "the cluster")
        try:
            self.client.terminate_job_flows(JobFlowIds=[cluster_id])
        except aws.ClientError as error:
            if code_of(error) != "ValidationException" or "protect" not in str(error).lower():
                raise explain("end the cluster", self.account.profile, error) from error
            raise Problem(f"the cluster {cluster_id} is protected against being ended",
                          f"aws emr modify-cluster-attributes --no-termination-protected --cluster-id {cluster_id}") from None
        return True
