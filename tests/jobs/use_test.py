# SPDX-License-Identifier: Apache-2.0
"""`use:` tables, functions and steps from other files, by every command and at 1 to 4 ranks."""

from harness import Case, main

COMMON = """
use: more/plans.yml
tables:
  users: {paths: users.csv, steps: {use: upper}}
  unused: {paths: not-there.csv}
functions: {"kb(x)": "round(x / 1000, 1)"}
steps:
  upper: [set: {plan: upper(plan)}]
  tidy:
    - filter: "bytes is not null"
    - set: {kb: kb(bytes)}
resources: {chunk: 4KiB}
"""
JOB = """
use: ../shared/common.yml
input: events.csv
steps:
  - use: tidy
  - join: {table: users, on: ip}
  - join: {table: plans, on: plan}
output: out.csv
tests:
  - name: a row
    input: [{ip: a, bytes: 1234}]
    tables: {users: [{ip: a, plan: pro}], plans: [{plan: PRO, price: 9}]}
    expect: {kb: 1.2, plan: PRO, price: 9}
"""


class Use(Case):
    def setUp(self):
        super().setUp()
        self.write("shared/common.yml", COMMON)
        self.write("shared/more/plans.yml", "tables: {plans: {paths: plans.csv}}\n")
        self.write("shared/more/plans.csv", "plan,price\nFREE,0\nPRO,9\n")
        self.write("shared/users.csv", "ip,plan\n" + "".join(f"i{n},{'pro' if n % 2 else 'free'}\n" for n in range(50)))
        self.write("jobs/events.csv", "ip,bytes\n" + "".join(f"i{n % 50},{n * 7 if n % 3 else ''}\n" for n in range(3000)))
        self.write("jobs/job.yml", JOB)

    def test_a_job_of_pieces_is_the_job_in_one_file(self):
        whole = {"input": "jobs/events.csv", "steps": [
            {"filter": "bytes is not null"}, {"set": {"kb": "round(bytes / 1000, 1)"}}, {"join": {"table": "users", "on": "ip"}},
            {"join": {"table": "plans", "on": "plan"}}], "output": "whole.csv", "resources": {"chunk": "4KiB"},
            "tables": {"users": {"paths": "shared/users.csv", "steps": [{"set": {"plan": "upper(plan)"}}]},
                       "plans": {"paths": "shared/more/plans.csv"}}}
        self.run_job(whole)
        wanted = (self.folder / "whole.csv").read_text()
        self.assertEqual(wanted.count("\n"), 2001)
        for ranks in (0, 1, 2, 3, 4):
            ran = self.call("run", "jobs/job.yml", "--overwrite", ranks=ranks)
            self.assertEqual(ran.code, 0, ran)
            self.assertEqual((self.folder / "out.csv").read_text(), wanted)
        for cwd in ("jobs", "shared"):  # paths do not depend on where it is run
            ran = self.call("run", "../jobs/job.yml", cwd=self.folder / cwd)
            self.assertEqual(ran.code, 0, ran)
            self.assertEqual((self.folder / cwd / "out.csv").read_text(), wanted)

    def test_every_command_follows(self):
        for command in ("check", "explain", "preview", "test"):
            ran = self.call(command, "jobs/job.yml")
            self.assertEqual(ran.code, 0, ran)
        self.assertIn("1 passed, 0 failed", self.call("test", "jobs/job.yml").out)
        ran = self.call("run", "jobs/job.yml", "--set", "steps.0.filter=bytes > 20000", "--set", "tables.users.steps=null",
                        "--set", "output.path=set.csv", "--set", "steps.3={join: {table: plans, on: plan, how: left}}")
        self.assertEqual(ran.code, 0, ran)
        self.assertIn(",pro,", (self.folder / "set.csv").read_text())

    def test_mistakes_point_into_the_file_that_has_them(self):
        bad = COMMON.replace("upper(plan)", "uper(plan)").replace("bytes is not null", "byts is not null")
        self.write("shared/common.yml", bad)
        said = self.call("check", "jobs/job.yml")
        self.assertEqual(said.code, 2, said)
        self.says(said.err, "shared/common.yml:8:", "uper", "shared/common.yml:10:", "byts")
        for ranks in (0, 3):
            ran = self.call("run", "jobs/job.yml", ranks=ranks)
            self.assertEqual(ran.code, 2, ran)
            self.says(ran.err, "shared/common.yml:")
        self.write("shared/common.yml", COMMON + "output: x.csv\n")
        for ranks in (0, 2):
            ran = self.call("run", "jobs/job.yml", ranks=ranks)
            self.assertEqual(ran.code, 2, ran)
            self.says(ran.err, "shared/common.yml:13:1: error: output belongs into the job")
        (self.folder / "shared/common.yml").unlink()
        ran = self.call("run", "jobs/job.yml", ranks=2)
        self.assertEqual(ran.code, 2, ran)
        self.says(ran.err, "jobs/job.yml:2:6: error: use: cannot read '../shared/common.yml'")

    def test_a_changed_piece_is_another_job_for_resume(self):
        first = self.call("run", "jobs/job.yml", "--resume", "--report", "a.json", ranks=2)
        self.assertEqual(first.code, 0, first)
        self.write("shared/common.yml", COMMON.replace("1000, 1", "1000, 2"))
        again = self.call("run", "jobs/job.yml", "--resume", "--overwrite", ranks=2)
        self.assertEqual(again.code, 0, again)
        self.assertIn(",0.01,", (self.folder / "out.csv").read_text())


if __name__ == "__main__":
    main()
