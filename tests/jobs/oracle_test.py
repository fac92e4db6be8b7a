# SPDX-License-Identifier: Apache-2.0
"""Jobs on the real files of ../shared/data compared with an independent cleaning in Python and pandas: every value, type,
row order and the ledger, read back from each output by the programs people use."""

import csv
import datetime
import io
import json
import math
import re
import subprocess
import sys

import duckdb
import h5py
import pandas
import polars
import pyarrow.parquet

import harness

UTC = datetime.timezone.utc
APACHE = "elastic_apache_logs/apache_logs"
SHOP = "lnav_samples/logfile_shop_access_log.0"
REQUEST = re.compile(r"^([A-Z]+) (\S+) (HTTP/\S+)$")
ACCESS = re.compile(r'^(\S+) (\S+) (\S+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"(.*)$')


def dash(text):
    return None if text in ("", "-") else text.replace('\\"', '"')


def access_rows(path):
    """The rows of a combined log, by hand; lines that are none are left out and counted."""
    rows, rejected, extras = [], 0, 0
    for line in path.read_text(errors="surrogateescape").splitlines():
        match = ACCESS.match(line)
        if not match:
            rejected += 1
            continue
        ip, ident, user, time, request, status, size, referer, agent, extra = match.groups()
        method, where, protocol = REQUEST.match(request).groups() if REQUEST.match(request) else (None, dash(request), None)
        extras += bool(extra)
        rows.append({"ip": ip, "ident": dash(ident), "user": dash(user),
                     "time": datetime.datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC), "method": method, "path": where,
                     "protocol": protocol, "status": int(status), "bytes": None if size == "-" else int(size), "referer": dash(referer),
                     "user_agent": dash(agent), "extra": extra.strip() or None})
    return rows, rejected, extras


def plain(value):
    """A value of any reader as Python's own: missing is None, times are aware."""
    if value is None or value is pandas.NaT or value is pandas.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, pandas.Timestamp):
        value = value.to_pydatetime()
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value.item() if hasattr(value, "item") else value


def plain_rows(columns):
    """Rows (lists) of a dict of columns."""
    return [[plain(v) for v in row] for row in zip(*columns.values())]


def csv_cell(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S") + (f".{value.microsecond:06}".rstrip("0") if value.microsecond else "")
    return str(value)


class Oracle(harness.Case):
    def same_rows(self, got, expected, what):
        self.assertEqual(len(got), len(expected), what)
        for number, (left, right) in enumerate(zip(got, expected)):
            if left != right:
                self.fail(f"{what}, row {number}:\n  got      {left}\n  expected {right}")

    def same_csv(self, text, rows, names):
        got = list(csv.reader(io.StringIO(text, newline="")))
        self.assertEqual(got[0], names)
        self.same_rows(got[1:], [[csv_cell(v) for v in row] for row in rows], "CSV")

    def all_readers(self, names, rows, base="o"):
        """What each reader makes of the outputs is `rows`."""
        at = lambda end: str(self.folder / (base + end))
        frame = pyarrow.parquet.read_table(at(".parquet"))
        self.assertEqual(frame.column_names, names)
        self.same_rows(plain_rows(frame.to_pydict()), rows, "pyarrow")
        duck = duckdb.sql(f"set timezone='UTC'; select * from '{at('.parquet')}'").to_arrow_table()
        self.same_rows(plain_rows(duck.to_pydict()), rows, "DuckDB")
        self.same_rows([[plain(v) for v in row] for row in polars.read_parquet(at(".parquet")).iter_rows()], rows, "Polars")
        table = pandas.read_parquet(at(".parquet"), dtype_backend="pyarrow")
        self.same_rows([[plain(v) for v in row] for row in table.itertuples(index=False, name=None)], rows, "pandas")
        self.same_csv((self.folder / f"{base}.csv").read_bytes().decode(), rows, names)
        packed = subprocess.run(["zstd", "-qdc", at(".csv.zst")], capture_output=True, check=True).stdout
        self.assertEqual(packed, (self.folder / f"{base}.csv").read_bytes())
        duck = duckdb.sql(f"select * from read_csv('{at('.csv')}', all_varchar=true, header=true)").fetchall()
        self.same_rows([list(row) for row in duck], [[csv_cell(v) or None for v in row] for row in rows], "DuckDB's CSV")
        self.same_hdf5(at(".h5"), names, rows)

    def same_hdf5(self, path, names, rows):
        table = pandas.read_hdf(path)
        self.assertEqual(list(table.columns), names)
        for place, name in enumerate(names):
            got = [plain(v) for v in table[name].tolist()]
            expected = [row[place] for row in rows]
            if any(isinstance(v, datetime.date) and not isinstance(v, datetime.datetime) for v in expected):
                got = [None if v is None else v.date() if isinstance(v, datetime.datetime) else datetime.date.fromisoformat(v) for v in got]
            if any(isinstance(v, str) for v in expected):
                got = [v or None for v in got]
            if any(isinstance(v, bool) for v in expected):
                got = [None if v is None else bool(v) for v in got]
            self.assertEqual(got, expected, f"read_hdf, column {name}")
        with h5py.File(path) as file:
            self.assertEqual(len(file["events/table"]), len(rows))

    def run_to_all(self, job, ranks=2):
        job = dict(job, output=[{"path": f"o.{end}"} for end in ("csv", "csv.zst", "parquet", "h5", "jsonl")])
        return self.run_job(job, "--overwrite", ranks=ranks)

    def types(self, ran):
        return {c["name"]: c["type"] for c in ran.report["columns"]}

    def test_access_log(self):
        rows, rejected, _ = access_rows(harness.SHARED / APACHE)
        expected = []
        for number, row in enumerate(rows):
            if row["method"] not in ("GET", "POST") or row["status"] == 304:
                continue
            match = re.search(r"^/(?P<section>[^/?]+)/", row["path"]) or re.search(r"[?&]flav=(?P<flavour>\w+)", row["path"])
            found = match.groupdict() if match else {}
            new = {k: v for k, v in row.items() if k not in ("ident", "extra")}
            new["section"], new["flavour"] = found.get("section") or "None", found.get("flavour") or "None"
            new["day"] = row["time"].date()
            new["kib"] = None if row["bytes"] is None else row["bytes"] / 1024
            new["is_error"] = row["status"] >= 400
            new["is_big"] = (row["bytes"] or 0) > 100000
            new["host"] = "None"
            if row["referer"] and "\\x" not in row["referer"]:
                host = re.match(r"^https?://(?:[^/@]*@)?([^/:?#]+)", row["referer"], re.I)
                new["host"] = host.group(1).lower() if host else "None"
            for name in ("user", "referer", "user_agent"):
                new[name] = new[name] or "None"
            expected.append(new)
        job = {"input": {"paths": str(harness.SHARED / APACHE), "format": "combined"}, "steps": [
            {"filter": "method in ('GET','POST') and status <> 304"},
            {"parse": {"column": "path", "patterns": [r"^/(?<section>[^/?]+)/", r"[?&]flav=(?<flavour>\w+)"]}},
            {"set": {"day": "cast(time as date)", "kib": "bytes / 1024"}},
            {"flag": {"is_error": "status >= 400", "is_big": "bytes > 100000"}},
            {"set": {"host": r"case when strpos(referer, '\x') = 0 then url_host(referer) end"}}, {"drop": "ident"}, {"fill": "None"}]}
        for ranks in (1, 3):
            ran = self.run_to_all(job, ranks)
            names = list(expected[0])
            self.all_readers(names, [list(row.values()) for row in expected])
            self.assertEqual(ran.report["ledger"], {"lines": len(rows) + rejected, "kept": len(expected), "blank": 0,
                                                    "filtered": len(rows) - len(expected), "rejected": rejected})
            self.assertEqual(self.types(ran), dict({name: "string" for name in names}, time="timestamp", status="int64", bytes="int64",
                                                   day="date", kib="float64", is_error="bool", is_big="bool"))

    def test_shop_log_with_offsets_and_a_trailing_field(self):
        rows, rejected, _ = access_rows(harness.SHARED / SHOP)
        ran = self.run_to_all({"input": {"paths": str(harness.SHARED / SHOP), "format": "combined"},
                               "steps": [{"drop": ["ident", "ext*"]}] if any(r["extra"] for r in rows) else [{"drop": "ident"}]})
        names = [n for n in rows[0] if n not in ("ident", "extra")]
        self.all_readers(names, [[row[name] for name in names] for row in rows])
        self.assertEqual(ran.report["ledger"]["rejected"], rejected)
        self.assertEqual(ran.report["ledger"]["kept"], len(rows))

    def test_github_events(self):
        path = harness.SHARED / "lnav_samples/gharchive_log.jsonl"
        expected, names = [], []

        def flat(value, prefix, row):
            for key, inner in value.items():
                if isinstance(inner, dict):
                    flat(inner, f"{prefix}{key}.", row)
                else:
                    row[prefix + key] = json.dumps(inner, separators=(",", ":"), ensure_ascii=False) if isinstance(inner, list) else inner

        for line in path.read_text().splitlines():
            row = {}
            flat(json.loads(line), "", row)
            expected.append(row)
            names.extend(name for name in row if name not in names)
        ran = self.run_job({"input": {"paths": str(path), "format": "json"}, "output": ["o.jsonl", "o.parquet"]}, ranks=3)
        self.assertEqual([c["name"] for c in ran.report["columns"]], names)
        types = self.types(ran)
        got = [json.loads(line) for line in (self.folder / "o.jsonl").read_text().splitlines()]
        self.assertEqual(len(got), len(expected))
        for number, (left, right) in enumerate(zip(got, expected)):
            for name in names:
                value = right.get(name)
                if isinstance(value, str) and not value.strip():
                    value = None
                if types[name] == "float64" and value is not None:
                    value = float(value)
                if types[name] == "string" and value is not None and not isinstance(value, str):
                    value = json.dumps(value)
                if types[name] == "string" and isinstance(value, str) and value[:1] == "[":
                    self.assertEqual(json.loads(left[name]), json.loads(value), f"row {number}, {name}")
                    continue
                self.assertEqual(left[name], value, f"row {number}, {name}")
        self.assertEqual((types["created_at"], types["actor.id"], types["public"], types["id"]), ("timestamp", "int64", "bool", "string"))
        self.assertEqual(duckdb.sql(f"select count(*) from '{self.folder}/o.parquet'").fetchall(), [(len(expected),)])

    def test_birdstrikes(self):
        path = harness.SHARED / "vega_birdstrikes/birdstrikes.csv"
        frame = pandas.read_csv(path)
        ran = self.run_to_all({"input": {"paths": str(path), "format": "csv"}})
        names, types = list(frame.columns), self.types(ran)
        kinds = {name: "int64" if frame[name].dropna().apply(lambda v: isinstance(v, (int, float)) and float(v).is_integer()).all() else "string"
                 for name in names}
        kinds["Flight Date"] = "date"
        self.assertEqual(types, kinds)
        rows = []
        for row in frame.itertuples(index=False, name=None):
            values = [plain(v) for v in row]
            rows.append([datetime.date.fromisoformat(v) if kinds[n] == "date" else int(v) if kinds[n] == "int64" and v is not None else v
                         for n, v in zip(names, values)])
        self.all_readers(names, rows)
        self.assertEqual({c["name"]: c["missing"] for c in ran.report["columns"]}, frame.isna().sum().to_dict())

    def test_flights_in_one_array(self):
        path = harness.SHARED / "vega_flights/flights-5k.json"
        expected = [dict(row, date=datetime.datetime.strptime(row["date"], "%Y/%m/%d %H:%M").replace(tzinfo=UTC)) for row in json.loads(path.read_text())]
        ran = self.run_to_all({"input": {"paths": str(path), "format": "json"}}, ranks=3)
        self.all_readers(list(expected[0]), [list(row.values()) for row in expected])
        self.assertEqual(self.types(ran), {"date": "timestamp", "delay": "int64", "distance": "int64", "origin": "string", "destination": "string"})

    def test_airports(self):
        path = harness.SHARED / "vega_flights/airports.csv"
        frame = pandas.read_csv(path)
        self.run_to_all({"input": {"paths": str(path), "format": "csv"}})
        self.all_readers(list(frame.columns), [[plain(v) for v in row] for row in frame.itertuples(index=False, name=None)])

    def test_dirty_csv(self):
        for name in ("spendover25kdownloadSep.csv", "utf8-japanesedata.csv", "adur-public-toilets.csv"):
            with self.subTest(file=name):
                path = harness.SHARED / "qsv_dirty_csv" / name
                frame = pandas.read_csv(path, dtype=str, keep_default_na=True, encoding="utf-8-sig", index_col=False)
                types = {column: "string" for column in frame.columns}
                ran = self.run_job({"input": {"paths": str(path), "format": "csv", "types": types}, "output": ["o.csv", "o.parquet"]},
                                   "--overwrite", ranks=3)
                rows = [[plain(v) if not (isinstance(v, str) and not v.strip()) else None for v in row] for row in frame.itertuples(index=False, name=None)]
                rows = [row for row in rows if any(v is not None for v in row)]
                table = pyarrow.parquet.read_table(self.folder / "o.parquet")
                self.assertEqual(table.column_names, list(frame.columns))
                got = [row for row in plain_rows(table.to_pydict()) if any(v is not None for v in row)]
                self.same_rows(got, rows, name)
                self.assertEqual(ran.report["ledger"]["rejected"], 0)


if __name__ == "__main__":
    if not harness.SHARED.is_dir():
        print("shared data not present")
        sys.exit(0)
    harness.main()
