// SPDX-License-Identifier: Apache-2.0
// Real CSV and JSON files of the shared data folder.
#include <gtest/gtest.h>

#include "structured_run.hpp"

namespace evclean::test {
namespace {

using Names = std::vector<std::string>;

Decoded csv(const std::string& name, std::size_t piece = 1 << 20) {
  std::string text = shared_text(name);
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);  // the source room takes the mark away
  return decode_text(*make_csv_decoder({}, false), text, piece);
}

Decoded json(const std::string& name, std::size_t piece = 1 << 20) {
  return decode_text(*make_json_decoder({}), shared_text(name), piece);
}

bool absent() { return shared_text("csv_spectrum/csvs/simple.csv").empty(); }

TEST(StructuredData, CsvSpectrumEqualsItsJson) {
  if (absent()) return;
  for (const char* name : {"comma_in_quotes", "empty_crlf", "json", "newlines", "simple", "simple_crlf"}) {
    const Decoded rows = csv(fmt::format("csv_spectrum/csvs/{}.csv", name));
    const Decoded expected = json(fmt::format("csv_spectrum/json/{}.json", name));
    ASSERT_EQ(rows.rows.size(), expected.rows.size()) << name;
    ASSERT_FALSE(rows.rows.empty());
    for (std::size_t row = 0; row < rows.rows.size(); ++row)
      for (const std::string& column : rows.names)
        EXPECT_EQ(rows.value(row, column), expected.value(row, column)) << name << " " << column;
  }
}

TEST(StructuredData, DuckDbDialects) {
  if (absent()) return;
  const std::string auto_dir = "duckdb_csv/csv/auto/";
  EXPECT_EQ(csv(auto_dir + "backslash_escape.csv").value(0, "text1"), "text\"2\"");
  EXPECT_EQ(csv(auto_dir + "single_quote_backslash.csv").value(0, "text1"), "text'2'text");
  EXPECT_EQ(csv(auto_dir + "tab_single_quote.csv").value(0, "text1"), "te\txt2");
  EXPECT_EQ(csv(auto_dir + "semicolon_escape.csv").value(1, "text1"), "te\"xt3");
  EXPECT_EQ(csv(auto_dir + "multi_column_string_r.csv").rows.size(), 8u);
  EXPECT_EQ(csv(auto_dir + "multi_column_string_mix_r_n.csv").rows.size(), 8u);
  EXPECT_EQ(csv(auto_dir + "skip_row.csv").names, (Names{"number", "text", "date"}));
  EXPECT_EQ(csv(auto_dir + "multiple_skip_row.csv").names, (Names{"number", "text", "date"}));
  EXPECT_EQ(csv(auto_dir + "duplicate_header_collision.csv").names, (Names{"a", "b", "a_2", "a_1"}));
  EXPECT_EQ(csv(auto_dir + "utf8bom.csv").names, (Names{"id", "name"}));
  EXPECT_EQ(csv("duckdb_csv/csv/comments/simple.csv").value(1, "b"), "7");
  EXPECT_EQ(csv("duckdb_csv/csv/comments/invalid_rows.csv").names, (Names{"a", "b"}));
}

TEST(StructuredData, DuckDbRejects) {
  if (absent()) return;
  const Decoded many = csv("duckdb_csv/csv/rejects/incorrect_columns/many_columns.csv");
  EXPECT_EQ(many.rows.size(), 2768u);
  EXPECT_EQ(many.rejects.size(), 4u);
  EXPECT_EQ(many.rejects[0].line, 1095);
  EXPECT_EQ(csv("duckdb_csv/csv/rejects/incorrect_columns/few_columns.csv").rejects.size(), 0u);
  const Decoded quotes = csv("duckdb_csv/csv/rejects/unquoted/basic.csv");
  EXPECT_EQ(quotes.rows.size(), 6u);
  EXPECT_EQ(quotes.rejects.at(0).text, "\"blaaaaaaaaaaaaaa\"bla,4");
}

TEST(StructuredData, OpenDataCsv) {
  if (absent()) return;
  const Decoded toilets = csv("qsv_dirty_csv/adur-public-toilets.csv");
  EXPECT_EQ(toilets.rows.size(), 15u);
  EXPECT_EQ(toilets.names.size(), 32u);
  const Decoded spending = csv("qsv_dirty_csv/spendover25kdownloadSep.csv");
  EXPECT_EQ(spending.value(0, " Amount in Sterling "), " 27,275.25 ");
  EXPECT_EQ(csv("qsv_dirty_csv/utf8-japanesedata.csv").rows.size(), 62u);
  const Decoded airports = csv("vega_flights/airports.csv");
  EXPECT_EQ(airports.rows.size(), 3376u);
  EXPECT_EQ(airports.value(0, "city"), "Bay Springs");
}

TEST(StructuredData, PiecesOfAnySizeGiveTheSameBirds) {
  if (absent()) return;
  const Decoded whole = csv("vega_birdstrikes/birdstrikes.csv");
  EXPECT_EQ(whole.rows.size(), 10'000u);
  EXPECT_EQ(whole.rejects.size(), 0u);
  for (std::size_t piece : {700u, 65'537u}) {
    const Decoded pieces = csv("vega_birdstrikes/birdstrikes.csv", piece);
    EXPECT_EQ(pieces.rows, whole.rows) << piece;
  }
}

TEST(StructuredData, AnArrayOfFlights) {
  if (absent()) return;
  const Decoded whole = json("vega_flights/flights-5k.json");
  EXPECT_EQ(whole.rows.size(), 5'000u);
  EXPECT_EQ(whole.names, (Names{"date", "delay", "distance", "origin", "destination"}));
  EXPECT_EQ(json("vega_flights/flights-5k.json", 5'001).rows, whole.rows);
}

TEST(StructuredData, JsonLogs) {
  if (absent()) return;
  const Decoded hub = json("lnav_samples/gharchive_log.jsonl");
  EXPECT_EQ(hub.rows.size(), 50u);
  EXPECT_EQ(hub.value(0, "actor.login"), "mujianwu");
  const Decoded ecs = json("lnav_samples/logfile_ecs_log.json");
  EXPECT_EQ(ecs.value(0, "log.origin.file.line"), "42");
  EXPECT_EQ(json("lnav_samples/logfile_json.json").value(3, "msg"), "D\bDetails...\n");
  for (const char* name : {"logfile_invalid_json.json", "logfile_json_invalid.json"}) {
    const Decoded bad = json(fmt::format("lnav_samples/{}", name));
    ASSERT_EQ(bad.rejects.size(), 1u) << name;
    EXPECT_NE(bad.rejects[0].reason.find("a string is not closed"), std::string::npos);
  }
  const Decoded cloudflare = json("lnav_samples/logfile_cloudflare.json");
  EXPECT_EQ(cloudflare.value(0, "FirewallMatchesActions"), "[]");
}

TEST(StructuredData, OneObjectAndItsLineFormAgree) {
  if (absent()) return;
  const Decoded array = json("qsv_dirty_csv/NYC311-5.json");
  const Decoded lines = json("qsv_dirty_csv/NYC311-5.jsonl");
  EXPECT_EQ(array.names, lines.names);
  EXPECT_EQ(array.rows, lines.rows);
}

TEST(StructuredData, LinesThatAreArraysAreRejects) {
  if (absent()) return;
  const Decoded phones = json("amazon_cellphones_ndjson/amazon_cellphones.ndjson");
  EXPECT_EQ(phones.rows.size(), 0u);
  EXPECT_EQ(phones.rejects.size(), 793u);
  EXPECT_EQ(phones.rejects[0].reason, "not a JSON object: an array (byte 1)");
}

}  // namespace
}  // namespace evclean::test
