# SPDX-License-Identifier: Apache-2.0
"""Plain EC2: instances of one launch in a placement group; steps go through Systems Manager to the leading one."""

import datetime
import re
import secrets

import botocore.exceptions as aws

from evclean_aws import steps
from evclean_aws.accounts import call, code_of, explain
from evclean_aws.emr import TAG, TOKEN_TAG, State, Step
from evclean_aws.problem import SYSTEM, Problem
from evclean_aws.upload import NODES

USER = "ec2-user"
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
_STATES = {"Success": "COMPLETED", "Failed": "FAILED", "Cancelled": "CANCELLED", "TimedOut": "FAILED", "InProgress": "RUNNING",
           "Pending": "PENDING", "Delayed": "PENDING"}
_CURES = {
    "Server.SpotInstanceTermination": "AWS took the spot instances back: market: on_demand, or another zone or type",
    "Server.SpotInstanceShutdown": "AWS took the spot instances back: market: on_demand, or another zone or type",
    "Server.InsufficientInstanceCapacity": "the zone has none left: another zone or instance type",
    "Server.InternalError": "AWS's side: try again",
    "Client.UserInitiatedShutdown": "someone, or auto_terminate, ended it",
    "Client.InstanceInitiatedShutdown": "auto_terminate ended it after its step",
    "Client.VolumeLimitExceeded": "the account's quota of disks is used up",
}


class LaunchId(str):
    """The token that marks the instances of one launch: never empty."""

    def __new__(cls, value, source):
        if not isinstance(value, str) or not re.match(r"^[0-9a-f]{16}$", value):
            raise Problem(f"{source} gave no cluster id (found {value!r})", "it is 16 hexadecimal digits; evclean-aws status shows it")
        return super().__new__(cls, value)


def user_data(arguments):
    """install.sh travels inside the request, so that nobody can change it on the way."""
    text = (NODES / "install.sh").read_text()
    words = " ".join(f"'{word}'" for word in arguments)
    return f"#!/bin/bash\nmkdir -p /opt/evclean-install\ncat >/opt/evclean-install/install.sh <<'EVCLEAN_INSTALL_SH'\n{text}" \
           f"EVCLEAN_INSTALL_SH\nbash /opt/evclean-install/install.sh {words} >/var/log/evclean-install.log 2>&1\n"


class Ec2:
    def __init__(self, account, config):
        self.account, self.config = account, config
        self.client, self.ssm = account.client("ec2"), account.client("ssm")

    def _call(self, doing, function, **arguments):
        return call(doing, self.account.profile, function, **arguments)

    def _tags(self, token, *kinds):
        cluster = self.config.cluster
        tags = {**cluster.tags, "Name": f"evclean {cluster.cluster_name}", TAG: cluster.cluster_name, TOKEN_TAG: token}
        return [{"ResourceType": kind, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]} for kind in kinds]

    def request(self, bundle, image, group, token):
        """run_instances' arguments; pure."""
        cluster = self.config.cluster
        request = {
            "ImageId": image, "InstanceType": cluster.instance_type, "MinCount": cluster.instances, "MaxCount": cluster.instances,
            "Placement": {"GroupName": _placement_name(cluster, token), **({"AvailabilityZone": cluster.zone} if cluster.zone else {})},
            "IamInstanceProfile": {"Name": self.config.instance_profile}, "SecurityGroupIds": [group],
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 100, "VolumeType": "gp3", "Encrypted": True,
                                                                       "DeleteOnTermination": True}}],
            "InstanceInitiatedShutdownBehavior": "terminate",
            "UserData": user_data(steps.install_arguments(self.config, bundle, token, USER)),
            "TagSpecifications": self._tags(token, "instance", "volume"), "ClientToken": token,
        }
        if self.config.key_pair:
            request["KeyName"] = self.config.key_pair
        if cluster.subnet:
            request["SubnetId"] = cluster.subnet
        if cluster.market == "spot":
            request["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": {"SpotInstanceType": "one-time"}}
        return request

    def start(self, bundle, script, make_steps):
        """A placement group, a security group and the instances. The steps wait for the nodes themselves (cluster-run)."""
        token = LaunchId(secrets.token_hex(8), "the launch")
        image = self._call("find the image of Amazon Linux 2023", self.ssm.get_parameter, Name=IMAGE)["Parameter"]["Value"]
        self._call("make the placement group", self.client.create_placement_group,
                   GroupName=_placement_name(self.config.cluster, token), Strategy="cluster",
                   TagSpecifications=self._tags(token, "placement-group"))
        try:
            group = self._security_group(token)
            made = self._call("start the instances", self.client.run_instances, **self.request(bundle, image, group, token))["Instances"]
        except Problem:
            self._remove_groups(token)
            raise
        if len(made) != self.config.cluster.instances:
            raise Problem(f"run_instances started {len(made)} of {self.config.cluster.instances} instances", "evclean-aws down ends them", SYSTEM)
        waiting = make_steps(token)
        if waiting:
            self._call("wait for the instances", self.client.get_waiter("instance_running").wait, InstanceIds=[i["InstanceId"] for i in made])
            self.add(self.state(token), waiting)
        return token

    def _security_group(self, token):
        cluster = self.config.cluster
        where = {}
        if cluster.subnet:
            where["VpcId"] = self._call("look at the subnet", self.client.describe_subnets, SubnetIds=[cluster.subnet])["Subnets"][0]["VpcId"]
        group = self._call("make the security group", self.client.create_security_group, GroupName=_placement_name(cluster, token),
                           Description="evclean: the nodes among themselves", TagSpecifications=self._tags(token, "security-group"), **where)["GroupId"]
        rules = [{"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "UserIdGroupPairs": [{"GroupId": group}]}]
        if cluster.ssh_from:
            rules.append({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": cluster.ssh_from}]})
        self._call("let the nodes talk to each other", self.client.authorize_security_group_ingress, GroupId=group, IpPermissions=rules)
        return group

    def _instances(self, **tags):
        filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()]
        pages = self._call("list the instances", self.client.describe_instances, Filters=filters)
        return [i for reservation in pages["Reservations"] for i in reservation["Instances"]]

    def find(self, wanted=None):
        if wanted is not None:
            return LaunchId(wanted, "--cluster-id")
        name = self.config.cluster.cluster_name
        all_of_name = self._instances(**{TAG: name})
        alive = {_tag(i, TOKEN_TAG) for i in all_of_name if i["State"]["Name"] in ("pending", "running")}
        if len(alive) > 1:
            raise Problem(f"{len(alive)} clusters are named {name}: {', '.join(sorted(alive))}", "say which: --cluster-id")
        if not alive and not all_of_name:
            raise Problem(f"there is no cluster named {name} in {self.account.region}, and was none lately",
                          "evclean-aws up makes one (is region_name the right one?)")
        latest = max(all_of_name, key=lambda i: i["LaunchTime"])
        return LaunchId(next(iter(alive), _tag(latest, TOKEN_TAG)), "describe_instances")

    def state(self, token):
        token = LaunchId(token, "the caller")
        found = self._instances(**{TOKEN_TAG: token})
        if not found:
            raise Problem(f"there are no instances of the cluster {token} in {self.account.region}", "evclean-aws status shows what is there")
        names = [i["State"]["Name"] for i in found]
        lost = [i for i in found if i["State"]["Name"] not in ("pending", "running")]
        state = "STARTING" if "pending" in names else "RUNNING" if not lost else "TERMINATED" if len(lost) == len(found) else "DEGRADED"
        reason = next((i["StateReason"] for i in lost if i.get("StateReason")), {})
        leader = min((i for i in found), key=lambda i: i.get("AmiLaunchIndex", 0))
        ended = None
        if state == "TERMINATED":
            found_time = re.search(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", leader.get("StateTransitionReason", ""))
            ended = _time(found_time.group(1)) if found_time else None
        return State(token, self.config.cluster.cluster_name, state, reason.get("Code", ""), reason.get("Message", ""),
                     leader.get("PublicDnsName") or leader.get("PrivateIpAddress", ""),
                     {tag["Key"]: tag["Value"] for tag in leader.get("Tags", [])}, self.config.cluster.log_path,
                     min(i["LaunchTime"] for i in found), ended, self._steps(leader["InstanceId"]))

    def _steps(self, leader):
        found = []
        listed = self._call("list the steps", self.ssm.list_commands, InstanceId=leader)
        for command in sorted(listed.get("Commands", []), key=lambda c: c["RequestedDateTime"]):
            words = command.get("Parameters", {}).get("commands", [])
            found.append(Step(command["CommandId"], command.get("Comment", ""), _STATES.get(command["Status"], command["Status"].upper()),
                              words, command.get("StatusDetails", ""), ""))
        return found

    def leader(self, token):
        found = self._instances(**{TOKEN_TAG: token})
        alive = [i for i in found if i["State"]["Name"] in ("pending", "running")]
        leading = [i for i in alive if i.get("AmiLaunchIndex", 0) == 0]
        if not leading:
            raise self.gone(self.state(token), "take further steps: its leading node is gone")
        return leading[0]["InstanceId"]

    def add(self, state, name_and_words):
        if state.state == "TERMINATED":
            raise self.gone(state, "take further steps")
        leader, ids = self.leader(state.id), []
        for words, name in name_and_words:
            sent = self._call("send the step", self.ssm.send_command, InstanceIds=[leader], DocumentName="AWS-RunShellScript", Comment=name[:100],
                              Parameters={"commands": [steps.shown(words)], "executionTimeout": ["172800"]})
            ids.append(sent["Command"]["CommandId"])
        return ids

    def gone(self, state, what):
        return Problem(f"the cluster {state.id} cannot {what}: it is {state.state} ({state.code}{': ' + state.message if state.message else ''})",
                       _CURES.get(state.code, ""))

    def instances(self, token):
        return [(i["InstanceId"], i.get("PrivateIpAddress", ""), i["State"]["Name"], i.get("StateReason", {}).get("Message", ""))
                for i in self._instances(**{TOKEN_TAG: LaunchId(token, "the caller")})]

    def end(self, state):
        ids = [i["InstanceId"] for i in self._instances(**{TOKEN_TAG: state.id}) if i["State"]["Name"] != "terminated"]
        if ids:
            self._call("end the instances", self.client.terminate_instances, InstanceIds=ids)
            self._call("wait for their end", self.client.get_waiter("instance_terminated").wait, InstanceIds=ids)
        self._remove_groups(state.id)
        return bool(ids)

    def _remove_groups(self, token):
        name = _placement_name(self.config.cluster, token)
        for remove in (lambda: self.client.delete_placement_group(GroupName=name), lambda: self._remove_security_group(name)):
            try:
                remove()
            except aws.ClientError as error:
                if "NotFound" not in code_of(error) and "Unknown" not in code_of(error):
                    raise explain("remove the cluster's groups", self.account.profile, error) from error

    def _remove_security_group(self, name):
        found = self.client.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"]
        for group in found:
            self.client.delete_security_group(GroupId=group["GroupId"])


def _placement_name(cluster, token):
    return f"evclean-{cluster.cluster_name}-{token}"


def _tag(instance, key):
    return next((tag["Value"] for tag in instance.get("Tags", []) if tag["Key"] == key), "")


def _time(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=datetime.timezone.utc)
