# SPDX-License-Identifier: Apache-2.0
"""evclean-aws with plain EC2 instances and ParallelCluster, sizes and costs. python ec2_test.py"""

import json
import os
import re
import subprocess
import unittest
from unittest import mock

from aws_server import ROOT, ec2_error, json_answer, xml_answer
from aws_world import AwsTest

import yaml


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


if __name__ == "__main__":
    unittest.main()
