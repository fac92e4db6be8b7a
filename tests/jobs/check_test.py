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

    def test_align_of_heads_is_as_long_as_the_shorter(self):
        self.write("in.csv", "a\n" + "".join(f"{i}\n" for i in range(60000)))
        self.write("r.csv", "country,text\n" + "".join(f"de,{'x' * 40}\n" for i in range(60000)))
        self.job([{"filter": "a >= 0"}, {"align": "r"}, {"set": {"z": "upper(country)"}}], tables={"r": {"paths": "r.csv", "format": "csv"}})
        for command in ("check", "preview", "explain"):
            self.ran(command)
        self.assertIn("z:string", self.ran("preview"))
        self.ran("run", ranks=2)
        self.write("r.csv", "country\nde\n")
        text = self.ran("run", 2, "--overwrite")
        self.says(text, "60000 rows", "r has 1")
        self.assertNotIn("align: align", text)

    def test_a_test_wants_equal_lengths_of_align(self):
        self.job([{"align": "r"}], tables={"r": {"paths": "r.csv", "format": "csv"}},
                 tests=[{"input": "a\n1\n2\n", "tables": {"r": [{"b": 1}]}, "expect": []}])
        self.says(self.ran("test", 1), "2 rows", "r has 1")

    def test_explain_knows_the_columns_that_are_not_there(self):
        self.write("in.csv", "a\n1\n")
        for step in ({"filter": "qqq = 5"}, {"drop": ["zzz"]}, {"cast": {"yyy": "int64"}}):
            with self.subTest(step=step):
                self.job([step])
                for command in ("check", "preview", "explain", "run"):
                    self.says(self.ran(command, 2), "no column")
        self.write("in.csv", "a\n")
        self.job([{"filter": "qqq = 5"}])
        self.ran("explain")


class AllMistakes(Little):
    def setUp(self):
        super().setUp()
        self.write("in.csv", "a,s\n1,x\n")
        self.write("u.csv", "a,n\n1,5\n")

    def mistakes(self, steps, *words, count=None, **keys):
        """The mistakes that check tells of, each with its words, in order, and no other."""
        self.job(steps, **keys)
        text = self.ran("check", 2)
        found = [line for line in text.splitlines() if line.startswith("job.yml:")]
        self.assertEqual(len(found), count or len(words), text)
        for word in words:
            self.assertTrue(any(word in line for line in found), f"{word}\n{text}")
        return text

    def test_each_entry_of_a_step(self):
        for steps, words in (
                ([{"set": {"x": "nope + 1", "y": "summ(a)", "z": "a +"}}], ("column nope", "summ", "set: syntax error")),
                ([{"flag": {"x": "nope = 1", "ok": "a = 1", "y": "zz = 1"}}], ("column nope", "column zz")),
                ([{"group": {"by": ["q", "w"], "agg": {"n": "sum(zz)", "m": "cc(*)"}}}], ("'q'", "'w'", "column zz", "cc")),
                ([{"select": ["p", "a", "q"]}], ("'p'", "'q'")), ([{"drop": ["p", "a", "q"]}], ("'p'", "'q'")),
                ([{"rename": {"p": "x", "q": "y"}}], ("'p'", "'q'")), ([{"cast": {"p": "int64", "q": "int64"}}], ("'p'", "'q'")),
                ([{"fill": {"p": 0, "q": 0}}], ("'p'", "'q'")), ([{"sort": ["p", "-q"]}], ("'p'", "'q'")),
                ([{"distinct": ["p", "q"]}], ("'p'", "'q'")),
                ([{"sessionize": {"by": ["p", "q"], "time": "t"}}], ("'p'", "'q'", "'t'"))):
            with self.subTest(steps=steps):
                self.mistakes(steps, *words)

    def test_each_name_of_a_join(self):
        tables = {"u": {"paths": "u.csv", "format": "csv"}}
        self.mistakes([{"join": {"table": "u", "on": {"p": "a", "a": "q"}, "columns": ["k", "n", "l"]}}],
                      "'p' in the left", "'q' in table u", "'k' in table u", "'l' in table u", tables=tables)

    def test_what_follows_from_a_mistake_is_none(self):
        tables = {"u": {"paths": "u.csv", "format": "csv"}}
        behind = [{"filter": "n > 1"}, {"sort": ["-n"]}]
        for step, word in (({"group": {"by": ["zip"], "agg": {"n": "count(*)"}}}, "'zip'"), ({"set": {"n": "nope + 1"}}, "column nope"),
                           ({"parse": {"column": "zip", "patterns": [r"(?<n>\d+)"]}}, "'zip'"),
                           ({"parse": {"column": "s", "patterns": [r"(?<n>\d+"]}}, "parenthesis"),
                           ({"explode": {"column": "zip", "as": "n"}}, "'zip'"), ({"rename": {"zip": "n"}}, "'zip'"),
                           ({"join": {"table": "u", "on": {"zip": "a"}}}, "'zip'"), ({"sql": "select zip as n from events"}, "column zip"),
                           ({"sql": "select zip as n from"}, "syntax")):
            with self.subTest(step=step):
                self.mistakes([step] + behind, word, tables=tables)
        self.mistakes([{"set": {"n": "nope + 1", "m": "n + 1"}}, {"filter": "m = 2"}, {"filter": "other = 1"}], "column nope", "column other")

    def test_tables_made_by_queries(self):
        tables = {"u": {"paths": "u.csv", "format": "csv"}, "q": {"sql": "select a, n from u", "steps": [{"set": {"x": "nope"}}, {"drop": ["p", "q"]}]}}
        self.mistakes([{"join": {"table": "q", "on": "a"}}], "column nope", "'p'", "'q'", tables=tables)
        tables["q"] = {"sql": "select nope from u"}
        text = self.mistakes([{"join": {"table": "q", "on": "a"}}, {"filter": "other = 1"}], "column nope", tables=tables)
        self.assertEqual(text.count("column nope"), 1, text)

    def test_all_unknown_functions_of_an_expression_are_told(self):
        self.write("in.csv", "a\n1\n")
        self.job([{"set": {"y": "foo(a) + trm(a) + now() + foo(a)"}}])
        for command in ("check", "run"):
            self.says(self.ran(command, 2), "unknown function foo; evclean functions lists them; unknown function trm (did you mean 'trim'?) "
                                            "(at byte 10); now depends on the moment (at byte 19)\n")
        self.mistakes([{"set": {"y": "h(a) + nosuch(a)"}}], "parentheses are missing", "unknown function h; evclean functions lists them; unknown function nosuch (at byte 8)",
                      functions={"h(x": "x"})
        self.mistakes([], "functions: f(x): unknown function g; evclean functions lists them; unknown function q (at byte 8)",
                      "functions: m(x): unknown function zz", functions={"f(x)": "g(x) + q(x)", "k(x)": "f(x) + 1", "m(x)": "f(x) + zz(x)"})

    def test_an_empty_value_of_set_has_its_option_in_front(self):
        self.write("in.csv", "a\n1\n")
        self.job()
        for key in ("input", "output"):
            self.says(self.ran("check", 2, "--set", f"{key}="), f"job.yml: error: --set {key}=: the job has no {key}: write {key}: {{path")

    def test_a_group_that_stands_twice_is_told_with_its_cure(self):
        self.write("in.csv", "a\nxy\n")
        self.job([{"parse": {"column": "a", "patterns": ["(?<n>x)|(?<n>y)"]}}])
        self.says(self.ran("check", 2), "two named groups have the same name", "(?J) at the begin")
        self.job([{"parse": {"column": "a", "patterns": ["(?J)(?<n>q)|(?<n>y)"]}}])
        self.ran("check")

    def test_functions_used_or_not(self):
        text = self.mistakes([{"set": {"y": "d(a) + 1"}}, {"set": {"z": "good(a)"}}], "1(x)", "twice", "d(x)", "aggregate", "nosuch",
                             functions={"1(x)": "x", "c(x,x)": "x", "d(x)": "x +", "count(x)": "x * 100", "e(x)": "nosuch(x)", "good(x)": "x + 1"})
        self.assertNotIn("set:", text)
        for command in ("run", "preview", "explain"):
            text = self.ran(command, 2)
            self.says(text, "d(x)", "e(x)", "1(x)")
        self.mistakes([{"set": {"y": "h(a)"}}], "parentheses are missing", functions={"h(x": "x"})
        self.job([], functions={"b(x)": "x +"})
        for command in ("check", "run"):
            self.assertRegex(self.ran(command, 2), r"job.yml:1:\d+: error: functions: b\(x\)")

    def test_a_scratch_folder_that_cannot_be_used(self):
        self.write("a.csv", "x\n1\n")
        self.write("file", "")
        for scratch, words in (("nowhere/x", "No such file"), ("file", "is not a folder")):
            self.write("job.yml", f"input: a.csv\noutput: o.csv\nresources:\n  scratch: {scratch}\n")
            ran = self.call("check", "job.yml")
            self.assertEqual(ran.code, 2, ran)
            self.says(ran.out + ran.err, "job.yml:4:12", f"resources.scratch: '{scratch}'", words)
            self.assertEqual(self.call("run", "job.yml").code, 2)
        self.write("job.yml", "input: a.csv\noutput: o.csv\nresources:\n  scratch: .\n")
        self.assertEqual(self.call("check", "job.yml").code, 0)

    def test_a_bad_type_is_said_once(self):
        self.mistakes([{"cast": {"a": "int", "s": "text"}}], "'int'", "'text'")
        self.mistakes([{"cast": {"a": "date:%Q", "s": "timestamp:%Y%"}}], "%Q is not known", "lone %")
        self.mistakes([], "%Q is not known", types={"a": "date:%Q"})

    def test_an_empty_expression(self):
        self.assertIn("empty", self.mistakes([{"filter": ""}], "empty"))


class WhatIsNotKnown(Little):
    def test_steps_are_checked_though_the_input_is_not_there(self):
        self.job([{"parse": {"column": "id", "patterns": ["(?<a>["]}}, {"filter": "id ~ '('"}, {"set": {"b": "lowr(id)"}}], paths="none.csv")
        self.says(self.ran("check", 2), "input 'none.csv': nothing is there", "missing terminating ]", "filter: bad regex: missing closing parenthesis",
                  "unknown function lowr")
        self.job([{"filter": "id +"}, {"filter": "whatever = 1"}], format="csvv")
        said = self.ran("check", 2)
        self.says(said, "unknown format 'csvv' (did you mean 'csv'?)", "the expression ends too early")
        self.assertNotIn("whatever", said)

    def test_without_any_input_columns_are_missing(self):
        self.job([{"filter": "a = 1"}, {"group": {"by": "b", "agg": {"n": "count(*)"}}}, {"filter": "m > 1"}], paths="none*.csv", missing="skip")
        self.assertEqual(re.findall("no column [a-z]+", self.ran("check", 2)), ["no column m"])
        self.job([{"filter": "a = 1"}], paths="none*.csv", missing="skip")
        self.ran("check")
        self.ran("run")
        self.job([{"filter": "statu = 1"}], paths="none*.log", missing="skip", format="combined")
        self.says(self.ran("check", 2), "no column statu (did you mean 'status'?)")

    def test_columns_of_later_files_and_objects(self):
        self.write("a.csv", "id\n" + "1\n" * 400000)
        self.write("b.csv", "id,w\n1,2\n")
        self.job([{"filter": "w > 1"}, {"sort": ["w"]}], paths=["a.csv", "b.csv"])
        self.assertEqual(self.ran("check"), "job.yml: no mistakes found\n")
        self.ran("preview")
        self.job([{"filter": "ww > 1"}], paths=["a.csv", "b.csv"])
        self.says(self.ran("check", 2), "no column ww")
        self.write("in.jsonl", '{"a":1}\n' * 300 + '{"late":1}\n')
        self.job([{"filter": "late > 0"}], paths="in.jsonl", format="json")
        self.assertEqual(self.ran("check"), "job.yml: no mistakes found\n")
        self.job([{"filter": "lat > 0"}], paths="in.jsonl", format="json")
        self.says(self.ran("check", 2), "no column lat (did you mean 'late'?)")

    def test_columns_that_check_does_not_get_to(self):
        self.write("in.jsonl", '{"a":1}\n' * 400000 + '{"late":1}\n')
        self.job([{"filter": "late > 0"}, {"sort": ["late"]}, {"select": ["late"]}, {"filter": "b > 1"}], paths="in.jsonl", format="json")
        said = self.ran("check", 2)
        self.says(said, "note: job.yml:", "filter: no column late", "run reads all of it")
        self.assertEqual(re.findall("error: (.*)", said), ["filter: no column b; there are late"])
        self.job([{"filter": "late > 0"}, {"sort": ["late"]}], paths="in.jsonl", format="json")
        self.says(self.ran("check"), "note: job.yml:", "no mistakes found")
        self.ran("preview")
        self.ran("run")

    def test_all_unknown_names_of_an_expression(self):
        self.write("in.csv", "id,status\n1,200\n")
        self.job([{"filter": "foo = 1 and statu = 2 and foo = 3 and bar = 4"}])
        for command in ("check", "run"):
            self.says(self.ran(command, 2), "no column foo; there are id, status; no column statu (did you mean 'status'?) (at byte 13); no column bar (at byte 39)\n")


class Terminal(Little):
    """Bytes that command a terminal never come out raw."""

    def clean(self, command, *words, code=None, args=()):
        ran = self.call(command, "job.yml", *args)
        if code is not None:
            self.assertEqual(ran.code, code, ran)
        text = ran.out + ran.err
        self.assertNotRegex(text, "[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]", f"{command}: {text!r}")
        self.says(text, *words)
        return text

    def test_values_of_data(self):
        self.write("in.csv", f"n,t\n{ESC}[31mx,x{ESC}]0;y\x07\n")
        self.job([{"filter": "t = 5"}])
        for command in ("check", "run", "preview", "explain"):
            self.clean(command, "\\x1b]", code=2)
        self.job([{"sql": "select n, t = 5 as x from events"}])
        for command in ("check", "run", "preview"):
            self.clean(command, "\\x1b]", code=2)
        self.write("in.csv", f"n,v\n{ESC}[31mx,9223372036854775807\n{ESC}[31mx,1\n")
        self.job([{"group": {"by": ["n"], "agg": {"s": "sum(v)"}}}])
        self.clean("run", "\\x1b[31m", code=2)

    def test_names_of_columns(self):
        name = f"n{ESC}[5m\x9b"
        self.write("in.csv", f"{name}\n7\nx\n")
        for steps, code in (([{"cast": {name: "int64"}}], 1), ([{"drop": ["zzz"]}], 2), ([{"sort": ["zzz"]}], 2), ([{"filter": f"{ESC}"}], 2),
                            ([{"rename": {name: f"a{ESC}"}}, {"select": ["zzz"]}], 2), ([], 0)):
            with self.subTest(steps=steps):
                self.job(steps)
                self.clean("run", code=code, args=("--overwrite",))
                for command in ("check", "preview", "explain"):
                    self.clean(command)
        self.job([], types={name: "int64"})
        self.clean("run", "\\x1b[5m\\xc2\\x9b", code=1, args=("--overwrite",))

    def test_names_of_files(self):
        self.write(f"ev{ESC}il.csv", "a,b\n1,2\n1,2,3\n")
        self.write(f"ev{ESC}il.csv.gz", b"\x1f\x8b\x08\x00broken")
        self.job([], paths=[f"ev{ESC}il.csv", f"ev{ESC}il.csv"])
        for command in ("check", "preview", "explain", "run"):
            self.clean(command)
        self.job([], paths=[f"ev{ESC}il.csv.gz"])
        for command in ("check", "preview", "explain", "run"):
            self.clean(command)
        self.assertNotIn(ESC, self.call("init", f"ev{ESC}il.csv").out)

    def test_the_difference_of_a_test_has_one_line_a_value(self):
        fake = "1\nok   fake test\n100 passed, 0 failed"
        self.job([], tests=[{"name": "it", "input": [{"s": fake, "t": ESC}], "expect": {"s": 2, "t": f"{ESC}x", f"u{ESC}": 1}},
                            {"name": "r", "input": [{"s": fake}], "expect": {"reject": f"{ESC}x"}}])
        text = self.clean("test", "1\\x0aok", "\\x1bx", code=1)
        self.assertEqual([line for line in text.splitlines() if re.match(r"ok |\d+ passed", line)], ["0 passed, 2 failed"])


class Tests(Little):
    def test_times_without_a_year_take_one(self):
        for fmt, line, column, expected in (("syslog", "Oct 11 22:14:15 mymachine su[5]: failed", "timestamp", "2021-10-11 22:14:15"),
                                            ("glog", "I1011 22:14:15.123456  1234 file.cc:10] hello", "msg", "hello")):
            with self.subTest(format=fmt):
                self.write("in.csv", "x")
                os.utime(self.folder / "in.csv", (1609459200 + 86400 * 200,) * 2)
                self.job([], format=fmt, tests=[{"input": line, "expect": {column: expected}}])
                self.says(self.ran("test"), "1 passed")
                self.job([], format=fmt, paths="gone*.log", tests=[{"input": line, "expect": {}}])
                self.says(self.ran("test"), "1 passed")

    def test_dates_are_never_a_guess(self):
        test = {"input": ["d", "01/02/2026"], "expect": {"d": "2026-02-01"}}
        self.job([], tests=[test])
        self.says(self.ran("test", 1), "two ways", 'types: {d: "date:%d/%m/%Y"}')
        self.job([], tests=[test], types={"d": "date:%d/%m/%Y"})
        self.ran("test")
        self.job([], tests=[dict(test, input=["d", "01/02/2026", "13/02/2026"], expect=[{"d": "2026-02-01"}, {}])])
        self.ran("test")

    def test_rows_have_the_columns_of_the_format(self):
        self.job([], format="regex", patterns=[r"^(?<a>\d+) (?<b>\w+)$"], tests=[{"input": [{"a": 5}], "expect": {"b": None}}])
        self.ran("test")
        self.job([], format=["combined", "common"], tests=[{"input": [{"status": 200}], "expect": {"status": 200, "referer": None}}])
        self.ran("test")


class Small(Little):
    def test_named_values_of_fill_come_before_those_of_all(self):
        self.write("in.csv", "s,t\na,b\n,\n")
        for fill in ({"s": "first", "all": "9"}, {"all": "9", "s": "first"}):
            self.job([{"fill": fill}])
            self.ran("run", 0, "--overwrite", ranks=2)
            self.assertEqual((self.folder / "out.csv").read_text(), "s,t\na,b\nfirst,9\n")

    def test_rejected_rows_are_not_called_records(self):
        self.write("in.csv", 'id,tags\n1,"[1,""x""]"\n2,"[""y""]"\n3,"[4]"\n')
        self.job([{"explode": "tags"}, {"cast": {"tags": "int64"}}])
        text = self.ran("run", 1, ranks=2)
        self.says(text, "0 of 3 records and 2 rows behind explode rejected, 10% allowed", "0 records and 2 rows behind explode rejected (budget 10%)")

    def test_preview_of_more_rows_than_it_looks_at_for_a_few(self):
        self.write("in.csv", "id\n1\n2\n")
        self.job()
        self.says(self.ran("preview", 0, "-n", 300000), "id:int64\n       1\n       2\n")

    def test_a_name_that_is_missing_behind_a_star(self):
        for sign in "*&":
            self.write("job.yml", f"input: in.csv\nsteps:\n  - set: {{n: {sign}}}\noutput: out.csv\n")
            self.says(self.ran("check", 2), "job.yml:3:1", "put it in single quotes")

    def test_init_takes_names_as_names(self):
        self.write("in.csv", "n'] , x: {\"},s\n1,x\n2,y\n")
        text = self.call("init", "in.csv").out
        self.write("job.yml", re.sub(r"^  # - (filter|parse|set)", r"  - \1", text, flags=re.M))
        self.says(self.ran("check"), "no mistakes")


if __name__ == "__main__":
    harness.main()
