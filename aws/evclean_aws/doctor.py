# SPDX-License-Identifier: Apache-2.0
"""Everything that goes wrong on AWS, looked at before money is spent. Each finding is ok, a warning or a problem."""

import dataclasses

import botocore.exceptions as aws

from evclean_aws import buckets, instances, jobs, policies
from evclean_aws.accounts import Account, call, code_of, explain, profile_text
from evclean_aws.problem import Problem

OK, WARNING, WRONG = "ok", "warning", "wrong"
QUOTAS = {"on_demand": ("L-1216C47A", "running on-demand standard instances"), "spot": ("L-34B43A08", "standard spot requests")}


@dataclasses.dataclass
class Finding:
    state: str
    text: str
    cure: str = ""


class Doctor:
    """Collects findings; `accounts` are made lazily, so that a bad profile is a finding and not an end."""

    def __init__(self, config, named=None):
        """`named`: job files to look at instead of the configuration's."""
        self.config, self.cluster = config, config.cluster
        self.named = named or config.jobs
        self.findings = []
        self.jobs = []
        self.account = None

    def say(self, state, text, cure=""):
        self.findings.append(Finding(state, text, cure))

    def attempt(self, check, *arguments):
        """Runs a check; a Problem is a finding."""
        try:
            return check(*arguments)
        except Problem as problem:
            self.say(WRONG, problem.message, problem.cure)
            return None

    @property
    def wrong(self):
        return [finding for finding in self.findings if finding.state == WRONG]

    def run(self):
        self.attempt(self._job_files)
        self.account = self.attempt(self._identity, self.cluster.profiles.cluster)
        if self.account is None:
            return self
        data = self.attempt(self._identity, self.cluster.profiles.data) if self.cluster.profiles.data else None
        for check in (self._zone, self._instance_type, self._subnet, self._key_pair, self._release, self._roles, self._quota):
            self.attempt(check)
        self.attempt(self._own_bucket, "log_path")
        self.attempt(self._own_bucket, "code_path")
        for name in sorted({name for job in self.jobs for name in job.inputs}):
            self.attempt(self._input_bucket, name, data)
        for name in sorted({name for job in self.jobs for name in job.outputs}):
            self.attempt(self._output_bucket, name)
        self.attempt(self._role_rights)
        return self

    # What is here.

    def _job_files(self):
        if not self.named:
            self.say(WARNING, "jobs: no job is named", "jobs: [job.yml]; or name one: evclean-aws submit job.yml")
        for path in self.named:
            job = self.attempt(jobs.look, self.config.resolve(path))
            if job is None:
                continue
            self.jobs.append(job)
            along = f", {len(job.along)} files come along" if job.along else ""
            self.say(OK, f"job {path}: reads {_names(job.inputs)}, writes {_names(job.outputs)}{along}")
            self.attempt(check_outputs, self.config, job)

    # Who we are.

    def _identity(self, profile):
        account = Account(profile, self.cluster.region_name)
        identity = account.identity()
        self.say(OK, f"{profile_text(profile)}: account {identity['Account']}, {identity['Arn']}")
        return account

    # What the region has.

    def _zone(self):
        ec2 = self.account.client("ec2")
        zones = call("list the zones", self.account.profile, ec2.describe_availability_zones)["AvailabilityZones"]
        names = sorted(zone["ZoneName"] for zone in zones if zone.get("State", "available") == "available")
        if self.cluster.zone and self.cluster.zone not in names:
            raise Problem(f"zone: {self.cluster.zone} is not open to this account in {self.cluster.region_name}",
                          f"there are {', '.join(names)}")
        self.say(OK, f"region {self.cluster.region_name}: zones {', '.join(names)}")

    def _offered(self, name):
        offerings = call("ask where the instance type is offered", self.account.profile,
                         self.account.client("ec2").describe_instance_type_offerings, LocationType="availability-zone",
                         Filters=[{"Name": "instance-type", "Values": [name]}])["InstanceTypeOfferings"]
        return sorted(offering["Location"] for offering in offerings)

    def _instance_type(self):
        name = self.cluster.instance_type
        zones = self._offered(name)
        wanted = self._zone_of_subnet() or self.cluster.zone
        if not zones:
            kin = [t for t in instances.alike(instances.table()[name], instances.table().values())[:4] if self._offered(t)]
            raise Problem(f"instance_type: {name} is not offered in {self.cluster.region_name}",
                          f"of its size there is {', '.join(kin)}" if kin else "choose another type or region")
        if wanted and wanted not in zones:
            raise Problem(f"instance_type: {name} is not offered in the zone {wanted}",
                          f"it is in {', '.join(zones)}: change `zone` (and `subnet`), or the type")
        size = instances.size_of(instances.check_type(name), hadoop=self.config.kind == "emr", ranks=self.cluster.ranks_per_node,
                                 memory_mib=self.cluster.memory_per_rank and instances.mib(self.cluster.memory_per_rank))
        self.say(OK, f"{self.cluster.instances} x {name} (offered in {', '.join(zones)}): {size.ranks} ranks of {size.memory} a node")

    def _zone_of_subnet(self):
        if self.cluster.subnet is None:
            return None
        try:
            found = self.account.client("ec2").describe_subnets(SubnetIds=[self.cluster.subnet])["Subnets"]
            return found[0]["AvailabilityZone"] if found else None
        except aws.ClientError:
            return None  # _subnet says why

    def _elsewhere(self, describe):
        """The regions of key_pairs (and some usual ones) in which `describe(ec2)` finds something."""
        regions = dict.fromkeys([*self.cluster.key_pairs, "us-east-1", "us-west-2", "eu-central-1", "eu-west-1"])
        found = []
        for region in regions:
            if region == self.cluster.region_name:
                continue
            try:
                if describe(self.account.client("ec2", region)):
                    found.append(region)
            except (aws.ClientError, aws.BotoCoreError):
                pass
        return found

    def _subnet(self):
        subnet = self.cluster.subnet
        if subnet is None:
            return
        try:
            found = self.account.client("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"][0]
        except (aws.ClientError, IndexError) as error:
            if code_of(error) not in ("InvalidSubnetID.NotFound", ""):
                raise explain("look at the subnet", self.account.profile, error) from error
            where = self._elsewhere(lambda ec2: ec2.describe_subnets(SubnetIds=[subnet])["Subnets"])
            raise Problem(f"subnet: there is no {subnet} in {self.cluster.region_name}",
                          f"it is in {where[0]}: change region_name, or name a subnet of {self.cluster.region_name}" if where
                          else "aws ec2 describe-subnets lists those of the region") from None
        if self.cluster.zone and found["AvailabilityZone"] != self.cluster.zone:
            raise Problem(f"subnet: {subnet} is in {found['AvailabilityZone']}, but zone is {self.cluster.zone}",
                          "leave `zone` out: the subnet decides")
        free = found.get("AvailableIpAddressCount", self.cluster.instances)
        if free < self.cluster.instances:
            raise Problem(f"subnet: {subnet} has {free} addresses left for {self.cluster.instances} instances", "take a larger subnet")
        self.say(OK, f"subnet {subnet} in {found['AvailabilityZone']}, {free} addresses free")

    def _key_pair(self):
        name, region = self.config.key_pair, self.cluster.region_name
        if name is None:
            others = ", ".join(self.cluster.key_pairs)
            state = WRONG if self.cluster.key_pairs else WARNING
            self.say(state, f"key_pairs: none for {region}" + (f" (only for {others})" if others else ": no ssh to the cluster"),
                     f"evclean-aws keys create, then key_pairs: {{{region}: NAME}}")
            return
        try:
            self.account.client("ec2").describe_key_pairs(KeyNames=[name])
        except aws.ClientError as error:
            if code_of(error) != "InvalidKeyPair.NotFound":
                raise explain("look at the key pair", self.account.profile, error) from error
            where = self._elsewhere(lambda ec2: ec2.describe_key_pairs(KeyNames=[name])["KeyPairs"])
            raise Problem(f"key_pairs: there is no key pair '{name}' in {region}"
                          + (f" (there is one of that name in {', '.join(where)}; key pairs live in one region)" if where else ""),
                          "evclean-aws keys import brings its public half here" if where else "evclean-aws keys create makes it") from None
        self.say(OK, f"key pair {name} in {region}")

    def _release(self):
        if self.config.kind != "emr":
            return
        try:
            labels = self.account.client("emr").list_release_labels(
                Filters={"Prefix": self.cluster.release.rpartition(".")[0]}).get("ReleaseLabels", [])
        except aws.ClientError as error:
            self.say(WARNING, f"release {self.cluster.release}: not checked ({code_of(error)})")
            return
        if self.cluster.release not in labels:
            raise Problem(f"release: {self.cluster.release} is not offered in {self.cluster.region_name}",
                          f"there is {', '.join(labels)}" if labels else "aws emr list-release-labels lists those of the region")
        self.say(OK, f"release {self.cluster.release}")

    def _roles(self):
        iam = self.account.client("iam")
        wanted = [("instance_profile", self.config.instance_profile,
                   lambda name: iam.get_instance_profile(InstanceProfileName=name))]
        if self.config.kind == "emr":
            wanted.append(("service_role", self.cluster.service_role, lambda name: iam.get_role(RoleName=name)))
        for key, name, get in wanted:
            try:
                get(name)
                self.say(OK, f"{key} {name}")
            except aws.ClientError as error:
                if code_of(error) != "NoSuchEntity":
                    self.say(WARNING, f"{key} {name}: not checked ({code_of(error)})")
                    continue
                self.say(WRONG, f"{key}: there is no {name} in this account",
                         "aws emr create-default-roles makes it" if name.startswith("EMR_")
                         else "make a role with node-trust.json and node-role.json (evclean-aws doctor --policies)")

    def _quota(self):
        code, what = QUOTAS[self.cluster.market]
        needed = instances.table()[self.cluster.instance_type].vcpus * self.cluster.instances
        try:
            quota = self.account.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode=code)
        except (aws.ClientError, aws.BotoCoreError) as error:
            self.say(WARNING, f"quota {code} ({what}): not checked ({code_of(error) or error})")
            return
        allowed = int(quota["Quota"]["Value"])
        if needed > allowed:
            raise Problem(f"quota: {self.cluster.instances} x {self.cluster.instance_type} are {needed} vCPUs, and the account may "
                          f"have {allowed} ({what}, {code}, in {self.cluster.region_name})",
                          "fewer instances, or ask for more under Service Quotas")
        self.say(OK, f"quota: {needed} of {allowed} vCPUs ({what})")

    # Buckets.

    def _own_bucket(self, key):
        path = getattr(self.cluster, key)
        name = buckets.split_path(path)[0]
        bucket = buckets.look(self.account, name)
        if not bucket.allowed:
            raise Problem(f"{key}: {self._who()} may not use the bucket {name}", "operator.json allows it (evclean-aws doctor --policies)")
        buckets.may_write(self.account, path)
        self.say(OK, f"{key} {path} in {bucket.region}")
        if bucket.region and bucket.region != self.cluster.region_name:
            self.say(WARNING, f"{key}: {name} is in {bucket.region}, the cluster in {self.cluster.region_name}",
                     "it works; what crosses regions is charged")
        closed, (algorithm, _) = buckets.is_closed(self.account, name), buckets.encryption(self.account, name)
        if closed is False:
            self.say(WRONG, f"{key}: {name} does not block public access",
                     f"aws s3api put-public-access-block --bucket {name} --public-access-block-configuration "
                     "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true")
        if algorithm == "none":
            self.say(WRONG, f"{key}: {name} is not encrypted by default",
                     f"aws s3api put-bucket-encryption --bucket {name} --server-side-encryption-configuration "
                     "'{\"Rules\":[{\"ApplyServerSideEncryptionByDefault\":{\"SSEAlgorithm\":\"AES256\"}}]}'")

    def _who(self):
        return self.account.identity()["Arn"]

    def _input_bucket(self, name, data):
        bucket = buckets.look(self.account, name)
        if bucket.allowed:
            far = "" if bucket.region in (None, self.cluster.region_name) else f" (in {bucket.region}: what crosses regions is charged)"
            self.say(OK, f"input bucket {name} can be listed{far}")
            return
        role = policies.role_arn(self.account.identity()["Account"], self.config)
        owner = f"account {data.identity()['Account']} (profile {self.cluster.profiles.data})" if data and buckets.look(data, name).allowed else "its owner"
        text = policies.cross_account_read(name, role)
        _, key = buckets.encryption(data, name) if data else (None, None)
        more = f"\nand in the key policy of {key}:\n{policies.kms_use(role)}" if key else ""
        raise Problem(f"input: {self._who()} may not read the bucket {name}: it belongs to another account and no policy lets us in",
                      f"{owner} pastes this as the policy of the bucket {name}:\n{text}{more}")

    def _output_bucket(self, name):
        bucket = buckets.look(self.account, name)
        if not bucket.allowed:
            raise Problem(f"output: {self._who()} may not use the bucket {name}", "node-role.json allows it to the nodes")
        self.say(OK, f"output bucket {name} in {bucket.region}")

    def _role_rights(self):
        """What the nodes may do is not what we may do: asks IAM's simulator."""
        role = policies.role_arn(self.account.identity()["Account"], self.config)
        code, logs = self.cluster.code_path.removeprefix("s3://"), self.cluster.log_path.removeprefix("s3://")
        asks = [("s3:GetObject", f"arn:aws:s3:::{code}bundles/x"), ("s3:PutObject", f"arn:aws:s3:::{logs}x")]
        asks += [("s3:GetObject", f"arn:aws:s3:::{name}/x") for job in self.jobs for name in job.inputs]
        asks += [("s3:PutObject", f"arn:aws:s3:::{name}/x") for job in self.jobs for name in job.outputs]
        for action, resource in dict.fromkeys(asks):
            try:
                result = self.account.client("iam").simulate_principal_policy(
                    PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource])["EvaluationResults"][0]
            except (aws.ClientError, aws.BotoCoreError) as error:
                self.say(WARNING, f"what the nodes' role may do: not checked ({code_of(error) or type(error).__name__})")
                return
            if result["EvalDecision"] != "allowed":
                self.say(WRONG, f"instance_profile: {role} may not {action} {resource}",
                         "node-role.json allows it (evclean-aws doctor --policies)")
                return
        self.say(OK, f"the nodes' role may read code and input and write logs and outputs ({len(asks)} asked)")


def check_outputs(config, job):
    """Nodes do not share a disk: Problem for an output that would lie on one of them."""
    if job.local_outputs and config.cluster.shared_folder is None:
        raise Problem(f"{job.path}: the output {job.local_outputs[0]} would lie on the nodes' own disks, and go with them",
                      "write s3://bucket/… , or name the folder that all nodes mount: shared_folder")


def _names(names):
    return ", ".join(names) if names else "no bucket"
