# SPDX-License-Identifier: Apache-2.0
"""A bad day: errors that pass, connections that break, credentials that end, roles and services that hand them out."""

import time

import s3_case
from s3_case import GATE, S3, S3Case
from s3_world import MAIN, OTHER, environment, profile_files


def csv(*rows):
    return "n\n" + "".join(f"{row}\n" for row in rows)


class Faults(S3Case):
    def setUp(self):
        super().setUp()
        self.text = csv(*range(40000))
        self.put("logs", named={f"d/{i}.csv": self.text for i in range(4)})

    def test_what_passes_is_tried_again(self):
        for action in (500, 503, "cut", "drop"):
            with self.subTest(action=action):
                GATE.rules.clear()
                for method in ("GET", "PUT", "POST", "HEAD"):
                    GATE.once(action, times=2, method=method)
                GATE.once(action, times=2, method="GET", object="d/2.csv")
                lines, ran = self.rows_of(["s3://logs/d/*.csv", "s3://logs/d/1.csv"], ranks=2,
                                          more={"output": [{"path": "out.csv", "overwrite": True},
                                                           {"path": "s3://out/o.csv", "overwrite": True}]})
                self.assertEqual(len(lines), 4 * 40000 + 1)
                self.assertEqual(self.get("out", "o.csv"), (self.folder / "out.csv").read_bytes())
                self.says(str(ran.report), "requests to s3 were sent again")
                self.assertEqual(self.uploads("out"), [])

    def test_slow_bytes_are_waited_for_and_silence_is_not(self):
        GATE.once("slow", times=3, method="GET", object="d/0.csv")
        GATE.once("stall", times=1, method="GET", object="d/1.csv")
        begin = time.monotonic()
        lines, _ = self.rows_of(["s3://logs/d/"])
        self.assertEqual(len(lines), 4 * 40000 + 1)
        self.assertLess(time.monotonic() - begin, 25)

    def test_what_does_not_pass_ends_the_run_on_all_ranks(self):
        GATE.rules.append(lambda r: 503 if r.object == "d/2.csv" else None)
        self.env["AWS_MAX_ATTEMPTS"] = "3"
        for ranks in (1, 3):
            ran = self.run_s3({"input": {"paths": "s3://logs/d/", "format": "csv"}, "output": "s3://out/o.csv"},
                              ranks=ranks, code=3)
            self.says(ran.err, "s3://logs/d/2.csv", "SlowDown", "3 attempts")
            self.assertEqual(self.keys("out") + self.uploads("out"), [])

    def test_a_server_that_is_not_there(self):
        self.env.update(AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="2")
        self.refused_s3(["s3://logs/d/"], "cannot list s3://logs/d/", "2 attempts", "connect")

    def test_a_lost_reply_to_the_last_request_is_no_failure(self):
        # The object is made, the reply is lost, the request is sent again and finds the object there.
        GATE.once("cut-reply", times=1, method="PUT", object="o.csv")
        self.run_s3({"input": {"paths": "s3://logs/d/1.csv", "format": "csv"}, "output": "s3://out/o.csv"})
        self.assertEqual(self.get("out", "o.csv").decode(), self.text)


class Credentials(S3Case):
    def setUp(self):
        super().setUp()
        self.put("logs", named={f"d/{i:02}.csv": csv(i) for i in range(30)})
        self.env = environment(GATE, self.folder, account=None)
        self.job = {"input": {"paths": "s3://logs/d/", "format": "csv"}, "output": {"path": "out.csv", "overwrite": True}}

    def assertRead(self, ran):
        self.assertEqual((self.folder / "out.csv").read_text(), csv(*range(30)))

    def files(self, config="", keys=""):
        self.env.update(profile_files(self.folder, config, keys))

    def test_keys_of_a_profile_that_changes_while_the_job_runs(self):
        old, new = GATE.new_key(), GATE.new_key()

        def text(key):
            return (f"[default]\naws_access_key_id = {key['AccessKeyId']}\naws_secret_access_key = "
                    f"{key['SecretAccessKey']}\naws_session_token = {key['Token']}\n")
        self.files("", text(old))
        count = [0]

        def expire(request):
            count[0] += 1
            if count[0] == 20:
                GATE.tokens[old["Token"]] = (old["AccessKeyId"], 0)
                (self.folder / "aws-credentials").write_text(text(new))
        GATE.rules.append(expire)
        self.assertRead(self.run_s3(self.job, ranks=2))
        self.assertTrue({new["AccessKeyId"], old["AccessKeyId"]} <= {r.key for r in GATE.requests})

    def test_keys_that_end_and_are_not_renewed(self):
        old = GATE.new_key(valid_s=-1)
        self.env.update(AWS_ACCESS_KEY_ID=old["AccessKeyId"], AWS_SECRET_ACCESS_KEY=old["SecretAccessKey"],
                        AWS_SESSION_TOKEN=old["Token"], AWS_MAX_ATTEMPTS="2")
        ran = self.run_s3(self.job, code=3)
        self.says(ran.err, "ExpiredToken", "the environment", "gives no newer ones")

    def test_a_program_that_prints_credentials_is_asked_before_they_end(self):
        import json
        for i in range(3):  # each lasts less than the five minutes before which keys are renewed
            (self.folder / f"aws-key-{i}.json").write_text(json.dumps(GATE.new_key(valid_s=299)))
        script = self.write("give.sh", "#!/bin/sh\nn=$(cat n 2>/dev/null || echo 0)\necho $(( (n + 1) % 3 )) > n\ncat aws-key-$n.json\n")
        script.chmod(0o755)
        self.files(f"[profile p]\ncredential_process = {script}\n")
        self.run_s3(self.job, AWS_PROFILE="p")
        self.assertEqual((self.folder / "out.csv").read_text(), csv(*range(30)))
        self.assertGreater(len({r.key for r in GATE.requests}), 1)

    def test_a_role_of_another_account(self):
        arn = "arn:aws:iam::444455556666:role/logs-reader"
        GATE.roles[arn] = "ticket-7"
        GATE.allowed["logs"] = {arn}
        self.env = environment(GATE, self.folder)
        ran = self.run_s3(self.job, code=3)
        self.says(ran.err, "AccessDenied", "the environment")
        self.job["s3"] = {"role_arn": arn, "external_id": "ticket-7", "session_name": "nightly"}
        self.assertRead(self.run_s3(self.job, ranks=2))
        asked = [r.body.decode() for r in GATE.requests if r.object == "AssumeRole"]
        self.assertTrue(asked and all("RoleSessionName=nightly" in body for body in asked))
        self.job["s3"]["external_id"] = "another"
        ran = self.run_s3(self.job, code=3)
        self.says(ran.err, arn, "cannot be taken on by the environment", "external_id", "..." + MAIN[0][-4:])

    def test_a_role_of_a_profile(self):
        arn = "arn:aws:iam::444455556666:role/x"
        GATE.roles[arn] = None
        GATE.allowed["logs"] = {arn}
        self.files(f"[profile hop]\nrole_arn = {arn}\nsource_profile = base\nduration_seconds = 900\n"
                   "[profile loop]\nrole_arn = a\nsource_profile = pool\n[profile pool]\nrole_arn = a\nsource_profile = loop\n"
                   "[profile sso]\nsso_session = x\n",
                   f"[base]\naws_access_key_id={MAIN[0]}\naws_secret_access_key={MAIN[1]}\n")
        self.job["s3"] = {"profile": "hop"}
        self.assertRead(self.run_s3(self.job))
        for profile, words in (("hob", ["no profile 'hob'", "did you mean 'hop'"]), ("loop", ["leads back to itself"]),
                               ("sso", ["export-credentials"])):
            self.job["s3"] = {"profile": profile}
            self.says(self.run_s3(self.job, code=2).err, *words)

    def test_a_web_identity(self):
        arn = "arn:aws:iam::444455556666:role/pod"
        GATE.roles[arn] = None
        self.write("token", "a-web-identity-token\n")
        self.env.update(AWS_ROLE_ARN=arn, AWS_WEB_IDENTITY_TOKEN_FILE=str(self.folder / "token"))
        self.assertRead(self.run_s3(self.job))

    def test_an_instance_role_is_renewed(self):
        keys = []

        def give():
            keys.append(GATE.new_key(valid_s=299 if len(keys) < 2 else 3600))
            return keys[-1]
        GATE.instance_role = give
        self.env.update(AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=GATE.url)
        self.assertRead(self.run_s3(self.job))
        self.assertGreater(len(keys), 2)
        GATE.allowed["logs"] = set()
        self.says(self.run_s3(self.job, code=3).err, "the instance role node-role", "AccessDenied")

    def test_a_container_role(self):
        key = GATE.new_key()
        GATE.instance_role = lambda: key
        self.env.update(AWS_CONTAINER_CREDENTIALS_FULL_URI=GATE.url + "/latest/container",
                        AWS_CONTAINER_AUTHORIZATION_TOKEN="a-container-token")
        self.assertRead(self.run_s3(self.job))


class Check(S3Case):
    def test_the_table_of_buckets(self):
        self.put("logs", named={"a.csv": csv(1)})
        GATE.allowed = {"out": {OTHER[0]}}
        self.write("job.yml", {"input": {"paths": "s3://logs/*.csv", "format": "csv"},
                               "tables": {"t": {"paths": "s3://elsewhere/", "missing": "skip"}},
                               "output": [{"path": "s3://out/a.csv"}, {"path": "s3://elsewhere/b.csv"}]})
        ran = self.call("check", "--s3", "job.yml", env=self.env)
        self.assertNoSecrets(ran)
        rows = {tuple(line.split()[:2]): line for line in ran.out.splitlines() if line}
        self.says(ran.out, "bucket", "identity", "region", "list", "read", "write")
        self.says(rows["logs", "input"], "arn:aws:iam::111122223333:user/main", "us-east-1", "yes")
        self.says(rows["elsewhere", "output"], "eu-central-1", "yes")
        self.says(rows["out", "output"], "no")
        self.says(ran.out, "out: write: AccessDenied")
        self.assertEqual(ran.code, 3)
        self.assertEqual(self.uploads("elsewhere"), [])
        GATE.allowed = {}
        self.assertEqual(self.call("check", "--s3", "job.yml", env=self.env).code, 0)


if __name__ == "__main__":
    s3_case.harness.main()
