# SPDX-License-Identifier: Apache-2.0
"""Tables that meet: join, align, distinct, sort, sessionize, by the job contract."""

import json
import random

import harness
from hits import HITS, USERS, users


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


if __name__ == "__main__":
    harness.main()
