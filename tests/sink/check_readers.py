# SPDX-License-Identifier: Apache-2.0
"""Opens what the sinks wrote with the programs people use and compares every value with the sample table.

usage: check_readers.py COMMAND...   (COMMAND FOLDER writes the files, see write_samples.cpp)
"""
import csv
import datetime as dt
import gzip
import io
import json
import math
import subprocess
import sys
import tempfile

MASK = (1 << 64) - 1
TEXTS = ["plain", "a,b", 'say "hi"', "two\nlines", "cr\rlf\r\n", " edge", "edge\t", "", "none", "h\u00e9llo w\u00f6rld",
         "a longer text that fills more than one vector of thirty-two bytes, with a comma", "back\\slash", "tab\there",
         "\x01\x1f"]
NAMES = ["text", 'odd, "name"', "count", "ratio", "flag", "day", "time"]
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
CASES = {"many": 23108, "none": 0, "one": 1}
SPLIT_ROWS = 907


def mix64(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def rest(a, b):  # C's remainder: towards zero
    return int(math.fmod(a, b)) if abs(a) < 2**52 else a - b * (abs(a) // b) * (1 if a >= 0 else -1)


def count(row):
    n = mix64(row + 5)
    return (n - (1 << 64) if n >> 63 else n) >> (row % 60)


def time_us(row):
    whole = (row - 500) * 86_399_123_457
    return whole + (0 if row % 2 == 0 else 250_000) - rest(whole, 1_000_000)


def sample(row):
    values = [TEXTS[mix64(row) % len(TEXTS)], "word-%d" % (row % 97), count(row), count(row) / 1024.0, row % 3 == 0,
              dt.date(1970, 1, 1) + dt.timedelta(days=row % 40000 - 10000), EPOCH + dt.timedelta(microseconds=time_us(row))]
    return [None if mix64(row * 16 + c) % 7 == 0 else v for c, v in enumerate(values)]


TABLE = [sample(row) for row in range(max(CASES.values()))]


def time_text(value, separator, end):
    text = value.strftime("%Y-%m-%d" + separator + "%H:%M:%S")
    if value.microsecond:
        text += (".%06d" % value.microsecond).rstrip("0")
    return text + end


def same(got, expected, what):
    assert len(got) == len(expected), f"{what}: {len(got)} rows, expected {len(expected)}"
    for i, (a, b) in enumerate(zip(got, expected)):
        assert list(a) == list(b), f"{what}: row {i}\n  got      {list(a)}\n  expected {list(b)}"


def csv_text(value):
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return time_text(value, " ", "")
    return str(value)


def plain(text):
    """Floats as numbers: their text is checked by reading it back."""
    return [[float(v) if c == 3 and v != "" else v for c, v in enumerate(row)] for row in text]


def check_csv(path, opener, delimiter, expected):
    with opener(path) as raw:
        rows = list(csv.reader(io.TextIOWrapper(raw, "utf-8", newline=""), delimiter=delimiter, strict=True))
    same(rows[:1], [NAMES], path)
    same(plain(rows[1:]), plain([[csv_text(v) for v in row] for row in expected]), path)


def check_jsonl(path, opener, expected):
    with opener(path) as raw:
        rows = [json.loads(line) for line in raw.read().decode().splitlines()]
    def shown(v):
        return time_text(v, "T", "Z") if isinstance(v, dt.datetime) else v.isoformat() if isinstance(v, dt.date) else v
    assert all(list(row) == NAMES for row in rows)
    same([row.values() for row in rows], [[shown(v) for v in row] for row in expected], path)


def check_parquet(path, expected):
    import duckdb, pandas, polars, pyarrow as pa, pyarrow.parquet as pq
    table = pq.read_table(path)
    types = [pa.string(), pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32(), pa.timestamp("us", tz="UTC")]
    assert table.schema.types == types, table.schema
    same(list(zip(*table.to_pydict().values())) or [], expected, path + " (pyarrow)")
    same(polars.read_parquet(path).rows(), expected, path + " (polars)")
    duck = duckdb.connect().read_parquet(path).to_arrow_table().cast(table.schema)
    same(list(zip(*duck.to_pydict().values())) or [], expected, path + " (duckdb)")
    frame = pandas.read_parquet(path, dtype_backend="pyarrow")
    assert list(frame.columns) == NAMES and len(frame) == len(expected)
    assert str(frame["count"].dtype) == "int64[pyarrow]", frame.dtypes
    assert pq.ParquetFile(path).metadata.num_rows == len(expected)


def check_arrow(path, expected):
    import pandas, polars, pyarrow as pa
    with pa.ipc.open_file(path) as file:
        table = file.read_all()
        assert sum(file.get_batch(i).num_rows for i in range(file.num_record_batches)) == len(expected)
    table.validate(full=True)
    same(list(zip(*table.to_pydict().values())) or [], expected, path + " (pyarrow)")
    same(polars.read_ipc(path).rows(), expected, path + " (polars)")
    with open(path, "rb") as file:
        same(list(zip(*pa.ipc.open_stream(pa.py_buffer(file.read()[8:])).read_all().to_pydict().values())) or [], expected, path + " (stream)")
    assert len(pandas.read_feather(path)) == len(expected)


def check_hdf5(path, expected):
    """pandas' layout has no missing integers or booleans: those columns are float64, or text when float64 is too small."""
    import h5py, pandas
    frame = pandas.read_hdf(path)
    assert list(frame.columns) == NAMES, frame.columns
    columns = list(zip(*expected)) if expected else [()] * len(NAMES)
    big = any(v is not None and abs(v) > 2**53 for v in columns[2])
    for name, values in zip(NAMES, columns):
        missing = any(v is None for v in values)
        kind = str(frame[name].dtype)
        got = [None if pandas.isna(v) else v for v in frame[name]]
        if name in ("day", "time"):
            assert kind == "datetime64[ns]", (path, name, kind)
            got = [v if v is None else v.to_pydatetime() for v in got]
            values = [v if v is None else dt.datetime(v.year, v.month, v.day) if name == "day" else v.replace(tzinfo=None) for v in values]
        elif name == "count" and missing and big:
            got = [v if v is None else int(v) for v in got]
        elif name in ("count", "flag"):
            plain_kind = "int64" if name == "count" else "bool"
            assert kind == ("float64" if missing else plain_kind), (path, name, kind)
        assert list(got) == list(values), (path, name, [x for x in zip(got, values) if x[0] != x[1]][:3])
    with h5py.File(path) as file:
        table = file["events/table"]
        assert table.shape == (len(expected),) and table.attrs["NROWS"] == len(expected)
        assert list(table["index"]) == list(range(len(expected)))
    if len(expected) > 1000:
        part = pandas.read_hdf(path, where="index>=1000", stop=1010)
        assert list(part.index) == list(range(1000, 1010))


def zstd_open(path):
    return io.BytesIO(subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout)


def check_with_frames(folder):
    """DuckDB, Polars and Arrow read several frames or members as one file."""
    import duckdb, pandas, polars, pyarrow.csv as arrow_csv
    for extension in (".csv", ".csv.gz", ".csv.zst"):
        path = f"{folder}/many{extension}"
        rows = CASES["many"]
        assert duckdb.execute("select count(*) from read_csv(?, all_varchar=true)", [path]).fetchone()[0] == rows, path
        assert polars.read_csv(path, infer_schema=False).height == rows, path
        options = arrow_csv.ParseOptions(newlines_in_values=True)
        assert arrow_csv.read_csv(path, parse_options=options).num_rows == rows, path
        if not path.endswith(".zst"):  # pandas needs another package for zstd
            frame = pandas.read_csv(path)
            assert len(frame) == rows and str(frame["count"].dtype) == "float64"


def check_all(folder):
    openers = {"": lambda p: open(p, "rb"), ".gz": gzip.open, ".zst": zstd_open}
    files = [(stem, TABLE[:rows]) for stem, rows in CASES.items()]
    begin = 0
    for i in range(3):
        end = begin + SPLIT_ROWS // 3 + (1 if i < SPLIT_ROWS % 3 else 0)
        files.append((f"split-{i:05d}-of-00003", TABLE[begin:end]))
        begin = end
    for stem, expected in files:
        for codec, opener in openers.items():
            check_csv(f"{folder}/{stem}.csv{codec}", opener, ",", expected)
            check_jsonl(f"{folder}/{stem}.jsonl{codec}", opener, expected)
        check_csv(f"{folder}/{stem}.tsv", openers[""], "\t", expected)
        check_parquet(f"{folder}/{stem}.parquet", expected)
        check_arrow(f"{folder}/{stem}.arrow", expected)
        check_hdf5(f"{folder}/{stem}.h5", expected)
    check_with_frames(folder)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(sys.argv[1:] + [folder], check=True)
        check_all(folder)
    print("all readers agree")
