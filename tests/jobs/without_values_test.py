# SPDX-License-Identifier: Apache-2.0
"""Columns without any value: they fit every expression as null, wherever they stand, however a join is carried out."""

import json

import harness

EMPTY_ID = "id,k,t\n,a,\n,b,\n"
ROWS = "id,k\n1,a\n2,b\n3,c\n"


class Filled(harness.Case):
    """`fill` gives such a column values, of the type that its text reads as."""

    def test_steps_see_what_was_filled(self):
        for ranks in (0, 2):
            table = self.clean("id,k\n,a\n", [{"fill": {"id": 5}}, {"set": {"x": "id + 1"}}, {"flag": {"f": "id > 1"}},
                                              {"filter": "id > 1"}], ranks=ranks)
            self.assertEqual(table.rows, [{"id": 5, "k": "a", "x": 6, "f": True}])
            self.assertEqual(table.types["id"], "int64")
        self.assertEqual(self.clean("id,k\n,a\n", [{"fill": {"all": 5}}, {"set": {"x": "id + 1"}}]).column("x"), [6])

    def test_tables_see_it_too(self):
        for step in ({"group": {"by": "k", "agg": {"x": "sum(id)"}}}, {"sql": "select k, id as x from events where id > 1"}):
            self.assertEqual(self.clean("id,k\n,a\n", [{"fill": {"id": 5}}, step]).rows, [{"k": "a", "x": 5}])
        rows = {"r": {"rows": [{"id": 5, "z": 7}, {"id": 6, "z": 8}]}}
        for strategy in ("auto", "keys", "rows"):
            join = {"join": {"table": "r", "on": "id", "how": "left", "strategy": strategy}}
            self.assertEqual(self.clean("id,k\n,a\n", [{"fill": {"id": 5}}, join], tables=rows).column("z"), [7])

    def test_it_fits_as_anything_its_text_reads_as(self):
        steps = [{"fill": {"id": "5", "d": "2026-01-02", "t": "x"}},
                 {"set": {"a": "id || '!'", "b": "id / 2.0", "c": "extract(day from d)", "e": "upper(t)"}}]
        table = self.clean("id,k,d,t\n,a,,\n", steps)
        self.assertEqual([table.rows[0][name] for name in "abce"], ["5!", 2.5, 2, "X"])
        self.assertEqual((table.types["d"], table.types["t"]), ("date", "string"))
        self.assertEqual(self.clean("id,k,d,t\n", steps).rows, [])
        self.refused("id,k\n,a\n", [{"fill": {"id": "x"}}, {"filter": "id > 1"}], words=("id",))

    def test_a_word_for_all_leaves_it_open(self):
        steps = [{"fill": "None"}, {"filter": "id > 1"}]
        self.assertEqual(self.clean(EMPTY_ID, steps).rows, [])
        table = self.clean("id,k\n,a\n", [{"fill": {"id": 5}}, {"cast": {"id": "string"}}, {"set": {"x": "id || '!'"}}])
        self.assertEqual(table.rows, [{"id": "5", "k": "a", "x": "5!"}])

    def test_a_late_value_counts(self):
        text = "id,k\n" + ",a\n" * 40000 + "7,b\n" + ",a\n"
        table = self.clean(text, [{"fill": {"id": 5}}, {"set": {"x": "id + 1"}}], ranks=3)
        self.assertEqual((table.rows[0]["x"], table.rows[40000]["x"], table.rows[-1]["x"]), (6, 8, 6))


class BehindTables(harness.Case):
    def test_every_step_over_the_table_keeps_it_open(self):
        use = [{"set": {"y": "id * 2"}}, {"filter": "y is null"}]
        rows = {"r": {"rows": [{"k": "a", "z": 3}]}}
        for step in ({"sort": "k"}, {"distinct": []}, {"sql": "select * from events"},
                     {"sessionize": {"by": "k", "time": "t", "gap": "1m"}}, {"align": "own"},
                     {"group": {"by": ["id", "k"], "agg": {"n": "count(*)"}}},
                     {"join": {"table": "r", "on": "k", "how": "left", "strategy": "keys"}}):
            for text in (EMPTY_ID, "id,k,t\n"):
                with self.subTest(step=step, text=text):
                    tables = dict(rows, own={"rows": [{"w": 1}] * (text.count("\n") - 1)})
                    table = self.clean(text, [step if step != {"distinct": []} else {"distinct": ["k"]}, *use],
                                       tables=tables, ranks=2)
                    self.assertEqual(set(table.column("y")) <= {None}, True)
        self.refused(ROWS, [{"sort": "id"}, {"set": {"y": "k * 2"}}], words=("k", "string"))

    def test_a_typed_column_of_a_preset_that_a_file_lacks(self):
        files = {"a.log": "#Fields: date time c-ip cs-method\n2026-11-01 06:52:16 1.2.3.4 GET\n2026-11-01 06:52:17 1.2.3.5 GET\n",
                 "b.log": "#Fields: date time c-ip sc-status time-taken\n2026-11-01 06:52:16 1.2.3.4 200 5\n2026-11-01 06:52:18 1.2.3.3 404 7\n"}
        seen = [("1.2.3.5", None, None), ("1.2.3.4", None, None), ("1.2.3.4", 200, 5.0), ("1.2.3.3", 404, 7.0)]
        for steps, rows in (([{"sort": "-c_ip"}], seen), ([{"distinct": "c_ip"}, {"sort": "-c_ip"}], seen[:2] + seen[3:])):
            for ranks in (0, 2, 3):
                with self.subTest(steps=steps, ranks=ranks):
                    table = self.clean(files, steps, fmt="w3c", ranks=ranks, resources={"chunk": 1})
                    self.assertEqual([(row["c_ip"], row["sc_status"], row["time_taken"]) for row in table.rows], rows)
                    self.assertEqual((table.types["sc_status"], table.types["time_taken"]), ("int64", "float64"))

    def test_a_filter_that_keeps_nothing_then_a_sort(self):
        for ranks in (0, 3):
            table = self.clean(ROWS, [{"filter": "k = 'z'"}, {"sort": "id"}, {"set": {"y": "id * 2"}}], ranks=ranks)
            self.assertEqual(table.rows, [])

    def test_joins_agree_whatever_the_strategy(self):
        right = {"r": {"rows": [{"k": "a", "z": 3}]}}
        numbers = {"r": {"rows": [{"id": 1, "z": 3}]}}
        for strategy in ("auto", "broadcast", "keys", "rows"):
            with self.subTest(strategy=strategy):
                join = {"table": "r", "on": "k", "how": "left", "strategy": strategy}
                table = self.clean(EMPTY_ID, [{"join": join}, {"set": {"y": "id + 1"}}], tables=right)
                self.assertEqual([(row["z"], row["y"]) for row in table.rows], [(3, None), (None, None)])
                table = self.clean(EMPTY_ID, [{"sort": "k"}, {"join": dict(join, on="id")}], tables=numbers)
                self.assertEqual(table.column("z"), [None, None])
                words = {"r": {"rows": [{"k": "x", "z": "text"}]}}
                self.refused(EMPTY_ID, [{"join": join}, {"set": {"y": "z * 2"}}], tables=words, words=("z",))

    def test_a_right_table_without_values(self):
        for rows in ([{"k": "a", "z": None}], [{"k": "q", "z": None}]):
            for strategy in ("auto", "keys", "rows"):
                join = {"table": "r", "on": "k", "how": "left", "strategy": strategy}
                table = self.clean(EMPTY_ID, [{"join": join}, {"set": {"y": "z * 2"}}], tables={"r": {"rows": rows}})
                self.assertEqual(table.column("y"), [None, None])
        self.write("r.csv", "k,z\n")
        join = {"table": "r", "on": "k", "how": "left", "columns": ["z"]}
        table = self.clean(EMPTY_ID, [{"join": join}, {"set": {"y": "z * 2"}}],
                           tables={"r": {"paths": "r.csv", "format": "csv"}}, ranks=2)
        self.assertEqual(table.column("y"), [None, None])

    def test_all_columns_over_a_left_join_with_a_table_that_is_not_there(self):
        absent, head = {"paths": "none*.csv", "format": "csv", "missing": "skip"}, {"paths": "r.csv", "format": "csv"}
        self.write("r.csv", "id,z\n")
        own = [{"id": 1, "k": "a"}, {"id": 2, "k": "b"}, {"id": 3, "k": "c"}]
        for query, table, more in (("select * from events e left join r on e.id = r.id", absent, {}),
                                   ("select * from events left join r using (id)", absent, {}),
                                   ("select * from events e left join r on e.id = r.id where r.z is null", absent, {}),
                                   ("select e.*, r.z * 2 as y from events e left join r using (id)", absent, {"y": None}),
                                   ("select * from events e left join r on e.id = r.id", head, {"id_2": None, "z": None}),
                                   ("select * from events left join r using (id)", head, {"z": None})):
            for ranks in (0, 3):
                with self.subTest(query=query, table=table, ranks=ranks):
                    self.assertEqual(self.clean(ROWS, [{"sql": query}], tables={"r": table}, ranks=ranks).rows,
                                     [dict(row, **more) for row in own])

    def test_a_table_that_is_not_there_may_have_any_column_whatever_is_declared(self):
        absent = {"r": {"paths": "none*.csv", "format": "csv", "missing": "skip", "types": {"z": "int64"}}}
        join = {"join": {"table": "r", "on": "id", "how": "left"}}
        for steps in ([join, {"set": {"q": "y"}}, {"select": ["id", "q"]}], [{"sql": "select e.id, r.y as q from events e left join r on e.id = r.id"}]):
            self.assertEqual(self.clean(ROWS, steps, tables=absent).rows, [{"id": n, "q": None} for n in (1, 2, 3)])

    def test_a_table_that_a_test_does_not_give(self):
        job = {"input": {"paths": "in.txt", "format": "csv"}, "tables": {"r": {"paths": "r.csv", "format": "csv"}},
               "steps": [{"join": {"table": "r", "on": "k", "how": "left", "columns": ["z"]}},
                         {"set": {"y": "z * 2"}}], "output": "out.csv",
               "tests": [{"name": "alone", "input": "id,k\n1,a\n",
                          "expect": [{"id": 1, "k": "a", "z": None, "y": None}]}]}
        self.write("in.txt", ROWS)
        self.write("job.yml", job)
        ran = self.call("test", "job.yml")
        self.assertEqual(ran.code, 0, ran)


class Aggregates(harness.Case):
    def test_what_an_aggregate_gives_is_open_too(self):
        for aggregate in ("min(id)", "max(id)", "first(id)", "last(id)"):
            steps = [{"group": {"by": "k", "agg": {"m": aggregate}}}, {"filter": "m > 3 or m is null"}]
            self.assertEqual(self.clean(EMPTY_ID, steps, ranks=2).column("m"), [None, None])
        table = self.clean(EMPTY_ID, [{"group": {"by": "k", "agg": {"m": "max(id) - min(id)"}}}])
        self.assertEqual(table.column("m"), [None, None])

    def test_queries(self):
        tables = {"r": {"rows": [{"id": 1}]}}
        for query, rows in (
                ("select max(id) * 2 as x from events", [{"x": None}]),
                ("select x * 2 as y from (select max(id) as x from events) z", [{"y": None}]),
                ("select extract(hour from t) as h, count(*) as n from events group by t", [{"h": None, "n": 2}]),
                ("select x from (select id as x from events union all select id from events) z where x > 1", []),
                ("select id from r where id > (select max(id) from events)", []),
                ("with m as (select max(id) as x from events) select x + 1 as y from m", [{"y": None}]),
                ("select k, max(id) - min(id) as d from events group by k having max(id) > 1", [])):
            for ranks in (0, 2):
                with self.subTest(query=query):
                    self.assertEqual(self.clean(EMPTY_ID, [{"sql": query}], tables=tables, ranks=ranks).rows, rows)

    def test_a_real_mistake_is_told_as_it_is(self):
        self.refused("id,k\n,a\n", [{"sql": "select id * 2, k + 1 from events"}], words=("k (for example 'a'", "^"))


class Samples(harness.Case):
    """check, preview and explain see the first rows, in which a column may have no value yet."""

    def test_what_runs_is_not_refused(self):
        text = "id,k,n\n" + "".join(f"{i},{'b' if i > 59000 else 'a'},{i if i > 59000 else ''}\n" for i in range(60000))
        self.write("in.txt", text)
        for steps in ([{"filter": "k = 'b'"}, {"sort": "id"}, {"set": {"m": "n * 2"}}],
                      [{"group": {"by": "k", "agg": {"m": "max(n)"}}}, {"filter": "m > 1"}],
                      [{"sql": "select k, max(n) - min(n) as d from events group by k"}]):
            self.write("job.yml", {"input": {"paths": "in.txt", "format": "csv"}, "steps": steps, "output": "out.csv"})
            for command in ("check", "preview", "explain"):
                ran = self.call(command, "job.yml")
                self.assertEqual(ran.code, 0, f"{command} {json.dumps(steps)} {ran}")


class Explain(harness.Case):
    def explained(self, text, query, code=0):
        self.write("in.txt", text)
        outputs = []
        for tables, steps in (({"q": {"sql": query}}, []), ({}, [{"sql": query}])):
            job = {"input": {"paths": "in.txt", "format": "csv"}, "tables": tables, "steps": steps,
                   "output": [{"path": "out.csv"}]}
            if tables:
                job["output"].append({"path": "q.csv", "table": "q"})
            self.write("job.yml", job)
            ran = self.call("explain", "job.yml")
            self.assertEqual(ran.code, code, ran)
            outputs.append(ran)
        return outputs

    def test_a_mistake_has_its_place(self):
        for query in ("select nope from events", "select id + k from events"):
            for ran in self.explained(ROWS, query, code=2):
                self.says(ran.err, "job.yml:1:", "^")
                self.assertNotIn("this is a bug", ran.err)

    def test_columns_without_values_are_planned(self):
        for text in (EMPTY_ID, "id,k,t\n"):
            for query in ("select id + 1 as x from events", "select k from events where id > 3",
                          "select max(id) * 2 as x from events"):
                for ran in self.explained(text, query):
                    self.says(ran.out, "sql:")


class NoRecords(harness.Case):
    def test_a_preset_without_a_record_has_its_columns_beside_those_of_the_source(self):
        for ranks in (0, 3):
            self.fresh()
            table = self.clean("", [{"filter": "status = 200"}, {"select": ["ip", "_line"]}], fmt="combined", source=True, ranks=ranks)
            self.assertEqual(table.types, {"ip": "string", "_line": "int64"})


if __name__ == "__main__":
    harness.main()
