# SPDX-License-Identifier: Apache-2.0
"""Random dirty CSV and JSON once more, as DuckDB reads them: missing values, quotes, ragged and broken records, where the two agree on
the dialect. The seed is printed; EVCLEAN_SEED repeats one."""

import json

import duckdb

import dirty_oracle_test
import harness
from dirty_oracle_test import NULL_WORDS, same

SQL_TYPES = {"int64": "BIGINT", "float64": "DOUBLE", "bool": "BOOLEAN", "string": "VARCHAR", "array": "JSON",
             "object": "STRUCT(a BIGINT, b STRUCT(c VARCHAR))"}


class DuckDb(dirty_oracle_test.Dirty):
    # The tests of the base run in a file of their own.
    locals().update({name: None for name in dir(dirty_oracle_test.Dirty) if name.startswith("test")})

    def rows_of(self, job):
        """Runs the job; the rows as lists in the order of the columns, and the report."""
        ran = self.run_job(job, "--overwrite", ranks=self.rng.choice([0, 2, 3, 4]))
        rows = [json.loads(line) for line in (self.folder / "out.jsonl").read_text().splitlines()]
        return rows, ran.report

    def test_csv(self):
        for number in range(8):
            rng = self.rng
            delimiter = rng.choice([",", ";", "\t", "|"])
            kinds = ["string"] + [rng.choice(["int64", "float64", "bool", "date", "timestamp", "string"]) for _ in range(rng.randrange(3, 7))]
            text, long_rows = self.csv_text(delimiter, kinds)
            # In a file of CR LF, DuckDB 2.0 gives up at a quoted LF.
            path = self.write("in.csv", text.replace("\r\n", "\n"))
            words = ", ".join("'" + word + "'" for word in NULL_WORDS)
            columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(kinds)))
            wanted = duckdb.sql(f"select * from read_csv('{path}', columns={{{columns}}}, auto_detect=false, header=true, delim='{delimiter}', "
                                f"quote='\"', escape='\"', comment='', nullstr=[{words}], allow_quoted_nulls=false, null_padding=true, ignore_errors=true, parallel=false)").fetchall()
            job = {"input": {"paths": "in.csv", "format": "csv", "rejects": {"max": "50%"}, "types": {f"c{i}": "string" for i in range(len(kinds))}},
                   "resources": {"chunk": rng.choice(["1KiB", "7KiB", "64MiB"])}, "output": "out.jsonl"}
            rows, report = self.rows_of(job)
            what = f"table {number}: EVCLEAN_SEED={self.seed}"
            self.assertEqual(report["ledger"]["rejected"], long_rows, what)
            self.assertEqual([tuple(row.values()) for row in rows], [tuple(row) for row in wanted], what)

    def test_json(self):
        for number in range(8):
            rng = self.rng
            kinds = {f"k{i}": rng.choice(list(SQL_TYPES)) for i in range(rng.randrange(2, 7))}
            lines, broken = [], 0
            for _ in range(rng.randrange(20, 200)):
                record = {k: self.json_value(kind) for k, kind in kinds.items() if rng.random() < 0.85}
                record = dict(rng.sample(list(record.items()), len(record)))
                if rng.random() < 0.04:
                    lines.append(json.dumps(record)[:-1] + ", broken")
                    broken += 1
                lines.append(json.dumps(record, ensure_ascii=rng.random() < 0.5))
            path = self.write("in.json", "\n".join(lines) + "\n")
            columns = ", ".join(f"'{name}': '{SQL_TYPES[kind]}'" for name, kind in kinds.items())
            wanted = duckdb.sql(f"select * from read_json('{path}', format='newline_delimited', ignore_errors=true, columns={{{columns}}})").fetchall()
            job = {"input": {"paths": "in.json", "format": "json", "rejects": {"max": "50%"}},
                   "resources": {"chunk": rng.choice(["2KiB", "64MiB"])}, "output": "out.jsonl"}
            rows, report = self.rows_of(job)
            what = f"table {number}: EVCLEAN_SEED={self.seed}"
            self.assertEqual(report["ledger"]["rejected"], broken, what)
            # A line that DuckDB cannot read is a row of nulls; an empty object is one here as well.
            some = [row for row in wanted if any(value is not None for value in row)]
            mine = [row for row in rows if any(value is not None for value in row.values())]
            self.assertEqual(len(mine), len(some), what)
            for at, (row, peer) in enumerate(zip(mine, some)):
                for (name, kind), value in zip(kinds.items(), peer):
                    self.assert_value(row, name, kind, value, f"{what}, row {at}, {name}")

    def assert_value(self, row, name, kind, value, what):
        if kind == "object":
            self.assertEqual(row.get(f"{name}.a"), value and value["a"], what)
            self.assertEqual(row.get(f"{name}.b.c"), value and value["b"]["c"], what)
        elif kind == "array":
            self.assertEqual(row.get(name) and json.loads(row[name]), value and json.loads(value), what)
        else:
            self.assertTrue(same(row.get(name), value), f"{what}: evclean {row.get(name)!r}, DuckDB {value!r}")


if __name__ == "__main__":
    harness.main()
