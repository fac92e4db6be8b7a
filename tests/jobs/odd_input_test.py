# SPDX-License-Identifier: Apache-2.0
"""Inputs that are not quite what they seem, and jobs that would harm what is there."""

import gzip
import io
import json
import os
import tarfile

import harness

LOGS = "1.2.3.4 - - [01/Nov/2026:06:52:16 +0000] \"GET / HTTP/1.1\" 200 10 \"-\" \"curl/8\"\n"


class Targets(harness.Case):
    """What a run writes takes the place of nobody else's file."""

    def keeps(self, job, *args, words=()):
        self.fresh()
        files = {"a.csv": "id,v\n1,2\nx,y,z,w\n", "b.json": '{"id":1}\n', "list.txt": "a.csv\n", "job.yml": json.dumps(job)}
        for name, text in files.items():
            self.write(name, text)
        for ranks in (0, 2):
            ran = self.call("run", "job.yml", *args, ranks=ranks)
            self.assertEqual(ran.code, 2, f"{job} {args}\n{ran}")
            self.says(ran.err, *words)
            self.assertEqual({path.name: path.read_text() for path in self.folder.iterdir()}, files)

    def test_rejects_do_not_replace_an_input_or_the_job(self):
        for path in ("a.csv", "./x/../a.csv", "job.yml"):
            with self.subTest(path=path):
                self.keeps({"input": {"paths": "a.csv", "rejects": {"max": "100%", "path": path}}, "output": "o.csv"},
                           words=["rejects.path", "a.csv" if "a.csv" in path else "job file"])
        self.keeps({"input": {"paths": "*.csv", "rejects": {"max": "100%", "path": "rejects.csv"}}, "output": "o.jsonl"}, words=["*.csv", "rejects.path"])

    def test_a_report_does_not_replace_an_input_or_an_output(self):
        job = {"input": {"paths": "b.json", "rejects": {"path": "r.json"}}, "output": "o.csv"}
        self.keeps(job, "--report", "b.json", words=["--report", "b.json"])
        self.keeps(job, "--report", "./b.json", words=["--report"])
        self.keeps(job, "--report", "r.json", words=["--report", "rejects.path"])
        self.keeps(dict(job, input="*.json"), "--report", "b.json", words=["--report", "*.json"])

    def test_rejects_are_one_plain_file(self):
        for path in ("out/", "r.jsonl.gz", "r.jsonl.zst"):
            self.keeps({"input": {"paths": "a.csv", "rejects": {"max": 5, "path": path}}, "output": "o.csv"}, words=["job.yml:1:", "rejects.path"])

    def test_a_device_or_a_pipe_is_no_output(self):
        # A pipe stands for /dev/null, which a test that fails must not replace.
        self.write("in.txt", "a\n1\n")
        for key in ("output", "rejects"):
            pipe = self.folder / "pipe.csv"
            os.mkfifo(pipe)
            job = {"input": {"paths": "in.txt", "format": "csv"}, "output": "out.csv"}
            job = dict(job, output="pipe.csv") if key == "output" else dict(job, input=dict(job["input"], rejects={"path": "pipe.csv"}))
            for options in ((), ("--overwrite",)):
                for ranks in (0, 2):
                    ran = self.run_job(job, *options, ranks=ranks, code=2)
                    self.says(ran.err, "cannot write pipe.csv", "a device or a pipe")
                    self.assertNotIn("--overwrite", ran.err)
            if key == "output":
                checked = self.call("check", "job.yml")
                self.says(checked.err, "job.yml:1:", "a device or a pipe")
                self.assertNotIn("--overwrite", checked.out)
            self.assertTrue(pipe.is_fifo())
            pipe.unlink()

    def test_an_output_that_a_list_of_paths_names(self):
        self.keeps({"input": "@list.txt", "output": "a.csv"}, "--overwrite", words=["a.csv", "output"])

    def test_a_list_of_paths_is_not_replaced(self):
        self.keeps({"input": {"paths": "@list.txt", "format": "csv", "rejects": {"max": 5, "path": "list.txt"}}, "output": "o.csv"},
                   words=["@list.txt", "rejects.path"])
        self.keeps({"input": {"paths": ["@a.csv"], "format": "csv"}, "output": "a.csv"}, "--overwrite", words=["@a.csv", "output"])

    def test_a_state_is_no_output(self):
        for path, key in (("o.csv", "only_new"), ("r.jsonl", "only_new")):
            self.keeps({"input": {"paths": "a.csv", "only_new": path, "rejects": {"path": "r.jsonl"}}, "output": "o.csv"}, words=[key, path])


class Packed(harness.Case):
    def test_what_is_packed_twice_or_an_archive_is_refused_by_name(self):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            entry = tarfile.TarInfo("x.csv")
            entry.size = 4
            tar.addfile(entry, io.BytesIO(b"a,b\n"))
        for data, words in ((gzip.compress(archive.getvalue()), ["tar archive"]), (archive.getvalue(), ["tar archive"]),
                            (gzip.compress(gzip.compress(b"a,b\n1,2\n")), ["gzip", "again"]), (gzip.compress(b"PK\x03\x04" + b"x" * 30), ["zip archive"])):
            for fmt in ("csv", "lines", "auto"):
                with self.subTest(words=words, format=fmt):
                    self.refused(data, fmt=fmt, words=["in.txt", "unpack", *words])

    def test_lzma_and_utf32_are_refused(self):
        import lzma
        for data, word in ((lzma.compress(b"a,b\n1,2\n", lzma.FORMAT_ALONE), "lzma"), ("a,b\n1,2\n".encode("utf-32"), "UTF-32"),
                           (b"\0\0\xfe\xff" + "a,b\n1,2\n".encode("utf-32-be"), "UTF-32")):
            self.refused(data, words=["in.txt", word, "unpack"])

    def test_utf32_in_a_gzip_is_refused_too(self):
        for text in ("a,b\n1,2\n".encode("utf-32"), b"\0\0\xfe\xff" + "a,b\n1,2\n".encode("utf-32-be")):
            self.refused(gzip.compress(text), words=["in.txt", "UTF-32"])
        table = self.clean(gzip.compress("a,b\n\0,2\n".encode("utf-16")))
        self.assertEqual(table.rows, [{"a": "\0", "b": 2}])

    def test_a_text_that_begins_like_a_parquet_file(self):
        self.assertEqual(self.clean("PAR1,PAR2\n1,2\n").names, ["PAR1", "PAR2"])


class Texts(harness.Case):
    def test_files_put_one_after_another_bring_their_marks(self):
        for header in ("a,b", '"a","b"', '"a",b'):
            for ranks in (0, 3):
                with self.subTest(header=header, ranks=ranks):
                    one = f"\ufeff{header}\n" + "".join(f"{i},x\n" for i in range(5000))
                    table = self.clean(one + one + one, ranks=ranks, resources={"chunk": "64KiB"})
                    self.assertEqual((table.names, table.types["a"], table.ledger["kept"], table.ledger["blank"]), (["a", "b"], "int64", 15000, 3))

    def test_file_names_that_are_no_utf8_do_not_spoil_outputs(self):
        import pyarrow.parquet
        names = [b"a\n.csv", b"b\xff.csv", "ü.csv".encode()]
        (self.folder / "d").mkdir()
        for name in names:
            with open(harness.os.path.join(harness.os.fsencode(self.folder), b"d", name), "wb") as file:
                file.write(b"id,v\n1,x\n2,y,z\n")
        job = {"input": {"paths": "d", "source": True, "rejects": {"max": 3, "path": "r.jsonl"}}, "output": ["o.csv", "o.parquet", "o.jsonl"]}
        for ranks in (0, 2):
            self.run_job(job, "--overwrite", ranks=ranks)
            shown = ["d/a\n.csv", "d/b\\xff.csv", "d/ü.csv"]
            self.assertEqual(pyarrow.parquet.read_table(self.folder / "o.parquet").to_pydict()["_file"], shown)
            self.assertEqual([json.loads(line)["_file"] for line in (self.folder / "o.jsonl").read_text("utf-8").splitlines()], shown)
            self.assertEqual([json.loads(line)["file"] for line in (self.folder / "r.jsonl").read_text("utf-8").splitlines()], shown)
        ran = self.call("run", "job.yml", "--replay", "r.jsonl", "--set", "input.format=lines")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual((self.folder / "o-replay.csv").read_text("utf-8").count("2,y,z"), 3)

    def test_a_csv_header_longer_than_the_sniffed_head(self):
        columns = 9999
        head = ",".join(f"col{i}" for i in range(columns)) + "\n"
        row = ",".join(str(i % 10) for i in range(columns)) + "\n"
        self.assertGreater(len(head), 65536)
        for name, text in (("w.csv", (head + row * 40).encode()), ("w.csv.gz", gzip.compress((head + row * 40).encode()))):
            for fmt in ("csv", "auto"):
                made = set()
                for ranks in (0, 1, 2, 3, 4):
                    self.fresh()
                    self.write(name, text)
                    job = {"input": {"paths": name, "format": fmt}, "steps": [{"select": ["col0", "col9998"]}],
                           "resources": {"chunk": "64KiB"}, "output": "o.csv"}
                    ran = self.run_job(job, ranks=ranks)
                    self.assertEqual(ran.report["ledger"]["kept"], 40)
                    made.add((self.folder / "o.csv").read_text())
                self.assertEqual(made, {"col0,col9998\n" + "0,8\n" * 40})
        self.write("w.csv", (head + row).encode())
        ran = self.call("init", "w.csv")
        self.says(ran.out, "format: csv", "col9 ", "9939 more")
        self.run_job({"input": {"paths": "w.csv", "format": "csv", "header": False}, "steps": [{"limit": 1}, {"select": ["column9999"]}],
                      "output": "n.csv"})
        self.assertEqual((self.folder / "n.csv").read_text(), "column9999\ncol9998\n")

    def test_a_head_that_is_no_utf8_costs_no_row_whatever_the_chunk(self):
        # Its repaired text is longer than the file's bytes: what begins behind it must not be taken for a part of it.
        csv = "id,gr\u00f6\u00dfe,\u00e4\u00f6\u00fc\n".encode("latin-1") + b'1,"a\nb",x\n' + b"".join(b"%d,a,x\n" % i for i in range(2, 12))
        lines = "\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\n".encode("latin-1") + b"".join(b"%d\n" % i for i in range(1, 12))
        objects = "\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\n".encode("latin-1") + b"".join(b'{"id":%d}\n' % i for i in range(1, 12))
        for fmt, text, keys in (("csv", csv, {}), ("csv", b"\xe4\xf6\xfc\n" + csv, {"skip": 1}), ("lines", lines, {"skip": 1}),
                                ("json", objects, {"skip": 1})):
            for ranks, chunk in ((0, "64MiB"), (0, 1), (0, 8), (0, 20), (3, 5)):
                with self.subTest(fmt=fmt, keys=keys, ranks=ranks, chunk=chunk):
                    table = self.clean(text, fmt=fmt, ranks=ranks, resources={"chunk": chunk}, **keys)
                    self.assertEqual([int(value) for value in table.column("line" if fmt == "lines" else "id")], list(range(1, 12)))
                    self.assertEqual(table.ledger["blank"], len(keys) + (fmt == "csv"))

    def test_places_behind_such_a_head_are_those_of_the_file(self):
        text = "id,\u00e4\u00f6\u00fc\n".encode("latin-1") + b"1,2\n3,4,5\n6,7\n8,9,10\n"
        for ranks, chunk in ((0, "64MiB"), (0, 1), (0, 8), (2, 10)):
            self.clean(text, ranks=ranks, resources={"chunk": chunk}, rejects={"max": "90%", "path": "rejects.jsonl"})
            rejects = [json.loads(line) for line in (self.folder / "rejects.jsonl").read_text().splitlines()]
            self.assertEqual([(r["line"], r["byte_offset"], r["text"]) for r in rejects], [(3, 11, "3,4,5"), (5, 21, "8,9,10")])

    def test_text_in_another_encoding_is_not_called_binary(self):
        self.refused("naïve;été;über;éèê\nü;ö;ä;ß\n".encode("latin-1"), fmt="auto", words=["not UTF-8", "encoding: latin-1"])
        table = self.clean("naïve;été\nü;ö\n".encode("latin-1"), fmt="auto", encoding="latin-1")
        self.assertEqual(table.names, ["naïve", "été"])

    def test_lines_that_end_in_semicolons_are_no_csv(self):
        text = "# Time: 2021-01-26T23:45:57Z\n# Query_time: 0.01\nuse db;\nSET timestamp=1;\nSELECT * FROM t;\n"
        self.assertEqual(self.clean({"slow.0": text}, fmt="auto").names, ["line"])

    def test_a_record_too_long_has_the_same_reason_wherever_blocks_end(self):
        """Its fields close one after another; how many of them a block shows depends on where it ends."""
        record = ",".join('"%s\n"' % (c * 60) for c in "abcdef") + "\n"
        text = "a,b,c,d,e,f\n" + "".join(f"{i},,,,,\n" * (i % 5) + record for i in range(6000))
        self.write("data/a.csv", text)
        seen = set()
        for chunk in ("64KiB", "1MiB", "64MiB"):
            job = {"input": {"paths": "data/a.csv", "max_line": 200, "rejects": {"max": "100%", "path": "rejects.jsonl"}},
                   "resources": {"chunk": chunk}, "output": "out.csv"}
            self.run_job(job, "--overwrite")
            rejects = (self.folder / "rejects.jsonl").read_bytes()
            self.assertIn("the record does not end within max_line (200 bytes)", {json.loads(line)["reason"] for line in rejects.splitlines()})
            seen.add((rejects, (self.folder / "out.csv").read_bytes()))
        self.assertEqual(len(seen), 1)

    def test_cloudtrail_files_put_one_behind_another(self):
        files = ["{\"Records\":[%s]}%s" % (",".join(json.dumps({"eventTime": "2026-11-01T06:52:16Z", "n": f * 7 + i, "x": {"Records": "}"}})
                                                   for i in range(f % 7)), "\n" * (f % 2)) for f in range(3000)]
        numbers = [f * 7 + i for f in range(3000) for i in range(f % 7)]
        for data in ("".join(files).encode(), b"".join(gzip.compress(file.encode(), 1) for file in files)):
            for ranks in (0, 2, 3, 4):
                with self.subTest(size=len(data), ranks=ranks):
                    table = self.clean(data, fmt="cloudtrail", ranks=ranks, resources={"chunk": "64KiB"})
                    self.assertEqual((table.column("n"), table.ledger["lines"]), (numbers, len(numbers)))
                    self.assertEqual(table.names, ["eventtime", "n", "x_records"])

    def test_json_beside_csv_is_no_csv(self):
        for ranks in (0, 2):
            self.fresh()
            self.write("a.csv", "a,b\n1,2\n3,4\n")
            self.write("b.json", '{"a":1}\n{"a":2}\n{"a":3}\n')
            for paths in (["a.csv", "b.json"], ["b.json", "a.csv"]):
                ran = self.run_job({"input": {"paths": paths}, "output": "o.csv"}, ranks=ranks, code=2)
                self.says(ran.err, "b.json looks like JSON", "a.csv like CSV", "format:", "two tables")

    def test_json_beside_a_short_csv_is_not_lines(self):
        self.write("a.csv", "a,b\n1,2\n")
        self.write("b.json", '{"a":1}\n{"a":2}\n{"a":3}\n')
        ran = self.run_job({"input": {"paths": ["a.csv", "b.json"]}, "output": "o.csv"}, code=2)
        self.says(ran.err, "b.json looks like JSON", "a.csv like CSV")

    def test_files_in_several_formats_are_told_with_the_list_to_write(self):
        combined = '1.2.3.4 - - [01/Nov/2026:06:52:16 +0000] "GET /a HTTP/1.1" 200 1 "-" "UA"\n'
        files = {"a.log": combined * 3, "b.log": combined.replace(' "-" "UA"', "") * 3, "c.log": "www.example.org " + combined * 1,
                 "d.log": "2026/11/01 06:52:16 [error] 1#1: *4 x, client: ::1\n" * 3}
        for named, wanted in ((["a.log", "d.log"], "format: [combined, nginx-error]"),
                              (["a.log", "b.log", "c.log"], "format: [combined, common, vcombined]")):
            with self.subTest(named):
                self.fresh()
                for name in named:
                    self.write(name, files[name])
                job = {"input": {"paths": named, "rejects": {"max": "100%"}}, "output": "o.csv"}
                self.says(self.run_job(job).err, f"'{wanted}' reads each line as what it is")
                job["input"]["format"] = wanted[len("format: ["):-1].split(", ")
                self.assertEqual(self.run_job(job, "--overwrite").report["ledger"]["rejected"], 0)
        self.fresh()
        self.write("a.log", combined * 3)
        self.assertNotIn("reads each line", self.run_job({"input": {"paths": "a.log"}, "output": "o.csv"}).err)

    def test_a_cut_line_does_not_make_combined_common(self):
        combined = '1.2.3.4 - - [01/Nov/2026:06:52:16 +0000] "GET /a HTTP/1.1" 200 1 "-" "UA"'
        cut = combined[:-4] + "\n" + combined[:-9] + "\n"
        for lines in ((combined + "\n") * 50, (combined + ' 0.005 "-"\n') * 50):
            ran = self.clean(lines + cut, fmt="auto", rejects={"max": "100%"})
            self.assertEqual((set(ran.column("user_agent")), ran.ledger["rejected"]), ({"UA"}, 2))
        ran = self.clean((combined[:-9] + "\n") * 50 + combined + "\n", fmt="auto")
        self.assertNotIn("user_agent", ran.names)

    def test_one_file_of_several_formats_is_told_with_the_list_to_write(self):
        combined = '1.2.3.4 - - [01/Nov/2026:06:52:16 +0000] "GET /a HTTP/1.1" 200 1 "-" "UA"\n'
        error = "2026/11/01 06:52:16 [error] 1#1: *4 x, client: ::1\n"
        syslog = "Nov  1 06:52:16 web-1 sshd[1291]: x\n"
        noise = "--- %d ---\n"
        for text, wanted in (((combined * 3 + error * 2) * 4, "format: [combined, nginx-error]"),
                             ((combined + error + syslog + noise) * 4, "format: [combined, nginx-error, syslog]")):
            self.fresh()
            self.write("a.log", text)
            job = {"input": {"paths": "a.log", "rejects": {"max": "100%"}}, "output": "o.csv"}
            self.says(self.run_job(job).err, "a.log has lines of", f"'{wanted}' reads each line as what it is")
            job["input"]["format"] = wanted[len("format: ["):-1].split(", ")
            self.assertEqual(self.run_job(job, "--overwrite").report["ledger"]["rejected"], text.count("---") // 2)

    def test_json_among_lines_is_told_to_be_a_table_of_its_own(self):
        combined = '1.2.3.4 - - [01/Nov/2026:06:52:16 +0000] "GET /a HTTP/1.1" 200 1 "-" "UA"\n'
        self.write("a.log", combined * 3)
        self.write("b.log", '{"a":1}\n' * 2)
        self.write("c.log", (combined * 2 + '{"a":1}\n') * 4)
        for paths, said in ((["a.log", "b.log"], "b.log is JSON"), (["c.log"], "c.log has lines of JSON")):
            job = {"input": {"paths": paths, "rejects": {"max": "100%"}}, "output": "o.csv"}
            self.says(self.run_job(job, "--overwrite").err, said, "a table of its own, with 'format: json'")
        job["input"]["format"] = ["json", "combined"]
        self.says(self.run_job(job, "--overwrite", code=2).err, "format json cannot stand in a list", "make two tables", "max: 100%")
        tables = {"lines": {"paths": "c.log", "format": "combined", "rejects": {"max": "100%"}}}
        job = {"input": {"paths": "c.log", "format": "json", "rejects": {"max": "100%"}}, "tables": tables,
               "output": ["o.csv", {"path": "l.csv", "table": "lines"}]}
        self.assertEqual([output["rows"] for output in self.run_job(job, "--overwrite").report["outputs"]], [4, 8])

    def test_json_behind_a_word_is_json(self):
        text = "Starting\n" + "".join('{"a":%d}\n' % i for i in range(3))
        table = self.clean(text, fmt="auto", rejects={"max": 1})
        self.assertEqual((table.column("a"), table.ledger["rejected"]), ([0, 1, 2], 1))
        self.assertEqual(self.clean(text, fmt="auto", skip=1).column("a"), [0, 1, 2])
        self.assertEqual(self.clean("# x\n" + text[9:], fmt="auto", comment="#").column("a"), [0, 1, 2])

    def test_skip_and_comments_of_json_at_any_number_of_ranks(self):
        lines = "".join(('# it\'s "%d\n' if i % 7 == 3 else '{"a":%d}\n') % i for i in range(20000))
        array = "[" + ",\n".join('{"a":%d}' % i for i in range(20000)) + "\n# end\n]"
        for text, count, blank in ((lines, 20000 - 2857, 2858), (array, 20000, 1)):
            seen = set()
            for ranks in (0, 1, 2, 3, 4):
                table = self.clean("junk {\n" + text, fmt="json", ranks=ranks, skip=1, comment="#", resources={"chunk": "64KiB"})
                self.assertEqual((table.ledger["kept"], table.ledger["blank"], table.ledger["rejected"]), (count, blank, 0))
                seen.add(table.csv)
            self.assertEqual(len(seen), 1)

    def test_a_virtual_host_before_an_address_is_no_combined_line(self):
        table = self.clean(LOGS * 9 + "www.example.org " + LOGS, fmt="combined", rejects={"max": 1})
        self.assertEqual((set(table.column("ip")), table.ledger["rejected"]), ({"1.2.3.4"}, 1))
        self.assertEqual(self.clean("www.example.org " + LOGS, fmt="auto").names[0], "vhost")

    def test_a_dash_is_missing_in_a_list_of_formats_with_a_preset(self):
        for formats in (["combined"], ["combined", "lines"], ["logfmt", "combined", "lines"]):
            with self.subTest(formats=formats):
                table = self.clean(LOGS, fmt=formats)
                self.assertEqual((table.column("user"), table.column("referer")), ([None], [None]))

    def test_syslog_days_may_lack_their_blank(self):
        table = self.clean("Sep 8 07:46:30 canyon dovecot: a\nSep  8 07:46:30 canyon dovecot: b\nSep 18 07:46:30 canyon dovecot: c\n",
                           fmt="syslog", year=2026)
        self.assertEqual(table.column("timestamp"), ["2026-09-08T07:46:30Z", "2026-09-08T07:46:30Z", "2026-09-18T07:46:30Z"])


class Check(harness.Case):
    def problems(self, text):
        self.write("a.csv", "id,name\n1,ann\n")
        self.write("job.yml", text)
        ran = self.call("check", "job.yml")
        self.assertEqual(ran.code, 2, ran)
        return ran.out + ran.err

    def test_a_bad_start_or_zone_hides_nothing_and_has_its_place(self):
        text = self.problems("""input:
  paths: a.csv
  format: lines
  timezone: Mars/Base
  multiline: {start: '(['}
steps:
  - filter: "line >"
  - parse: {column: line, patterns: ['(?<x>a', 'nogroup']}
output: o.csv
""")
        self.says(text, "job.yml:4:13:", "Mars/Base", "job.yml:5:22:", "job.yml:7:", "job.yml:8:38:", "job.yml:8:48:")
        ran = self.call("run", "job.yml", "--set", "steps=[]")
        self.assertEqual(ran.code, 2)
        self.says(ran.err, "job.yml:5:22:")

    def test_a_bad_format_is_said_once_with_its_place_by_run_too(self):
        for formats, word in (("combnied", "unknown format 'combnied'"), ("[combined, json]", "format json cannot stand in a list"),
                              ("[combined, comon]", "unknown format 'comon'")):
            text = self.problems("input:\n  paths: a.csv\n  format: %s\noutput: o.csv\n" % formats)
            self.assertEqual(text.count(word), 1, text)
            for ran in (text, self.call("run", "job.yml").err):
                self.says(ran, "job.yml:3:11:", word)
        text = self.problems("input:\n  paths: a.csv\n  patterns: ['(?<x>a)', nogroup]\noutput: o.csv\n")
        for ran in (text, self.call("run", "job.yml").err):
            self.says(ran, "job.yml:3:25:", "the pattern has no named groups", "nogroup")

    def test_what_a_key_may_be_is_said(self):
        self.says(self.problems("input: {paths: a.csv, header: maybe}\noutput: o.csv\n"), "header must be true, false or auto, not 'maybe'")
        self.write("@x.csv", "a\n1\n")
        self.says(self.problems("input: '@x.csv'\noutput: o.csv\n"), "'@' names a list of paths", "'./@x.csv'")
        self.write("big.gz", gzip.compress(b"a,b\n" * 8_000_000, 6))
        self.write("job.yml", {"input": {"paths": "big.gz", "format": "csv", "max_ratio": 50}, "output": "o.csv"})
        ran = self.call("run", "job.yml")
        self.assertEqual(ran.code, 2, ran)
        self.says(ran.err, "set a larger max_ratio")
        self.assertNotIn("Mend", ran.err)

    def test_an_input_that_is_not_there_has_the_place_of_its_entry(self):
        self.write("lists/l.txt", "../a.csv\ngone.csv\n")
        text = self.problems("""input:
  paths:
    - a.csv
    - nope.csv
    - 'x/*.gz'
    - '@lists/l.txt'
output: o.csv
""")
        self.says(text, "job.yml:4:7: error: input 'nope.csv'", "job.yml:5:7: error: input 'x/*.gz'",
                  "job.yml:6:7: error: input 'lists/gone.csv'", "line 2 of lists/l.txt")
        self.assertEqual(text.count("nope.csv"), 1, text)
        self.says(self.call("run", "job.yml").err, "job.yml:4:7: input 'nope.csv'", "missing: skip")
        self.assertNotIn(".yml", self.call("init", "gone.csv").err)

    def test_keys_that_do_nothing_are_told_and_harm_nothing(self):
        keys = "header: false, delimiter: ';', quote: \"'\", year: 2020"
        for fmt, line, idle in (("json", '{"a":1}', ("header", "delimiter", "quote", "year")), ("csv", "1", ("year",)), ("auto", "", ()),
                                ("syslog", "Nov  1 06:52:16 h p: m", ("header", "delimiter", "quote"))):
            self.write("a.txt", line + "\n")
            self.write("job.yml", "input: {paths: a.txt, format: %s, %s}\noutput: o.csv\n" % (fmt, keys))
            for ran in (self.call("check", "job.yml"), self.call("run", "job.yml", "--overwrite")):
                self.assertEqual(ran.code, 0, ran)
                for key in ("header", "delimiter", "quote", "year"):
                    note = "%s: does nothing with format %s" % (key, fmt)
                    (self.assertIn if key in idle else self.assertNotIn)(note, ran.out + ran.err)
        self.write("job.yml", "input: {paths: a.txt, delimiter: ';', quote: ';'}\noutput: o.csv\n")
        self.says(self.call("check", "job.yml").err, "job.yml:1:46:", "cannot be the same character")

    def test_a_table_that_is_not_there_hides_nothing(self):
        text = self.problems("""input: a.csv
steps:
  - filter: nme = 'x'
  - join: {table: nosuch, on: id}
  - select: [idd]
  - sql: select * from nowhere
output: o.csv
""")
        self.says(text, "job.yml:3:13:", "nme", "job.yml:4:19:", "job.yml:5:14:", "idd", "job.yml:6:", "nowhere")
        self.assertEqual(text.count("nosuch"), 1, text)


if __name__ == "__main__":
    harness.main()
