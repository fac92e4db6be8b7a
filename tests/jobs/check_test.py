# SPDX-License-Identifier: Apache-2.0
"""Commands that read little (check, preview, explain, test): what they say of jobs with mistakes, and that they stand."""

import os
import re

import harness

ESC = "\x1b"


class Little(harness.Case):
    def job(self, steps=(), **keys):
        job = {"input": {"paths": "in.csv", "format": "csv"}, "steps": list(steps), "output": "out.csv"}
        for key, value in keys.items():
            (job if key in ("tables", "output", "tests", "functions") else job["input"])[key] = value
        self.write("job.yml", job)
        return job

    def ran(self, command, code=0, *args, ranks=0):
        ran = self.call(command, "job.yml", *args, ranks=ranks)
        self.assertEqual(ran.code, code, f"{command}\n{ran}")
        return ran.out + ran.err


class TablesThatReadTables(Little):
    def test_a_join_with_a_table_made_by_an_operator(self):
        self.write("in.csv", "a\n1\n2\n")
        self.write("u.csv", "a,b,t\n1,x,2026-01-01 00:00:00\n1,y,2026-01-01 00:00:01\n3,z,2026-01-01 00:00:02\n")
        made = {"sql": "select a, count(*) as n from u group by a"}
        source = {"paths": "u.csv", "format": "csv"}
        for q in (made, {"sql": "select distinct a from u"}, {"sql": "select a from u order by a"},
                  {"sql": "select u.a from u join v on u.a = v.a"}, dict(source, steps=[{"distinct": ["a"]}]),
                  dict(source, steps=[{"sort": ["a"]}, {"distinct": ["a"]}]),
                  dict(source, steps=[{"group": {"by": ["a"], "agg": {"n": "count(*)"}}}, {"sort": ["-n"]}]),
                  dict(source, steps=[{"sessionize": {"by": ["a"], "time": "t"}}, {"sql": "select distinct a from q"}]),
                  dict(source, steps=[{"join": {"table": "v", "on": "a"}}, {"distinct": ["a"]}])):
            with self.subTest(q=q):
                self.job([{"join": {"table": "q", "on": "a"}}], tables={"u": source, "v": source, "q": q},
                         tests=[{"input": "a\n1\n", "tables": {"u": [{"a": 1, "b": "x"}], "v": [{"a": 1, "b": "x"}]}, "expect": []}])
                self.says(self.ran("check"), "no mistakes")
                self.says(self.ran("preview"), "events after 1 step")
                self.says(self.ran("explain"), "join q")
                ran = self.call("test", "job.yml")
                self.assertIn(ran.code, (0, 1), ran)
                self.ran("run", 0, "--overwrite", ranks=2)


if __name__ == "__main__":
    harness.main()
