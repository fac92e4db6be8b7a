# SPDX-License-Identifier: Apache-2.0
"""`warehouse:`: the statements are parsed by a parser of their dialect, and the data loads through DuckDB by their types and names."""

import json
import re

import duckdb
import sqlglot
from sqlglot import exp

import harness

EVIL = 'x"; DROP TABLE users; --'
TEXT = ('Event ID,user,Größe,2xx,req.id,desc,ok,day,at,note\n'
        '1,ann,1.5,a,x,"It\'s ""here""",true,2026-11-01,2026-11-01 06:52:16,\n'
        '2,bob,,b,y,`tick` \\ back,false,2026-11-02,1969-12-31 23:59:59,""\n'
        '3,Ünal,-2.0,c,,"naïve; DROP TABLE x --",,2026-11-02,,zzz\n')
NAMES = {"Event ID": "event_id", "user": "user_", "Größe": "gro_e", "2xx": "c_2xx", "req.id": "req_id", "desc": "desc_", "ok": "ok", "day": "day",
         "at": "at", "note": "note"}


def statements(text, dialect):
    parsed = [one for one in sqlglot.parse(text, read=dialect) if one is not None]
    return [one for one in parsed if not isinstance(one, exp.Semicolon)]


class Warehouse(harness.Case):
    def run_output(self, output, text=TEXT, steps=({"rename": "warehouse"},), code=0, ranks=0, args=("--overwrite",)):
        self.write("in.txt", text)
        return self.run_job({"input": {"paths": "in.txt", "format": "csv"}, "steps": list(steps), "output": output}, *args,
                            ranks=ranks, code=code)

    def sql(self, name):
        return (self.folder / name).read_text()

    def columns(self, create):
        return {column.name: (column.args["kind"].sql("redshift"), bool(column.find(exp.NotNullColumnConstraint)))
                for column in create.find_all(exp.ColumnDef)}

    def test_redshift_types_lengths_and_nulls_are_true(self):
        for ranks in (1, 3):
            self.run_output({"path": "out/t.csv.gz", "warehouse": "redshift"}, ranks=ranks)
            sql = self.sql("out/t.redshift.sql")
            found = self.columns(statements(sql.split("\nCOPY")[0], "redshift")[0])
            self.assertEqual(list(found), [NAMES[name] for name in TEXT.splitlines()[0].split(",")])
            self.assertEqual(found["event_id"], ("BIGINT", True))
            self.assertEqual(found["user_"], ("VARCHAR(5)", True))  # bytes of Ünal
            self.assertEqual(found["gro_e"][1], False)
            self.assertEqual(found["desc_"], ("VARCHAR(23)", True))
            self.assertEqual(found["req_id"], ("VARCHAR(1)", False))
            self.assertEqual(found["note"], ("VARCHAR(3)", False))
            self.assertEqual((found["ok"], found["day"], found["at"]), (("BOOLEAN", False), ("DATE", True), ("TIMESTAMP", False)))

    def test_redshift_copy_is_by_role_with_a_manifest(self):
        self.run_output([{"path": "a/t.csv.gz", "warehouse": "redshift"}, {"path": "b/t.parquet", "warehouse": "redshift", "files": 2},
                         {"path": "c/t.jsonl.zst", "warehouse": "redshift"}, {"path": "d/t.tsv", "warehouse": "redshift", "missing_text": "\\N"}])
        for folder, words in (("a", ["FORMAT AS CSV", "IGNOREHEADER 1", "GZIP", "EMPTYASNULL"]), ("b", ["FORMAT AS PARQUET"]),
                              ("c", ["FORMAT AS JSON 'auto'", "ZSTD"]), ("d", ["DELIMITER '\\t'", "NULL AS '\\N'"])):
            sql = self.sql(f"{folder}/t.redshift.sql")
            copy = sql[sql.index("\nCOPY"):]
            for word in words + ["IAM_ROLE '<iam-role-arn>'", "MANIFEST;", "FROM '<s3-folder>/t.manifest.json'"]:
                self.assertIn(word, copy)
            self.assertEqual("event_id" in copy, folder != "b")
            entries = json.loads(self.sql(f"{folder}/t.manifest.json"))["entries"]
            self.assertEqual(len(entries), 2 if folder == "b" else 1)
            for entry in entries:
                file = self.folder / folder / entry["url"].removeprefix("<s3-folder>/")
                self.assertEqual(entry["meta"]["content_length"], file.stat().st_size)
                self.assertTrue(entry["mandatory"])

    def test_athena_reads_each_format_by_its_serde(self):
        self.run_output([{"path": "a/", "format": "parquet", "warehouse": "athena", "partition_by": ["day"]}, {"path": "b/", "format": "csv", "warehouse": "athena"},
                         {"path": "c/", "format": "jsonl.gz", "warehouse": "athena"}], ranks=2)
        for folder, words in (("a", ["STORED AS PARQUET", "PARTITIONED BY (`day` string)"]), ("b", ["OpenCSVSerde", "skip.header.line.count"]),
                              ("c", ["openx.data.jsonserde"])):
            sql = self.sql(f"{folder}/_events.athena.sql")
            for word in words + ["LOCATION '<s3-folder>/'"]:
                self.assertIn(word, sql)
            create = statements(sql.split("\nALTER")[0].split("\n-- The files")[0], "athena")[0]
            self.assertIsInstance(create, exp.Create)
            self.assertIsInstance(statements(sql.split("\nALTER")[0].split("\n-- The files")[0], "hive")[0], exp.Create)
            names = [column.name for column in create.this.find_all(exp.ColumnDef)]
            self.assertEqual([n for n in names if n != "day"], [n for n in NAMES.values() if n != "day"])
            if "CREATE OR REPLACE VIEW" in sql:
                view = statements(sql[sql.index("CREATE OR REPLACE VIEW"):], "athena")[0]
                self.assertEqual(view.args["kind"], "VIEW")
        partitions = self.sql("a/_events.athena.sql").split("\nALTER", 1)[1]
        self.assertIn("PARTITION (`day` = '2026-11-01') LOCATION '<s3-folder>/day=2026-11-01/'", partitions)
        self.assertEqual(partitions.count("PARTITION ("), 2)

    def test_the_view_for_athenas_csv_gives_types_in_duckdb(self):
        self.run_output({"path": "b/", "format": "csv", "warehouse": "athena"})
        sql = self.sql("b/_events.athena.sql")
        view = sqlglot.transpile(sql[sql.index("CREATE OR REPLACE VIEW"):], read="athena", write="duckdb")[0]
        base = duckdb.connect()
        base.execute(f"create table events as select * from read_csv('{self.folder}/b/events.csv', all_varchar=true, header=true, nullstr='')")
        base.execute(view)
        types = {row[0]: row[1] for row in base.sql("describe events_typed").fetchall()}
        self.assertEqual((types["event_id"], types["gro_e"], types["ok"], types["day"], types["at"]), ("BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"))
        self.assertEqual(base.sql("select event_id, gro_e, ok from events_typed order by 1").fetchall(), [(1, 1.5, True), (2, None, False), (3, -2.0, None)])

    def test_the_data_loads_in_duckdb_under_redshifts_statement(self):
        self.run_output([{"path": "a/t.csv", "warehouse": "redshift"}, {"path": "b/t.parquet", "warehouse": "redshift"}])
        rows = []
        for folder, reader in (("a", "read_csv('{}', header=true, all_varchar=true, nullstr='')"), ("b", "read_parquet('{}')")):
            create = self.sql(f"{folder}/t.redshift.sql").split("\nCOPY")[0]
            base = duckdb.connect()
            base.execute("set timezone = 'UTC'")
            base.execute(sqlglot.transpile(create, read="redshift", write="duckdb")[0])
            file = self.folder / folder / ("t.csv" if folder == "a" else "t.parquet")
            columns = ", ".join(f'"{name}"' for name in NAMES.values())
            base.execute(f"insert into t ({columns}) select {columns} from {reader.format(file)}")
            rows.append(base.sql("select event_id, user_, gro_e, ok, day::varchar, \"at\"::varchar, desc_ from t order by 1").fetchall())
        self.assertEqual(rows[0], rows[1])
        self.assertEqual(rows[0][1], (2, "bob", None, False, "2026-11-02", "1969-12-31 23:59:59", "`tick` \\ back"))

    def test_names_from_data_are_never_code(self):
        head = f'"{EVIL.replace(chr(34), chr(34) * 2)}",b\n'
        self.run_output({"path": "t.csv", "warehouse": "redshift"}, head + "1,2\n", steps=())
        sql = self.sql("t.redshift.sql")
        create = statements(sql.split("\nCOPY")[0], "redshift")
        self.assertEqual(len(create), 1)
        self.assertEqual([column.name for column in create[0].find_all(exp.ColumnDef)], [EVIL, "b"])
        self.run_output({"path": "p/", "format": "parquet", "warehouse": "athena", "partition_by": "v"}, "v,n\n\"it's'); DROP TABLE x; --\",1\na/b,2\n", steps=())
        sql = self.sql("p/_events.athena.sql")
        self.assertIn("PARTITION (`v` = 'it''s''); DROP TABLE x; --')", sql)
        self.assertIn("LOCATION '<s3-folder>/v=a%2Fb/'", sql)

    def test_names_json_maps_what_was_to_what_is(self):
        self.run_output({"path": "t.csv", "warehouse": "redshift"}, steps=[{"rename": {"note": "remark"}}, {"rename": "warehouse"}])
        table = json.loads(self.sql("t.names.json"))
        self.assertEqual({c["source"]: c["name"] for c in table["columns"]}, {**NAMES, "note": "remark"})
        reasons = {c["source"]: c["reasons"] for c in table["columns"]}
        self.assertIn("leading digit", reasons["2xx"])
        self.assertIn("reserved word", reasons["desc"])
        self.assertEqual(reasons["ok"], [])

    def test_names_json_follows_names_that_meet(self):
        def names(text, steps):
            self.run_output({"path": "t.csv", "warehouse": "redshift"}, text=text, steps=steps)
            return {c["source"]: c["name"] for c in json.loads(self.sql("t.names.json"))["columns"]}
        meeting = names("a b,a-b,a_b\n1,2,3\n", [{"rename": "warehouse"}])
        self.assertEqual(meeting, {"a b": "a_b", "a-b": "a_b_2", "a_b": "a_b_3"})
        self.assertEqual(self.sql("t.csv"), "a_b,a_b_2,a_b_3\n1,2,3\n")
        swap = {"rename": {"a": "b", "b": "a"}}
        self.assertEqual(names("a,b\n1,2\n", [swap]), {"a": "b", "b": "a"})
        self.assertEqual(names("a,b\n1,2\n", [swap, {"rename": {"a": "c"}}]), {"a": "b", "b": "c"})
        self.assertEqual(names("a,b\n1,2\n", [{"sort": ["a"]}, swap, {"sort": ["a"]}, swap, {"rename": {"b": "c"}}]), {"a": "a", "b": "c"})

    def test_what_cannot_load_is_refused(self):
        long = "a,b\n" + "x" * 70000 + ",1\n"
        for output, text, steps, words in (
                ({"path": "t.csv", "warehouse": "redshift"}, long, (), ["70000 bytes", "65535"]),
                ({"path": "t/", "format": "csv", "warehouse": "athena"}, 'a,b\n"x\ny",1\n', (), ["line break", "Parquet"]),
                ({"path": "t.csv", "warehouse": "redshift"}, "Name,name\n1,2\n", (), ["same name", "rename: warehouse"]),
                ({"path": "t.csv", "warehouse": "redshift"}, "oid,b\n1,2\n", (), ["oid", "column of the system"]),
                ({"path": "t.parquet", "warehouse": "athena"}, "a b,c\n1,2\n", (), ["a b", "rename: warehouse"]),
                ({"path": "t.h5", "warehouse": "athena"}, "a,b\n1,2\n", (), ["HDF5"]),
                ({"path": "t.arrow", "warehouse": "redshift"}, "a,b\n1,2\n", (), ["Arrow"]),
                ({"path": "t.csv", "partition_by": "a", "warehouse": "redshift"}, "a,b\n1,2\n", (), ["partition_by", "COPY"]),
                ([{"path": "o/t.csv", "warehouse": "athena"}, "o/u.csv"], "a,b\n1,2\n", (), ["folder of its own"])):
            with self.subTest(output=output):
                self.fresh()
                ran = self.run_output(output, text, steps, code=2, args=())
                self.says(ran.err, *words)
                self.assertNothingLeft()

    def test_an_empty_text_loads_as_null_and_is_noted(self):
        ran = self.run_output({"path": "t.csv", "warehouse": "redshift"}, "a,b\n1,x\n2,y\n", [{"set": {"c": "case when a = 1 then '' else 'z' end"}}])
        self.assertIn('"c" VARCHAR(1)\n', self.sql("t.redshift.sql"))
        self.says(str(ran.report) + ran.err, "1 empty texts of column c load as null")
        self.run_output({"path": "t.csv", "warehouse": "redshift", "missing_text": "\\N"}, "a,b\n1,x\n2,y\n",
                        [{"set": {"c": "case when a = 1 then '' else 'z' end"}}])
        self.assertIn('"c" VARCHAR(1) NOT NULL\n', self.sql("t.redshift.sql"))

    def test_an_empty_table_claims_nothing(self):
        self.run_output({"path": "t.csv", "warehouse": "redshift"}, steps=[{"rename": "warehouse"}, {"filter": "event_id > 9"}])
        self.assertNotIn("NOT NULL", self.sql("t.redshift.sql"))

    def test_without_a_record_there_are_the_columns_that_are_declared_or_no_statement(self):
        for text in ("", "\n\n"):
            self.write("in.txt", text)
            for output, types in (({"path": "d/", "format": "parquet", "partition_by": ["day"], "warehouse": "athena"}, {}),
                                  ({"path": "d/", "format": "csv", "warehouse": "redshift"}, {})):
                job = {"input": {"paths": "in.txt", "format": "json", "types": types}, "output": output}
                name = "d/_events.athena.sql" if output["warehouse"] == "athena" else "d/events.redshift.sql"
                ran = self.run_job(job, "--overwrite")
                self.assertEqual(statements(self.sql(name), output["warehouse"]), [])
                self.says(ran.err, "no column is known")
                job["input"]["types"] = {"a": "int64", "day": "date"}
                for ranks in (0, 2):
                    self.run_job(job, "--overwrite", ranks=ranks)
                    create = statements(self.sql(name), output["warehouse"])[0]
                    self.assertEqual(list(self.columns(create))[0], "a")

    def test_the_side_files_come_and_go_with_the_output(self):
        self.run_output({"path": "t.csv", "warehouse": "redshift"})
        ran = self.run_output({"path": "t.csv", "warehouse": "redshift"}, code=2, args=())
        self.says(ran.err, "exists already")
        (self.folder / "t.csv").unlink()
        ran = self.run_output({"path": "t.csv", "warehouse": "redshift"}, code=2, args=())
        self.says(ran.err, "t.redshift.sql")


if __name__ == "__main__":
    harness.main()
