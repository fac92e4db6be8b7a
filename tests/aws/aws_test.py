# SPDX-License-Identifier: Apache-2.0
"""evclean-aws against moto's server: every subcommand, and every irritation that must be a message. python aws_test.py"""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

import aws_server
from aws_server import ROOT, Cloud, command, ec2_error, environment, json_answer, json_error, s3_error, xml_answer

import boto3
import yaml

REGION = "eu-central-1"
CONFIG = """\
emr:
  cluster_name: access-log
  region_name: eu-central-1
  instances: 8
  instance_type: r6i.2xlarge
  key_pairs: {us-east-1: evclean-us, eu-central-1: evclean-eu}
  log_path: s3://our-logs/evclean/
  code_path: s3://our-code/evclean/
  profiles: {cluster: work}
bundle: bundle.tar.gz
jobs: [job.yml]
"""
JOB = """\
input: {paths: "s3://our-input/2026/*.gz", format: combined}
tables:
  users: {paths: users.csv}
output: "s3://our-output/clean.parquet"
"""


class AwsTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.cloud = Cloud()

    @classmethod
    def tearDownClass(cls):
        cls.cloud.close()

    def setUp(self):
        self.cloud.reset()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="evclean-aws-"))
        self.addCleanup(shutil.rmtree, self.folder)
        patch = mock.patch.dict(os.environ, environment(self.cloud, self.folder), clear=True)
        patch.start()
        self.addCleanup(patch.stop)
        self.write("job.yml", JOB)
        self.write("users.csv", "ip,plan\n")
        self.write("bundle.tar.gz", "not really one")
        self.configure()

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def configure(self, *changes, base=CONFIG):
        for old, new in changes:
            self.assertIn(old, base)
            base = base.replace(old, new)
        self.write("config.yml", base)

    def client(self, service, region=REGION, profile="work"):
        return boto3.Session(profile_name=profile).client(service, region_name=region)

    def furnish(self, *, keys=(REGION,), closed=True, buckets=("our-logs", "our-code", "our-input", "our-output")):
        """An account in which everything is as it should be."""
        s3, iam = self.client("s3"), self.client("iam")
        for name in buckets:
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
            if closed:
                s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={
                    key: True for key in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")})
        for name in ("EMR_DefaultRole", "EMR_EC2_DefaultRole", "evclean-node"):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
            iam.create_instance_profile(InstanceProfileName=name)
        for region in keys:
            self.client("ec2", region).create_key_pair(KeyName="evclean-eu" if region == REGION else "evclean-us")

    def run_command(self, *words):
        return command(self.folder, *words)

    def succeeds(self, *words):
        result = self.run_command(*words)
        self.assertEqual(result.code, 0, result)
        return result.out

    def fails(self, *words, says=(), code=2):
        result = self.run_command(*words)
        self.assertEqual(result.code, code, result)
        for text in says:
            self.assertIn(text, result.out + result.err, result)
        self.assertNotIn("Traceback", result.err)
        return result

    def rule(self, match, answer):
        self.cloud.rules.append(lambda request: answer(request) if match(request) else None)

    def requests(self, name):
        return [r for r in self.cloud.seen if name in (r.target, r.action)]


class Configuration(AwsTest):
    """Mistakes of config.yml, with their line; AWS is never asked."""

    def says(self, *texts):
        result = self.fails("upload", says=texts)
        self.assertEqual(self.cloud.seen, [], "a mistake of the file is found without AWS")
        return result

    def test_a_zone_for_a_region_names_the_region(self):
        self.configure(("region_name: eu-central-1", "region_name: us-east-1a"))
        self.says("config.yml:3:3: region_name: 'us-east-1a' is an availability zone", "region_name: us-east-1, and zone: us-east-1a")

    def test_a_region_for_a_zone(self):
        self.configure(("  instances: 8", "  zone: eu-central-1\n  instances: 8"))
        self.says("config.yml:4:3: zone: 'eu-central-1' is a region", "zone: eu-central-1a")

    def test_a_zone_of_another_region(self):
        self.configure(("  instances: 8", "  zone: us-east-1a\n  instances: 8"))
        self.says("zone: us-east-1a is in us-east-1, but region_name is eu-central-1")

    def test_a_region_that_is_none(self):
        self.configure(("region_name: eu-central-1", "region_name: eu-centrl-1"))
        self.says("there is no region 'eu-centrl-1'", "did you mean eu-central-1?")

    def test_unknown_keys_are_all_shown_with_a_suggestion(self):
        self.configure(("instance_type", "instance_typ"), ("jobs:", "job:"))
        self.says("config.yml:5:3: unknown key 'instance_typ': did you mean 'instance_type'?", "config.yml:11:1: unknown key 'job': did you mean 'jobs'?")

    def test_a_missing_key(self):
        self.configure(("  log_path: s3://our-logs/evclean/\n", ""))
        self.says("config.yml:1:1: emr needs the key 'log_path'")

    def test_a_key_written_twice(self):
        self.configure(("  instances: 8", "  instances: 8\n  instances: 9"))
        self.says("config.yml:5:3: the key 'instances' is written twice", "the first is in line 4")

    def test_yaml_that_is_none(self):
        self.configure(("jobs: [job.yml]", "jobs: [job.yml"))
        self.says("config.yml:12:1: this is not YAML")
        self.configure(("  instances: 8", "  instances: @8"))
        self.says("config.yml:4:14: this is not YAML", "single quotes")
        self.configure(("  instances: 8", "\tinstances: 8"))
        self.says("config.yml:4:1: this is not YAML")

    def test_wrong_values_say_what_is_right(self):
        self.configure(("instances: 8", "instances: eight"), ("s3://our-logs/evclean/", "/var/log"),
                       ("cluster_name: access-log", "cluster_name: 'access log'"))
        self.says("config.yml:4:3: emr.instances: Input should be a valid integer", "(found 'eight')",
                  "emr.log_path: must be a path like s3://bucket/folder/", "emr.cluster_name: must be letters")

    def test_no_section_or_two(self):
        self.configure(("emr:", "erm:"))
        self.says("no section emr, ec2 or parallelcluster (found 'erm')", "did you mean 'emr'?")
        self.write("config.yml", CONFIG + "ec2: {}\n")
        self.says("both emr and ec2 are there")
        self.write("config.yml", "- emr\n")
        self.says("there must be one section")

    def test_no_file(self):
        self.fails("doctor", "--config", "nowhere.yml", says=["there is no configuration file 'nowhere.yml'", "config.example.yml"])

    def test_instance_types_that_cannot_do_it(self):
        for name, texts in {"r6i.2xlrge": ["is not in the table", "did you mean r6i.2xlarge?"],
                            "r3.2xlarge": ["no AVX2", "take r6a.2xlarge"], "m6g.2xlarge": ["arm64", "take m5a.2xlarge"],
                            "big": ["is no name of an instance type"]}.items():
            self.configure(("r6i.2xlarge", name))
            self.says(f"instance_type: ", *texts)

    def test_a_number_stays_a_number_and_no_stays_a_word(self):
        self.configure(("cluster_name: access-log", "cluster_name: no"))
        self.furnish()
        self.assertIn("our-code", self.succeeds("upload"))

    def test_the_example_is_valid(self):
        from evclean_aws import config
        found = config.read(ROOT / "aws" / "config.example.yml")
        self.assertEqual((found.kind, found.cluster.instances, found.key_pair), ("emr", 8, "evclean-access-log"))


class JobsTest(AwsTest):
    def test_files_that_a_job_uses_come_along_with_theirs(self):
        from evclean_aws import jobs
        (self.folder / "common" / "more").mkdir(parents=True)
        self.write("piece.yml", "use: common/tables.yml\ninput: s3://our-input/a.log\noutput: s3://our-output/a.csv\n")
        self.write("common/tables.yml", "use: [more/steps.yml, ../piece.yml]\ntables: {users: {paths: users.csv}}\n")
        self.write("common/users.csv", "ip,plan\n")
        self.write("common/more/steps.yml", "steps: {model: [{encode: {fitted: m.json}}, {encode: {fitted: s3://our-models/x.json}}]}\n")
        self.write("common/more/m.json", "{}\n")
        found = jobs.look(self.folder / "piece.yml")
        self.assertEqual(sorted(found.along), ["common/more/m.json", "common/more/steps.yml", "common/tables.yml", "common/users.csv",
                                               "piece.yml"])
        self.assertEqual(found.inputs, ["our-input", "our-models"])
        before = jobs.digest(found)
        self.write("common/more/steps.yml", "steps: {}\n")
        self.assertNotEqual(jobs.digest(jobs.look(self.folder / "piece.yml")), before)
        self.write("piece.yml", "use: nowhere.yml\ninput: s3://our-input/a.log\noutput: s3://our-output/a.csv\n")
        with self.assertRaisesRegex(jobs.Problem, "cannot read the job file '.*nowhere.yml'"):
            jobs.look(self.folder / "piece.yml")


class DoctorTest(AwsTest):
    def test_everything_is_well(self):
        self.furnish()
        out = self.succeeds("doctor")
        self.assertRegex(out, r"(?m)^\d+ ok, 0 warnings, 0 wrong$")
        for text in ("profile work: account 123456789012", "key pair evclean-eu in eu-central-1", "64 of 256 vCPUs",
                     "8 x r6i.2xlarge (offered in eu-central-1a", "8 ranks of 4096MiB a node", "release emr-7.5.0",
                     "log_path s3://our-logs/evclean/ in eu-central-1", "input bucket our-input can be listed", "1 files come along"):
            self.assertIn(text, out)

    def wrong(self, *texts):
        result = self.fails("doctor", says=texts)
        self.assertRegex(result.out, r"(?m)^wrong  ")
        return result

    def test_an_unknown_profile(self):
        self.configure(("{cluster: work}", "{cluster: wrok}"))
        self.wrong("there is no profile 'wrok'", "did you mean work?", "aws configure --profile wrok")

    def test_keys_that_aws_does_not_know(self):
        self.rule(lambda r: r.action == "GetCallerIdentity", lambda _: xml_answer(
            "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security token included in the request is invalid.</Message></Error></ErrorResponse>", 403))
        self.wrong("cannot find out who you are as profile work: InvalidClientTokenId", "aws configure --profile work")

    def test_an_expired_session(self):
        self.rule(lambda r: r.action == "GetCallerIdentity", lambda _: xml_answer(
            "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The security token is expired</Message></Error></ErrorResponse>", 403))
        self.wrong("aws sso login --profile work")

    def test_no_credentials_at_all(self):
        self.configure(("{cluster: work}", "{}"))
        self.wrong("no AWS credentials for the default credentials", "set AWS_PROFILE")

    def test_a_key_pair_of_another_region(self):
        self.furnish(keys=())
        self.client("ec2", "us-east-1").create_key_pair(KeyName="evclean-eu")
        self.wrong("there is no key pair 'evclean-eu' in eu-central-1 (there is one of that name in us-east-1; key pairs live in one region)",
                   "evclean-aws keys import")

    def test_a_key_pair_that_is_nowhere(self):
        self.furnish(keys=())
        self.wrong("there is no key pair 'evclean-eu' in eu-central-1", "evclean-aws keys create makes it")

    def test_no_key_pair_for_this_region(self):
        self.furnish()
        self.configure(("{us-east-1: evclean-us, eu-central-1: evclean-eu}", "{us-east-1: evclean-us}"))
        self.wrong("key_pairs: none for eu-central-1 (only for us-east-1)")

    def test_a_subnet_of_another_region_says_which(self):
        self.furnish()
        there = self.client("ec2", "us-east-1").describe_subnets()["Subnets"][0]["SubnetId"]
        self.configure(("  instances: 8", f"  subnet: {there}\n  instances: 8"))
        self.wrong(f"subnet: there is no {there} in eu-central-1", "it is in us-east-1: change region_name")

    def test_a_subnet_of_another_zone(self):
        self.furnish()
        subnet = next(s for s in self.client("ec2").describe_subnets()["Subnets"] if s["AvailabilityZone"] == "eu-central-1b")
        self.configure(("  instances: 8", f"  subnet: {subnet['SubnetId']}\n  zone: eu-central-1a\n  instances: 8"))
        self.wrong("is in eu-central-1b, but zone is eu-central-1a")

    def test_an_instance_type_that_the_zone_lacks(self):
        self.furnish()
        zones = "".join(f"<item><instanceType>r6i.2xlarge</instanceType><locationType>availability-zone</locationType><location>{z}</location></item>"
                        for z in ("eu-central-1b", "eu-central-1c"))
        self.rule(lambda r: r.action == "DescribeInstanceTypeOfferings", lambda _: xml_answer(
            f"<DescribeInstanceTypeOfferingsResponse><instanceTypeOfferingSet>{zones}</instanceTypeOfferingSet></DescribeInstanceTypeOfferingsResponse>"))
        self.configure(("  instances: 8", "  zone: eu-central-1a\n  instances: 8"))
        self.wrong("r6i.2xlarge is not offered in the zone eu-central-1a", "it is in eu-central-1b, eu-central-1c")

    def test_an_instance_type_that_the_region_lacks(self):
        self.furnish()
        self.rule(lambda r: r.action == "DescribeInstanceTypeOfferings" and "r6i.2xlarge" in r.text, lambda _: xml_answer(
            "<DescribeInstanceTypeOfferingsResponse><instanceTypeOfferingSet/></DescribeInstanceTypeOfferingsResponse>"))
        self.wrong("r6i.2xlarge is not offered in eu-central-1", "of its size there is")

    def test_a_zone_that_is_not_open(self):
        self.furnish()
        self.configure(("  instances: 8", "  zone: eu-central-1z\n  instances: 8"))
        self.wrong("zone: eu-central-1z is not open to this account", "there are eu-central-1a, eu-central-1b, eu-central-1c")

    def test_a_quota_that_is_too_small(self):
        self.furnish()
        self.rule(lambda r: r.target == "GetServiceQuota", lambda _: json_answer({"Quota": {"Value": 32.0}}))
        self.wrong("8 x r6i.2xlarge are 64 vCPUs, and the account may have 32", "Service Quotas")

    def test_a_release_that_is_none(self):
        self.furnish()
        self.configure(("  instances: 8", "  release: emr-9.9.9\n  instances: 8"))
        self.wrong("release: emr-9.9.9 is not offered")

    def test_roles_that_are_missing(self):
        self.furnish()
        iam = self.client("iam")
        iam.delete_instance_profile(InstanceProfileName="EMR_EC2_DefaultRole")
        self.wrong("instance_profile: there is no EMR_EC2_DefaultRole", "aws emr create-default-roles")

    def test_a_bucket_that_is_missing(self):
        self.furnish(buckets=("our-logs", "our-input", "our-output"))
        self.wrong("there is no bucket 'our-code'", "aws s3 mb s3://our-code --region eu-central-1")

    def test_a_bucket_of_another_account_gets_a_policy_to_paste(self):
        self.furnish()
        self.configure(("{cluster: work}", "{cluster: work, data: logs-owner}"))
        ours = f"Credential={aws_server.ACCESS_KEY}"
        self.rule(lambda r: r.path.startswith("/our-input") and ours in (r.headers.get("Authorization") or ""),
                  lambda _: s3_error("AccessDenied", 403, {"x-amz-bucket-region": "us-west-2"}))
        result = self.wrong("may not read the bucket our-input: it belongs to another account and no policy lets us in",
                            "account 123456789012 (profile logs-owner) pastes this as the policy of the bucket our-input")
        text = result.out[result.out.index("{\n"):]
        policy = json.JSONDecoder().raw_decode(re.sub(r"(?m)^        ", "", text))[0]
        self.assertEqual(policy["Statement"][1]["Resource"], "arn:aws:s3:::our-input/*")
        self.assertEqual(policy["Statement"][1]["Principal"], {"AWS": "arn:aws:iam::123456789012:role/EMR_EC2_DefaultRole"})
        self.client("s3").put_bucket_policy(Bucket="our-output", Policy=json.dumps(policy).replace("our-input", "our-output"))

    def test_a_bucket_that_refuses_writing(self):
        self.furnish()
        self.client("s3").put_bucket_policy(Bucket="our-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::our-logs/*"}]}))
        self.wrong("cannot write to s3://our-logs/evclean/ as profile work", "operator.json")

    def test_an_open_or_plain_bucket(self):
        self.furnish(closed=False)
        self.wrong("log_path: our-logs does not block public access", "aws s3api put-public-access-block --bucket our-logs")

    def test_a_bucket_elsewhere_is_a_warning(self):
        self.furnish(buckets=("our-code", "our-input", "our-output"))
        s3 = self.client("s3", "us-east-1")
        s3.create_bucket(Bucket="our-logs")
        s3.put_public_access_block(Bucket="our-logs", PublicAccessBlockConfiguration={
            key: True for key in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")})
        self.assertIn("our-logs is in us-east-1, the cluster in eu-central-1", self.run_command("doctor").out)

    def test_what_the_nodes_may_not_do(self):
        self.furnish()
        self.rule(lambda r: r.action == "SimulatePrincipalPolicy" and "our-output" in r.text, lambda _: xml_answer(
            "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults><member><EvalActionName>x</EvalActionName>"
            "<EvalDecision>implicitDeny</EvalDecision></member></EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"))
        self.wrong("may not s3:PutObject arn:aws:s3:::our-output/x")

    def test_an_output_on_the_nodes_own_disks(self):
        self.furnish()
        self.write("job.yml", JOB.replace("s3://our-output/clean.parquet", "out/clean.parquet"))
        self.wrong("the output out/clean.parquet would lie on the nodes' own disks", "shared_folder")

    def test_a_local_input_that_is_not_here(self):
        self.furnish()
        self.write("job.yml", JOB.replace("users.csv", "elsewhere/users.csv"))
        self.wrong("'elsewhere/users.csv' is not here", "s3://bucket")

    def test_policies_are_whole_and_ask_for_little(self):
        self.furnish()
        out = self.succeeds("doctor", "--policies")
        found = {}
        for name, text in re.findall(r"(?ms)^([a-z-]+\.json)[^\n]*\n(\{.*?^\})", out):
            found[name] = json.loads(text)
        self.assertEqual(set(found), {"operator.json", "node-role.json", "node-trust.json", "bucket-no-plain-http.json"})
        self.assertNotIn("${", out)
        for name, policy in found.items():
            for statement in policy["Statement"]:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                if statement["Effect"] == "Allow":
                    self.assertFalse([a for a in actions if a.endswith("*")], f"{name}: {statement['Sid'] if 'Sid' in statement else ''}")
        for statement in found["node-role.json"]["Statement"]:
            self.assertNotIn("*", [r for r in statement["Resource"]] if isinstance(statement["Resource"], list) else [statement["Resource"]])


class Keys(AwsTest):
    def test_create_makes_one_key_and_brings_it_to_every_region(self):
        self.configure(("evclean-us", "evclean-eu"))
        out = self.succeeds("keys", "create")
        private = self.folder / ".ssh" / "evclean-eu"
        self.assertEqual(private.stat().st_mode & 0o777, 0o600)
        self.assertIn("PRIVATE KEY", private.read_text())
        for region in ("us-east-1", REGION):
            self.assertEqual([k["KeyName"] for k in self.client("ec2", region).describe_key_pairs()["KeyPairs"]], ["evclean-eu"])
        self.assertNotIn("PRIVATE", out)
        self.assertFalse([r for r in self.cloud.seen if b"PRIVATE" in r.body], "the private half never travels")
        self.fails("keys", "create", says=["exists already"])

    def test_import_takes_a_public_key_and_no_other(self):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "mine"], check=True)
        self.configure(("evclean-us", "evclean-eu"))
        self.assertIn("us-east-1: evclean-eu made", self.succeeds("keys", "import", "mine.pub"))
        self.write("private-only", (self.folder / "mine").read_text())
        self.fails("keys", "import", "private-only", says=["is a private key: it stays here"])
        self.write("words.pub", "hello\n")
        self.fails("keys", "import", "words.pub", says=["is no public key that EC2 takes"])
        self.fails("keys", "import", "nowhere.pub", says=["cannot read the public key"])
        self.fails("keys", "import", "mine.pub", "--region", "us-east-1a", says=["--region: 'us-east-1a' is an availability zone"])

    def test_another_key_of_the_name_is_not_overwritten(self):
        self.furnish()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "mine"], check=True)
        self.fails("keys", "import", "mine.pub", "--region", REGION, says=["eu-central-1 has another key pair named 'evclean-eu'", "delete-key-pair"])


class Upload(AwsTest):
    def test_by_content_and_only_once(self):
        self.furnish()
        first = self.succeeds("upload")
        self.assertEqual(first.count("(uploaded"), 3)
        second = self.succeeds("upload")
        self.assertEqual(second.count("(there already"), 3)
        self.write("users.csv", "ip,plan\n1.2.3.4,pro\n")
        third = self.succeeds("upload")
        self.assertEqual((third.count("(uploaded"), third.count("(there already")), (1, 2))
        keys = [item["Key"] for item in self.client("s3").list_objects_v2(Bucket="our-code")["Contents"]]
        self.assertEqual(sum(key.endswith("job.yml") for key in keys), 2)
        head = self.client("s3").head_object(Bucket="our-code", Key=next(k for k in keys if "bundles" in k))
        self.assertEqual(head["ServerSideEncryption"], "AES256")

    def test_no_bundle(self):
        self.furnish()
        (self.folder / "bundle.tar.gz").unlink()
        self.fails("upload", says=["bundle: there is no file", "make bundle"])

    def test_no_such_bucket(self):
        self.fails("upload", says=["our-code"])


class EmrTest(AwsTest):
    def up(self, *words):
        self.furnish()
        return self.succeeds("up", *words)

    def cluster_id(self):
        return json.loads(self.cloud_answer("RunJobFlow"))["JobFlowId"]

    def only_cluster(self):
        found = self.client("emr").list_clusters()["Clusters"]
        self.assertEqual(len(found), 1)
        return found[0]["Id"]

    def test_the_request_is_the_golden_one(self):
        self.up()
        (request,) = self.requests("RunJobFlow")
        text = json.dumps(json.loads(request.body), indent=1, sort_keys=True)
        text = re.sub(r"\b[0-9a-f]{64}\b", "SHA256", text)
        text = re.sub(r"clusters/[0-9a-f]{16}/", "clusters/TOKEN/", text)
        text = re.sub(r'"[0-9a-f]{16}"', '"TOKEN"', text)
        text = re.sub(r"\d{8}T\d{6}Z", "TIME", text) + "\n"
        golden = ROOT / "tests" / "aws" / "emr_request.golden.json"
        if os.environ.get("EVCLEAN_WRITE_GOLDEN"):
            golden.write_text(text)
        self.assertEqual(text, golden.read_text())

    def test_up_to_down(self):
        self.assertRegex(self.up(), r"cluster j-[A-Z0-9]+ starts: 8 x r6i.2xlarge in eu-central-1")
        out = self.succeeds("status")
        self.assertRegex(out, r"(?m)^step    s-\w+ \d+T\d+Z-job: ")
        self.assertIn("step s-", self.succeeds("submit", "job.yml", "--overwrite"))
        args = self.client("emr").list_steps(ClusterId=self.only_cluster())["Steps"]
        self.assertEqual(len(args), 2)
        self.assertIn("--overwrite", args[0]["Config"]["Args"] + args[1]["Config"]["Args"])
        self.assertRegex(self.succeeds("down"), r"cluster j-\w+ ends; 0\.\d\d h, about \d+\.\d\d USD")
        self.assertIn("has ended already", self.succeeds("down"))

    def test_what_the_doctor_finds_is_never_paid_for(self):
        self.furnish(keys=())
        self.fails("up", says=["there is no key pair 'evclean-eu'", "nothing was started"])
        self.fails("run", says=["there is no key pair 'evclean-eu'", "nothing was started"])
        self.assertEqual(self.requests("RunJobFlow"), [])

    def test_named_jobs_are_looked_at_and_not_those_of_the_configuration(self):
        self.furnish()
        self.write("other.yml", JOB.replace("our-output", "nobodys-output"))
        for command in ("up", "run"):
            self.fails(command, "other.yml", says=["nobodys-output", "nothing was started"])
            self.fails(command, "none.yml", says=["none.yml", "nothing was started"])
        self.write("other.yml", JOB)
        self.write("job.yml", "input: nowhere.log\noutput: out.csv\n")
        self.succeeds("up", "other.yml")

    def test_no_cluster_id_is_an_end_with_a_cause(self):
        self.furnish()
        for answer in ({}, {"JobFlowId": None}, {"JobFlowId": ""}, {"JobFlowId": "None"}):
            self.rule(lambda r: r.target == "RunJobFlow", lambda _, a=answer: json_answer(a))
            self.fails("up", says=["run_job_flow gave no cluster id", "evclean-aws doctor"])
        self.assertEqual(self.requests("DescribeCluster") + self.requests("AddJobFlowSteps"), [], "no call goes on with an empty id")
        for word in ("", "None", "j-"):
            self.fails("status", "--cluster-id", word, says=["--cluster-id gave no cluster id"])
            self.fails("down", "--cluster-id", word, says=["--cluster-id gave no cluster id"])
        self.assertEqual(self.requests("DescribeCluster") + self.requests("TerminateJobFlows"), [])

    def test_emr_refuses(self):
        self.furnish()
        self.rule(lambda r: r.target == "RunJobFlow", lambda _: json_error("ValidationException", "Invalid InstanceProfile: EMR_EC2_DefaultRole."))
        self.fails("up", says=["cannot make the cluster as profile work: ValidationException: Invalid InstanceProfile"])
        self.rule(lambda r: r.target == "RunJobFlow", lambda _: json_error("AccessDeniedException", "User: x is not authorized to perform: elasticmapreduce:RunJobFlow"))
        self.fails("up", says=["elasticmapreduce:RunJobFlow", "attach the policy operator.json"])

    def test_no_cluster_of_that_name(self):
        self.fails("status", says=["there is no cluster named access-log in eu-central-1", "evclean-aws up"])
        self.fails("submit", says=["there is no cluster named access-log"])

    def test_two_clusters_of_a_name(self):
        self.up()
        self.succeeds("up")
        self.fails("status", says=["2 clusters are named access-log: j-", "--cluster-id"])

    def ended(self, code, message, state="TERMINATED_WITH_ERRORS"):
        """The cluster as EMR would describe it after it ended by itself."""
        cluster = self.only_cluster()
        self.client("emr").terminate_job_flows(JobFlowIds=[cluster])

        def describe(request):
            status, headers, body = self.cloud.forward(request)
            data = json.loads(body)
            data["Cluster"]["Status"].update(State=state, StateChangeReason={"Code": code, "Message": message})
            data["Cluster"]["Status"]["Timeline"].update(CreationDateTime=1793514000.0, EndDateTime=1793521200.0)
            return json_answer(data)

        self.rule(lambda r: r.target == "DescribeCluster", describe)
        return cluster

    def test_a_cluster_that_ended_before_one_could_log_in(self):
        self.up()
        self.ended("BOOTSTRAP_FAILURE", "On the master instance (i-1), application provisioning failed")
        self.write("key", "")
        self.fails("ssh", "--key", "key", says=["cannot be logged in to: it is TERMINATED_WITH_ERRORS (BOOTSTRAP_FAILURE: On the master instance",
                                                "bootstrap-actions/1/stderr.gz", "auto_terminate: false keeps the next cluster"])
        self.fails("submit", says=["cannot take further steps: it is TERMINATED_WITH_ERRORS (BOOTSTRAP_FAILURE"])
        self.assertEqual(self.requests("AddJobFlowSteps"), [])

    def test_a_cluster_that_ended_by_itself_after_its_steps(self):
        self.up()
        self.ended("ALL_STEPS_COMPLETED", "Steps completed", "TERMINATED")
        self.write("key", "")
        self.fails("ssh", "--key", "key", says=["ALL_STEPS_COMPLETED", "auto_terminate: false"])
        # 2 hours of 8 x r6i.2xlarge, and EMR's quarter: 16 x 0.504 x 1.25
        self.assertIn("10.08 USD (actual", self.succeeds("cost"))

    def test_a_spot_interruption_in_the_middle(self):
        self.up()
        self.ended("INSTANCE_FAILURE", "All slaves in the job flow were terminated due to Spot")
        self.fails("status", says=["INSTANCE_FAILURE: All slaves", "market: on_demand, another zone"])

    def test_instances_that_were_lost_are_named(self):
        self.up()
        self.rule(lambda r: r.target == "ListInstances", lambda _: json_answer({"Instances": [
            {"Ec2InstanceId": "i-0abc", "PrivateIpAddress": "10.0.0.7", "Status": {"State": "TERMINATED", "StateChangeReason": {
                "Code": "INSTANCE_FAILURE", "Message": "Instance was terminated: Server.SpotInstanceTermination"}}}]}))
        self.assertIn("node    i-0abc 10.0.0.7 TERMINATED: Instance was terminated: Server.SpotInstanceTermination", self.succeeds("status"))

    def fail_the_step(self, state="FAILED"):
        def steps(request):
            status, headers, body = self.cloud.forward(request)
            data = json.loads(body)
            for step in data["Steps"]:
                step["Status"]["State"] = state
                if state == "FAILED":
                    step["Status"]["FailureDetails"] = {"Reason": "Unknown Error.", "LogFile": "s3://our-logs/x"}
            return json_answer(data)

        self.rule(lambda r: r.target == "ListSteps", steps)

    def log_of_the_step(self):
        words = self.client("emr").list_steps(ClusterId=self.only_cluster())["Steps"][0]["Config"]["Args"]
        return words[words.index("--log") + 1].removeprefix("s3://our-logs/")

    def test_a_failed_step_shows_the_last_lines_of_its_log(self):
        self.up()
        text = "".join(f"line {i}\n" for i in range(100)) + "evclean: job.yml:3:5: no such column 'hits'\nevclean run: exit code 2\x1b[31m\n"
        self.client("s3").put_object(Bucket="our-logs", Key=self.log_of_the_step(), Body=text.encode())
        self.fail_the_step()
        result = self.fails("status", code=1, says=["ended FAILED: Unknown Error.", "| evclean: job.yml:3:5: no such column 'hits'", "| line 99"])
        self.assertNotIn("| line 79", result.err)
        self.assertNotIn("\x1b", result.err)
        self.fails("logs", "--follow", code=1, says=["no such column 'hits'"])
        self.assertIn("line 0\n", self.succeeds("logs"))

    def test_emrs_own_log_where_ours_is_missing(self):
        self.up()
        cluster, step = self.only_cluster(), self.client("emr").list_steps(ClusterId=self.only_cluster())["Steps"][0]["Id"]
        self.fail_the_step()
        self.fails("status", code=1, says=["no log yet under s3://our-logs/evclean/", "every five minutes"])
        self.client("s3").put_object(Bucket="our-logs", Key=f"evclean/{cluster}/steps/{step}/stderr.gz", Body=gzip.compress(b"cluster-run: not found\n"))
        self.fails("status", code=1, says=["| cluster-run: not found"])

    def test_run_does_all_of_it(self):
        self.furnish()
        self.fail_the_step("COMPLETED")
        self.configure(("  instances: 8", "  expected_hours: 2\n  instances: 8"))
        out = self.succeeds("run")
        self.assertRegex(out, r"(?s)estimate for 2.0 h: 10.08 USD.*bundle: .*cluster j-\w+ starts.*step s-\w+ COMPLETED.*the cluster j-\w+ ends.*done in 0.00 h")
        self.assertEqual(self.client("emr").describe_cluster(ClusterId=self.only_cluster())["Cluster"]["Status"]["State"], "TERMINATED")

    def test_run_that_fails_ends_the_cluster_too(self):
        self.furnish()
        self.fail_the_step()
        self.fails("run", code=1, says=["ended FAILED", "the cluster j-"])
        self.assertEqual(self.client("emr").describe_cluster(ClusterId=self.only_cluster())["Cluster"]["Status"]["State"], "TERMINATED")

    def test_run_keep_leaves_it_for_a_look(self):
        self.furnish()
        self.fail_the_step()
        self.fails("run", "--keep", code=1, says=["stays (1 h at most without a step)"])
        (request,) = self.requests("RunJobFlow")
        data = json.loads(request.body)
        self.assertTrue(data["Instances"]["KeepJobFlowAliveWhenNoSteps"])
        self.assertEqual(data["AutoTerminationPolicy"], {"IdleTimeout": 3600})
        self.assertEqual(data["Steps"][0]["ActionOnFailure"], "CONTINUE")
        self.write("key", "")
        self.assertEqual(self.client("emr").describe_cluster(ClusterId=self.only_cluster())["Cluster"]["Status"]["State"], "WAITING")
        self.assertRegex(self.succeeds("ssh", "--key", "key", "--print"), r"^ssh -i key hadoop@ec2-")

    def test_a_cluster_that_was_protected_by_hand(self):
        self.up()
        self.client("emr").set_termination_protection(JobFlowIds=[self.only_cluster()], TerminationProtected=True)
        self.fails("down", says=["is protected", "--no-termination-protected"])

    def test_a_step_that_does_not_exist(self):
        self.up()
        self.fails("logs", "--step", "s-NONE", says=["has no step s-NONE"])

    def test_memory_is_not_for_set(self):
        self.up()
        self.fails("submit", "--set", "resources.memory=1GiB", says=["memory_per_rank"])


class Ec2Test(AwsTest):
    def setUp(self):
        super().setUp()
        self.furnish()
        self.configure(("emr:", "ec2:"), ("instances: 8", "instances: 4\n  ssh_from: 203.0.113.4/32"))

    def test_up_submit_down(self):
        self.assertRegex(self.succeeds("up"), r"cluster [0-9a-f]{16} starts: 4 x r6i.2xlarge")
        ec2 = self.client("ec2")
        found = [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
        self.assertEqual(len(found), 4)
        (request,) = self.requests("RunInstances")
        for text in ("MetadataOptions.HttpTokens=required", "Ebs.Encrypted=true", "Placement.GroupName=evclean-access-log-",
                     "InstanceInitiatedShutdownBehavior=terminate", "IamInstanceProfile.Name=evclean-node", "MinCount=4"):
            self.assertIn(text, request.text)
        group = next(g for g in ec2.describe_security_groups()["SecurityGroups"] if g["GroupName"].startswith("evclean-"))
        self.assertEqual([(p["FromPort"], [r["CidrIp"] for r in p["IpRanges"]], len(p["UserIdGroupPairs"])) for p in group["IpPermissions"]],
                         [(0, [], 1), (22, ["203.0.113.4/32"], 0)])
        self.assertIn("step ", self.succeeds("submit"))
        commands = self.client("ssm").list_commands()["Commands"]
        self.assertEqual(len(commands), 2)
        self.assertIn("/opt/evclean/libexec/cluster-run --job s3://our-code/evclean/jobs/", commands[0]["Parameters"]["commands"][0])
        self.assertIn("--then shutdown", commands[0]["Parameters"]["commands"][0])
        self.assertRegex(self.succeeds("status"), r"cluster [0-9a-f]{16} \(access-log\): RUNNING")
        self.succeeds("down")
        self.assertEqual({i["State"]["Name"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]}, {"terminated"})
        self.assertFalse([g for g in ec2.describe_security_groups()["SecurityGroups"] if g["GroupName"].startswith("evclean-")])
        self.assertEqual(len(self.requests("DeletePlacementGroup")), 1)
        self.fails("submit", says=["cannot take further steps: it is TERMINATED"])

    def test_user_data_is_the_script_itself_and_small_enough(self):
        from evclean_aws.ec2 import user_data
        text = user_data(["--bundle", "s3://our-code/b.tar.gz"])
        self.assertLess(len(text), 16384)
        done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_no_capacity_leaves_nothing_behind(self):
        self.rule(lambda r: r.action == "RunInstances", lambda _: ec2_error("InsufficientInstanceCapacity", "We currently do not have sufficient r6i.2xlarge capacity", 500))
        self.fails("up", says=["InsufficientInstanceCapacity", "another zone, another instance type"])
        self.assertFalse([g for g in self.client("ec2").describe_security_groups()["SecurityGroups"] if g["GroupName"].startswith("evclean-")])

    def test_the_quota_is_used_up(self):
        self.rule(lambda r: r.action == "RunInstances", lambda _: ec2_error("VcpuLimitExceeded", "You have requested more vCPU capacity than your current limit"))
        self.fails("up", says=["VcpuLimitExceeded", "Service Quotas"])

    def test_a_spot_instance_that_was_taken_back(self):
        self.succeeds("up")

        def describe(request):
            status, headers, body = self.cloud.forward(request)
            text = body.decode().replace("<name>running</name>", "<name>terminated</name>", 1)
            return xml_answer(re.sub(r"<stateReason>.*?</stateReason>|(<amiLaunchIndex>)", r"<stateReason><code>Server.SpotInstanceTermination</code>"
                              r"<message>Spot instance termination</message></stateReason>\1", text, count=1, flags=re.S))

        self.rule(lambda r: r.action == "DescribeInstances", describe)
        self.fails("status", says=["DEGRADED", "Server.SpotInstanceTermination", "market: on_demand, or another zone or type"])

    def test_a_cluster_that_is_not_there(self):
        self.fails("status", "--cluster-id", "0123456789abcdef", says=["there are no instances of the cluster 0123456789abcdef"])
        self.fails("status", "--cluster-id", "", says=["gave no cluster id"])


class Sizing(unittest.TestCase):
    def size(self, name, **words):
        from evclean_aws import instances
        return instances.size_of(instances.table()[name], **words)

    def test_ranks_and_memory_of_usual_types(self):
        found = {name: (self.size(name).ranks, self.size(name).memory_mib) for name in ("r6i.2xlarge", "m5.2xlarge", "c5.2xlarge", "c5.xlarge", "r4.2xlarge")}
        self.assertEqual(found, {"r6i.2xlarge": (8, 4096), "m5.2xlarge": (8, 3328), "c5.2xlarge": (8, 1536), "c5.xlarge": (4, 1472), "r4.2xlarge": (8, 4096)})

    def test_every_type_fits_its_memory(self):
        from evclean_aws import instances
        for name, found in instances.table().items():
            for hadoop in (False, True):
                fits = instances.size_of(found, hadoop=hadoop)
                self.assertLessEqual(fits.ranks * (fits.memory_mib + instances.PROGRAM_MIB), found.memory_mib, name)
                self.assertGreaterEqual(fits.memory_mib, instances.LEAST_BUDGET_MIB, name)

    def test_hadoop_leaves_less(self):
        self.assertLess(self.size("m5.2xlarge", hadoop=True).memory_mib, self.size("m5.2xlarge").memory_mib)

    def test_too_much_is_refused(self):
        from evclean_aws.problem import Problem
        with self.assertRaisesRegex(Problem, "more than the 16384 MiB of c5.2xlarge"):
            self.size("c5.2xlarge", ranks=8, memory_mib=4096)


class ParallelCluster(AwsTest):
    def setUp(self):
        super().setUp()
        self.furnish()
        self.subnet = self.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
        self.configure(("emr:", "parallelcluster:"), ("  instances: 8", f"  subnet: {self.subnet}\n  instances: 8"))

    def test_the_configuration_is_the_golden_one(self):
        with mock.patch.dict(os.environ, PATH="/usr/bin:/bin"):
            self.fails("up", says=["wrote access-log-parallelcluster.yaml", "pip install aws-parallelcluster; then: pcluster create-cluster"])
        text = (self.folder / "access-log-parallelcluster.yaml").read_text().replace(self.subnet, "SUBNET")
        text = re.sub(r"\b[0-9a-f]{64}\b", "SHA256", text)
        text = re.sub(r"clusters/[0-9a-f]{16}/", "clusters/TOKEN/", text)
        golden = ROOT / "tests" / "aws" / "parallelcluster.golden.yaml"
        if os.environ.get("EVCLEAN_WRITE_GOLDEN"):
            golden.write_text(text)
        self.assertEqual(text, golden.read_text())
        self.assertEqual(yaml.safe_load(text)["Scheduling"]["Scheduler"], "slurm")

    def test_submit_shows_the_line(self):
        out = self.succeeds("submit")
        self.assertIn("sbatch --nodes=8 --ntasks-per-node=8 --mem-per-cpu=4396M --chdir=/shared", out)
        self.fails("run", says=["its cluster outlives jobs"])
        self.fails("logs", says=["jobs go through Slurm"])

    def test_a_subnet_is_needed(self):
        self.configure((f"  subnet: {self.subnet}\n", ""), base=(self.folder / "config.yml").read_text())
        self.fails("up", says=["needs a subnet"])


class Cost(AwsTest):
    def test_an_estimate_says_where_its_price_is_from(self):
        out = self.succeeds("cost", "--hours", "3")
        self.assertIn("the table of this program for us-east-1; eu-central-1 may cost up to 30 % more", out)
        self.assertIn("15.12 USD (estimate", out)  # 24 h x 0.504 x 1.25

    def test_the_price_of_the_day(self):
        product = {"terms": {"OnDemand": {"x": {"priceDimensions": {"y": {"pricePerUnit": {"USD": "0.6080"}}}}}}}
        self.rule(lambda r: r.target == "GetProducts", lambda _: json_answer({"PriceList": [json.dumps(product)]}))
        out = self.succeeds("cost", "--hours", "1")
        self.assertIn("0.6080 USD", out)
        self.assertIn("AWS's price list for eu-central-1", out)

    def test_spot_nodes_and_a_leading_one_on_demand(self):
        self.configure(("  instances: 8", "  market: spot\n  instances: 8"))
        out = self.succeeds("cost", "--hours", "1")
        self.assertIn("1 x r6i.2xlarge x 1.00 h x 0.5040", out)
        self.assertIn("(the spot market now)", out)


class Secrets(AwsTest):
    def test_nothing_that_is_written_or_said_holds_a_key(self):
        self.furnish()
        said = "".join(repr(self.run_command(*words)) for words in
                       (["doctor", "--policies"], ["upload"], ["up"], ["status"], ["submit"], ["cost", "--hours", "1"], ["down"]))
        self.rule(lambda r: r.action == "GetCallerIdentity", lambda _: xml_answer(
            f"<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>key {aws_server.ACCESS_KEY}00 X-Amz-Signature=abcdef0123 "
            f"SecretAccessKey: {aws_server.SECRET}</Message></Error></ErrorResponse>", 403))
        said += repr(self.run_command("doctor"))
        for secret in (aws_server.SECRET, aws_server.ACCESS_KEY, "je7MtGbClwBF2Zp9Utkh3yCo8nvbEXAMPLEKEY", "abcdef0123"):
            self.assertNotIn(secret, said)
            for path in self.folder.rglob("*"):
                if path.is_file() and path.name != "credentials":
                    self.assertNotIn(secret, path.read_text("utf-8", "replace"), path)
            stored = [r.body for r in self.cloud.seen if r.method in ("PUT", "POST")]
            self.assertFalse([body for body in stored if secret.encode() in body], "sent to AWS in a body")

    def test_a_key_in_a_log_is_masked(self):
        from evclean_aws.problem import without_secrets
        shown = without_secrets(f"aws_secret_access_key = {aws_server.SECRET}\n-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\nfine")
        self.assertNotIn(aws_server.SECRET, shown)
        self.assertNotIn("abc", shown)
        self.assertTrue(shown.endswith("fine"))


class Launcher(unittest.TestCase):
    def test_it_starts_from_anywhere_and_lists_all_subcommands(self):
        done = subprocess.run([ROOT / "aws" / "evclean-aws", "--help"], cwd="/", capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("doctor", "keys", "upload", "up", "submit", "status", "logs", "ssh", "down", "run", "cost"):
            self.assertRegex(done.stdout, rf"(?m)^ +{name}\b")


if __name__ == "__main__":
    unittest.main()
