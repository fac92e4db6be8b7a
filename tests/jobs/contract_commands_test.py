# SPDX-License-Identifier: Apache-2.0
"""Commands, options, exit codes, the job file's own rules and its tests: sections 1, 2, 2.1, 2.8 of the job contract."""

import json
import subprocess

import harness

PEOPLE = "id,name,age\n1,Ann,30\n2,Bob,41\n3,Cid,\n"
JOB = {"job": "people", "input": {"paths": "in.txt", "format": "csv"}, "steps": [{"flag": {"old": "age > 35"}}], "output": "out.csv"}
OUT = "id,name,age,old\n1,Ann,30,false\n2,Bob,41,true\n3,Cid,,false\n"


class Commands(harness.Case):
    def setUp(self):
        super().setUp()
        self.write("in.txt", PEOPLE)

    def out(self, name="out.csv"):
        return (self.folder / name).read_text()

    def test_version_and_help(self):
        ran = self.call("--version")
        self.assertEqual(ran.code, 0)
        self.says(ran.out, "MPI", "HDF5", "PCRE2", "zstd", "Arrow")
        for args in (["--help"], *[[c, "--help"] for c in ("run", "check", "preview", "explain", "test", "init", "formats", "functions")]):
            with self.subTest(args=args):
                ran = self.call(*args)
                self.assertEqual((ran.code, ran.err), (0, ""))
                self.says(ran.out, "usage")

    def test_help_comes_once_under_mpirun(self):
        ran = self.call("--version", ranks=3)
        self.assertEqual((ran.code, ran.out.count("HDF5")), (0, 1))

    def test_a_process_alone_wants_no_folder_of_mpis(self):
        ran = self.call("formats", env={"TMPDIR": str(self.folder / "none")})
        self.assertEqual(ran.code, 0, ran)

    def test_wrong_command_lines_are_2(self):
        for args in ([], ["frobnicate"], ["run"], ["run", "job.yml", "--limt", "3"], ["run", "nope.yml"], ["check", "nope.yml"],
                     ["run", "job.yml", "--limit", "x"], ["run", "job.yml", "--set", "a"], ["run", "job.yml", "--progress", "loud"]):
            with self.subTest(args=args):
                self.write("job.yml", JOB)
                ran = self.call(*args)
                self.assertEqual(ran.code, 2, ran)
                self.assertTrue(ran.err.strip(), ran)
                self.assertNothingLeft()

    def test_data_goes_to_files_and_talk_to_stderr(self):
        ran = self.run_job(JOB)
        self.assertEqual((ran.out, self.out()), ("", OUT))
        self.assertIn("people", ran.err)

    def test_streams_that_are_closed_or_full_end_no_run(self):
        self.write("in.csv", "a\n1\n")
        self.write("job.yml", {"input": "in.csv", "output": {"path": "out.csv", "overwrite": True}})
        for streams in ("2>/dev/full", "2>&-", "<&- >&- 2>&-", "2> >(true)"):
            with self.subTest(streams=streams):
                ran = subprocess.run(["bash", "-c", f'"$0" run job.yml {streams}', harness.PROGRAM], cwd=self.folder,
                                     env=harness.ENVIRONMENT, timeout=harness.TIME_LIMIT_S)
                self.assertEqual(ran.returncode, 0)
                self.assertEqual((self.folder / "out.csv").read_text(), "a\n1\n")
                (self.folder / "out.csv").unlink()
        for stream, code in (("> /dev/full", 3), ("> >(true)", 0), (">&-", 0)):
            ran = subprocess.run(["bash", "-c", f'"$0" preview job.yml {stream}', harness.PROGRAM], cwd=self.folder,
                                 env=harness.ENVIRONMENT, timeout=harness.TIME_LIMIT_S)
            self.assertEqual(ran.returncode, code, stream)

    def test_the_word_run_may_be_left_out(self):
        self.write("job.yml", JOB)
        self.assertEqual(self.call("job.yml").code, 0)
        self.assertEqual(self.out(), OUT)

    def test_a_job_named_like_a_command(self):
        self.write("run", JOB)
        self.assertEqual(self.call("./run").code, 0)
        self.assertEqual(self.out(), OUT)

    def test_two_dashes_end_the_options(self):
        self.write("-job.yml", JOB)
        self.assertEqual(self.call("run", "--log-level", "error", "--", "-job.yml").code, 0)
        self.assertEqual(self.out(), OUT)
        self.assertEqual(self.call("run", "-job.yml").code, 2)

    def test_set_overrides_any_key(self):
        for setting, expected in (("input.paths=other.txt", "id,old\n9,true\n"), ("steps.0.flag.old=age > 30", OUT),
                                  ("output=x.csv", OUT), ("input.nulls=[Bob]", OUT.replace("Bob", ""))):
            with self.subTest(setting=setting):
                self.write("other.txt", "id,age\n9,99\n")
                ran = self.run_job(JOB, "--overwrite", "--set", setting, "--set", "resources.chunk=1MiB")
                name = "x.csv" if setting.startswith("output") else "out.csv"
                text = self.out(name)
                self.assertEqual(text.replace("age,", "").replace("9,99,", "9,") if "other" in setting else text, expected)
        self.says(self.run_job(JOB, "--overwrite", "--set", "input.pathz=x", code=2).err, "pathz", "paths")

    def test_limit_takes_the_first_records(self):
        ran = self.run_job(JOB, "--limit", "2")
        self.assertEqual(self.out(), "".join(line + "\n" for line in OUT.splitlines()[:3]))
        self.assertEqual(ran.report["ledger"]["kept"], 2)

    def test_variables_are_expanded_in_scalars_but_not_in_patterns(self):
        job = dict(JOB, input={"paths": "${WHERE}.txt", "format": "${KIND:-csv}"}, output="${WHERE}-$$.csv",
                   steps=[{"parse": {"column": "name", "patterns": [r"^(?<x>\w)${0}"]}}, {"set": {"y": "'${WHERE}'"}}])
        job["steps"][0]["parse"]["patterns"] = ["(?<x>n)$"]
        self.run_job(job, env={"WHERE": "in"})
        self.assertEqual(self.out("in-$.csv").splitlines()[1], "1,Ann,30,n,in")
        self.says(self.run_job(job, code=2).err, "WHERE")

    def test_existing_outputs_need_overwrite(self):
        self.run_job(JOB)
        self.write("out.csv", "old")
        self.says(self.run_job(JOB, code=2).err, "out.csv", "overwrite")
        self.assertEqual(self.out(), "old")
        self.run_job(dict(JOB, output={"path": "out.csv", "overwrite": True}))
        self.assertEqual(self.out(), OUT)

    def test_progress_and_log_level(self):
        self.assertEqual(self.run_job(JOB, "--overwrite", "--log-level", "error").err, "")
        ran = self.run_job(JOB, "--overwrite", "--progress", "json")
        for line in (l for l in ran.err.splitlines() if l.startswith("{")):
            json.loads(line)
        self.assertNotIn("\r", self.run_job(JOB, "--overwrite").err)

    def test_preview_shows_before_and_after_and_writes_nothing(self):
        self.write("job.yml", JOB)
        ran = self.call("preview", "job.yml", "-n", "2")
        self.assertEqual(ran.code, 0, ran)
        self.says(ran.out, "name", "old:bool", "int64", "Ann", "Bob")
        self.assertNotIn("Cid", ran.out)
        self.assertNothingLeft()

    def test_a_column_that_a_step_removed_is_an_error_of_every_command(self):
        self.write("in.txt", "id,v\n1,a\n2,b\n")
        self.write("none.txt", "id,v\n")
        self.write("e.jsonl", "")
        for gone in ({"drop": ["id"]}, {"rename": {"id": "k"}}):
            for step in ({"filter": "id = 1"}, {"cast": {"id": "string"}}, {"drop": ["id"]}):
                with self.subTest(gone=gone, step=step):
                    job = {"input": {"paths": "in.txt", "format": "csv"}, "steps": [gone, step], "output": "o.csv",
                           "tests": [{"input": [{"id": 1, "v": "a"}], "expect": "filtered"}]}
                    self.write("job.yml", job)
                    self.write("none.yml", dict(job, input={"paths": "none.txt", "format": "csv"}))
                    self.write("json.yml", dict(job, input="e.jsonl"))
                    for call in (["check", "job.yml"], ["explain", "job.yml"], ["preview", "job.yml"], ["run", "job.yml"],
                                 ["preview", "none.yml"], ["run", "none.yml"], ["preview", "json.yml"], ["run", "json.yml"]):
                        ran = self.call(*call, limit_s=30)
                        self.assertEqual(ran.code, 2, (call, str(ran)))
                        self.assertRegex(ran.err, "no column '?id" if "json.yml" not in call else "no column")
                    ran = self.call("test", "job.yml", limit_s=30)
                    self.assertIn(ran.code, (1, 2), ran)
                    self.assertRegex(ran.out + ran.err, "no column '?id")

    def test_names_may_change_places(self):
        self.write("in.txt", "a,b\n1,x\n2,y\n")
        for changes, number in (({"a": "b", "b": "a"}, "b"), ({"a": "b", "b": "c"}, "b")):
            for name in ("a", "b", "c"):
                with self.subTest(changes=changes, name=name):
                    self.write("job.yml", {"input": {"paths": "in.txt", "format": "csv"}, "output": "o.csv",
                                           "steps": [{"rename": changes}, {"set": {"n": f"{name} + 1"}}]})
                    code = 0 if name == number else 2
                    for command in ("check", "preview", "run"):
                        ran = self.call(command, "job.yml")
                        self.assertEqual(ran.code, code, (command, str(ran)))
                    (self.folder / "o.csv").unlink(missing_ok=True)

    def test_formats_and_functions(self):
        ran = self.call("formats")
        for name in ("lines", "regex", "csv", "tsv", "json", "combined", "common"):
            self.assertIn(name, ran.out)
        ran = self.call("formats", "combined")
        self.says(ran.out, *"ip ident user time method path protocol status bytes referer user_agent".split())
        ran = self.call("functions")
        for name in ("device_class", "browser", "os", "is_bot", "url_host", "url_path", "url_query", "url_decode", "human_bytes",
                     "human_duration", "http_status_text", "ip_is_private", "mask_ip", "hash", "json_get", "parse_time", "lower",
                     "coalesce", "split_part", "date_trunc", "to_timestamp", "concat"):
            self.assertIn(f"{name}(", ran.out)


class JobFile(harness.Case):
    def setUp(self):
        super().setUp()
        self.write("in.txt", "flag,n\nyes,1\non,2\nNone,3\n")

    def refuses(self, text, *words):
        self.write("job.yml", text)
        for command in ("check", "run"):
            ran = self.call(command, "job.yml")
            self.assertEqual(ran.code, 2, f"{command}: {text}\n{ran}")
            self.says(ran.err + ran.out, "job.yml:", *words)
        self.assertNothingLeft()

    def test_yes_no_on_off_are_strings_and_null_is_null(self):
        self.run_job("input: {paths: in.txt, format: csv}\nsteps:\n  - map: {column: flag, values: {yes: no, on: off}, default: null}\n"
                     "output: out.csv\n")
        self.assertEqual((self.folder / "out.csv").read_text(), "flag,n\nno,1\noff,2\n,3\n")

    def test_duplicate_and_unknown_keys(self):
        self.refuses("input: {paths: in.txt, format: csv}\ninput: {paths: in.txt}\noutput: o.csv\n", ":2:1", "input")
        self.refuses("input: {paths: in.txt, fromat: csv}\noutput: o.csv\n", ":1:24", "fromat", "did you mean", "format")
        self.refuses("input: in.txt\nsteps:\n  - fliter: a\noutput: o.csv\n", ":3:5", "fliter", "did you mean", "filter")
        self.refuses("input: {paths: in.txt}\noutptu: o.csv\n", ":2:1", "did you mean", "output")

    def test_yaml_that_is_not(self):
        self.refuses("input: {paths: in.txt\noutput: o.csv\n", ":")
        self.refuses("input: in.txt\n\toutput: x\n", ":2:")
        self.refuses("input: !!python/object:os.system x\noutput: o.csv\n", ":1:8")
        bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i-1}, *a{i-1}]\n" for i in range(1, 40))
        self.refuses(bomb)

    def test_signs_that_yaml_knows_get_advice(self):
        for text in ("@x", "*x", "%x", "!x"):
            with self.subTest(text=text):
                self.refuses(f"input: {text}\noutput: o.csv\n", "single quotes")
        self.refuses('input: in.txt\nsteps:\n  - filter: "a ~ \'\\d\'"\noutput: o.csv\n', "single quotes", ":3:")

    def test_a_null_expression_says_to_quote(self):
        self.refuses("input: {paths: in.txt, format: csv}\nsteps:\n  - filter: null\noutput: o.csv\n", "quote")

    def test_what_is_not_built_yet_is_refused_by_name(self):
        for name, content in (("a.zip", b"PK\x03\x04" + bytes(60)), ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(60))):
            with self.subTest(name=name):
                self.write(name, content)
                self.write("job.yml", f"input: {{paths: {name}}}\noutput: o.csv\n")
                ran = self.call("run", "job.yml")
                self.assertEqual(ran.code, 2, ran)
                self.says(ran.err, name, "not available yet")

    def test_paths_of_other_schemes_are_refused_by_name(self):
        self.write("in.txt", PEOPLE)
        good = {"paths": "in.txt", "format": "csv"}
        for path, words in (("s3a://b/x.csv", "s3://b/x.csv"), ("S3://b/x.csv", "s3://b/x.csv"), ("gs://b/x.csv", "not available yet"),
                            ("http://h/x.csv", "not available yet"), ("file:///tmp/x.csv", "/tmp/x.csv"), ("~/x.csv", "${HOME}/x.csv")):
            for job in ({"input": good, "output": path}, {"input": path, "output": "o.csv"}, {"input": "@" + path, "output": "o.csv"},
                        {"input": dict(good, rejects={"path": path}), "output": "o.csv"},
                        {"input": dict(good, only_new=path), "output": "o.csv"}):
                with self.subTest(job=job):
                    self.write("job.yml", json.dumps(job).replace("$", "$$"))
                    for command in ("check", "run"):
                        ran = self.call(command, "job.yml")
                        self.assertEqual(ran.code, 2, ran)
                        self.says(ran.err, path, words)
            self.write("job.yml", {"input": good, "output": "o.csv"})
            ran = self.call("run", "job.yml", "--report", path.replace(".csv", ".json"))
            self.assertEqual(ran.code, 2, ran)
            self.says(ran.err, "--report", words.replace(".csv", ".json"))
            self.assertNothingLeft()
        self.run_job({"input": good, "output": "./a:/x.csv"})
        self.assertTrue((self.folder / "a:/x.csv").exists())

    def test_check_names_all_mistakes_with_their_places(self):
        self.write("job.yml", """job: x
input:
  paths: in.txt
  format: csv
  fromat: x
steps:
  - filter: "n >"
  - parse: {column: flag, patterns: ['(?<a>x', '(?<b>y)', '(?<c>z']}
  - set: {z: "nosuch + 1"}
  - set: {w: "lowr(flag)"}
  - selct: [a]
output: /proc/nope/out.csv
""")
        ran = self.call("check", "job.yml")
        self.assertEqual(ran.code, 2, ran)
        text = ran.out + ran.err
        self.says(text, "job.yml:5:3", "fromat", "job.yml:7:", "job.yml:8:38", "job.yml:8:59", "job.yml:9:", "nosuch", "job.yml:10:", "lowr",
                  "job.yml:11:5", "selct", "/proc/nope")
        self.assertGreaterEqual(text.count("^"), 3)

    def test_check_names_an_unknown_column_of_parse_and_its_patterns(self):
        self.write("in.txt", PEOPLE)
        for patterns, wrong in ((["(?<a>x", "(?<b>y)", "no group"], 2), (["(?<a>x"], 1), (["(?<a>x)", "(?<b>y)"], 0)):
            with self.subTest(patterns=patterns):
                self.write("job.yml", {"input": {"paths": "in.txt", "format": "csv"}, "output": "o.csv",
                                       "steps": [{"parse": {"column": "nmae", "patterns": patterns}}, {"filter": "nosuch = 1"}]})
                ran = self.call("check", "job.yml")
                self.assertEqual(ran.code, 2, ran)
                text = ran.out + ran.err
                self.assertEqual(text.count("no column 'nmae'"), 1, text)
                self.assertEqual(text.count("missing closing parenthesis"), min(wrong, 1), text)
                self.assertEqual(text.count("has no named group"), max(wrong - 1, 0), text)
                self.says(text, "did you mean", "nosuch")

    def test_check_names_an_input_that_is_not_there_once(self):
        self.write("job.yml", """input: {paths: gone.csv, format: csv}
tables:
  u: {paths: gone.csv, format: csv}
  v: {paths: [gone.csv, away.csv, gone.csv], format: csv}
  w: {sql: "select count(*) as n from u"}
steps:
  - join: {table: u, on: a}
output: [out.csv, {path: w.csv, table: w}, {path: v.csv, table: v}]
""")
        ran = self.call("check", "job.yml")
        self.assertEqual(ran.code, 2, ran)
        text = ran.out + ran.err
        self.assertEqual(text.count("input 'gone.csv'"), 1, text)
        self.assertEqual(text.count("input 'away.csv'"), 1, text)

    def test_check_of_a_good_job_is_0_and_touches_nothing(self):
        self.write("job.yml", JOB)
        self.write("in.txt", PEOPLE)
        ran = self.call("check", "job.yml")
        self.assertEqual(ran.code, 0, ran)
        self.assertNothingLeft()

    def test_a_single_path_step_and_output_need_no_list(self):
        self.write("in.txt", PEOPLE)
        self.run_job("input: {paths: in.txt, format: csv}\nsteps: {filter: id = 1}\noutput: {path: out.csv}\n")
        self.assertEqual((self.folder / "out.csv").read_text(), "id,name,age\n1,Ann,30\n")


LINE = '1.2.3.4 - - [01/Nov/2026:06:52:16 +0000] "GET /product/7 HTTP/1.1" 200 10 "-" "curl/8"'
TESTED = {
    "input": {"paths": "nothing-*.log", "format": "combined"},
    "steps": [{"filter": "method = 'GET'"}, {"parse": {"column": "path", "patterns": [r"^/product/(?<product>\d+)", r"q=(?<query>[^&]*)"]}},
              {"flag": {"is_error": "status >= 400"}}],
    "output": "out.csv",
}


class OwnTests(harness.Case):
    def verdict(self, test, job=TESTED):
        self.write("job.yml", dict(job, tests=[dict(test, name="it")]))
        ran = self.call("test", "job.yml")
        self.assertIn(ran.code, (0, 1), ran)
        self.assertRegex((ran.out + ran.err).strip().splitlines()[-1], r"^[01] passed, [01] failed$")
        self.assertNothingLeft()
        return ran.code == 0

    def test_what_passes(self):
        other = LINE.replace("GET", "POST")
        for test in ({"input": LINE, "expect": {"product": 7, "query": None, "is_error": False}},
                     {"input": LINE, "expect": {"product": "7", "query": "None", "bytes": 10, "time": "2026-11-01 06:52:16"}},
                     {"input": [LINE, other, LINE], "expect": [{"product": 7}, {"ip": "1.2.3.4"}]},
                     {"input": LINE + "\n" + LINE + "\n", "expect": [{"product": 7}, {"product": 7}]},
                     {"input": "noise", "expect": "reject"}, {"input": other, "expect": "filtered"},
                     {"input": [{"method": "GET", "path": "/product/5", "status": 500}], "expect": {"product": 5, "is_error": True, "ip": None}}):
            with self.subTest(test=test):
                self.assertTrue(self.verdict(test))

    def test_what_fails(self):
        other = LINE.replace("GET", "POST")
        for test in ({"input": LINE, "expect": {"product": 8}}, {"input": LINE, "expect": {"query": "x"}}, {"input": LINE, "expect": "reject"},
                     {"input": LINE, "expect": "filtered"}, {"input": "noise", "expect": "filtered"}, {"input": other, "expect": "reject"},
                     {"input": [LINE, LINE], "expect": {"product": 7}}, {"input": LINE, "expect": [{"product": 7}, {"product": 7}]},
                     {"input": other, "expect": {"product": 7}}, {"input": LINE, "expect": {"nosuch": 1}},
                     {"input": "noise", "expect": {"reject": "some other reason"}}):
            with self.subTest(test=test):
                self.assertFalse(self.verdict(test))

    def test_a_reject_with_its_reason(self):
        job = {"input": {"paths": "x.csv", "format": "csv"}, "steps": [{"cast": {"a": "int64"}}], "output": "out.csv"}
        self.assertTrue(self.verdict({"input": "a,b\nfoo,1\n", "expect": {"reject": "foo"}}, job))
        self.assertFalse(self.verdict({"input": "a,b\nfoo,1\n", "expect": {"reject": "bar"}}, job))

    def test_types_come_from_the_test_and_types(self):
        job = {"input": {"paths": "x.csv", "format": "csv", "types": {"zip": "string"}}, "steps": [{"set": {"n": "a + 1"}}], "output": "out.csv"}
        self.assertTrue(self.verdict({"input": "a,zip\n1,01234\n", "expect": {"n": 2, "zip": "01234"}}, job))
        self.assertTrue(self.verdict({"input": [{"a": 1, "zip": "7"}], "expect": {"n": 2, "zip": 7}}, job))

    def test_a_text_is_named_as_the_input_is(self):
        self.write("job.yml", {"input": "in*.csv", "steps": [{"set": {"b": "a + 1"}}], "output": "out.csv", "tests": [
            {"input": "a\n7\n", "expect": {"b": 8}}, {"input": "a\n", "expect": []}]})
        ran = self.call("test", "job.yml")
        self.assertEqual(ran.code, 0, str(ran))
        self.says(ran.out, "2 passed, 0 failed")

    def test_the_diff_names_test_column_and_both_values(self):
        self.write("job.yml", dict(TESTED, tests=[{"name": "good one", "input": LINE, "expect": {"product": 7}},
                                                  {"name": "bad one", "input": LINE, "expect": {"product": 8}}]))
        ran = self.call("test", "job.yml")
        self.assertEqual(ran.code, 1)
        self.says(ran.out + ran.err, "bad one", "product", "8", "7", "1 passed, 1 failed")

    def test_a_job_without_tests_says_so(self):
        self.write("job.yml", TESTED)
        ran = self.call("test", "job.yml")
        self.assertIn(ran.code, (0, 2), ran)
        self.says(ran.out + ran.err, "tests")

    def test_the_project_s_jobs_pass(self):
        jobs = sorted((harness.pathlib.Path(__file__).resolve().parents[2] / "jobs").glob("*.yml"))
        self.assertGreaterEqual(len(jobs), 3)
        for job in jobs:
            with self.subTest(job=job.name):
                ran = self.call("test", job)
                self.assertEqual(ran.code, 0, ran)
                self.assertRegex(ran.out + ran.err, r"[1-9]\d* passed, 0 failed")


if __name__ == "__main__":
    harness.main()
