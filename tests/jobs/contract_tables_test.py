# SPDX-License-Identifier: Apache-2.0
"""Tables that meet: join, align, distinct, group, sort, sessionize, sql and several tables, by the job contract."""

import json
import random

import harness

HITS = ("ip,path,bytes\n1.1.1.1,/a,10\n2.2.2.2,/b,\n3.3.3.3,/a,30\n1.1.1.1,/c,5\n,/a,7\n4.4.4.4,/b,2\n")
USERS = "ip,country,plan\n1.1.1.1,DE,pro\n3.3.3.3,FR,free\n9.9.9.9,US,pro\n1.1.1.1,AT,free\n,XX,none\n"


def users(**more):
    return {"users": dict({"paths": "users.csv", "format": "csv"}, **more)}


class Joins(harness.Case):
    def joined(self, how, on="ip", ranks=0, **more):
        self.write("users.csv", USERS)
        return self.clean(HITS, [{"join": dict({"table": "users", "on": on, "how": how}, **more)}], tables=users(),
                          ranks=ranks)

    def values(self, table, *names):
        return [tuple(row[name] for name in names) for row in table.rows]

    def test_inner_keeps_the_left_order_then_the_right(self):
        table = self.joined("inner")
        self.assertEqual(table.names, ["ip", "path", "bytes", "country", "plan"])
        self.assertEqual(self.values(table, "ip", "path", "country"),
                         [("1.1.1.1", "/a", "DE"), ("1.1.1.1", "/a", "AT"), ("3.3.3.3", "/a", "FR"),
                          ("1.1.1.1", "/c", "DE"), ("1.1.1.1", "/c", "AT")])

    def test_left_keeps_every_left_row(self):
        table = self.joined("left")
        self.assertEqual([row["country"] for row in table.rows], ["DE", "AT", None, "FR", "DE", "AT", None, None])
        self.assertEqual(table.ledger, {"lines": 13, "kept": 11, "filtered": 0, "rejected": 0, "blank": 2})

    def test_right_and_full_coalesce_the_key(self):
        table = self.joined("right")
        self.assertEqual(self.values(table, "ip", "path", "country")[-2:], [("9.9.9.9", None, "US"), (None, None, "XX")])
        self.assertEqual(len(table.rows), 7)
        table = self.joined("full")
        self.assertEqual(len(table.rows), 10)
        self.assertEqual(self.values(table, "ip", "country")[-2:], [("9.9.9.9", "US"), (None, "XX")])

    def test_semi_and_anti(self):
        table = self.joined("semi")
        self.assertEqual(table.names, ["ip", "path", "bytes"])
        self.assertEqual(table.column("path"), ["/a", "/a", "/c"])
        self.assertEqual(self.joined("anti").column("ip"), ["2.2.2.2", None, "4.4.4.4"])

    def test_columns_suffix_and_names_on_both_sides(self):
        self.write("users.csv", "addr,path,country\n1.1.1.1,/home,DE\n")
        steps = [{"join": {"table": "users", "on": {"ip": "addr"}, "how": "left"}}]
        table = self.clean(HITS, steps, tables=users())
        self.assertEqual(table.names, ["ip", "path", "bytes", "path_right", "country"])
        steps[0]["join"].update(columns=["c*", "path"], suffix="_user")
        self.assertEqual(self.clean(HITS, steps, tables=users()).names, ["ip", "path", "bytes", "path_user", "country"])

    def test_several_keys_and_keys_for_on(self):
        self.write("users.csv", "ip,path,n\n1.1.1.1,/c,1\n3.3.3.3,/x,2\n")
        table = self.clean(HITS, [{"join": {"table": "users", "keys": ["ip", "path"], "how": "inner"}}], tables=users())
        self.assertEqual(self.values(table, "ip", "path", "n"), [("1.1.1.1", "/c", 1)])

    def test_numbers_of_other_widths_meet(self):
        self.write("users.csv", "k,v\n10,a\n30.0,b\n2.5,c\n")
        table = self.clean(HITS, [{"join": {"table": "users", "on": {"bytes": "k"}, "how": "inner"}}], tables=users())
        self.assertEqual(self.values(table, "bytes", "v"), [(10, "a"), (30, "b")])

    def test_types_that_cannot_meet_are_refused(self):
        self.write("users.csv", USERS)
        ran = self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "tables": users(),
                            "steps": [{"join": {"table": "users", "on": {"bytes": "country"}, "how": "left"}}],
                            "output": "out.csv"} if self.write("in.txt", HITS) else {}, code=2)
        self.says(ran.err, "bytes", "country", "int64", "string")

    def test_what_is_not_there_is_named(self):
        self.write("users.csv", USERS)
        self.refused(HITS, [{"join": {"table": "user", "on": "ip"}}], tables=users(), words=["job.yml:1:", "user", "users"])
        self.fresh()
        for step, word in (({"table": "users", "on": "ipp"}, "'ipp'"),
                           ({"table": "users", "on": {"ip": "adr"}}, "'adr'"),
                           ({"table": "users", "on": "ip", "columns": ["contry"]}, "country"),
                           ({"table": "users"}, "on"),
                           ({"table": "users", "on": "ip", "how": "lefft"}, "left"),
                           ({"table": "users", "on": "ip", "strategy": "magic"}, "broadcast")):
            with self.subTest(word=word):
                self.write("in.txt", HITS)
                self.write("users.csv", USERS)
                ran = self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "tables": users(),
                                    "steps": [{"join": step}], "output": "out.csv"}, code=2)
                self.says(ran.err, word, "job.yml:1:")

    def test_a_table_without_rows_has_what_is_asked_of_it(self):
        self.write("users.csv", "")
        steps = [{"join": {"table": "users", "on": "ip", "how": "left", "columns": ["country"]}}, {"fill": "None"}]
        table = self.clean(HITS, steps, tables=users())
        self.assertEqual(set(table.column("country")), {"None"})
        self.assertEqual(len(table.rows), 6)

    def test_columns_of_a_table_that_nobody_wrote_down_are_missing(self):
        steps = [{"join": {"table": "users", "on": "ip", "how": "left"}}, {"set": {"who": "coalesce(country, 'none')"}},
                 {"sort": ["plan", "-bytes"]}, {"filter": "seen is null"},
                 {"join": {"table": "plans", "on": {"level": "plan"}, "how": "left", "columns": ["price"]}},
                 {"group": {"by": ["region", "who"], "agg": {"n": "count(*)", "top": "max(score)", "sum": "sum(fee)"}}}]
        for ranks in (0, 2, 3, 4):
            self.fresh()
            self.write("users.csv", "")
            plans = {"rows": [{"plan": 1, "price": 2}]}
            table = self.clean(HITS, steps, tables=dict(users(), plans=plans), ranks=ranks)
            self.assertEqual(table.rows, [{"region": None, "who": "none", "n": 6, "top": None, "sum": None}])
        self.fresh()
        self.write("users.csv", "")
        table = self.clean(HITS, [steps[0], {"sql": "select path, country from events where country is null limit 1"}],
                           tables=users())
        self.assertEqual(table.rows, [{"path": "/a", "country": None}])
        # What the left has, and what the join names, is known; so is a header.
        named = {"join": {"table": "users", "on": "ip", "how": "left", "columns": ["country"]}}
        self.write("users.csv", "ip,country\n")
        for step in (named, steps[0]):
            self.refused(HITS, [step, {"set": {"x": "contry"}}], tables={"users": {"rows": []}} if step is named else
                         {"users": {"sql": "select 'a' as ip, 'DE' as country where false"}}, words=["contry", "country"])

    def test_a_key_of_both_tables_loses_no_digit(self):
        big = 2**53 + 1
        for left, right in ((f"k\n{big}\n2\n", "k\n1.5\n2\n"), ("k\n1.5\n2\n", f"k\n{big}\n2\n")):
            for ranks, strategy in ((0, "auto"), (2, "keys"), (3, "rows"), (4, "broadcast")):
                self.fresh()
                self.write("users.csv", right)
                self.write("in.txt", left)
                step = {"join": {"table": "users", "on": "k", "how": "full", "strategy": strategy}}
                ran = self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "tables": users(), "steps": [step],
                                    "output": "out.csv"}, ranks=ranks, code=2)
                self.says(ran.err, "job.yml:1:", "key k", str(big), "float64", "cast")
        self.fresh()
        self.write("users.csv", f"k\n{2**53}\n2\n")
        table = self.clean("k\n1.5\n2\n", [{"join": {"table": "users", "on": "k", "how": "full"}}], tables=users())
        self.assertEqual(table.column("k"), [1.5, 2.0, float(2**53)])

    def test_strategies_and_ranks_agree(self):
        random.seed(5)
        text = "k,v\n" + "".join(f"{random.choice(['hot', random.randrange(500)])},{i}\n" for i in range(6000))
        right = "k,w\n" + "".join(f"{random.choice(['hot', 'x'])}{random.randrange(300)},{i}\n" for i in range(50))
        right += "".join(f"{random.randrange(600)},{i}\n" for i in range(800)) + "hot,1\nhot,2\n"
        for how in ("inner", "left", "right", "full", "semi", "anti"):
            seen = {}
            for strategy, ranks in (("auto", 0), ("broadcast", 2), ("keys", 3), ("rows", 4)):
                self.fresh()
                self.write("users.csv", right)
                step = {"join": {"table": "users", "on": "k", "how": how, "strategy": strategy}}
                table = self.clean(text, [step], tables=users(), ranks=ranks, resources={"chunk": "8KiB"})
                seen[table.csv] = (strategy, ranks)
            self.assertEqual(len(seen), 1, (how, seen.values()))

    def test_rows_looked_up_in_passing_are_those_of_an_exchange(self):
        """Small tables are looked up while the input is read; types, order and later steps must not tell."""
        draw = random.Random(11)
        none = '"None"'  # quoted, so that it is text
        text = "k,day,n,t\n" + "".join(
            f"{draw.choice(['', none, 'a rather long key of text', draw.randrange(90)])},2026-01-{draw.randrange(1, 29):02d},"
            f"{draw.choice([draw.randrange(40), draw.randrange(40) + 0.5, ''])},{draw.choice(['7', '8', 'x'])}\n"
            for _ in range(3000))
        days = "k,day,label\n" + "".join(f"{draw.choice([none, 'a rather long key of text', draw.randrange(90)])},"
                                         f"2026-01-{draw.randrange(1, 32):02d} 00:00:00,l{i}\n" for i in range(700))
        numbers = "m,n,word\n" + "".join(f"{i},{i},{draw.choice(['', 'odd', 'None'])}\n" for i in range(0, 50, 3))
        rest = [{"filter": "n is null or n < 38"}, {"index": "i"}, {"join": {"table": "numbers", "on": {"n": "m"}, "how": "semi"}},
                {"parse": {"column": "label", "patterns": ["(?P<label_number>\\d+)"]}}, {"limit": 900}, {"sort": "-i"}]
        for how in ("inner", "left"):
            seen = {}
            for strategy, ranks in (("keys", 0), ("auto", 0), ("rows", 3), ("auto", 2), ("broadcast", 3), ("auto", 4)):
                self.fresh()
                self.write("days.csv", days)
                self.write("numbers.csv", numbers)
                steps = [{"join": {"table": "days", "on": ["k", "day"], "how": how, "strategy": strategy}},
                         {"join": {"table": "numbers", "on": "n", "how": "left", "strategy": strategy}}, *rest]
                tables = {name: {"paths": f"{name}.csv", "format": "csv"} for name in ("days", "numbers")}
                table = self.clean(text, steps, tables=tables, ranks=ranks, resources={"chunk": "8KiB"})
                notes = sorted(n for n in table.ran.report["tables"]["events"]["notes"] if "'None'" in n)
                seen[(table.csv, str(table.types), str(notes))] = (strategy, ranks)
            self.assertEqual(len(seen), 1, (how, seen.values()))
            self.assertIn("'None' is a frequent join key", str(list(seen)[0][2]))

    def test_a_key_without_any_value_matches_nothing(self):
        for how, rows in (("left", 2), ("inner", 0), ("anti", 2)):
            for ranks in (0, 3):
                self.fresh()
                self.write("users.csv", "k,v\n1,a\n2,b\n")
                table = self.clean("k,n\n,1\n,2\n", [{"join": {"table": "users", "on": "k", "how": how}}], tables=users(),
                                   ranks=ranks)
                self.assertEqual(len(table.rows), rows)

    def test_rejects_behind_a_lookup_name_their_line(self):
        job = {"input": {"paths": ["a.csv", "b.csv"], "format": "csv", "rejects": {"max": 9, "path": "rejects.jsonl"}},
               "tables": users(), "steps": [{"join": {"table": "users", "on": "k", "how": "left"}}, {"cast": {"t": "int64"}}],
               "output": "out.csv"}
        for ranks in (0, 3):
            self.fresh()
            self.write("users.csv", "k,v\n5,a\n5,b\n")
            self.write("a.csv", "k,t\n5,x\n1,7\n")
            self.write("b.csv", "k,t\n4,8\n2,y\n3,9\n")
            ran = self.run_job(job, ranks=ranks)
            rejects = [harness.json.loads(l) for l in (self.folder / "rejects.jsonl").read_text().splitlines()]
            self.assertEqual([(r["file"], r["line"], r["text"]) for r in rejects],
                             [("a.csv", 2, "5,x"), ("a.csv", 2, "5,x"), ("b.csv", 3, "2,y")])
            self.assertEqual(ran.report["tables"]["events"]["ledger"],
                             {"lines": 7, "kept": 5, "filtered": 0, "rejected": 0, "blank": 2})


class Rows(harness.Case):
    def test_distinct_keeps_the_first_and_counts_the_rest_as_filtered(self):
        table = self.clean({"a.csv": "k,v\n1,a\n2,b\n1,c\n", "b.csv": "k,v\n2,d\n3,e\n"}, [{"distinct": ["k"]}])
        self.assertEqual(table.rows, [{"k": 1, "v": "a"}, {"k": 2, "v": "b"}, {"k": 3, "v": "e"}])
        self.assertEqual(table.ledger, {"lines": 7, "kept": 3, "filtered": 2, "rejected": 0, "blank": 2})
        files = {f["file"]: f["ledger"]["filtered"] for f in table.ran.report["tables"]["events"]["files"]}
        self.assertEqual(list(files.values()), [1, 1])

    def test_distinct_over_all_columns(self):
        for step in ({"distinct": None}, {"distinct": []}, {"distinct": ["k", "v"]}):
            self.assertEqual(self.clean("k,v\n1,a\n1,a\n1,b\n", [step]).column("v"), ["a", "b"])

    def test_sort_is_stable_and_puts_nulls_last(self):
        text = "k,n\nb,1\n,2\na,3\nb,4\na,5\n,6\n"
        self.assertEqual(self.clean(text, [{"sort": "k"}]).column("n"), [3, 5, 1, 4, 2, 6])
        self.assertEqual(self.clean(text, [{"sort": "-k"}]).column("n"), [1, 4, 3, 5, 2, 6])
        self.assertEqual(self.clean(text, [{"sort": ["k", "-n"]}]).column("n"), [5, 3, 4, 1, 6, 2])

    def test_steps_behind_a_sort_count_records(self):
        files = {"a.csv": "n,t\n5,x\n1,7\n", "b.csv": "n,t\n4,8\n2,y\n3,9\n"}
        table = self.clean(files, [{"sort": "-n"}, {"limit": 4}, {"cast": {"t": "int64"}}], rejects={"max": "90%"})
        self.assertEqual(table.rows, [{"n": 4, "t": 8}, {"n": 3, "t": 9}])
        self.assertEqual(table.ledger, {"lines": 7, "kept": 2, "filtered": 1, "rejected": 2, "blank": 2})
        by_file = {f["file"]: f["ledger"] for f in table.ran.report["tables"]["events"]["files"]}
        self.assertEqual([(l["filtered"], l["rejected"]) for l in by_file.values()], [(1, 1), (0, 1)])

    def test_rejects_behind_a_sort_name_their_line(self):
        job = {"input": {"paths": ["a.csv", "b.csv"], "format": "csv", "rejects": {"max": 9, "path": "rejects.jsonl"}},
               "steps": [{"sort": "-n"}, {"cast": {"t": "int64"}}], "output": "out.csv"}
        for ranks in (0, 3):
            self.fresh()
            self.write("a.csv", "n,t\n5,x\n1,7\n")
            self.write("b.csv", "n,t\n4,8\n2,y\n3,9\n")
            self.run_job(job, ranks=ranks)
            rejects = [harness.json.loads(l) for l in (self.folder / "rejects.jsonl").read_text().splitlines()]
            self.assertEqual([(r["file"], r["line"], r["text"]) for r in rejects],
                             [("a.csv", 2, "5,x"), ("b.csv", 3, "2,y")])

    def test_index_behind_a_sort_numbers_its_order(self):
        table = self.clean("k\n3\n1\n2\n", [{"sort": "k"}, {"index": "i"}])
        self.assertEqual(table.rows, [{"k": 1, "i": 0}, {"k": 2, "i": 1}, {"k": 3, "i": 2}])

    def test_a_sample_behind_a_table_step_is_the_same_for_any_ranks_and_chunk(self):
        text = "k,v\n" + "".join(f"{i % 7},{i}\n" for i in range(4000))
        seen = set()
        for ranks, chunk in ((1, "2KiB"), (3, "2KiB"), (2, "64KiB"), (0, "64MiB")):
            table = self.clean(text, [{"sql": "select * from events where v >= 0"}, {"filter": "v > 9"},
                                      {"sample": {"fraction": 0.25, "seed": 3}}], ranks=ranks, resources={"chunk": chunk})
            seen.add(table.csv)
        self.assertEqual(len(seen), 1)
        self.assertAlmostEqual(len(table.rows), 1000, delta=120)

    def test_a_reject_of_a_row_has_its_number_for_any_ranks_and_chunk(self):
        text = "k,v\n" + "".join(f"{i % 7},{'x' if i % 500 == 499 else i}\n" for i in range(2000))
        seen = set()
        for ranks, chunk in ((1, "2KiB"), (3, "2KiB"), (0, "64MiB")):
            self.clean(text, [{"sql": "select v from events"}, {"cast": {"v": "int64"}}], ranks=ranks,
                       resources={"chunk": chunk}, rejects={"max": "10%", "path": "rejects.jsonl"})
            seen.add((self.folder / "rejects.jsonl").read_text())
            (self.folder / "rejects.jsonl").unlink()
        self.assertEqual(len(seen), 1)
        self.assertEqual([json.loads(line)["line"] for line in seen.pop().splitlines()], [500, 1000, 1500, 2000])

    def test_align_puts_tables_side_by_side(self):
        self.write("users.csv", "v\na\nb\nc\n")
        table = self.clean("k,v\n1,x\n2,y\n3,z\n", [{"align": "users"}], tables=users())
        self.assertEqual(table.rows, [{"k": 1, "v": "x", "v_right": "a"}, {"k": 2, "v": "y", "v_right": "b"},
                                      {"k": 3, "v": "z", "v_right": "c"}])

    def test_names_that_meet_in_align_are_told_apart(self):
        self.write("users.csv", "k,k_right,w\n5,6,7\n")
        table = self.clean("k,v\n1,x\n", [{"align": "users"}, {"align": "users"}], tables=users())
        self.assertEqual(table.rows, [{"k": 1, "v": "x", "k_right_right": 5, "k_right": 6, "w": 7,
                                       "k_right_right_right": 5, "k_right_right_right_right": 6, "w_right": 7}])

    def test_align_of_other_lengths_gives_both(self):
        self.write("in.txt", "k\n1\n2\n")
        self.write("users.csv", "v\na\nb\nc\n")
        ran = self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "tables": users(),
                            "steps": [{"align": "users"}], "output": "out.csv"}, code=2)
        self.says(ran.err, "2", "3", "users")

    def test_sessions(self):
        text = ("u,t\na,2026-01-01 00:00:00\nb,2026-01-01 00:01:00\na,2026-01-01 00:29:59\n"
                "a,2026-01-01 00:59:59\n,2026-01-01 01:00:00\nb,2026-01-01 00:00:30\n")
        table = self.clean(text, [{"sessionize": {"by": "u", "time": "t", "gap": "30m"}}])
        self.assertEqual(table.column("u"), ["a", "b", "a", "a", None, "b"])
        self.assertEqual(table.column("session_seq"), [1, 2, 2, 1, None, 1])
        ids = table.column("session_id")
        self.assertEqual((ids[0] == ids[2], ids[0] == ids[3], ids[1] == ids[5], ids[4]), (True, False, True, None))


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
