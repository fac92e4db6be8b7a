# SPDX-License-Identifier: Apache-2.0
"""evclean-aws: the configuration, jobs and their files, keys, uploads, secrets, the launcher. python config_test.py"""

import subprocess
import unittest

import aws_server
from aws_server import ROOT, xml_answer
from aws_world import CONFIG, REGION, AwsTest


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
