# SPDX-License-Identifier: Apache-2.0
"""evclean init prints a job that runs as it is; --report FILE.html is a page in which no text from data is code."""

import html.parser
import json

import harness


LINE = '1.2.3.4 - - [01/Nov/2026:06:52:16 +0000] "GET /p HTTP/1.1" 200 10 "-" "curl/8"\n'


class Tags(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.words = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)

    def handle_data(self, data):
        self.words.append(data)


class Init(harness.Case):
    def init(self, *files):
        ran = self.call("init", *files)
        self.assertEqual(ran.code, 0, ran)
        (self.folder / "job.yml").write_text(ran.out)
        return ran.out

    def test_what_it_prints_runs_as_it_is(self):
        combined = '1.2.3.4 - - [01/Nov/2026:06:52:16 +0000] "GET /p HTTP/1.1" 200 10 "-" "curl/8"\n' * 20
        cases = {"web.log": combined + "noise\n" * 4, "orders 2026.csv": "id;day;zip\n" + "".join(f"{i};0{i % 9 + 1}/02/2026;00{i}\n" for i in range(30)),
                 "it's $HOME.json": '{"id": 1, "req": {"n": 1.5}, "t": ["a"]}\n' * 10, "plain.txt": "just\nwords\n"}
        for name, text in cases.items():
            with self.subTest(name):
                self.fresh()
                self.write(name, text)
                text = self.init(name)
                self.assertEqual(self.call("check", "job.yml").code, 0, text)
                ran = self.call("run", "job.yml", "--report", "report.json")
                self.assertEqual(ran.code, 0, f"{text}\n{ran}")
                report = json.loads((self.folder / "report.json").read_text())
                self.check_ledger(report)
                self.assertGreater(report["outputs"][0]["rows"], 0)

    def test_it_says_what_it_saw(self):
        self.write("o.csv", "id;day;zip\n1;03/04/2026;007\n2;05/06/2026;\n")
        text = self.init("o.csv")
        self.says(text, "format: csv", "id   int64", "leading zeros keep it text", "'day': string", "date:%d/%m/%Y", "1 of 2 missing")
        self.write("w.log", "not this\n" + '1.2.3.4 - - [01/Nov/2026:06:52:16 +0000] "GET /p HTTP/1.1" 200 10\n' * 9)
        self.says(self.init("w.log"), "format: common", "rejects: {max: 20%", "1 of 10 records looked at do not fit")

    def test_a_first_line_that_is_a_row_is_kept(self):
        rows = "".join(f"{i},2026-11-{i:02},shop {i % 3}\n" for i in range(1, 9))
        cases = [("r.csv", rows, True), ("tab.tsv", rows.replace(",", "\t"), True), ("h.csv", "id,day,shop\n" + rows, False),
                 ("years.csv", "shop,2024,2025\n" + "".join(f"s{i},{i},{i}\n" for i in range(9)), False),
                 ("codes.csv", "id,200,404\n7,1,2\n8,2,3\n", False),
                 ("twice.csv", "a,a\n1,2\n3,4\n", False), ("one.csv", "name\nx\ny\n", False), ("code.csv", "id,2xx\n7,1\n8,2\n", False)]
        for name, text, is_row in cases:
            with self.subTest(name):
                self.fresh()
                self.write(name, text)
                job = self.init(name)
                self.assertEqual("  header: false   # the first line reads like a row" in job, is_row, job)
                self.assertEqual(self.call("run", "job.yml", "--report", "report.json").code, 0)
                report = json.loads((self.folder / "report.json").read_text())
                self.assertEqual(report["outputs"][0]["rows"], text.count("\n") - (0 if is_row else 1))

    def test_it_suggests_to_parse_what_looks_like_a_path(self):
        self.write("w.log", '1.2.3.4 - - [01/Nov/2026:06:52:16 +0000] "GET /p HTTP/1.1" 200 10\n' * 9)
        self.says(self.init("w.log"), "# - parse: {column: 'path', ")
        self.write("a.csv", "who,what\nann,/shoes\nben,/hats\n")
        self.says(self.init("a.csv"), "# - parse: {column: 'what', ")

    def test_dashes_are_missing(self):
        self.write("conn.log", "#separator \\x09\n#unset_field\t-\n#fields\tts\tport\tuser\n#types\ttime\tport\tstring\n"
                   + "".join(f"152191172{i}.6\t{80 if i % 2 else '-'}\t-\n" for i in range(8)))
        text = self.init("conn.log")
        self.says(text, "nulls: ['-']   # as in port", "port  int64", "4 of 8 missing")
        self.assertEqual(self.call("run", "job.yml", "--report", "report.json").code, 0)
        report = json.loads((self.folder / "report.json").read_text())
        self.assertEqual([(c["name"], c["type"], c["missing"]) for c in report["columns"]],
                         [("ts", "float64", 0), ("port", "int64", 4), ("user", "string", 8)])
        self.write("plain.csv", "a,b\nx-,1\ny,--\n")
        self.assertNotIn("\n  nulls", self.init("plain.csv"))

    def test_encodings_are_found_or_told_and_written_down(self):
        names = ["Jörg", "Änne", "Zoë", "Ana", "Bob"] * 30
        text = "id,name\n" + "".join(f"{i},{name}\n" for i, name in enumerate(names))
        cases = [("utf-8", "utf-8", None), ("utf-16", "utf-16", None), ("latin-1", "latin-1", "latin-1"),
                 ("utf-16le", "utf-16-le", "utf-16le"), ("utf-16be", "utf-16-be", "utf-16be")]
        for name, codec, written in cases:
            for args in ([], ["--encoding", name] if written else ["--encoding", "auto"]):
                with self.subTest(name, args=args):
                    self.fresh()
                    self.write("people.csv", text.encode(codec))
                    job = self.init("people.csv", *args)
                    self.assertEqual(f"\n  encoding: {written}" in job, written is not None, job)
                    self.assertEqual(written is not None and not args, "by the look of the bytes" in job, job)
                    ran = self.call("run", "job.yml", "--set", "output=out.csv")
                    self.assertEqual(ran.code, 0, f"{job}\n{ran}")
                    self.assertEqual((self.folder / "out.csv").read_text(), text)
        self.assertEqual(self.call("init", "people.csv", "--encoding", "latin").code, 2)

    def test_bytes_of_no_text_are_not_latin_1(self):
        self.write("attack.log", (LINE * 30).encode() + LINE.replace("/p", "/\\").encode().replace(b"\\", b"\xff\xd8\x80"))
        self.assertNotIn("encoding:", self.init("attack.log"))
        self.write("mixed.csv", "id,name\n1,Zoë\n2,Änne\n3,".encode() + b"J\xf6rg\n")
        self.assertNotIn("encoding:", self.init("mixed.csv"))
        self.write("sjis.csv", ("a,b\n" + "1,日本語の文章です\n" * 20).encode("shift_jis"))
        self.says(self.call("init", "sjis.csv").err, "is not UTF-8", "encoding: latin-1")

    def test_files_that_are_no_input_are_refused(self):
        self.assertEqual(self.call("init", "nothing.log").code, 2)
        self.write("x.bin", bytes(range(256)) * 40)
        self.assertEqual(self.call("init", "x.bin").code, 2)

    def test_the_html_report_is_whole_and_its_text_is_never_code(self):
        evil = "<script>alert(1)</script>"
        name = f"in <b>{evil[:8]}.csv".replace("/", "")
        self.write(name, f"a,{evil}\n1,{evil}\n<img src=x onerror=y>,2,3,4\n")
        self.write("job.yml", {"job": evil, "input": {"paths": name, "format": "csv", "rejects": {"max": 9}, "nulls": [evil]},
                               "steps": [{"parse": {"column": "a", "patterns": ["(?<g><x>)"]}}], "output": "out.csv"})
        ran = self.call("run", "job.yml", "--report", "r.html")
        self.assertEqual(ran.code, 0, ran)
        page = (self.folder / "r.html").read_text()
        parsed = Tags(page)
        self.assertTrue({"script", "img", "b"} & parsed.tags <= {"b"}, parsed.tags)
        self.assertNotIn("<script", page)
        self.assertNotIn("src=", page.replace("src=x onerror", ""))
        self.says(" ".join(parsed.words), evil, "Outputs", "Columns", "Rejects", "Patterns", "<img src=x onerror=y>", "out.csv")


if __name__ == "__main__":
    harness.main()
