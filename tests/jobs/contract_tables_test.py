# SPDX-License-Identifier: Apache-2.0
"""Groups, sql and several tables in one job, by the job contract."""

import json
import random

import harness
from hits import HITS, USERS, users


class Groups(harness.Case):
    def test_group_counts_sums_and_sorts_by_the_keys(self):
        step = {"group": {"by": ["path"], "agg": {"hits": "count(*)", "known": "count(bytes)", "sum": "sum(bytes)",
                                                  "mean": "avg(bytes)", "small": "count(*) filter (where bytes < 10)",
                                                  "ips": "count(distinct ip)", "first": "first(ip)"}}}
        table = self.clean(HITS, [step])
        self.assertEqual(table.rows[0], {"path": "/a", "hits": 3, "known": 3, "sum": 47, "mean": 47 / 3, "small": 1,
                                         "ips": 2, "first": "1.1.1.1"})
        self.assertEqual(table.column("path"), ["/a", "/b", "/c"])
        self.assertEqual(table.ledger["kept"], 6)
        self.assertEqual([(s["rows_in"], s["rows_out"]) for s in table.ran.report["tables"]["events"]["steps"]], [(6, 3)])

    def test_null_is_a_group_and_comes_last(self):
        table = self.clean(HITS, [{"group": {"by": "ip", "agg": {"n": "count(*)"}}}])
        self.assertEqual(table.column("ip"), ["1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4", None])

    def test_aggregates_may_be_combined(self):
        table = self.clean(HITS, [{"group": {"by": [], "agg": {"ratio": "sum(bytes) / count(*)"}}}])
        self.assertEqual(table.rows, [{"ratio": 9.0}])

    def test_mistakes_in_aggregates_have_a_caret(self):
        self.refused(HITS, [{"group": {"by": "path", "agg": {"x": "sum(byts)"}}}], words=["byts", "bytes", "^"])
        self.refused(HITS, [{"group": {"by": "pth", "agg": {"x": "count(*)"}}}], words=["'pth'", "path"])
        self.refused(HITS, [{"group": {"by": "path", "agg": {"x": "bytes"}}}], words=["bytes"])

    def test_a_sum_beyond_64_bits_names_its_group(self):
        text = "k,v\na,9223372036854775807\na,1\nb,1\n"
        self.refused(text, [{"group": {"by": "k", "agg": {"s": "sum(v)"}}}], words=["overflow", "a"])

    def test_it_names_columns_as_they_are_written(self):
        text = "k,v\na,9223372036854775807\na,1\nb,1\n"
        for query, words in (
                ("select k, sum(v) as s from (select k, v from events union all select k, v from events) x group by k",
                 "the sum of v does not fit into int64 in the group k 'a':"),
                ("select a.k, sum(b.v) as s from events a join events b using (k) group by a.k",
                 "the sum of v does not fit into int64 in the group k 'a':"),
                ("select upper(k) as u, sum(v + 0) as s from events group by u",
                 "the sum of v + 0 does not fit into int64 in the group upper(k) 'A':")):
            self.refused(text, [{"sql": query}], words=[words])

    def test_union_all_of_integers_and_floats_loses_no_digit(self):
        query = "select v from events union all select 0.5"
        self.assertEqual(self.clean("v\n9007199254740992\n-1\n", [{"sql": query}]).column("v"), [2.0**53, -1.0, 0.5])
        for value in ("9007199254740993", "9223372036854775807"):
            self.refused(f"v\n1\n{value}\n", [{"sql": query}], words=("UNION ALL", "float64", value))
            self.refused(f"v\n1\n{value}\n", [{"sql": f"select 0.5 as v union all select {value}"}], words=("UNION ALL", value))
            table = self.clean(f"v\n{value}\n", [{"sql": "select cast(v as float64) as v from events union all select 0.5"}])
            self.assertEqual(table.column("v"), [float(value), 0.5])

    def test_a_failure_in_a_group_ends_all_ranks(self):
        self.write("in.txt", "k,v\na,9223372036854775807\na,1\nb,1\n")
        for ranks in (2, 3, 4, 16):
            ran = self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "output": "out.csv",
                                "steps": [{"group": {"by": "k", "agg": {"s": "sum(v)"}}}]}, ranks=ranks, code=2)
            self.says(ran.err, "overflow", "'a'")
            self.assertNothingLeft()

    def test_notes_are_of_all_ranks(self):
        text = "k,v\n" + "".join(f"{i % 3},{i}\n" for i in range(3000))
        steps = [{"sql": "select k, v, v / (v - v) as z, 9223372036854775807 + v as o from events"},
                 {"group": {"by": "k", "agg": {"s": "sum(v) / 0", "n": "count(z)"}}}]
        seen = set()
        for ranks in (1, 2, 3, 4):
            table = self.clean(text, steps, ranks=ranks, resources={"chunk": "2KiB"})
            seen.add(json.dumps(table.ran.report["tables"]["events"]["notes"]))
        notes = json.loads(seen.pop())
        self.assertFalse(seen)
        self.assertIn("3003 divisions by zero gave null", notes)
        self.assertIn("2999 integer results beyond 64 bits, or times outside the years 1 to 9999, gave null", notes)

    def test_an_ambiguous_date_that_nobody_uses_is_no_mistake(self):
        table = self.clean("d,k\n01/02/2026,a\n03/04/2026,b\n", [{"group": {"by": "k", "agg": {"n": "count(*)"}}}])
        self.assertEqual(table.column("n"), [1, 1])

    def test_ranks_agree(self):
        random.seed(3)
        text = "k,x\n" + "".join(f"{random.choice('abcdefg')}{random.randrange(60)},{random.uniform(-1e6, 1e6)!r}\n"
                                 for _ in range(5000))
        step = {"group": {"by": "k", "agg": {"n": "count(*)", "s": "sum(x)", "m": "avg(x)", "d": "stddev(x)",
                                             "q": "approx_quantile(x, 0.5)", "f": "first(x)", "l": "last(x)"}}}
        seen = {self.clean(text, [step], ranks=ranks, resources={"chunk": "8KiB"}).csv for ranks in (1, 2, 3, 4)}
        self.assertEqual(len(seen), 1)


class Sql(harness.Case):
    def test_a_table_of_its_own(self):
        self.write("in.txt", HITS)
        job = {"input": {"paths": "in.txt", "format": "csv"},
               "tables": {"by_path": {"sql": "select path, count(*) as hits, sum(bytes) as bytes from events group by path"}},
               "output": [{"path": "out.csv"}, {"path": "by_path.csv", "table": "by_path"}]}
        for ranks in (0, 3):
            ran = self.run_job(job, "--overwrite", ranks=ranks)
            self.assertEqual((self.folder / "by_path.csv").read_text(), "path,hits,bytes\n/a,3,47\n/b,2,2\n/c,1,5\n")
            self.assertEqual(len((self.folder / "out.csv").read_text().splitlines()), 7)
            self.assertEqual(ran.report["ledger"]["lines"], 7)

    def test_a_step_replaces_the_table(self):
        self.write("users.csv", USERS)
        query = ("select e.path, u.country, count(*) as n from events e join users u on e.ip = u.ip "
                 "where e.bytes > 5 group by e.path, u.country having count(*) >= 1 order by n desc, country limit 2")
        table = self.clean(HITS, [{"set": {"bytes": "bytes + 0"}}, {"sql": query}, {"filter": "n > 0"}], tables=users())
        self.assertEqual(table.rows, [{"path": "/a", "country": "AT", "n": 1}, {"path": "/a", "country": "DE", "n": 1}])

    def test_a_query_without_from_is_one_row(self):
        tables = {"one": {"sql": "select 1 as a, 'x' as b"},
                  "more": {"sql": "select a, b from one union all select 2, 'y'"},
                  "none": {"sql": "select 1 as a where 1 > 2"}}
        outputs = [{"path": f"{name}.csv", "table": name} for name in tables]
        for ranks in (0, 2, 3, 4):
            with self.subTest(ranks=ranks):
                self.fresh()
                ran = self.run_job({"tables": tables, "output": outputs}, ranks=ranks)
                self.assertEqual(ran.report["ledger"]["lines"], 0)
                self.assertEqual([(self.folder / output["path"]).read_text() for output in outputs],
                                 ["a,b\n1,x\n", "a,b\n1,x\n2,y\n", "a\n"])
                table = self.clean(HITS, [{"sql": "select 7 as n"}, {"set": {"m": "n + 1"}}], ranks=ranks)
                self.assertEqual(table.rows, [{"n": 7, "m": 8}])
        self.refused(HITS, [{"sql": "select status"}], words=["job.yml:1:", "no column status", "without FROM"])

    def test_table_names_match_another_case_when_unique(self):
        self.write("users.csv", USERS)
        tables = dict(users(), q={"sql": "select IP, Country from Users where PLAN = 'pro'"})
        steps = [{"sql": "select e.*, country from EVENTS e join Q on e.ip = Q.ip"}]
        self.assertEqual(self.clean(HITS, steps, tables=tables).column("country"), ["DE", "DE"])
        self.write("in.txt", HITS)
        job = {"input": {"paths": "in.txt"}, "steps": [{"sql": "select * from uSers"}], "output": "out.csv",
               "tables": {"users": {"rows": [{"a": 1}]}, "Users": {"rows": [{"a": 1}]}}}
        self.says(self.run_job(job, "--overwrite", code=2).err, "uSers may be users or Users")

    def test_mistakes_have_a_place_and_a_caret(self):
        for query, words in (("select nope from events", ["nope", "^"]), ("selec 1", ["syntax", "^"]),
                             ("select * from nowhere", ["nowhere", "events"]),
                             ("select row_number() over () from events", ["over", "^"])):
            self.refused(HITS, [{"sql": query}], words=["job.yml:1:"] + words)

    def test_a_constant_is_no_order_and_no_group(self):
        for query, word in (("select path from events order by 1.5", "order by 1.5"),
                            ("select count(*) from events group by true", "group by true"),
                            ("select path from events order by '2'", "order by '2'")):
            self.refused(HITS, [{"sql": query}], words=[word, "the same for every row", "^"])

    def test_a_name_that_its_table_does_not_have_is_told_with_those_it_has(self):
        self.write("in.txt", HITS)
        self.write("users.csv", USERS)
        for query in ("select events.path, users.contry from events join users on users.ip = events.ip",
                      "select e.path from events e join users u on u.ip = e.ip where u.contry = 'DE'"):
            ran = self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "tables": dict(users(), q={"sql": query}),
                                "output": {"path": "out.csv", "table": "q"}}, code=2)
            self.says(ran.err, "contry", "did you mean 'country'?", "^")

    def test_an_expression_may_not_be_a_query(self):
        self.refused(HITS, [{"filter": "bytes in (select 1)"}], words=["subquery", "^"])


class WithoutValues(harness.Case):
    """A quiet day: no row, no number or no text at all must not end a job that runs on other days."""

    def test_aggregates_of_a_column_without_a_value_are_null(self):
        text = "k,z\na,\nb,\na,\n"
        steps = [{"group": {"by": "k", "agg": {"s": "sum(z)", "a": "avg(z + 1)", "q": "approx_quantile(z, 0.5)",
                                               "n": "count(*)"}}}]
        table = self.clean(text, steps, ranks=2)
        self.assertEqual(table.rows, [{"k": "a", "s": None, "a": None, "q": None, "n": 2},
                                      {"k": "b", "s": None, "a": None, "q": None, "n": 1}])
        self.assertEqual(table.types, {"k": "string", "s": "int64", "a": "float64", "q": "float64", "n": "int64"})
        sql = [{"sql": "select k, sum(z) as s from events where z is null or z > 3 group by k"}]
        self.assertEqual(self.clean(text, sql).rows, [{"k": "a", "s": None}, {"k": "b", "s": None}])

    def test_a_filter_that_keeps_nothing(self):
        steps = [{"filter": "bytes > 1000"}, {"group": {"by": "ip", "agg": {"s": "sum(bytes)"}}}]
        table = self.clean(HITS, steps, ranks=2)
        self.assertEqual((table.rows, table.types), ([], {"ip": "string", "s": "int64"}))

    def test_a_time_without_a_value_gives_no_session(self):
        table = self.clean("k,t\na,\nb,\n", [{"sessionize": {"by": "k", "time": "t", "gap": "1m"}}])
        self.assertEqual(table.column("session_id"), [None, None])
        self.refused("k,t\na,x\n", [{"sessionize": {"by": "k", "time": "t", "gap": "1m"}}], words=["string"])

    def test_a_key_without_a_value_meets_any_type(self):
        for text, on in (("k,z\na,\nb,\n", {"z": "n"}), ("k,z\na,1\nb,2\n", {"z": "ip"})):
            self.fresh()
            self.write("users.csv", "ip,n\n,1\n,2\n")
            table = self.clean(text, [{"join": {"table": "users", "on": on, "how": "left"}}], tables=users())
            self.assertEqual(len(table.rows), 2)

    def test_of_an_empty_input_every_name_is_a_column(self):
        steps = [{"drop": ["debug"]}, {"sort": ["q"]}, {"filter": "v > 1 and w = 'x'"},
                 {"join": {"table": "users", "on": "ip", "how": "left"}}, {"set": {"x": "y + 1"}},
                 {"sql": "select lower(s) as l, count(*) as n from events where z > 1 group by l order by n"},
                 {"filter": "n > 1"}]
        for text in ("", "\n  \n"):
            for ranks in (0, 2):
                self.fresh()
                self.write("users.csv", USERS)
                table = self.clean(text, steps, fmt="auto", tables=users(), ranks=ranks)
                self.assertEqual((table.rows, table.names), ([], ["l", "n"]))
        steps = [{"group": {"by": ["k"], "agg": {"s": "sum(v)", "m": "max(w)"}}}]
        self.assertEqual(self.clean("", steps, fmt="auto").names, ["k", "s", "m"])
        self.refused("", [*steps, {"filter": "ss > 1"}], fmt="auto", words=["no column ss", "k, s, m"])
        self.refused("k,v\n", [{"group": {"by": ["k"], "agg": {"s": "sum(vv)"}}}], words=["no column vv"])

    def test_columns_without_a_value_of_several_types_in_one_expression(self):
        steps = [{"set": {"x": "case when v > 1 and w = 'x' then d - interval '1 day' end", "y": "v + length(w)"}},
                 {"filter": "v > 1 and w = 'x' or k = 1"}]
        table = self.clean("k,v,w,d\n1,,,\n2,,,\n", steps)
        self.assertEqual([(row["k"], row["x"], row["y"]) for row in table.rows], [(1, None, None)])

    def test_null_is_a_condition(self):
        table = self.clean("a\n1\n", [{"flag": {"f": "null"}}])
        self.assertEqual(table.rows, [{"a": 1, "f": False}])
        self.assertEqual(self.clean("a\n1\n", [{"filter": "null"}]).rows, [])


class Tables(harness.Case):
    def test_tables_have_steps_of_their_own_and_are_read_once(self):
        self.write("in.txt", HITS)
        self.write("users.csv", USERS)
        job = {"input": {"paths": "in.txt", "format": "csv"},
               "steps": [{"join": {"table": "pros", "on": "ip", "how": "left", "columns": ["country"]}}],
               "tables": {"pros": {"paths": "users.csv", "format": "csv", "steps": [{"filter": "plan = 'pro'"}]},
                          "again": {"sql": "select country, count(*) as n from pros group by country"}},
               "output": [{"path": "out.csv"}, {"path": "pros.csv", "table": "pros"},
                          {"path": "again.csv", "table": "again"}]}
        ran = self.run_job(job)
        self.assertEqual((self.folder / "pros.csv").read_text(), "ip,country,plan\n1.1.1.1,DE,pro\n9.9.9.9,US,pro\n")
        self.assertEqual((self.folder / "again.csv").read_text(), "country,n\nDE,1\nUS,1\n")
        self.assertEqual(list(ran.report["tables"]), ["events", "pros", "again"])
        self.assertEqual(ran.report["tables"]["pros"]["ledger"]["filtered"], 3)

    def test_limit_cuts_the_input_and_no_other_table(self):
        self.write("in.txt", HITS)
        self.write("users.csv", USERS)
        self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "tables": users(), "output": "out.jsonl",
                      "steps": [{"join": {"table": "users", "on": "ip", "how": "left"}}]}, "--limit", "1")
        rows = [harness.json.loads(line) for line in (self.folder / "out.jsonl").read_text().splitlines()]
        self.assertEqual([row["country"] for row in rows], ["DE", "AT"])

    def test_inline_rows(self):
        rows = [{"ip": "1.1.1.1", "who": "Ann"}]
        table = self.clean(HITS, [{"join": {"table": "names", "on": "ip", "how": "inner"}}],
                           tables={"names": {"rows": rows}})
        self.assertEqual(table.column("who"), ["Ann", "Ann"])

    def test_a_circle_is_refused(self):
        self.write("users.csv", USERS)
        self.refused(HITS, [{"join": {"table": "a", "on": "ip"}}], words=["circle", "events", "a"],
                     tables={"a": {"sql": "select ip from events"}})

    def test_job_tests_join_the_rows_they_give(self):
        job = {"input": {"paths": "in.txt", "format": "csv"}, "tables": users(), "output": "out.csv",
               "steps": [{"join": {"table": "users", "on": "ip", "how": "left", "columns": ["country", "plan"]}},
                         {"fill": "None"}],
               "tests": [{"name": "found", "input": [{"ip": "1.1.1.1", "path": "/a"}],
                          "tables": {"users": [{"ip": "1.1.1.1", "country": "DE", "plan": "pro"}]},
                          "expect": {"country": "DE", "plan": "pro"}},
                         {"name": "not found", "input": [{"ip": "1.1.1.1"}],
                          "tables": {"users": [{"ip": "2.2.2.2", "country": "DE", "plan": "pro"}]},
                          "expect": {"country": "None"}},
                         {"name": "no rows given", "input": [{"ip": "1.1.1.1"}], "expect": {"plan": None}}]}
        self.write("job.yml", job)
        ran = self.call("test", "job.yml")
        self.assertEqual((ran.code, ran.out.splitlines()[-1]), (0, "3 passed, 0 failed"), ran)

    def test_job_tests_know_no_columns_of_a_table_that_they_do_not_give(self):
        steps = [{"join": {"table": "users", "on": "ip", "how": "left"}}, {"set": {"vip": "coalesce(plan, 'no') = 'pro'"}},
                 {"sort": "seen"}, {"fill": "None"}]
        tests = [{"name": "not given", "input": [{"ip": "1.1.1.1", "path": "/a"}],
                  "expect": {"vip": False, "plan": "None", "country": None}},
                 {"name": "empty", "input": ["ip,path", "1.1.1.1,/a"], "tables": {"users": []}, "expect": {"country": "None"}},
                 {"name": "given", "input": [{"ip": "1.1.1.1"}],
                  "tables": {"users": [{"ip": "1.1.1.1", "plan": "pro", "seen": 1}]}, "expect": {"vip": True}},
                 {"name": "no such column", "input": [{"ip": "1.1.1.1"}],
                  "tables": {"users": [{"ip": "1.1.1.1", "plan": "pro", "seen": 1}]}, "expect": {"contry": None}},
                 {"name": "no value", "input": [{"ip": "1.1.1.1"}], "expect": {"country": "DE"}}]
        self.write("job.yml", {"input": {"paths": "in.txt", "format": "csv"}, "tables": users(), "output": "out.csv",
                               "steps": steps, "tests": tests})
        ran = self.call("test", "job.yml")
        self.assertEqual((ran.code, ran.out.splitlines()[-1]), (1, "3 passed, 2 failed"), ran)
        self.says(ran.out, "fail no such column", "column contry: not there", "fail no value", "column country: not there")
        for step in ({"sql": "select country, count(*) as n from events group by country"},
                     {"group": {"by": "country", "agg": {"n": "count(*)", "top": "max(plan)"}}}):
            self.write("job.yml", {"input": {"paths": "in.txt", "format": "csv"}, "tables": users(), "output": "out.csv",
                                   "steps": [steps[0], step], "tests": [dict(tests[0], expect={"country": None, "n": 1})]})
            ran = self.call("test", "job.yml")
            self.assertEqual((ran.code, ran.out.splitlines()[-1]), (0, "1 passed, 0 failed"), ran)

    def test_check_finds_mistakes_in_every_table(self):
        self.write("in.txt", HITS)
        self.write("users.csv", USERS)
        job = ("input: {paths: in.txt, format: csv}\noutput: out.csv\nsteps:\n"
               "  - join: {table: users, on: ip, how: left, columns: [contry]}\n"
               "  - group: {by: path, agg: {n: cont(*)}}\n"
               "tables:\n  users: {paths: users.csv, format: csv, steps: [{filter: 'plann = 1'}]}\n"
               "  q: {sql: 'select nix from users'}\n")
        self.write("job.yml", job)
        ran = self.call("check", "job.yml")
        self.assertEqual(ran.code, 2)
        self.says(ran.err, "job.yml:4:", "contry", "job.yml:5:", "cont", "job.yml:7:", "plann", "job.yml:8:", "nix")

    def test_preview_joins(self):
        self.write("in.txt", HITS)
        self.write("users.csv", USERS)
        self.write("job.yml", {"input": {"paths": "in.txt", "format": "csv"}, "tables": users(), "output": "out.csv",
                               "steps": [{"join": {"table": "users", "on": "ip", "how": "inner"}}]})
        ran = self.call("preview", "job.yml")
        self.assertEqual(ran.code, 0, ran)
        self.says(ran.out, "country", "DE", "FR")


if __name__ == "__main__":
    harness.main()
