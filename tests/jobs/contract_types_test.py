# SPDX-License-Identifier: Apache-2.0
"""Types, words for missing and expressions by sections 2.4 and 2.5 of the job contract, on small inputs."""

import csv
import io

import harness

# name: (values of a column, its type, the values as JSON lines show them)
COLUMNS = {
    "plain": (["1", "-2", "0"], "int64", [1, -2, 0]),
    "padded": (["007", "1", "2"], "string", ["007", "1", "2"]),
    "plus": (["+5", "1", "2"], "string", ["+5", "1", "2"]),
    "bare_point": ([".5", "1", "2"], "string", [".5", "1", "2"]),
    "thousands": (["1,234", "1", "2"], "string", ["1,234", "1", "2"]),
    "endless": (["1e400", "1", "2"], "string", ["1e400", "1", "2"]),
    "hex": (["0x1F", "1", "2"], "string", ["0x1F", "1", "2"]),
    "too_big": (["9223372036854775808", "1", "2"], "string", ["9223372036854775808", "1", "2"]),
    "biggest": (["9223372036854775807", "-9223372036854775808", "2"], "int64",
                [9223372036854775807, -9223372036854775808, 2]),
    "real": (["1.5", "2", "-3e2"], "float64", [1.5, 2.0, -300.0]),
    "exponent": (["1E5", "2e-3", "1.25e+2"], "float64", [1e5, 0.002, 125.0]),
    "beyond_double": (["9007199254740993", "0.5", "1"], "string", ["9007199254740993", "0.5", "1"]),
    "within_double": (["9007199254740992", "0.5", "1"], "float64", [9007199254740992.0, 0.5, 1.0]),
    "words": (["true", "FALSE", "True"], "bool", [True, False, True]),
    "odd_words": (["tRUE", "true", "false"], "string", ["tRUE", "true", "false"]),
    "yes": (["yes", "no", "yes"], "string", ["yes", "no", "yes"]),
    "zero_one": (["0", "1", "1"], "int64", [0, 1, 1]),
    "bool_and_int": (["true", "1", "false"], "string", ["true", "1", "false"]),
    "day": (["2026-11-01", "1969-12-31", "2024-02-29"], "date", ["2026-11-01", "1969-12-31", "2024-02-29"]),
    "no_day": (["2026-02-30", "2026-02-01", "2026-02-02"], "string", ["2026-02-30", "2026-02-01", "2026-02-02"]),
    "slash_day": (["2026/11/01", "2026/1/2", "2026/12/31"], "date", ["2026-11-01", "2026-01-02", "2026-12-31"]),
    "day_first": (["31/01/2026", "01/02/2026", "2/3/2026"], "date", ["2026-01-31", "2026-02-01", "2026-03-02"]),
    "month_first": (["01-31-2026", "02-01-2026", "3-2-2026"], "date", ["2026-01-31", "2026-02-01", "2026-03-02"]),
    "dotted": (["31.12.2025", "01.02.2026", "2.3.2026"], "date", ["2025-12-31", "2026-02-01", "2026-03-02"]),
    "both_ways": (["31/01/2026", "01/31/2026", "1/2/2026"], "string", ["31/01/2026", "01/31/2026", "1/2/2026"]),
    "short_year": (["31/01/26", "30/01/26", "29/01/26"], "string", ["31/01/26", "30/01/26", "29/01/26"]),
    "moment": (["2026-11-01T06:52:16Z", "2026-11-01 06:52", "2026-11-01T06:52:16.5+02:00"], "timestamp",
               ["2026-11-01T06:52:16Z", "2026-11-01T06:52:00Z", "2026-11-01T04:52:16.5Z"]),
    "apache": (["01/Nov/2026:06:52:16 +0130", "01/Nov/2026:06:52:16 -0000", "02/Nov/2026:00:00:00 -0500"], "timestamp",
               ["2026-11-01T05:22:16Z", "2026-11-01T06:52:16Z", "2026-11-02T05:00:00Z"]),
    "mail": (["Sun, 01 Nov 2026 06:52:16 +0000", "Sun, 01 Nov 2026 06:52:16 GMT", "Mon, 02 Nov 2026 00:00:00 -0500"],
             "timestamp", ["2026-11-01T06:52:16Z", "2026-11-01T06:52:16Z", "2026-11-02T05:00:00Z"]),
    "day_and_moment": (["2026-11-01", "2026-11-01T06:52:16Z", "2026-11-02"], "timestamp",
                       ["2026-11-01T00:00:00Z", "2026-11-01T06:52:16Z", "2026-11-02T00:00:00Z"]),
    "day_and_number": (["2026-11-01", "5", "2026-11-02"], "string", ["2026-11-01", "5", "2026-11-02"]),
    "int_and_word": (["1", "2.50", "x"], "string", ["1", "2.50", "x"]),
    "with_missing": (["1", "", "NA"], "int64", [1, None, None]),
    "true_missing": (["true", "n/a", "null"], "bool", [True, None, None]),
    "nothing": (["", "NaN", "None"], "string", [None, None, None]),
    "blanks": ([" 1", "2 ", " 3 "], "int64", [1, 2, 3]),
    "blank_text": ([" a", "b ", "c"], "string", [" a", "b ", "c"]),
    "microseconds": (["2026-11-01T06:52:16.123456Z", "1969-12-31T23:59:59.999999Z", "2026-11-01T06:52:16.120Z"],
                     "timestamp",
                     ["2026-11-01T06:52:16.123456Z", "1969-12-31T23:59:59.999999Z", "2026-11-01T06:52:16.12Z"]),
    "minus_zero": (["-0", "1", "2"], "int64", [0, 1, 2]),
    "infinite": (["inf", "1.5", "2"], "string", ["inf", "1.5", "2"]),
    "unicode": (["日本", "é", "😀"], "string", ["日本", "é", "😀"]),
}

PANDAS_WORDS = ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
                "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"]


def as_csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def as_columns(columns):
    return as_csv([list(columns)] + [list(row) for row in zip(*columns.values())])


class Types(harness.Case):
    def test_every_rule_of_the_table(self):
        table = self.clean(as_columns({name: values for name, (values, _, _) in COLUMNS.items()}))
        for name, (_, kind, shown) in COLUMNS.items():
            with self.subTest(column=name):
                self.assertEqual((table.types[name], table.column(name)), (kind, shown))

    def test_any_split_gives_the_same_types(self):
        filler = [["x" * 120] * 1] * 2000
        for name in ("real", "int_and_word", "day_and_moment", "beyond_double", "day_first"):
            values, kind, shown = COLUMNS[name]
            with self.subTest(column=name):
                rows = [["v", "w"]] + [[values[1], f[0]] for f in filler] + [[v, "w"] for v in values]
                table = self.clean(as_csv(rows), resources={"chunk": "64KiB"}, ranks=2)
                self.assertEqual((table.types["v"], table.column("v")[-3:]), (kind, shown))
                self.assertEqual(len(table.rows), 2003)

    def test_pandas_words_and_blank_are_missing_and_others_are_not(self):
        others = ["none", "NONE", "Null", "-", "N.A.", "missing"]
        words = PANDAS_WORDS + [" "] + others
        table = self.clean(as_csv([["a", "b"]] + [[word, "1"] for word in words]))
        self.assertEqual(table.column("a"), [None] * 20 + others)

    def test_words_are_counted(self):
        table = self.clean("a,b\nNA,1\nNA,2\nnull,3\n,4\n7,5\n")
        column = table.ran.report["columns"][0]
        self.assertEqual(column["missing"], 4)
        self.assertEqual(column["null_words"], {"NA": 2, "null": 1, "": 1})

    def test_quoted_words_are_text_but_quoted_nothing_is_missing(self):
        table = self.clean('a,b\n"NA",1\n"",2\n"null",3\nx,4\n')
        self.assertEqual(table.column("a"), ["NA", None, "null", "x"])

    def test_nulls_and_types_hold_for_presets(self):
        line = '1.2.3.4 - - [01/Nov/2026:06:52:16 +0000] "GET / HTTP/1.1" 200 %s "-" "unk"\n'
        text = line % "unk" + line % "-" + line % "7.5"
        for ranks in (0, 1, 2, 3, 4):
            with self.subTest(ranks=ranks):
                more = self.clean(text, fmt="combined", ranks=ranks, nulls=["unk"], rejects={"max": "90%"})
                self.assertEqual((more.column("bytes"), more.column("user_agent"), more.ledger["rejected"]), ([None, None], [None, None], 1))
                only = self.clean(text, fmt="combined", ranks=ranks, nulls={"only": ["unk"]}, rejects={"max": "90%"})
                self.assertEqual((only.column("bytes"), only.column("ident"), only.ledger["rejected"]), ([None], ["-"], 2))
                text_type = self.clean(text, fmt="combined", ranks=ranks, types={"bytes": "string"})
                self.assertEqual((text_type.column("bytes"), text_type.types["bytes"]), (["unk", None, "7.5"], "string"))
                real = self.clean(text, fmt="combined", ranks=ranks, types={"bytes": "float64", "time": "date"}, nulls=["unk"])
                self.assertEqual((real.column("bytes"), real.column("time")), ([None, None, 7.5], ["2026-11-01"] * 3))
                time = line.replace("01/Nov/2026:06:52:16 +0000", "01/11/2026 06:52") % 7
                timed = self.clean(time, fmt="combined", ranks=ranks, types={"time": "timestamp:%d/%m/%Y %H:%M"})
                self.assertEqual(timed.column("time"), ["2026-11-01T06:52:00Z"])

    def test_nulls_adds_and_only_replaces(self):
        self.assertEqual(self.clean("a,b\n-,1\nNA,1\ntbd,1\n", nulls=["-", "tbd"]).column("a"), [None] * 3)
        only = self.clean("a,b\n-,1\nNA,1\nx,1\n", nulls={"only": ["-"]})
        self.assertEqual(only.column("a"), [None, "NA", "x"])

    def test_what_steps_produce_is_never_missing(self):
        table = self.clean("a\nx\n", [{"set": {"b": "'NA'", "c": "'null'", "d": "concat('N', 'A')"}}])
        self.assertEqual(table.rows, [{"a": "x", "b": "NA", "c": "null", "d": "NA"}])

    def test_declared_types_win(self):
        table = self.clean("zip,day,n\n01234,1/2/2026,5\n7,3/4/2026,6\n",
                           types={"zip": "string", "day": "date:%d/%m/%Y", "n": "float64"})
        self.assertEqual(table.types, {"zip": "string", "day": "date", "n": "float64"})
        self.assertEqual(table.rows[0], {"zip": "01234", "day": "2026-02-01", "n": 5.0})

    def test_ambiguous_days_are_refused_all_columns_at_once(self):
        ran = self.refused("a,b,c\n1/2/2026,03-04-2026,31/1/2026\n5/6/2026,07-08-2026,1/2/2026\n",
                           words=["a", "b", "day", "month"])
        self.assertRegex(ran.err, r"(?s)\ba\b.*\bb\b")
        self.assertNotIn("31/1/2026", ran.err)

    def test_a_day_that_is_the_same_in_both_orders_is_not_ambiguous(self):
        table = self.clean("d,t\n07/07/2014,7.7.2014 10:00\n11-11-2014,\n", [])
        self.assertEqual(table.rows, [{"d": "2014-07-07", "t": "2014-07-07T10:00:00Z"}, {"d": "2014-11-11", "t": None}])
        self.assertEqual(table.types, {"d": "date", "t": "timestamp"})
        self.refused("d\n07/07/2014\n01/02/2014\n", words=["two ways", "01/02/2014"])

    def test_epochs_are_times_when_declared_and_integers_otherwise(self):
        text = "ts,start_ms,n\n1793515936,1793515936500,1\n1793515936.25,-1,2\n,0,3\n"
        table = self.clean(text.replace(".25", ""), [])
        self.assertEqual((table.types["ts"], table.types["start_ms"]), ("int64", "int64"))
        self.says(table.ran.err, "column 'ts' is int64; if 1793515936 are seconds since 1970, say types: {ts: epoch_s}", "{start_ms: epoch_ms}")
        table = self.clean(text, [], types={"ts": "epoch_s", "start_ms": "epoch_ms"})
        self.assertEqual(table.column("ts"), ["2026-11-01T06:52:16Z", "2026-11-01T06:52:16.25Z", None])
        self.assertEqual(table.column("start_ms"), ["2026-11-01T06:52:16.5Z", "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z"])
        steps = [{"cast": {"n": "epoch_us"}}, {"select": ["n"]}]
        self.assertEqual(self.clean(text, steps).column("n")[0], "1970-01-01T00:00:00.000001Z")
        self.refused("ts\n99999999999999999\n", types={"ts": "epoch_s"}, code=1, words=["is not epoch_s"])

    def test_the_message_about_ambiguous_times_names_types_that_cure_it(self):
        text = "t\n03/04/2026 10:00:00\n05/06/2026 11:30:00\n"
        ran = self.refused(text, words=['types: {t: "timestamp:%d/%m/%Y %H:%M:%S"} or {t: "timestamp:%m/%d/%Y %H:%M:%S"}'])
        table = self.clean(text, [], types={"t": "timestamp:%m/%d/%Y %H:%M:%S"})
        self.assertEqual(table.column("t"), ["2026-03-04T10:00:00Z", "2026-05-06T11:30:00Z"], ran)
        self.refused("t\n3-4-2026T10:00:00.5+0200\n", words=["timestamp:%d-%m-%YT%H:%M:%S.%f%z"])
        self.assertEqual(self.clean("t\n3-4-2026T10:00:00.5+0200\n", [], types={"t": "timestamp:%d-%m-%YT%H:%M:%S.%f%z"}).column("t"),
                         ["2026-04-03T08:00:00.5Z"])

    def test_ambiguous_days_that_are_dropped_do_no_harm(self):
        table = self.clean("a,b\n1/2/2026,x\n", [{"drop": ["a"]}])
        self.assertEqual(table.rows, [{"b": "x"}])

    def test_ambiguous_days_are_settled_by_types(self):
        table = self.clean("a,b\n1/2/2026,x\n", types={"a": "date:%m/%d/%Y"})
        self.assertEqual(table.rows, [{"a": "2026-01-02", "b": "x"}])

    def test_filtered_rows_do_not_count_for_types(self):
        table = self.clean("k,v\n1,5\n0,x\n1,6\n", [{"filter": "k = 1"}])
        self.assertEqual(table.types, {"k": "int64", "v": "int64"})

    def test_rows_that_reach_the_first_use_count(self):
        table = self.clean("k,v\n1,5\n0,2.5\n1,6\n", [{"set": {"w": "v + 1"}}, {"filter": "k = 1"}])
        self.assertEqual((table.types["v"], table.types["w"]), ("float64", "float64"))

    def test_rejects_do_not_count_for_types(self):
        table = self.clean("a,b\n1,2\nx,y,z\n3,4\n", rejects={"max": "90%"})
        self.assertEqual(table.types, {"a": "int64", "b": "int64"})
        self.assertEqual(table.ledger["rejected"], 1)

    def test_json_strings_are_never_numbers(self):
        table = self.clean('{"a":"1","b":"true","c":"2026-11-01","d":1,"e":true,"f":1.0}\n'
                           '{"a":"2","b":"false","c":"2026-11-02","d":2,"e":false,"f":2}\n', fmt="json")
        self.assertEqual(table.types, {"a": "string", "b": "string", "c": "date", "d": "int64", "e": "bool",
                                       "f": "float64"})

    def test_json_knows_null_and_blank_text_as_missing(self):
        table = self.clean('{"a":"NA","b":null,"c":" "}\n{"a":"x","b":1,"c":"y"}\n', fmt="json")
        self.assertEqual(table.rows, [{"a": "NA", "b": None, "c": None}, {"a": "x", "b": 1, "c": "y"}])

    def test_times_without_offset_take_the_job_s_zone(self):
        table = self.clean("t\n2026-07-01 12:00:00\n2026-01-01 12:00:00\n2026-01-01T12:00:00Z\n",
                           timezone="Europe/Berlin")
        self.assertEqual(table.column("t"), ["2026-07-01T10:00:00Z", "2026-01-01T11:00:00Z", "2026-01-01T12:00:00Z"])

    def test_report_says_what_stopped_a_narrower_type(self):
        table = self.clean("a\n1\n2\nfoo\n")
        self.assertIn("foo", table.ran.report["columns"][0]["why"])
        self.assertIn("in.txt:4", table.ran.report["columns"][0]["why"])


# expression, result; on the first of two rows a=7, b=2, f=2.5, s='Hello', n=null, t=2026-11-01T06:52:16Z, d=2026-11-01, ok=true
EXPRESSIONS = [
    ("a / b", 3.5), ("div(a, b)", 3), ("div(-a, b)", -3), ("a / 0", None), ("a % b", 1), ("a + f", 9.5),
    ("a == 7", True), ("a <> 7", False), ("a != 7", False), ("n = 1", None), ("n is null", True),
    ("a in (1, 7)", True), ("a not in (1, 7)", False), ("a between 1 and 7", True),
    ("s like 'He%'", True), ("s ilike 'he_lo'", True), ("s ~ '^H'", True), ("s ~ 'l+'", True), ("s ~* 'hello'", True),
    ("s !~ 'x'", True), ("s !~* 'HELLO'", False), ("s || '!'", "Hello!"), ("s || n", None),
    ("concat(s, n, '!')", "Hello!"), ("lower(s)", "hello"), ("upper('é')", "É"), ("length('日本')", 2),
    ("substr(s, 2, 3)", "ell"), ("substr(s, 2)", "ello"), ("replace(s, 'l', 'L')", "HeLLo"), ("trim('  x ')", "x"),
    ("split_part('a,b,c', ',', 2)", "b"), ("coalesce(n, 5)", 5), ("nullif(a, 7)", None), ("abs(-3)", 3),
    ("round(2.5)", 3.0), ("round(-2.5)", -3.0), ("round(2.345, 2)", 2.35),
    ("case when a > 5 then 'big' else 'small' end", "big"), ("cast('12' as int64)", 12), ("a::string", "7"),
    ("cast(f as string)", "2.5"), ("date_trunc('week', t)", "2026-10-26T00:00:00Z"),
    ("date_trunc('hour', t)", "2026-11-01T06:00:00Z"), ("extract(year from t)", 2026), ("extract(hour from t)", 6),
    ("extract(second from t)", 16.0), ("extract(epoch from t)", 1793515936.0), ("extract(day from d)", 1),
    ("to_timestamp(0)", "1970-01-01T00:00:00Z"), ("to_timestamp(1.5)", "1970-01-01T00:00:01.5Z"),
    ("t >= '2026-11-01'", True), ("d = '2026-11-01'", True), ("t - t", 0.0),
    ("t - to_timestamp(1793515930)", 6.0), ("t + interval '1 day'", "2026-11-02T06:52:16Z"),
    ("t - interval '2 hours'", "2026-11-01T04:52:16Z"), ("cast(t as date)", "2026-11-01"),
    ("regexp_replace(s, 'l+', 'L')", "HeLo"), ("not ok", False), ("ok and n is null", True),
    ("device_class('Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/17.0 Mobile/15E148 Safari/604.1')", "mobile"), ("device_class('Googlebot/2.1')", "bot"),
    ("device_class(n)", None), ("is_bot('curl/8')", True),
    ("browser('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
     "Safari/537.36')", "Chrome"),
    ("os('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
     "Safari/537.36')", "Windows"), ("browser('zzz')", "Other"),
    ("url_host('http://Example.com:80/a?b')", "example.com"), ("url_path('http://x/a/b?c')", "/a/b"),
    ("url_query('/s?q=a%20b+c&q=d', 'q')", "a b c"), ("url_decode('a%2Fb%zz')", "a/b%zz"),
    ("human_bytes(1536)", "1.5 KiB"), ("human_duration(3661)", "1h 1m 1s"), ("http_status_text(404)", "Not Found"),
    ("ip_is_private('127.0.0.1')", True), ("ip_is_private('fc00::1')", True), ("ip_is_private('8.8.8.8')", False),
    ("mask_ip('1.2.3.4')", "1.2.3.0"), ("mask_ip('2001:db8:1:2::3')", "2001:db8:1::"), ("mask_ip('x')", None),
    ("json_get('{\"a\":{\"b\":[5]}}', 'a.b[0]')", "5"), ("parse_time('01/Nov/2026', '%d/%b/%Y')", "2026-11-01T00:00:00Z"),
    ("9223372036854775807 + a", None), ("hash(s) = hash('Hello')", True), ("'a' < 'B'", False), ("'Z' < 'é'", True),
    ("null is null", True), ("a * 1.0", 7.0), ("-a", -7), ("f = 2.5", True), ("s = 'Hello' or n = 1", True),
    ("n = 1 and false", False), ("S", "Hello"), ("\"s\"", "Hello"), ("`s`", "Hello"),
    ("extract(epoch from to_timestamp(0.25))", 0.25), ("s ~ '(?P<x>H)'", True), ("E'a\\nb' ~ 'a.b'", False),
    ("'٣' ~ '\\d'", False), ("'é' ~ '^.$'", True),
]
ROW = "a,b,f,s,n,t,d,ok,user_agent\n7,2,2.5,Hello,,2026-11-01T06:52:16Z,2026-11-01,true,x\n,,,,3,,,,\n"

# expression, words of the message
REFUSED = [
    ("frist(a)", ["frist"]), ("lowr(s)", ["lowr", "did you mean", "lower"]), ("zz + 1", ["zz", "there are a, b"]),
    ("a +", ["^"]), ("a = 1; select 1", []), ("(select 1)", []), ("a as x", []), ("count(*)", []),
    ("now()", ["now"]), ("random()", ["random"]), ("current_timestamp", ["current_timestamp"]),
    ('s = "Hello"', ["single quotes"]), ("user_agnet is null", ["did you mean", "user_agent"]), ("end = 1", ["end is a word of SQL", 'write "end"']), ("s ~ '('", ["^"]),
    ("s = 5", ["Hello", "in.txt:2"]), ("lower(s, s)", ["lower"]), ("a where b", []), ("s + 1", []),
]


class Expressions(harness.Case):
    def test_every_result(self):
        values = {f"e{i}": expression for i, (expression, _) in enumerate(EXPRESSIONS)}
        row = self.clean(ROW, [{"set": values}]).rows[0]
        for i, (expression, result) in enumerate(EXPRESSIONS):
            with self.subTest(expression=expression):
                got = row[f"e{i}"]
                self.assertEqual((type(got), got), (type(result), result))

    def test_what_is_wrong_is_refused_with_its_place(self):
        for expression, words in REFUSED:
            with self.subTest(expression=expression):
                self.refused(ROW, [{"set": {"x": expression}}], words=["job.yml:1:", *words])

    def test_dotted_names_are_columns(self):
        table = self.clean('{"req":{"id":1},"req.x":2,"Kind":3,"kind":4}\n',
                           [{"set": {"a": "req.id", "b": '"req.id"', "c": "`req.x`", "d": "kind"}}], fmt="json")
        self.assertEqual([table.rows[0][k] for k in "abcd"], [1, 1, 2, 4])

    def test_names_match_another_case_only_when_unique(self):
        self.assertEqual(self.clean("Abc\n5\n", [{"set": {"x": "ABC"}}]).rows[0]["x"], 5)
        self.refused("Abc,aBc\n5,6\n", [{"set": {"x": "ABC"}}], words=["Abc", "aBc"])

    def test_long_and_unusual_names_are_kept(self):
        name = "n" * 80
        table = self.clean(f"{name}1,{name}2,über größe\n1,2,3\n",
                           [{"set": {"x": f"{name}2 * 10 + `über größe`"}}])
        self.assertEqual(table.rows[0]["x"], 23)

    def test_user_and_time_are_columns(self):
        table = self.clean("user,time,value\nme,5,6\n", [{"set": {"x": "user", "y": "time + value"}}])
        self.assertEqual((table.rows[0]["x"], table.rows[0]["y"]), ("me", 11))

    def test_division_by_zero_and_overflow_are_counted(self):
        ran = self.clean("a\n0\n1\n", [{"set": {"x": "5 / a", "y": "9223372036854775807 + a"}}]).ran
        self.assertRegex(str(ran.report) + ran.err, r"(?i)zero")
        self.assertRegex(str(ran.report) + ran.err, r"(?i)overflow|beyond 64 bits")

    def test_macros_are_replaced(self):
        table = self.clean("a\n250\n", [{"set": {"x": "bucket(a)"}}], functions={"bucket(x)": "floor(x / 100)"})
        self.assertEqual(table.rows[0]["x"], 2)

    def test_a_hostile_pattern_ends(self):
        table = self.clean("a\n" + "a" * 5000 + "!\nb\n", [{"flag": {"x": "a ~ '^(a+)+$'", "y": "a ~ '^b$'"}}])
        self.assertEqual(table.column("x"), [False, False])
        self.assertEqual(table.column("y"), [False, True])


if __name__ == "__main__":
    harness.main()
