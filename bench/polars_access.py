# SPDX-License-Identifier: Apache-2.0
"""bench/access.yml in Polars: the same filter, fields, flags and fill, to the same bytes of CSV in zstd.

usage: polars_access.py regex|split INPUT OUTPUT CLASSES     prints {"seconds", "threads", "peak_bytes"} as JSON
regex reads a line with one regex, as evclean's users would write it; split cuts at quotes and blanks, which is three
times as fast in Polars but holds only for data without escaped quotes and with one time zone, as the generator's is.
CLASSES: agent, tab, class for each agent of the generator. Polars is spared the regexes: it looks classes up.
"""

import json
import resource
import sys
import time

import polars as pl

LINE = (r'^(?<ip>[^ ]+) (?<ident>[^ ]+) (?<user>[^\[]+) \[(?<time>[^\]]+)\] '
        r'"(?<method>[A-Za-z][A-Za-z_-]*) (?<path>(?:[^ "\\]|\\[^ ])+) (?<protocol>[A-Z]+/\d+(?:\.\d+)?)" '
        r'(?<status>\d+) (?<bytes>\d+|-) "(?<referer>(?:[^"\\]|\\.)*)" "(?<user_agent>(?:[^"\\]|\\.)*)"$')
COLUMNS = ["ip", "ident", "user", "time", "method", "path", "protocol", "status", "bytes", "referer", "user_agent",
           "product", "query", "device", "is_error", "is_mobile"]


def read_lines(path: str) -> pl.LazyFrame:
    """Lines as they are; scan_lines refuses a file with one byte that is not UTF-8, so the CSV reader takes its place."""
    return pl.scan_csv(path, has_header=False, separator="\x01", quote_char=None, schema={"line": pl.String},
                       encoding="utf8-lossy")


def by_regex(path: str) -> pl.LazyFrame:
    fields = read_lines(path).select(pl.col("line").str.extract_groups(LINE)).unnest("line")
    wanted = fields.filter(pl.col("method").is_in(["GET", "POST"]), pl.col("status") != "304")
    return wanted.with_columns(pl.col("time").str.to_datetime("%d/%b/%Y:%H:%M:%S %z", time_unit="us"))


def by_split(path: str) -> pl.LazyFrame:
    def fields(column: str, by: str, names: list[str]) -> pl.Expr:
        return pl.col(column).str.split_exact(by, len(names) - 1).struct.rename_fields(names)

    quoted = read_lines(path).select(
        fields("line", '"', ["head", "request", "answer", "referer", "gap", "user_agent", "rest"])).unnest("line")
    parts = quoted.filter(pl.col("rest") == "").with_columns(
        fields("head", " ", ["ip", "ident", "user", "time", "zone"]),
        fields("request", " ", ["method", "path", "protocol"]),
        fields("answer", " ", ["_", "status", "bytes"])).unnest("head", "request", "answer")
    wanted = parts.with_columns(pl.col("status").cast(pl.Int64, strict=False)).filter(
        pl.col("method").is_in(["GET", "POST"]), pl.col("status") != 304)
    return wanted.with_columns(pl.col("time").str.to_datetime("[%d/%b/%Y:%H:%M:%S", time_unit="us"))


def clean(wanted: pl.LazyFrame, classes: dict[str, str]) -> pl.LazyFrame:
    def text(column: str) -> pl.Expr:
        return pl.when(pl.col(column) != "-").then(pl.col(column)).alias(column)

    device = pl.col("user_agent").replace_strict(classes, default=None, return_dtype=pl.String)
    parsed = wanted.with_columns(
        pl.col("status").cast(pl.Int64),
        pl.col("bytes").cast(pl.Int64, strict=False),
        text("ident"), text("user"), text("referer"), text("user_agent"),
        pl.col("path").str.extract(r"^/product/(\d+)").cast(pl.Int64).alias("product"),
        pl.col("path").str.extract(r"^/search\?q=([^&]*)").alias("query"),
        device.alias("device"),
    ).with_columns(
        (pl.col("status") >= 400).alias("is_error"),
        (pl.col("device") == "mobile").fill_null(False).alias("is_mobile"),
    )
    return parsed.select(COLUMNS).with_columns(pl.col(pl.String).fill_null("None"))


def main() -> None:
    method, input_path, output_path, classes_path = sys.argv[1:]
    with open(classes_path, encoding="utf-8") as lines:
        classes = dict(line.rstrip("\n").split("\t") for line in lines)
    begin = time.perf_counter()
    wanted = by_regex(input_path) if method == "regex" else by_split(input_path)
    rows = clean(wanted, classes)
    if output_path.endswith(".parquet"):
        rows.sink_parquet(output_path, compression="zstd", compression_level=3, engine="streaming")
    else:
        gzip = output_path.endswith(".gz")
        rows.sink_csv(output_path, compression="gzip" if gzip else "zstd", compression_level=6 if gzip else 3,
                      datetime_format="%Y-%m-%d %H:%M:%S", engine="streaming")
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "threads": pl.thread_pool_size(), "peak_bytes": peak}))


if __name__ == "__main__":
    main()
