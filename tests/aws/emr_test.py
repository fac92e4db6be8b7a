# SPDX-License-Identifier: Apache-2.0
"""evclean-aws with clusters of EMR, against moto's server: up, submit, status, logs, down, run. python emr_test.py"""

import gzip
import json
import os
import re
import unittest

from aws_server import ROOT, command, json_answer, json_error
from aws_world import JOB, AwsTest


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


if __name__ == "__main__":
    unittest.main()
