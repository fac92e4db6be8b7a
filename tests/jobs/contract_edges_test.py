# SPDX-License-Identifier: Apache-2.0
"""Corners of the contract's tables, SQL and outputs: names that meet, types that cannot, and what the messages advise."""

import harness


class Joins(harness.Case):
    def mistake(self, left, right, join, *words):
        """A join that is refused, alone and by three ranks, with `words` and its place."""
        self.write("in.csv", left)
        self.write("users.csv", right)
        job = {"input": {"paths": "in.csv", "format": "csv"}, "steps": [{"join": dict({"table": "users"}, **join)}],
               "tables": {"users": {"paths": "users.csv", "format": "csv"}}, "output": "out.csv"}
        for ranks in (0, 3):
            self.says(self.run_job(job, ranks=ranks, code=2).err, "job.yml:1:", *words)

    def test_a_suffix_never_takes_a_name_of_the_right(self):
        users = "k,v,v_b\n1,x,q\n"
        self.mistake("k,v\n1,a\n", users, {"on": "k", "suffix": "_b"}, "'v'", "'v_b'", "choose another suffix")
        tables = {"users": {"paths": "users.csv", "format": "csv"}}
        table = self.clean("k,v\n1,a\n", [{"join": {"table": "users", "on": "k"}}], tables=tables)
        self.assertEqual(table.rows, [{"k": 1, "v": "a", "v_right": "x", "v_b": "q"}])

    def test_keys_that_cannot_meet_are_told_with_their_tables(self):
        for how in ("left", "full"):
            self.mistake("k,v\n007,a\n", "k,w\n7,x\n", {"on": "k", "how": how},
                         "k is string in this table and k is int64 in users", "cast: {k: string} in users")
            self.mistake("k,v\n7,a\n", "k,w\n007,x\n", {"on": "k", "how": how}, "cast: {k: string} in this table")


class Advice(harness.Case):
    def test_a_date_is_not_said_to_cast_to_a_number(self):
        ran = self.refused("k,d\n1,2026-01-02\n", [{"group": {"by": "k", "agg": {"n": "sum(d)"}}}],
                           words=("sum wants numbers", "extract(epoch from d)"))
        self.assertNotIn("cast(d", ran.err)

    def test_a_text_column_is_told_with_a_value_its_place_and_the_cure(self):
        text = "k,s,My Col\n1,5,a\n2,6,b\n3,x,c\n"
        group = {"group": {"by": "k", "agg": {"n": "sum(s)"}}}
        for step in ({"sql": "select k from events where s > 5"}, group, {"sql": "select sum(e.s) from events e"}):
            self.refused(text, [step], words=("column", "s (for example 'x' at in.txt:4)"))
        made = [{"set": {"s": "s || '!'"}}, {"sql": "select k from events where s > 5"}]
        ran = self.refused(text, made, words=("for example '5!')",))
        self.assertNotIn("in.txt:2", ran.err)
        self.refused(text, [{"sql": 'select "My Col" + 1 from events'}], words=('cast("My Col" as float64)',))
        self.refused(text, [{"set": {"n": '"My Col" + 1'}}], words=('cast("My Col" as float64), or say My Col: float64',))

    def test_the_cure_for_an_aggregate_is_no_name_in_quotes(self):
        self.refused("k\n1\n", [{"sql": "select repeat('a', avg(k)) from events"}], words=("cast(avg(k) as int64)",))

    def test_a_value_of_another_table_has_its_place_too(self):
        self.write("in.csv", "k\n1\n")
        self.write("u.csv", "k,s\n1,5\n2,x\n")
        job = {"input": {"paths": "in.csv", "format": "csv"}, "tables": {"u": {"paths": "u.csv", "format": "csv"}},
               "steps": [{"sql": "select u.k from u where u.s + 1 = 2"}], "output": "out.csv"}
        for ranks in (0, 3):
            self.says(self.run_job(job, ranks=ranks, code=2).err, "u.s (for example 'x' at u.csv:3)")

    def test_columns_that_a_session_would_replace_have_their_place(self):
        self.refused("u,t,session_id\na,1,2\n", [{"sessionize": {"by": "u", "time": "t"}}],
                     words=("job.yml:1:", "session_id already"))


class Counting(harness.Case):
    def test_rows_are_counted_without_a_look_at_ambiguous_dates(self):
        text = "d,n\n01/02/2026,1\n03/04/2026,2\n"
        for steps in ([{"sql": "select count(*) as rows from events"}], [{"group": {"by": [], "agg": {"rows": "count(*)"}}}]):
            self.assertEqual(self.clean(text, steps).rows, [{"rows": 2}])
        job = {"input": {"paths": "in.txt", "format": "csv"},
               "tables": {"c": {"sql": "select count(*) as rows from events"}}, "output": {"path": "c.csv", "table": "c"}}
        self.run_job(job, ranks=2)
        self.assertEqual((self.folder / "c.csv").read_text(), "rows\n2\n")


class Warehouse(harness.Case):
    def test_json_keys_with_capitals_load_into_redshifts_lower_case_names(self):
        for names, words in (("Id,b", "JSON 'auto ignorecase'"), ("id,b", "JSON 'auto'"), ("größe,b", "JSON 'auto ignorecase'")):
            self.fresh()
            self.write("in.txt", names + "\n1,2\n")
            self.run_job({"input": {"paths": "in.txt", "format": "csv"},
                          "output": {"path": "t.jsonl", "warehouse": "redshift"}})
            self.assertIn(words, (self.folder / "t.redshift.sql").read_text())


class Hdf5Keys(harness.Case):
    def test_keys_that_are_no_place_of_their_own_are_refused_with_their_line(self):
        outputs = lambda *keys: [{"path": "out.h5", "key": key} for key in keys]
        for keys, words in (([".."], "key cannot be '..'"), (["a/./b"], "key cannot be"), (["/"], "key cannot be"),
                            (["x", "x/table"], "where the table of the key 'x' does"),
                            (["x/table/y", "x"], "give each table a key of its own"),
                            (["x//y", "/x/y/"], "give each table a key of its own")):
            self.refused("k\n1\n", output=outputs(*keys), words=("job.yml:1:", words))
        self.write("in.txt", "k\n1\n")
        self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "output": outputs("x", "x/y", "a b/table")})


class Numbers(harness.Case):
    def test_a_sum_beyond_float64_is_null_everywhere(self):
        text = "k,f\na,1.5\nb,1e308\na,2.5\nb,1e308\nc,1.7e308\nc,-1.7e308\n"
        steps = [{"group": {"by": "k", "agg": {"s": "sum(f)", "m": "avg(f)", "d": "stddev(f)"}}}, {"set": {"n": "s is null"}}]
        for ranks in (0, 2, 3):
            table = self.clean(text, steps, ranks=ranks)
            self.assertEqual([(row["s"], row["m"], row["n"]) for row in table.rows],
                             [(4.0, 2.0, False), (None, 1e308, True), (0.0, 0.0, False)])
            self.assertEqual(table.column("d")[2], None)
            self.assertNotIn("inf", table.csv)

    def test_a_limit_behind_an_offset_may_be_large(self):
        for limit, offset, ids in (("9223372036854775807", 2, [3]), ("9223372036854775807", 7, []), ("1", 1, [2])):
            query = f"select id from events limit {limit} offset {offset}"
            for ranks in (0, 2):
                self.assertEqual(self.clean("id\n1\n2\n3\n", [{"sql": query}], ranks=ranks).column("id"), ids)


class Names(harness.Case):
    def test_a_text_orders_and_groups_nothing(self):
        for query in ("select id from events order by 'id'", "select count(*) from events group by 'id'"):
            self.refused("id\n1\n", [{"sql": query}], words=("job.yml:1:", "'id' is a text", "^"))

    def test_a_merged_key_that_meets_its_name_again(self):
        tables = {"r": {"rows": [{"a": 1}]}, "s": {"rows": [{"a": 1}]}}
        query = "select a from events e full join r using (a) join s on s.a = 1"
        ran = self.refused("a\n1\n", [{"sql": query}], tables=tables, words=("coalesce(e.a, r.a) or s.a",))
        self.assertNotIn("write .a", ran.err)


class Unused(harness.Case):
    def test_an_ambiguous_date_that_a_later_step_leaves_out_is_no_mistake(self):
        text = "id,k,d\n2,a,03/04/2026\n1,b,05/04/2026\n"
        for steps, rows in (([{"sort": "id"}, {"select": ["id", "k"]}], [{"id": 1, "k": "b"}, {"id": 2, "k": "a"}]),
                            ([{"sort": "-id"}, {"set": {"x": "id + 1"}}, {"filter": "x > 2"}, {"select": ["x"]}], [{"x": 3}]),
                            ([{"distinct": ["k"]}, {"sort": "k"}, {"select": ["k"]}], [{"k": "a"}, {"k": "b"}]),
                            ([{"sort": "id"}, {"group": {"by": "k", "agg": {"n": "count(*)", "f": "first(id)"}}}],
                             [{"k": "a", "n": 1, "f": 2}, {"k": "b", "n": 1, "f": 1}]),
                            ([{"sort": "id"}, {"select": ["k", "d", "id"]}, {"select": ["id", "k"]}], [{"id": 1, "k": "b"}, {"id": 2, "k": "a"}]),
                            ([{"sort": "id"}, {"select": ["d", "*"]}, {"group": {"by": "k", "agg": {"n": "count(*)"}}}],
                             [{"k": "a", "n": 1}, {"k": "b", "n": 1}]),
                            ([{"sort": "id"}, {"drop": ["d"]}], [{"id": 1, "k": "b"}, {"id": 2, "k": "a"}]),
                            ([{"sort": "id"}, {"group": {"by": [], "agg": {"n": "count(*)"}}}], [{"n": 2}])):
            for ranks in (0, 3):
                with self.subTest(steps=steps, ranks=ranks):
                    self.assertEqual(self.clean(text, steps, ranks=ranks).rows, rows)
        for steps in ([{"sort": "id"}], [{"sort": "d"}, {"select": ["id"]}], [{"sort": "id"}, {"select": ["id", "d"]}]):
            self.refused(text, steps, words=("two ways", "'d'"))
        self.refused("id,k\n1,a\n", [{"sort": "id"}, {"select": ["kk"]}], words=("kk", "id, k"))

    def test_an_ambiguous_date_behind_a_join_that_nobody_reads_is_no_mistake(self):
        files = {"in.txt": "id,k,d\n2,a,03/04/2026\n1,b,05/04/2026\n", "u.csv": "id,n,d,since\n1,one,x,01/02/2026\n2,two,y,03/02/2026\n"}
        self.write("u.csv", files["u.csv"])
        two_one = [{"k": "a", "n": "two"}, {"k": "b", "n": "one"}]
        for strategy in ("auto", "rows", "keys"):
            join = {"table": "u", "on": "id", "columns": ["n"], "strategy": strategy}
            for steps, rows in (([{"join": join}, {"select": ["k", "n"]}], two_one),
                                ([{"join": join}, {"drop": ["d", "id"]}], two_one),
                                ([{"join": join}, {"rename": {"k": "w", "d": "old"}}, {"set": {"old": "n"}}, {"select": ["w", "o*"]}],
                                 [{"w": "a", "old": "two"}, {"w": "b", "old": "one"}]),
                                ([{"join": dict(join, columns=["n", "d"])}, {"select": ["d_right"]}], [{"d_right": "y"}, {"d_right": "x"}]),
                                ([{"join": dict(join, how="semi")}, {"sort": "id"}, {"select": "k"}], [{"k": "b"}, {"k": "a"}]),
                                ([{"join": join}, {"group": {"by": "n", "agg": {"c": "count(*)"}}}], [{"n": "one", "c": 1}, {"n": "two", "c": 1}]),
                                ([{"join": join}, {"sql": "select n from events order by n"}], [{"n": "one"}, {"n": "two"}])):
                for ranks in (0, 3):
                    with self.subTest(steps=steps, ranks=ranks):
                        self.assertEqual(self.clean(files["in.txt"], steps, ranks=ranks, tables={"u": {"paths": "u.csv"}}).rows, rows)
            for columns, steps in ((["n"], []), (["n"], [{"select": ["d"]}]), (["n"], [{"filter": "d > '2026-01-01'"}, {"select": "k"}]),
                                   (["since"], [{"select": ["k", "since"]}])):
                self.fresh()
                self.write("u.csv", files["u.csv"])
                self.write("in.txt", files["in.txt"])
                job = {"input": {"paths": "in.txt", "format": "csv"}, "tables": {"u": {"paths": "u.csv"}}, "output": "o.csv",
                       "steps": [{"join": dict(join, columns=columns)}, *steps]}
                self.says(self.run_job(job, code=2).err, "two ways", "'since'" if columns == ["since"] else "'d'")

    def test_an_ambiguous_date_that_is_only_filled_or_put_beside_another_table_is_no_mistake(self):
        text = "id,k,d\n2,,03/04/2026\n1,b,\n"
        tables = {"u": {"rows": [{"n": 7, "d": "x"}, {"n": 8, "d": "y"}]}}
        plain = [{"id": 2, "k": "None"}, {"id": 1, "k": "b"}]
        for steps, rows in (([{"fill": "None"}, {"drop": "d"}], plain),
                            ([{"fill": "None"}, {"sort": "id"}, {"drop": ["d"]}], plain[::-1]),
                            ([{"sort": "id"}, {"fill": "None"}, {"set": {"d": "1"}}, {"drop": ["d"]}], plain[::-1]),
                            ([{"fill": {"all": 0}}, {"select": ["id", "k"]}], [{"id": 2, "k": "0"}, {"id": 1, "k": "b"}]),
                            ([{"fill": {"k": "x", "all": 0}}, {"select": ["id", "k"]}], [{"id": 2, "k": "x"}, {"id": 1, "k": "b"}]),
                            ([{"rename": {"d": "e"}}, {"fill": "None"}, {"drop": ["e"]}], plain),
                            ([{"align": "u"}, {"select": ["n", "d_right"]}], [{"n": 7, "d_right": "x"}, {"n": 8, "d_right": "y"}]),
                            ([{"align": "u"}, {"align": "u"}, {"select": ["id", "d_right_right"]}],
                             [{"id": 2, "d_right_right": "x"}, {"id": 1, "d_right_right": "y"}]),
                            ([{"align": "u"}, {"group": {"by": "n", "agg": {"s": "sum(id)"}}}], [{"n": 7, "s": 2}, {"n": 8, "s": 1}])):
            for ranks in (0, 3):
                with self.subTest(steps=steps, ranks=ranks):
                    self.assertEqual(self.clean(text, steps, ranks=ranks, tables=tables).rows, rows)
            self.assertEqual(self.call("preview", "job.yml").code, 0)
        for steps in ([{"fill": "None"}], [{"fill": "None"}, {"cast": {"d": "string"}}], [{"fill": {"d": "2026-01-01"}}, {"drop": ["d"]}],
                      [{"align": "u"}], [{"align": "u"}, {"select": ["n", "d"]}]):
            self.refused(text, steps, tables=tables, words=("two ways", "'d'"))

    def test_text_behind_a_step_over_the_table_is_what_stands_in_the_file(self):
        text = "id,f,d,p\n2,1.50,03/04/2026,007\n1,2.0,05/04/2026,8\n"
        steps = [{"cast": {"f": "string", "d": "date:%d/%m/%Y"}}, {"parse": {"column": "f", "patterns": ["^\\d+\\.(?<cents>\\d+)$"]}},
                 {"cast": {"cents": "string"}}]
        rows = [{"id": 1, "f": "2.0", "d": "2026-04-05", "p": "8", "cents": "0"}, {"id": 2, "f": "1.50", "d": "2026-04-03", "p": "007", "cents": "50"}]
        tables = {"u": {"rows": [{"id": 1}, {"id": 2}]}}
        for before in ([{"sort": "id"}], [{"sort": "id"}, {"join": {"table": "u", "on": "id"}}],
                       [{"join": {"table": "u", "on": "id", "strategy": "rows"}}, {"sort": "id"}]):
            for ranks in (0, 2):
                with self.subTest(before=before, ranks=ranks):
                    table = self.clean(text, before + steps, ranks=ranks, tables=tables)
                    self.assertEqual(table.rows, rows)
                    self.assertEqual(table.types["f"], "string")
        # Who reads it as a number has made it one.
        self.assertEqual(self.clean(text, [{"drop": "d"}, {"sort": "f"}, {"cast": {"f": "string"}}]).column("f"), ["1.5", "2.0"])

    def test_tests_of_a_job_carry_what_a_run_carries(self):
        job = {"input": {"paths": "nowhere.csv"}, "output": "o.csv", "tables": {"u": {"rows": [{"id": 1, "n": "one"}]}},
               "steps": [{"join": {"table": "u", "on": "id"}}, {"sort": "id"}, {"cast": {"f": "string"}}, {"select": ["n", "f"]}],
               "tests": [{"input": "id,d,f\n1,03/04/2026,1.50\n", "tables": {"u": [{"id": 1, "n": "one"}]}, "expect": {"n": "one", "f": "1.50"}}]}
        self.write("job.yml", job)
        ran = self.call("test", "job.yml")
        self.assertEqual((ran.code, ran.out.splitlines()[-1]), (0, "1 passed, 0 failed"), ran)


if __name__ == "__main__":
    harness.main()
