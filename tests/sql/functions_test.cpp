// SPDX-License-Identifier: Apache-2.0
// Functions: every example is evaluated; tables of edges; caches.
#include <arrow/array.h>
#include <fmt/format.h>

#include <set>

#include "sql_testing.hpp"

namespace evclean {
namespace {

using testing::constant;
using testing::error_of;
using testing::evaluated;
using testing::four_rows;
using testing::Sample;

TEST(Functions, EveryExampleIsTrue) {
  std::set<std::string> names;
  for (const FunctionInfo& info : known_functions()) {
    EXPECT_EQ("bool: true", constant(info.example)) << info.example;
    EXPECT_FALSE(info.about.empty()) << info.signature;
    const std::string name = info.signature.substr(0, info.signature.find('('));
    EXPECT_EQ(0u, info.example.find(name + "(")) << info.example;
    EXPECT_TRUE(names.insert(name).second) << name << " is listed twice";
  }
  EXPECT_LT(50u, names.size());
}

TEST(Functions, Text) {
  for (const auto& [text, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"trim(both 'x' from 'xxaxx')", "string: a"},
           {"trim(leading from '  a ')", "string: a "},
           {"trim(trailing 'ä' from 'aää')", "string: a"},
           {"btrim('  a ')", "string: a"},
           {"substring('straße' from 5)", "string: ße"},
           {"substring('straße' from 2 for 3)", "string: tra"},
           {"substring('straße' for 3)", "string: str"},
           {"substring('straße', 5)", "string: ße"},
           {"substr('abc', 0, 2)", "string: a"},
           {"substr('abc', -5)", "string: abc"},
           {"substr('abc', -9223372036854775807)", "string: abc"},
           {"substr('abc', 9)", "string: "},
           {"substr('abc', 2, -1)", "string: null"},
           {"substring('id=42' from 'id=([0-9]+)')", "string: 42"},
           {"left('straße', 5)", "string: straß"},
           {"left('abc', -1)", "string: ab"},
           {"left('abc', -9)", "string: "},
           {"right('straße', 2)", "string: ße"},
           {"right('abc', -1)", "string: bc"},
           {"right('abc', 9)", "string: abc"},
           {"position('ß' in 'straße')", "int64: 5"},
           {"strpos('abc', 'x')", "int64: 0"},
           {"lpad('abc', 2)", "string: ab"},
           {"lpad('a', 5, 'xy')", "string: xyxya"},
           {"rpad('ß', 3, 'ä')", "string: ßää"},
           {"rpad('a', 1000000000)", "string: null"},
           {"split_part('a,b,c', ',', -1)", "string: c"},
           {"split_part('a,b,c', ',', 9)", "string: "},
           {"split_part('abc', '', 1)", "string: abc"},
           {"replace('aaa', 'a', '')", "string: "},
           {"replace('abc', '', 'x')", "string: abc"},
           {"reverse('straße')", "string: eßarts"},
           {"char_length('ß')", "int64: 1"},
           {"starts_with('abc', 'ab')", "bool: true"},
           {"upper(null)", "string: null"},
           {"length(12)", "int64: 2"}}) {
    EXPECT_EQ(expected, constant(text)) << text;
  }
}

TEST(Functions, Numbers) {
  for (const auto& [text, expected] :
       std::initializer_list<std::pair<const char*, const char*>>{{"round(2.5)", "float64: 3.0"},
                                                                  {"round(-2.5)", "float64: -3.0"},
                                                                  {"round(1.005, 2)", "float64: 1.01"},
                                                                  {"round(2.674999, 2)", "float64: 2.67"},
                                                                  {"round(-1.005, 2)", "float64: -1.01"},
                                                                  {"round(1234.5, -2)", "float64: 1200.0"},
                                                                  {"round(7)", "int64: 7"},
                                                                  {"round(1250, -2)", "int64: 1300"},
                                                                  {"round(-1250, -2)", "int64: -1300"},
                                                                  {"round(1249, -2)", "int64: 1200"},
                                                                  {"floor(-0.5)", "float64: -1.0"},
                                                                  {"ceil(3)", "int64: 3"},
                                                                  {"abs(-9223372036854775808)", "int64: null"},
                                                                  {"abs(-1.5)", "float64: 1.5"},
                                                                  {"sqrt(-1)", "float64: null"},
                                                                  {"ln(0)", "float64: null"},
                                                                  {"log(2, 8)", "float64: 3.0"},
                                                                  {"exp(1000)", "float64: null"},
                                                                  {"power(2, 0.5)", "float64: 1.4142135623730951"},
                                                                  {"sign(0)", "int64: 0"},
                                                                  {"mod(7.5, 2)", "float64: 1.5"},
                                                                  {"mod(7, 0)", "int64: null"},
                                                                  {"div(-7, 2)", "int64: -3"}}) {
    EXPECT_EQ(expected, constant(text)) << text;
  }
}

TEST(Functions, Times) {
  for (const auto& [text, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"to_timestamp(0.5)", "timestamp: 1970-01-01 00:00:00.5"},
           {"to_timestamp(-1)", "timestamp: 1969-12-31 23:59:59"},
           {"to_timestamp(1e300)", "timestamp: null"},
           {"to_timestamp(-62135596800)", "timestamp: 0001-01-01 00:00:00"},
           {"to_timestamp(-62135596801)", "timestamp: null"},
           {"to_timestamp(253402300799.5)", "timestamp: 9999-12-31 23:59:59.5"},
           {"to_timestamp(253402300800)", "timestamp: null"},
           {"to_timestamp(9223372036854775807)", "timestamp: null"},
           {"parse_time('2026', '%d/%m/%Y')", "timestamp: null"},
           {"parse_time('01/11/2026 07:00', '%d/%m/%Y %H:%M')", "timestamp: 2026-11-01 07:00:00"},
           {"extract(isodow from date '2026-11-01')", "int64: 7"},
           {"extract(week from date '2021-01-03')", "int64: 53"},
           {"extract(isoyear from date '2021-01-03')", "int64: 2020"},
           {"extract(century from date '2000-12-31')", "int64: 20"},
           {"extract(decade from date '1999-12-31')", "int64: 199"},
           {"extract(hour from date '1999-12-31')", "int64: 0"},
           {"extract('year' from date '1999-12-31')", "int64: 1999"},
           {"extract(quarter from timestamp '1999-12-31 00:00:00')", "int64: 4"},
           {"date_trunc('century', date '2000-12-31')", "timestamp: 1901-01-01 00:00:00"},
           {"date_trunc('day', timestamp '1969-12-31 23:59:59')", "timestamp: 1969-12-31 00:00:00"},
           {"date_trunc('month', date '2024-02-29')", "timestamp: 2024-02-01 00:00:00"}}) {
    EXPECT_EQ(expected, constant(text)) << text;
  }
  EXPECT_EQ("timestamp: null null null null", evaluated("parse_time('2026', concat(other, '%Q'))", four_rows()));
  EXPECT_NE(std::string::npos,
            error_of("parse_time(text, '%Q')").find("17: the time format '%Q' has the unknown directive %Q"));
  EXPECT_EQ(
      "8: extract does not know fortnight: use year, quarter, month, week, day, hour, minute, second, dow, doy or "
      "epoch",
      error_of("extract(fortnight from time)"));
}

TEST(Functions, RegularExpressions) {
  for (const auto& [text, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"regexp_replace('a1b2', '[0-9]', '<$0>')", "string: a<1>b2"},
           {"regexp_replace('a1b2', '[0-9]', '<\\&>', 'g')", "string: a<1>b<2>"},
           {"regexp_replace('john smith', '(\\w+) (\\w+)', '\\2 $1')", "string: smith john"},
           {"regexp_replace('aXbX', 'x', '', 'gi')", "string: ab"},
           {"regexp_replace('äöü', '', '-', 'g')", "string: -ä-ö-ü-"},
           {"regexp_replace('5', '5', '$$1')", "string: $1"},
           {"regexp_replace('abc', 'x', 'y')", "string: abc"},
           {"regexp_extract('k=v', '(\\w)=(\\w)', 2)", "string: v"},
           {"regexp_extract('k=v', '(x)?k', 1)", "string: null"},
           {"regexp_substr('abc', 'x')", "string: null"},
           {"regexp_match('abc', 'b')", "string: b"},
           {"regexp_count('äaä', 'ä')", "int64: 2"},
           {"regexp_like('ABC', 'b', 'i')", "bool: true"},
           {"regexp_matches('abc', '^b')", "bool: false"}}) {
    EXPECT_EQ(expected, constant(text)) << text;
  }
  EXPECT_EQ("26: the replacement names group 2, but the pattern has 0", error_of("regexp_replace(text, 'x', '$2')"));
  EXPECT_EQ("31: unknown flag x: g replaces all matches, i ignores case; others go into the pattern, as in (?s)",
            error_of("regexp_replace(text, 'x', 'y', 'x')"));
}

TEST(Functions, NullGivesNull) {
  EXPECT_EQ("string: null", constant("device_class(null)"));
  EXPECT_EQ("bool: null", constant("is_bot(null)"));
  EXPECT_EQ("string: null", constant("human_bytes(null)"));
  EXPECT_EQ("string: 1.5 KiB", constant("human_bytes(1535.6)"));
  EXPECT_EQ("string: null", constant("human_bytes(1e30)"));
  EXPECT_EQ("string: null", constant("http_status_text(null)"));
  EXPECT_EQ("int64: null", constant("hash(null)"));
  EXPECT_EQ("string: null", constant("mask_ip('nonsense')"));
  EXPECT_EQ("timestamp: null", constant("parse_time(null, '%Y')"));
}

TEST(Functions, HashIsOfTheCsvText) {
  EXPECT_EQ("bool: true true true true", evaluated("hash(m) = hash(cast(m as string))", four_rows()));
  EXPECT_EQ("bool: true true true true", evaluated("hash(1.0) = hash('1.0')", four_rows()));
}

TEST(Functions, CachedResultsAreThoseOfTheFunction) {
  // Few distinct values, then none alike, then few again: the cache gives up and comes back.
  Sample rows;
  testing::Cells cells;
  for (int i = 0; i < 60'000; ++i) {
    const int distinct = i < 20'000 || i > 50'000 ? i % 7 : i;
    cells.push_back(i % 11 == 0 ? std::nullopt : std::optional(fmt::format("/item/{}?x={}", distinct, distinct)));
  }
  rows.add("path", ValueType::kString, cells);
  EvalCounters counters;
  auto bound = Expression::parse("url_query(path, 'x')").bind(rows.fields);
  for (int round = 0; round < 2; ++round) {
    const auto array = bound.evaluate(rows.batch, counters);
    for (std::int64_t row = 0; row < array->length(); ++row) {
      const auto& cell = cells[static_cast<std::size_t>(row)];
      ASSERT_EQ(!cell, array->IsNull(row)) << row;
      if (cell) {
        ASSERT_EQ(cell->substr(cell->find('=') + 1), value_text(*array, row)) << row;
      }
    }
  }
}

}  // namespace
}  // namespace evclean
