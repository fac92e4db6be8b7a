// SPDX-License-Identifier: Apache-2.0
// Casts, implicit conversion, and what is said when types do not fit.
#include "sql_testing.hpp"

namespace evclean {
namespace {

using testing::constant;
using testing::error_of;
using testing::evaluated;
using testing::four_rows;
using testing::Sample;

TEST(Types, TextComparedWithANumberNamesAValueAndTheCures) {
  EXPECT_EQ(
      "0: cannot compare the string column text (for example 'abc' at f.log:17) with the number 400; write "
      "cast(text as int64), or say text: int64 under types:, or add its word for missing under nulls:",
      error_of("text >= 400"));
  EXPECT_EQ(
      "0: cannot compare the string column text (for example 'abc' at f.log:17) with the int64 column n; write "
      "cast(text as int64), or say text: int64 under types:, or add its word for missing under nulls:",
      error_of("text = n"));
  EXPECT_EQ("4: cannot compare the int64 column n with the text 'abc', which does not read as int64",
            error_of("n = 'abc'"));
  EXPECT_EQ("6: cannot compare the date column day with the text 'soon', which does not read as date",
            error_of("day > 'soon'"));
}

TEST(Types, MistakesAreToldWithTheirPlace) {
  EXPECT_EQ("10: and wants something true or false, not the int64 column n", error_of("n > n and n"));
  EXPECT_EQ(
      "4: + wants numbers, not the string column text (for example 'abc' at f.log:17); write cast(text as float64), or "
      "say text: float64 under types:, or add its word for missing under nulls:",
      error_of("n + text"));
  EXPECT_EQ("5: a time takes an interval: time + interval '1 day'; a date also a number of days", error_of("time + 1"));
  EXPECT_EQ("5: '2024-13-01' does not read as date; parse_time('…', '%d/%m/%Y') reads other forms",
            error_of("date '2024-13-01'"));
  EXPECT_EQ(
      "9: 'one day' is not an interval: a number is missing; write for example interval '1 day' or interval '2 hours "
      "30 minutes'",
      error_of("interval 'one day'"));
  EXPECT_EQ("0: an interval is no value of a column: it is added to a date or timestamp", error_of("interval '1 day'"));
  EXPECT_EQ("18: cannot mix the int64 column n with the text 'none', which does not read as int64",
            error_of("coalesce(/* */ n, 'none')"));
  EXPECT_EQ(
      "5: abs wants a number here, not the string column text (for example 'abc' at f.log:17); write cast(text as "
      "float64), or say text: float64 under types:, or add its word for missing under nulls:",
      error_of(" abs(text)"));
  EXPECT_EQ("0: left does not take 1 argument: left(text, n) -> string", error_of("left(text)"));
  EXPECT_EQ("5: || joins texts; true and false are joined with 'or'", error_of("flag || flag"));
  EXPECT_EQ("7: a regular expression must be a constant text here, so that it is compiled once",
            error_of("text ~ other"));
  EXPECT_NE(std::string::npos, error_of("text ~ '(a'").find("7: ")) << error_of("text ~ '(a'");
  EXPECT_EQ("6: a type takes no length or precision here: write varchar", error_of("text::varchar(10)"));
}

TEST(Types, CastsReadTextAsPeopleWriteIt) {
  EXPECT_EQ("int64: 7", constant("cast(' +007 ' as int64)"));
  EXPECT_EQ("int64: -7", constant("'-7'::bigint"));
  EXPECT_EQ("float64: 0.5", constant("'.5'::double precision"));
  EXPECT_EQ("bool: true", constant("'Yes'::bool"));
  EXPECT_EQ("date: 2024-02-29", constant("'2024-02-29 10:00:00'::date"));
  EXPECT_EQ("timestamp: 2024-02-29 00:00:00", constant("'2024-02-29'::timestamp"));
  EXPECT_EQ("timestamp: 2024-02-29 00:00:00", constant("cast(date '2024-02-29' as timestamp)"));
  EXPECT_EQ("string: 2024-02-29", constant("cast(date '2024-02-29' as text)"));
  EXPECT_EQ("string: 1.0", constant("1.0::string"));
  EXPECT_EQ("int64: 2", constant("2.5::int"));
  EXPECT_EQ("int64: 1", constant("true::integer"));
  EXPECT_EQ("bool: false", constant("0::boolean"));
}

TEST(Types, DatesInTextAreReadWhereTheirOrderIsCertain) {
  EXPECT_EQ("date: 2026-11-01", constant("'2026/11/01'::date"));
  EXPECT_EQ("timestamp: 2026-11-01 05:52:16", constant("'01/Nov/2026:06:52:16 +0100'::timestamp"));
  EXPECT_EQ("0: '01/02/2026' does not read as date; parse_time('…', '%d/%m/%Y') reads other forms",
            error_of("'01/02/2026'::date"));
}

TEST(Types, CastsOfDataThatDoesNotReadGiveNull) {
  Sample rows;
  rows.add("t", ValueType::kString, {"12", "1.5", "x", "", std::nullopt, "99999999999999999999", "2024-02-30", "inf"});
  EXPECT_EQ("int64: 12 null null null null null null null", evaluated("t::int64", rows));
  EXPECT_EQ("float64: 12.0 1.5 null null null 1e+20 null null", evaluated("t::float64", rows));
  EXPECT_EQ("date: null null null null null null null null", evaluated("t::date", rows));
  EXPECT_EQ("timestamp: null null null null null null null null", evaluated("t::timestamp", rows));
}

TEST(Types, ImpossibleCastsAreRefused) {
  EXPECT_EQ("12: cannot cast the date column day to int64: extract(epoch from x) gives seconds",
            error_of("cast(day as int64)"));
  EXPECT_EQ("3: cannot cast the int64 column n to timestamp: to_timestamp(seconds) makes a time",
            error_of("n::timestamp"));
  EXPECT_EQ("3: numeric is not available: use float64 or int64", error_of("n::numeric(3,1)"));
}

TEST(Types, NullTakesTheTypeOfItsCompany) {
  const Sample rows = four_rows();
  EXPECT_EQ("int64: null null null null", evaluated("case when true then null else n end", rows));
  EXPECT_EQ("string: null null null null", evaluated("null", rows));
  EXPECT_EQ("date: null null null null", evaluated("null::date", rows));
  EXPECT_EQ("float64: 1.5 -2.0 1.0 1000000.25", evaluated("coalesce(null, f, 1)", rows));
}

}  // namespace
}  // namespace evclean
