# SPDX-License-Identifier: Apache-2.0
"""The steps and the formats by sections 2.2 and 2.3 of the job contract, on small inputs."""

import gzip
import os
import subprocess

import harness

PEOPLE = "id,name,city,age\n1,Ann,Rome,30\n2,Bob,,41\n3,,Oslo,\n4,Dan,Rome,7\n"
LINE = ('1.2.3.4 - {user} [01/Nov/2026:06:52:16 +0000] "{request}" 200 {size} "-" "curl/8"\n')


class Rows(harness.Case):
    def test_filter_keeps_true_only(self):
        table = self.clean(PEOPLE, [{"filter": "age > 10"}])
        self.assertEqual(table.column("id"), [1, 2])
        self.assertEqual(table.ledger, {"lines": 5, "kept": 2, "filtered": 2, "rejected": 0, "blank": 1})

    def test_filters_count_apart_from_limit_and_sample(self):
        table = self.clean(PEOPLE, [{"filter": "id > 1"}, {"limit": 2}])
        self.assertEqual(table.column("id"), [2, 3])
        self.assertEqual(table.ledger["filtered"], 2)

    def test_limit_zero_and_more_than_there_is(self):
        self.assertEqual(self.clean(PEOPLE, [{"limit": 0}]).rows, [])
        self.assertEqual(len(self.clean(PEOPLE, [{"limit": 99}]).rows), 4)

    def test_index_counts_the_rows_that_reach_it(self):
        table = self.clean(PEOPLE, [{"filter": "id <> 2"}, {"index": "n"}])
        self.assertEqual((table.column("n"), table.types["n"], table.names[-1]), ([0, 1, 2], "int64", "n"))

    def test_a_sample_is_the_same_for_any_number_of_ranks(self):
        text = "id\n" + "".join(f"{i}\n" for i in range(20000))
        tables = [self.clean(text, [{"sample": {"fraction": 0.1, "seed": 7}}], ranks=ranks,
                             resources={"chunk": "8KiB"}) for ranks in (1, 3)]
        self.assertEqual(tables[0].column("id"), tables[1].column("id"))
        self.assertTrue(1700 < len(tables[0].rows) < 2300, len(tables[0].rows))
        other = self.clean(text, [{"sample": {"fraction": 0.1, "seed": 8}}])
        self.assertNotEqual(other.column("id"), tables[0].column("id"))
        self.assertEqual(other.ledger["filtered"], 20000 - len(other.rows))

    def test_sample_of_all_and_none(self):
        self.assertEqual(len(self.clean(PEOPLE, [{"sample": {"fraction": 1, "seed": 1}}]).rows), 4)
        self.assertEqual(len(self.clean(PEOPLE, [{"sample": {"fraction": 0, "seed": 1}}]).rows), 0)


class Columns(harness.Case):
    def test_parse_takes_the_first_pattern_that_matches(self):
        text = "path\n/product/7\n/search?q=ab&x\n/other\n"
        table = self.clean(text, [{"parse": {"column": "path", "patterns": [
            r"^/product/(?<product>\d+)", r"^/search\?q=(?<query>[^&]*)", r"(?P<query>/)"]}}])
        self.assertEqual([[r["product"], r["query"]] for r in table.rows], [[7, None], [None, "ab"], [None, "/"]])
        self.assertEqual((table.types["product"], table.names), ("int64", ["path", "product", "query"]))

    def test_parse_all_applies_every_pattern_and_the_first_value_wins(self):
        table = self.clean("t\na=1 b=2\nb=3\nx\n", [{"parse": {"column": "t", "all": True, "patterns": [
            r"a=(?<a>\d)", r"b=(?<b>\d)", r"(?<a>[bx])"]}}])
        self.assertEqual([[r["a"], r["b"]] for r in table.rows], [["1", 2], ["b", 3], ["x", None]])

    def test_parse_prefix(self):
        table = self.clean("t\na=1\n", [{"parse": {"column": "t", "prefix": "p_", "patterns": [r"a=(?<a>\d)"]}}])
        self.assertEqual(table.names, ["t", "p_a"])

    def test_parse_replaces_an_existing_column_where_it_matches(self):
        table = self.clean("a,t\nold,a=new\nkept,zzz\n", [{"parse": {"column": "t", "patterns": [r"a=(?<a>\w+)"]}}])
        self.assertEqual((table.column("a"), table.names), (["new", "kept"], ["a", "t"]))

    def test_parse_of_a_missing_value_is_missing(self):
        table = self.clean("a,t\n1,\n2,x5\n", [{"parse": {"column": "t", "patterns": [r"x(?<n>\d)"]}}])
        self.assertEqual(table.column("n"), [None, 5])

    def test_parse_knows_words_for_missing(self):
        table = self.clean("a,t\n1,n=NA\n2,n=5\n", [{"parse": {"column": "t", "patterns": [r"n=(?<n>\w+)"]}}])
        self.assertIn(table.column("n"), ([None, 5],))

    def test_set_sees_earlier_ones_and_replaces_in_place(self):
        table = self.clean("a,b\n1,2\n", [{"set": {"c": "a + b", "d": "c * 2", "a": "a + 10"}}])
        self.assertEqual(table.csv, "a,b,c,d\n11,2,3,6\n")

    def test_flag_is_never_null(self):
        table = self.clean(PEOPLE, [{"flag": {"old": "age > 35", "none": "age > null"}}])
        self.assertEqual((table.column("old"), table.types["old"]), ([False, True, False, False], "bool"))
        self.assertEqual(table.column("none"), [False] * 4)

    def test_fill_none_fills_strings_only_and_says_so(self):
        table = self.clean(PEOPLE, [{"fill": "None"}])
        self.assertEqual([list(r.values()) for r in table.rows],
                         [[1, "Ann", "Rome", 30], [2, "Bob", "None", 41], [3, "None", "Oslo", None], [4, "Dan", "Rome", 7]])
        self.assertRegex(table.ran.err + str(table.ran.report["tables"]["events"]["notes"]), "age")

    def test_fill_unquoted_none_in_yaml_is_the_word(self):
        self.write("in.txt", PEOPLE)
        self.run_job("input: {paths: in.txt, format: csv}\nsteps:\n  - fill: None\noutput: out.csv\n")
        self.assertEqual((self.folder / "out.csv").read_text().splitlines()[3], "3,None,Oslo,")

    def test_fill_columns_and_all(self):
        table = self.clean(PEOPLE, [{"fill": {"age": 0, "name": "?"}}])
        self.assertEqual((table.column("age"), table.column("name"), table.types["age"]),
                         ([30, 41, 0, 7], ["Ann", "Bob", "?", "Dan"], "int64"))
        table = self.clean(PEOPLE, [{"fill": {"all": 0}}])
        self.assertEqual((table.column("age"), table.column("id")), ([30, 41, 0, 7], [1, 2, 3, 4]))
        table = self.clean(PEOPLE, [{"fill": {"all": "x"}}])
        self.assertEqual((table.column("age"), table.column("city")), ([30, 41, None, 7], ["Rome", "x", "Oslo", "Rome"]))

    def test_fill_that_does_not_fit_is_an_error(self):
        self.refused(PEOPLE, [{"fill": {"age": "old"}}], words=["age", "old", "int64"])

    def test_select_and_drop_with_globs(self):
        text = "a_x,b,a_y,c\n1,2,3,4\n"
        self.assertEqual(self.clean(text, [{"select": ["c", "a_*"]}]).names, ["c", "a_x", "a_y"])
        self.assertEqual(self.clean(text, [{"drop": ["a_*", "c"]}]).names, ["b"])
        self.assertEqual(self.clean(text, [{"select": "b"}]).names, ["b"])
        self.refused(text, [{"select": ["cc"]}], words=["cc"])
        self.refused(text, [{"drop": ["nope"]}], words=["nope"])

    def test_rename(self):
        table = self.clean("a,b,c\n1,2,3\n", [{"rename": {"a": "x", "b": "a"}}])
        self.assertEqual(table.csv, "x,a,c\n1,2,3\n")
        self.refused("a,b\n1,2\n", [{"rename": {"a": "b"}}], words=["b"])
        self.refused("alpha,b\n1,2\n", [{"rename": {"alhpa": "c"}}], words=["did you mean", "alpha"])

    def test_rename_warehouse(self):
        text = "req.id,device-type,Gröhe (cm),req_id,2nd,select,User Name,日\n1,2,3,4,5,6,7,8\n"
        names = self.clean(text, [{"rename": "warehouse"}]).names
        self.assertEqual(names, ["req_id", "device_type", "grohe_cm", "req_id_2", "c_2nd", "select_", "user_name", "col_8"])
        table = self.clean("HTTPStatus,userAgent\n1,2\n",
                           [{"rename": {"style": "warehouse", "version": 1, "camel": "split"}}])
        self.assertEqual(table.names, ["http_status", "user_agent"])

    def test_cast(self):
        text = "a,b,c,d,e\n1,2.0,true,2026-11-01,31/12/2025\n"
        table = self.clean(text, [{"cast": {"a": "string", "b": "int64", "c": "string", "d": "timestamp",
                                            "e": "date:%d/%m/%Y"}}])
        self.assertEqual(table.rows, [{"a": "1", "b": 2, "c": "true", "d": "2026-11-01T00:00:00Z", "e": "2025-12-31"}])

    def test_cast_that_does_not_fit_is_a_reject_with_its_reason(self):
        self.write("in.txt", "a,b\n1,x\nfoo,y\n3,z\n")
        job = {"input": {"paths": "in.txt", "format": "csv", "rejects": {"max": "50%", "path": "rejects.jsonl"}},
               "steps": [{"cast": {"a": "int64"}}], "output": "out.csv"}
        ran = self.run_job(job)
        self.assertEqual((self.folder / "out.csv").read_text(), "a,b\n1,x\n3,z\n")
        reject = harness.json.loads((self.folder / "rejects.jsonl").read_text())
        self.assertEqual(reject["line"], 3)
        self.says(str(reject), "foo", "int64", "in.txt")
        self.assertEqual(ran.report["ledger"]["rejected"], 1)

    def test_cast_reads_what_the_expression_reads(self):
        text = "b,i,f\nyes,007,+.5\nOff,+5,1.\nT,3.0,1e3\n0,-0,00.5\n7,1,1\n-0.0,1,1\n"
        made = {"b": "cast(b as bool)", "i": "coalesce(cast(i as int64), 3)", "f": "cast(f as float64)"}
        steps = [{"cast": {"b": "string", "i": "string", "f": "string"}}, {"set": made}]
        expected = self.clean(text, steps)
        for keys in ({"steps": [{"cast": {"b": "bool", "i": "int64", "f": "float64"}}]}, {"types": {"b": "bool", "i": "int64", "f": "float64"}}):
            table = self.clean(text, keys.pop("steps", []), **keys)
            self.assertEqual((table.rows, table.types), (expected.rows, expected.types))
        self.assertEqual(expected.rows[0], {"b": True, "i": 7, "f": 0.5})
        self.assertEqual(expected.column("b")[-2:], [True, False])

    def test_a_whole_number_in_another_spelling_is_an_integer_to_the_last_digit(self):
        numbers = {"1e17": 10**17, "9007199254740993.0": 2**53 + 1, "-9223372036854775808.0": -2**63, "9223372036854775807e0": 2**63 - 1,
                   "1234567890123456789000e-3": 1234567890123456789, "0.05e2": 5, "-0.0": 0, "0e400": 0, "3.50": None, "1e19": None,
                   "9223372036854775808.0": None, "1e-400": None, "-1.5e300": None}
        text = "a,b\n" + "".join(f"{number},{n}\n" for n, number in enumerate(numbers))
        cast = {"cast": {"a": "int64", "on_error": None}}
        for steps in ([cast], [{"sort": "b"}, cast]):
            self.assertEqual(self.clean(text, steps, types={"a": "string"}).column("a"), list(numbers.values()))

    def test_a_float64_is_cast_as_the_number_that_it_is(self):
        values = [1e17, 2.0**62, 1234567890123456789.0, -(2.0**63), 2.0**63, -0.0, 1e300]
        want = [int(v) if -2**63 <= v < 2**63 else None for v in values]
        text = "a\n" + "".join(f"{v!r}\n" for v in values)
        for ranks in (0, 3):
            table = self.clean(text, [{"set": {"b": "a + 0", "c": "cast(a as bigint)"}},
                                      {"cast": {"a": "int64", "b": "int64", "on_error": None}}], ranks=ranks)
            self.assertEqual([table.column(name) for name in "abc"], [want] * 3)

    def test_a_cast_to_null_names_the_column_and_the_types(self):
        ran = self.refused("a\n1\n", [{"cast": {"a": None}}], words=("cast.a has no type", "string, int64, float64"))
        self.assertNotIn("names no column", ran.err)
        self.refused("a\n1\n", types={"a": None}, words=("types.a has no type", "string, int64, float64"))

    def test_a_number_is_true_unless_it_is_0_in_the_step_and_in_the_expression(self):
        text = "n,f\n7,0.5\n0,0.0\n,\n-1,2\n"
        whole = [True, False, None, True]
        for steps in ([{"cast": {"n": "bool", "f": "bool"}}], [{"set": {"n": "cast(n as bool)", "f": "cast(f as bool)"}}],
                      [{"filter": "n is null or f < 9"}, {"cast": {"n": "bool", "f": "bool"}}], [{"index": "i"}, {"sort": "i"}, {"cast": {"n": "bool", "f": "bool"}}]):
            table = self.clean(text, steps)
            self.assertEqual((table.column("n"), table.column("f"), table.types["n"]), (whole, whole, "bool"))

    def test_a_declared_column_that_no_record_has_is_missing_once_a_step_names_it(self):
        steps = [{"set": {"n": "coalesce(x, 0) + a"}}, {"filter": "y is null or y > '2026-01-01'"}]
        for fmt, text in (("csv", "a\n1\n2\n"), ("json", '{"a": 1}\n{"a": 2}\n')):
            table = self.clean(text, steps, fmt=fmt, types={"x": "int64", "y": "date", "z": "bool"})
            self.assertEqual(table.names, ["a", "x", "y", "n"])
            self.assertEqual([(r["x"], r["n"]) for r in table.rows], [(None, 1), (None, 2)])
            self.assertEqual((table.types["x"], table.types["y"], table.types["n"]), ("int64", "date", "int64"))
            self.says(table.ran.err, "types: no column 'x' in this input", "types: no column 'z'")
            self.assertEqual(self.call("check", "job.yml").code, 0)
            self.assertIn("x:int64", self.call("preview", "job.yml").out)
        late = '{"a": 1}\n' * 3000 + '{"x": 5, "a": 2}\n'
        table = self.clean(late, steps[:1], fmt="json", types={"x": "int64"}, resources={"chunk": "4KiB"}, ranks=2)
        self.assertEqual((table.names, table.rows[-1]), (["a", "x", "n"], {"a": 2, "x": 5, "n": 7}))
        self.refused("a\n1\n", [{"filter": "x = 1"}], words=["x"])

    def test_steps_that_leave_no_column_are_refused(self):
        self.refused("a,b\n1,2\n", [{"drop": ["*"]}], words=["drop: no column is left of a, b"])
        self.refused("a,b\n1,2\n", [{"select": ["x*"]}], words=["select: no column is left of a, b"])
        self.refused('{"a": 1}\n', [{"drop": ["*"]}], fmt="json", words=["drop: no column is left of a"])

    def test_cast_with_on_error_null(self):
        table = self.clean("a,b\n1,x\nfoo,y\n", [{"cast": {"a": "int64", "on_error": None}}])
        self.assertEqual((table.column("a"), table.types["a"]), ([1, None], "int64"))

    def test_map(self):
        steps = [{"map": {"column": "city", "values": {"Rome": "IT", "Oslo": "NO"}}}]
        self.assertEqual(self.clean(PEOPLE, steps).column("city"), ["IT", None, "NO", "IT"])
        steps[0]["map"] = {"column": "city", "values": {"Rome": "IT"}, "default": "??"}
        self.assertEqual(self.clean(PEOPLE, steps).column("city")[0::2], ["IT", "??"])
        typed = "f,t,b,d\n1,x,TRUE,2026/11/01\n2.50,y,false,2026-11-02\n"
        for column, values, expected in (("f", {"1": "one", "2.5": "more"}, ["one", "more"]), ("f", {"2.50": "more"}, ["1.0", "more"]),
                                         ("b", {"TRUE": "yes", "False": "no"}, ["yes", "no"]),
                                         ("d", {"2026/11/1": "first", "2026-11-02": "second"}, ["first", "second"])):
            self.assertEqual(self.clean(typed, [{"map": {"column": column, "values": values}}]).column(column), expected)
        steps[0]["map"] = {"column": "age", "values": {"30": "young"}}
        self.assertEqual(self.clean(PEOPLE, steps).column("age"), ["young", "41", None, "7"])

    def test_what_is_not_built_is_refused_by_name(self):
        for step in ({"distinct": ["id"]}, {"sort": ["id"]}, {"group": {"by": "id", "agg": {"n": "count(*)"}}},
                     {"sql": "select 1"}, {"join": {"table": "t", "on": "id", "how": "left"}}):
            with self.subTest(step=step):
                self.write("in.txt", PEOPLE)
                ran = self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "steps": [step], "output": "out.csv"},
                                   "--overwrite", code=None)
                self.assertIn(ran.code, (0, 2))
                if ran.code == 2:
                    self.says(ran.err, next(iter(step)))


class Formats(harness.Case):
    def test_lines(self):
        table = self.clean("a b\r\n\nNA\n  x  ", fmt="lines")
        self.assertEqual(table.column("line"), ["a b", "NA", "  x  "])
        self.assertEqual(table.ledger, {"lines": 4, "kept": 3, "filtered": 0, "rejected": 0, "blank": 1})

    def test_regex(self):
        table = self.clean("1 x\n? y\nzzz\n- w\n", fmt="regex", rejects={"max": 1},
                           patterns=[r"^(?<n>\d+|-) (?<t>\w)$", r"^\? (?<q>.)"])
        self.assertEqual([list(r.values()) for r in table.rows], [["1", "x", None], [None, None, "y"], ["-", "w", None]])
        self.assertEqual(table.ledger["rejected"], 1)

    def test_a_pattern_without_named_groups_is_an_error(self):
        self.refused("x\n", fmt="regex", patterns=["^x$"], words=["named group"])

    def test_json_shapes(self):
        for text in ('{"a":1,"b":{"c":"x","d":[1,2]}}\n{"a":2,"z":true}\n', '[{"a":1,"b":{"c":"x","d":[1,2]}},\n {"a":2,"z":true}]',
                     '{"a":1,"b":{"c":"x","d":[1,2]}}{"a":2,\n"z":true}'):
            with self.subTest(text=text):
                table = self.clean(text, fmt="json")
                self.assertEqual(table.names, ["a", "b.c", "b.d", "z"])
                self.assertEqual([list(r.values()) for r in table.rows], [[1, "x", "[1,2]", None], [2, None, None, True]])

    def test_a_bad_json_line_leaves_its_neighbours(self):
        table = self.clean('{"a":1}\n{"a":\n{"a":3}\n', fmt="json", rejects={"max": "50%"})
        self.assertEqual((table.column("a"), table.ledger["rejected"]), ([1, 3], 1))

    def test_csv_rows_short_long_and_repeated_headers(self):
        table = self.clean("a,b,c\n1,2\n1,2,3,\n1,2,3,4\na,b,c\n\n5,6,7\n", rejects={"max": "50%"})
        self.assertEqual([list(r.values()) for r in table.rows], [[1, 2, None], [1, 2, 3], [5, 6, 7]])
        self.assertEqual(table.ledger, {"lines": 7, "kept": 3, "filtered": 0, "rejected": 1, "blank": 3})

    def test_csv_dialects(self):
        for text in ("a;b\n1;x,y\n", "a\tb\n1\tx,y\n", "a|b\n1|x,y\n", '\ufeff"a","b"\r\n"1","x,y"\r\n'):
            with self.subTest(text=text):
                self.assertEqual(self.clean(text).rows, [{"a": 1, "b": "x,y"}])

    def test_csv_without_header_and_with_twins(self):
        self.assertEqual(self.clean("1,x\n2,y\n", header=False).names, ["column1", "column2"])
        self.assertEqual(self.clean("a,a,b\n1,2,3\n").names, ["a", "a_2", "b"])

    def test_csv_skip_and_comment(self):
        table = self.clean("made by x\nfor y\na,b\n# no\n1,2\n", skip=2, comment="#")
        self.assertEqual(table.rows, [{"a": 1, "b": 2}])
        self.assertEqual(table.ledger["blank"], 4)

    def test_columns_of_several_files_are_united_by_name(self):
        table = self.clean({"1.csv": "a,b\n1,2\n", "2.csv": "c,a\n3,4\n", "3.csv": ""})
        self.assertEqual([list(r.values()) for r in table.rows], [[1, 2, None], [4, None, 3]])
        self.assertEqual(table.names, ["a", "b", "c"])

    def test_combined(self):
        table = self.clean(LINE.format(user="-", request="GET /a?b HTTP/1.1", size="10") +
                           LINE.format(user="ann", request=r"\x16\x03", size="-") + "noise\n", fmt="combined", rejects={"max": 1})
        self.assertEqual(table.names, "ip ident user time method path protocol status bytes referer user_agent".split())
        self.assertEqual(list(table.rows[0].values()), ["1.2.3.4", None, None, "2026-11-01T06:52:16Z", "GET", "/a?b",
                                                        "HTTP/1.1", 200, 10, None, "curl/8"])
        self.assertEqual(list(table.rows[1].values())[2:9], ["ann", "2026-11-01T06:52:16Z", None, r"\x16\x03", None, 200, None])
        self.assertEqual((table.types["time"], table.types["bytes"]), ("timestamp", "int64"))

    def test_a_preset_value_that_does_not_fit_makes_a_reject(self):
        table = self.clean(LINE.format(user="-", request="GET / HTTP/1.1", size="10") +
                           LINE.format(user="-", request="GET / HTTP/1.1", size="1e9"), fmt="combined", rejects={"max": 1})
        self.assertEqual(table.ledger["rejected"], 1)

    def test_quotes_escaped_in_a_log_are_unescaped(self):
        table = self.clean('1.2.3.4 - - [01/Nov/2026:06:52:16 +0000] "GET / HTTP/1.1" 200 1 "-" "a \\"b\\" \\x1b"\n', fmt="combined")
        self.assertEqual(table.rows[0]["user_agent"], 'a "b" \\x1b')

    def test_auto_knows_them(self):
        for text, name in ((LINE.format(user="-", request="GET / HTTP/1.1", size="10") * 3, "ip"), ('{"k":1}\n{"k":2}\n', "k"),
                           ("k,l\n1,2\n3,4\n", "k")):
            with self.subTest(text=text):
                self.assertEqual(self.clean(text, fmt="auto").names[0], name)

    def test_compressions_are_known_by_content(self):
        zstd = subprocess.run(["zstd", "-c"], input=b"a\n3\n", capture_output=True, check=True).stdout
        table = self.clean({"1.csv": gzip.compress(b"a\n1\n2\n"), "2.gz": b"a\n5\n", "3.txt": zstd})
        self.assertEqual(table.column("a"), [1, 2, 5, 3])

    def test_encodings(self):
        self.assertEqual(self.clean("\ufeffa\né\n".encode("utf-16-le")).column("a"), ["é"])
        self.assertEqual(self.clean("a\né\n".encode("latin-1"), encoding="latin-1").column("a"), ["é"])
        self.assertEqual(self.clean(b"a\n\xff\xfe\xf0\x9f\x98x\n").column("a"), ["\ufffd\ufffd\ufffdx"])

    def test_source_adds_file_and_line(self):
        self.write("in.txt", PEOPLE)
        ran = self.run_job({"input": {"paths": "in.txt", "format": "csv", "source": True}, "output": "out.csv"}, code=None)
        if ran.code == 2 and "source" in ran.err and "not available yet" in ran.err:
            return
        table = self.clean({"d/1.csv": "a\n1\n2\n", "d/2.csv": "a\n3\n"}, source=True)
        self.assertEqual([r["_line"] for r in table.rows], [2, 3, 2])
        self.assertTrue(all(r["_file"].endswith(f) for r, f in zip(table.rows, ("1.csv", "1.csv", "2.csv"))), table.rows)

    def test_source_keeps_columns_of_its_names(self):
        rows = "".join('{"_line": %d, "b": "x", "_file": "f%d"}\n' % (i, i) for i in range(30)) + '{"_line_2": 5}\n'
        expected = [{"_line_2": i, "b": "x", "_file_2": f"f{i}", "_line_2_2": None, "_file": "in.txt", "_line": i + 1} for i in range(30)]
        expected.append({"_line_2": None, "b": None, "_file_2": None, "_line_2_2": 5, "_file": "in.txt", "_line": 31})
        for ranks in (0, 1, 2, 3, 4):
            with self.subTest(ranks=ranks):
                table = self.clean(rows, fmt="json", ranks=ranks, source=True, resources={"chunk": "200B"})
                self.assertEqual(table.rows, expected)
        again = self.clean("_file,_line,b\nx,7,2\n", [{"filter": "_line_2 = 7"}], source=True)
        self.assertEqual(again.rows, [{"_file_2": "x", "_line_2": 7, "b": 2, "_file": "in.txt", "_line": 2}])


    def test_odd_but_whole_texts(self):
        cases = [("a,b\r\n1,x\r\n2,y", {}, [[1, "x"], [2, "y"]]), ("a,b\r1,x\r2,y\r", {}, [[1, "x"], [2, "y"]]),
                 ("a:b\n1:x\n", {"delimiter": ":"}, [[1, "x"]]), ("a,b\n1,'x,y'\n", {"quote": "'"}, [[1, "x,y"]]),
                 ('a,b\n1,"x""y"\n', {}, [[1, 'x"y']]), ('a,b\n1,x"y\n', {}, [[1, 'x"y']]),
                 ("1,x\n2,y\n", {"header": "auto"}, [[1, "x"], [2, "y"]]), ("id,n\n1,x\n", {"header": "auto"}, [[1, "x"]]),
                 ('a,b\n"1","x"\n"2","y"\n', {}, [[1, "x"], [2, "y"]])]
        for text, keys, expected in cases:
            with self.subTest(text=text):
                self.assertEqual([list(row.values()) for row in self.clean(text, **keys).rows], expected)

    def test_an_unclosed_quote_leaves_its_neighbours(self):
        table = self.clean('a,b\n1,x\n"unclosed,2\n3,z\n', rejects={"max": 1})
        self.assertEqual((table.column("b"), table.ledger["rejected"]), (["x", "z"], 1))

    def test_unknown_trailing_fields_of_a_log_are_kept_in_extra(self):
        table = self.clean(LINE.format(user="-", request="GET / HTTP/1.1", size="1").rstrip() + ' "x" 5\n', fmt="combined")
        self.assertEqual(table.rows[0]["extra"], '"x" 5')

    def test_an_empty_input_is_an_empty_table(self):
        table = self.clean("", [{"filter": "a = 1"}])
        self.assertEqual((table.rows, table.ledger["lines"]), ([], 0))

    def test_types_of_columns_that_are_not_there_are_a_note(self):
        table = self.clean("a\n1\n", types={"zip": "string"})
        self.assertIn("zip", str(table.ran.report["tables"]["events"]["notes"]))

    def test_json_of_mixed_kinds(self):
        table = self.clean('{"a":1}\n{"a":"x"}\n{"a":{"b":2}}\n{"a":[1]}\n{"c":12345678901234567890,"d":-0.5e1}\n', fmt="json")
        self.assertEqual(table.column("a"), ["1", "x", None, "[1]", None])
        self.assertEqual((table.column("a.b")[2], table.column("c")[4], table.column("d")[4]), (2, "12345678901234567890", -5.0))


class Paths(harness.Case):
    def run_paths(self, paths, **keys):
        ran = self.run_job({"input": dict({"paths": paths, "format": "csv"}, **keys), "output": "out.csv"}, "--overwrite")
        return (self.folder / "out.csv").read_text().split()[1:], ran

    def test_directories_globs_and_lists(self):
        for name in ("b.csv", "a.csv", "sub/c.csv", ".hidden", "_skip", "sub/deep/d.csv"):
            self.write(f"data/{name}", f"v\n{name}\n")
        self.write("lists/all.txt", "../data/sub/c.csv\n../data/a.csv\n")
        every = ["a.csv", "b.csv", "sub/c.csv", "sub/deep/d.csv"]
        self.assertEqual(self.run_paths("data")[0], every)
        self.assertEqual(self.run_paths("data/")[0], every)
        self.assertEqual(self.run_paths("data/**/*.csv")[0], every)
        self.assertEqual(self.run_paths("data/*.csv")[0], every[:2])
        self.assertEqual(self.run_paths("data/[b-z].csv")[0], ["b.csv"])
        self.assertEqual(self.run_paths("@lists/all.txt")[0], ["sub/c.csv", "a.csv"])
        rows, ran = self.run_paths(["data/b.csv", "data/*.csv"])
        self.assertEqual(rows, ["b.csv", "a.csv"])
        self.says(ran.err, "b.csv", "once")

    def test_inputs_are_relative_to_the_job_file_and_outputs_to_the_folder(self):
        self.write("in.txt", "v\n1\n")
        self.write("jobs/job.yml", "input: {paths: ../in.txt, format: csv}\noutput: here.csv\n")
        ran = self.call("run", "jobs/job.yml")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual((self.folder / "here.csv").read_text(), "v\n1\n")

    def test_missing_and_empty(self):
        self.write("a.csv", "v\n1\n")
        self.write("empty.csv", "")
        self.assertEqual(self.run_paths(["a.csv", "nope.csv"], missing="skip")[0], ["1"])
        self.assertEqual(self.run_paths(["a.csv", "empty.csv"])[0], ["1"])
        job = {"input": {"paths": ["a.csv", "empty.csv"], "format": "csv", "empty": "fail"}, "output": "out.csv"}
        self.says(self.run_job(job, "--overwrite", code=2).err, "empty.csv")

    def test_an_input_that_matches_an_output_is_an_error(self):
        self.write("a.csv", "v\n1\n")
        ran = self.run_job({"input": {"paths": "*.csv", "format": "csv"}, "output": "a.csv"}, "--overwrite", code=2)
        self.says(ran.err, "a.csv")
        self.assertEqual((self.folder / "a.csv").read_text(), "v\n1\n")


if __name__ == "__main__":
    harness.main()
