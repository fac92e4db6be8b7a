# SPDX-License-Identifier: Apache-2.0
"""evclean-aws doctor: everything that is wrong with an account is a message. python doctor_test.py"""

import json
import re
import unittest

import aws_server
from aws_server import json_answer, s3_error, xml_answer
from aws_world import JOB, AwsTest


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


if __name__ == "__main__":
    unittest.main()
