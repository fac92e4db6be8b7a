// SPDX-License-Identifier: Apache-2.0
// What expressions give: values, nulls, counters.
#include <algorithm>
#include <random>

#include "sql_testing.hpp"

namespace evclean {
namespace {

using testing::constant;
using testing::evaluated;
using testing::four_rows;
using testing::Sample;

struct Case {
  const char* expression;
  const char* expected;
};

void expect_over_four_rows(std::initializer_list<Case> cases) {
  const Sample rows = four_rows();
  for (const Case& c : cases) EXPECT_EQ(c.expected, evaluated(c.expression, rows)) << c.expression;
}

TEST(Evaluate, Literals) {
  for (const auto& [text, expected] :
       std::initializer_list<Case>{{"1", "int64: 1"},
                                   {"-7", "int64: -7"},
                                   {"- -7", "int64: 7"},
                                   {"-(5)", "int64: -5"},
                                   {"9999999999", "int64: 9999999999"},
                                   {"-9223372036854775808", "int64: -9223372036854775808"},
                                   {"9223372036854775807", "int64: 9223372036854775807"},
                                   {"1.50", "float64: 1.5"},
                                   {"1e3", "float64: 1000.0"},
                                   {"'it''s'", "string: it's"},
                                   {"E'a\\tb'", "string: a\tb"},
                                   {"'%`x`'", "string: %`x`"},
                                   {"true", "bool: true"},
                                   {"null", "string: null"},
                                   {"date '2024-02-29'", "date: 2024-02-29"},
                                   {"timestamp '2024-02-29 01:02:03'", "timestamp: 2024-02-29 01:02:03"},
                                   {"timestamp '2024-02-29T01:02:03+02:00'", "timestamp: 2024-02-28 23:02:03"},
                                   {"1 -- a comment", "int64: 1"},
                                   {"/* a */ 1 /* b */", "int64: 1"}}) {
    EXPECT_EQ(expected, constant(text)) << text;
  }
}

TEST(Evaluate, Arithmetic) {
  expect_over_four_rows({{"n + m", "int64: 1 null -5 107"},
                         {"n - m", "int64: 1 null -9 93"},
                         {"n * m", "int64: 0 null -14 700"},
                         {"m / n", "float64: 0.0 null -0.2857142857142857 0.07"},
                         {"n % 4", "int64: 1 null -3 0"},
                         {"n + f", "float64: 2.5 null null 1000100.25"},
                         {"-n", "int64: -1 null 7 -100"},
                         {"+f", "float64: 1.5 -2.0 null 1000000.25"},
                         {"2 ^ m", "float64: 1.0 8.0 4.0 128.0"},
                         {"n + '5'", "int64: 6 null -2 105"},
                         {"n + null", "int64: null null null null"}});
}

TEST(Evaluate, DivisionByZeroIsNullAndCounted) {
  EvalCounters counters;
  EXPECT_EQ("float64: null null -3.5 14.285714285714286", evaluated("n / m", four_rows(), &counters));
  EXPECT_EQ(1, counters.division_by_zero);
  EXPECT_EQ("int64: null null -3 14", evaluated("div(n, m)", four_rows(), &counters));
  EXPECT_EQ("int64: null null -1 2", evaluated("n % m", four_rows(), &counters));
  EXPECT_EQ(3, counters.division_by_zero);
  EXPECT_EQ("float64: null null null null", evaluated("n / 0", four_rows(), &counters));
  EXPECT_EQ(6, counters.division_by_zero);
}

TEST(Evaluate, OverflowIsNullAndCounted) {
  EvalCounters counters;
  EXPECT_EQ("int64: null", constant("9223372036854775807 + x", &counters));
  EXPECT_EQ("int64: null", constant("-9223372036854775808 - x", &counters));
  EXPECT_EQ("int64: null", constant("9223372036854775807 * (x + 1)", &counters));
  EXPECT_EQ("int64: null", constant("-(-9223372036854775808 * x)", &counters));
  EXPECT_EQ("int64: null", constant("div(-9223372036854775808 * x, -1)", &counters));
  EXPECT_EQ("int64: null", constant("cast(1e30 * x as int64)", &counters));
  EXPECT_EQ(6, counters.int_overflow);
  EXPECT_EQ("int64: 0", constant("(-9223372036854775808 * x) % -1", &counters));
  EXPECT_EQ(6, counters.int_overflow);
}

TEST(Evaluate, CaseCountsOnlyRowsThatTakeTheBranch) {
  EvalCounters counters;
  EXPECT_EQ("float64: -1.0 null -3.5 14.285714285714286",
            evaluated("case when m = 0 then -1 else n / m end", four_rows(), &counters));
  EXPECT_EQ(0, counters.division_by_zero);
  evaluated("m <> 0 and n / m > 1", four_rows(), &counters);
  evaluated("m = 0 or n / m > 1", four_rows(), &counters);
  evaluated("coalesce(m, n / m)", four_rows(), &counters);
  EXPECT_EQ(0, counters.division_by_zero);
}

TEST(Evaluate, Case) {
  expect_over_four_rows({{"case when n > 0 then 'plus' when n < 0 then 'minus' end", "string: plus null minus plus"},
                         {"case m when 0 then 'zero' when 3 then text else other end", "string: zero null ß null"},
                         {"case when flag then n else f end", "float64: 1.0 -2.0 null 100.0"},
                         {"case when false then 1 end", "int64: null null null null"},
                         {"case when flag then day else time end",
                          "timestamp: 2024-02-29 00:00:00 null 2023-12-31 23:59:59 1969-07-20 00:00:00"}});
}

TEST(Evaluate, ThreeValuedLogic) {
  Sample truth;
  truth.add("a", ValueType::kBool,
            {"true", "true", "true", "false", "false", "false", std::nullopt, std::nullopt, std::nullopt});
  truth.add("b", ValueType::kBool,
            {"true", "false", std::nullopt, "true", "false", std::nullopt, "true", "false", std::nullopt});
  EXPECT_EQ("bool: true false null false false false null false null", evaluated("a and b", truth));
  EXPECT_EQ("bool: true true true true false null true null null", evaluated("a or b", truth));
  EXPECT_EQ("bool: false false false true true true null null null", evaluated("not a", truth));
  EXPECT_EQ("bool: true false null false true null null null null", evaluated("a = b", truth));
  EXPECT_EQ("bool: true false false false true false false false true", evaluated("a is not distinct from b", truth));
  EXPECT_EQ("bool: false true true true false true true true false", evaluated("a is distinct from b", truth));
  EXPECT_EQ("bool: true true true false false false false false false", evaluated("a is true", truth));
  EXPECT_EQ("bool: false false false true true true true true true", evaluated("a is not true", truth));
  EXPECT_EQ("bool: false false false true true true false false false", evaluated("a is false", truth));
  EXPECT_EQ("bool: true true true false false false true true true", evaluated("a is not false", truth));
  EXPECT_EQ("bool: false false false false false false true true true", evaluated("a is unknown", truth));
  EXPECT_EQ("bool: true true true true true true false false false", evaluated("a is not null", truth));
  // The same where the right side costs much and sees only what is open.
  EXPECT_EQ("bool: true false null false false false null false null",
            evaluated("a and (case when b then 1 when not b then 0 end) / 1 = 1", truth));
  EXPECT_EQ("bool: true true true true false null true null null",
            evaluated("a or (case when b then 1 when not b then 0 end) / 1 = 1", truth));
}

TEST(Evaluate, Comparisons) {
  expect_over_four_rows({{"n > 0", "bool: true null false true"},
                         {"n >= f", "bool: false null null false"},
                         {"n <> 1", "bool: false null true true"},
                         {"n != 1", "bool: false null true true"},
                         {"n == 1", "bool: true null false false"},
                         {"text = 'abc'", "bool: true null false false"},
                         {"'abc' <> text", "bool: false null true true"},
                         {"text = ''", "bool: false null false true"},
                         {"other = 'ABC'", "bool: true false false null"},
                         {"text < other", "bool: false null true null"},
                         {"text > 'b'", "bool: false null true false"},
                         {"day > '2024-01-01'", "bool: true null false false"},
                         {"day >= '2023-12-31'", "bool: true null true false"},
                         {"day > '2023-12-31 12:00:00'", "bool: true null false false"},
                         {"time between '2023-01-01' and '2024-01-01'", "bool: false null true false"},
                         {"day = time", "bool: false null false false"},
                         {"n between 1 and 100", "bool: true null false true"},
                         {"n between 100 and 1", "bool: false null false false"},
                         {"n between symmetric 100 and 1", "bool: true null false true"},
                         {"n not between 1 and 5", "bool: false null true true"},
                         {"n = '100'", "bool: false null false true"},
                         {"n < '1.5'", "bool: true null true false"},
                         {"flag = 'true'", "bool: true false null true"},
                         {"flag", "bool: true false null true"},
                         {"n = null", "bool: null null null null"},
                         {"null = null", "bool: null null null null"}});
}

TEST(Evaluate, Lists) {
  expect_over_four_rows({{"n in (1, 100)", "bool: true null false true"},
                         {"n in (1, null)", "bool: true null null null"},
                         {"n not in (1, 100)", "bool: false null true false"},
                         {"n not in (1, null)", "bool: false null null null"},
                         {"n in (1.0, 2.5)", "bool: true null false false"},
                         {"n in ('1', '7')", "bool: true null false false"},
                         {"m in (n, 3)", "bool: false true false false"},
                         {"text in ('abc', 'straße')", "bool: true null true false"},
                         {"text not in ('abc', 'straße')", "bool: false null false true"},
                         {"text in ('abc', null)", "bool: true null null null"},
                         {"text in ('a','b','c','d','e','f','g','h','i','straße','')", "bool: false null true true"},
                         {"other in ('ABC')", "bool: true false false null"},
                         {"day in ('2024-02-29', '1969-07-20')", "bool: true null false true"},
                         {"flag in (true)", "bool: true false null true"},
                         {"f in (1.5, -0.0)", "bool: true false null false"},
                         {"n in (1,2,3,4,5,6,7,8,9,10,100)", "bool: true null false true"}});
}

TEST(Evaluate, LikeAndRegularExpressions) {
  expect_over_four_rows({{"text like 'abc'", "bool: true null false false"},
                         {"text like 'a%'", "bool: true null false false"},
                         {"text like '%e'", "bool: false null true false"},
                         {"text like '%aß%'", "bool: false null true false"},
                         {"text like 'stra_e'", "bool: false null true false"},
                         {"text like '%t%a%e'", "bool: false null true false"},
                         {"text like '%'", "bool: true null true true"},
                         {"text like ''", "bool: false null false true"},
                         {"text like '___'", "bool: true null false false"},
                         {"text not like 'a%'", "bool: false null true true"},
                         {"text ilike 'ABC'", "bool: true null false false"},
                         {"other ilike 'a%'", "bool: true false false null"},
                         {"'a%c' like 'a!%c' escape '!'", "bool: true true true true"},
                         {"'abc' like 'a!%c' escape '!'", "bool: false false false false"},
                         {"'a%c' like 'a\\%c'", "bool: true true true true"},
                         {"'a\\c' like 'a\\c' escape ''", "bool: true true true true"},
                         {"text like other", "bool: false null false null"},
                         {"text ~ 'b'", "bool: true null false false"},
                         {"text ~ '^a.c$'", "bool: true null false false"},
                         {"text ~* 'ABC|STRASSE'", "bool: true null false false"},
                         {"text !~ '^a'", "bool: false null true true"},
                         {"other !~* 'abc'", "bool: false true true null"},
                         {"text ~ 'a.+e'", "bool: false null true false"},
                         {"text ~ null", "bool: null null null null"}});
}

TEST(Evaluate, HostilePatternsAreNoMatchAndCountedForEveryRow) {
  Sample rows;
  const std::string hostile(40, 'a');
  rows.add("t", ValueType::kString, {hostile + "!", hostile + "!", "aa"});
  EvalCounters counters;
  EXPECT_EQ("bool: false false true", evaluated("t ~ '^(a+)+$'", rows, &counters));
  EXPECT_EQ(2, counters.regex_limit);
}

TEST(Evaluate, TextAndNulls) {
  expect_over_four_rows({{"text || '-' || other", "string: abc-ABC null straße-ß null"},
                         {"text || n", "string: abc1 null straße-7 100"},
                         {"concat(text, '-', other)", "string: abc-ABC -x straße-ß -"},
                         {"concat(n, flag, day)", "string: 1true2024-02-29 false -72023-12-31 100true1969-07-20"},
                         {"coalesce(n, m)", "int64: 1 3 -7 100"},
                         {"coalesce(text, other, '?')", "string: abc x straße "},
                         {"coalesce(f, n)", "float64: 1.5 -2.0 -7.0 1000000.25"},
                         {"nullif(m, 3)", "int64: 0 null 2 7"},
                         {"nullif(text, 'abc')", "string: null null straße "},
                         {"greatest(n, m, 5)", "int64: 5 5 5 100"},
                         {"least(n, f)", "float64: 1.0 -2.0 -7.0 100.0"},
                         {"greatest(text, other)", "string: abc x ß "},
                         {"greatest(flag, false)", "bool: true false false true"},
                         {"text is null", "bool: false true false false"},
                         {"other is not null", "bool: true true true false"},
                         {"null is null", "bool: true true true true"},
                         {"length(text)", "int64: 3 null 6 0"},
                         {"length(n)", "int64: 1 null 2 3"},
                         {"upper(User)", "string: ANN BOB EVE null"}});
}

TEST(Evaluate, TimesAndIntervals) {
  expect_over_four_rows(
      {{"time + interval '1 day'", "timestamp: 2024-03-01 12:30:45.5 null 2024-01-01 23:59:59 1969-07-21 20:17:40"},
       {"time - interval '1 year 2 months'",
        "timestamp: 2022-12-29 12:30:45.5 null 2022-10-31 23:59:59 1968-05-20 20:17:40"},
       {"interval '2 hours 30 minutes' + time",
        "timestamp: 2024-02-29 15:00:45.5 null 2024-01-01 02:29:59 1969-07-20 22:47:40"},
       {"day + interval '1' month", "timestamp: 2024-03-29 00:00:00 null 2024-01-31 00:00:00 1969-08-20 00:00:00"},
       {"day + 1", "date: 2024-03-01 null 2024-01-01 1969-07-21"},
       {"1 + day", "date: 2024-03-01 null 2024-01-01 1969-07-21"},
       {"day - n", "date: 2024-02-28 null 2024-01-07 1969-04-11"},
       {"day - date '2024-01-01'", "int64: 59 null -1 -19888"},
       {"time - timestamp '2024-01-01 00:00:00'", "float64: 5142645.5 null -1.0 -1718250140.0"},
       {"time - '2024-01-01'", "float64: 5142645.5 null -1.0 -1718250140.0"},
       {"time - day", "float64: 45045.5 null 86399.0 73060.0"},
       {"cast(time as date)", "date: 2024-02-29 null 2023-12-31 1969-07-20"},
       {"time::date = day", "bool: true null true true"},
       {"extract(year from time)", "int64: 2024 null 2023 1969"},
       {"extract(second from time)", "float64: 45.5 null 59.0 40.0"},
       {"extract(epoch from time)", "float64: 1709209845.5 null 1704067199.0 -14182940.0"},
       {"extract(epoch from time - timestamp '2024-01-01 00:00:00')", "float64: 5142645.5 null -1.0 -1718250140.0"},
       {"extract(week from day)", "int64: 9 null 52 29"},
       {"extract(dow from day)", "int64: 4 null 0 0"},
       {"extract(doy from day)", "int64: 60 null 365 201"},
       {"date_trunc('week', time)", "timestamp: 2024-02-26 00:00:00 null 2023-12-25 00:00:00 1969-07-14 00:00:00"},
       {"date_trunc('hour', time)", "timestamp: 2024-02-29 12:00:00 null 2023-12-31 23:00:00 1969-07-20 20:00:00"},
       {"date_trunc('quarter', day)", "timestamp: 2024-01-01 00:00:00 null 2023-10-01 00:00:00 1969-07-01 00:00:00"}});
}

TEST(Evaluate, MonthsAreClampedToTheirLength) {
  EXPECT_EQ("timestamp: 2024-02-29 00:00:00", constant("date '2024-01-31' + interval '1 month'"));
  EXPECT_EQ("timestamp: 2024-02-29 00:00:00", constant("interval '1 month' + '2024-01-31'"));
  EXPECT_EQ("timestamp: null", constant("null - interval '1 day'"));
  EXPECT_EQ("timestamp: null", constant("timestamp '9999-12-31 23:59:59.999999' + interval '1 us'"));
  EXPECT_EQ("timestamp: null", constant("date '0001-01-01' - interval '1 us'"));
  EXPECT_EQ("timestamp: null", constant("date '9999-02-01' + interval '11 months'"));
  EXPECT_EQ("timestamp: null", constant("date_trunc('decade', date '0009-05-05')"));
  EXPECT_EQ("timestamp: 0001-01-01 00:00:00", constant("date_trunc('week', date '0001-01-07')"));
  EXPECT_EQ("date: 9999-12-31", constant("date '9999-12-30' + 1"));
  EXPECT_EQ("date: null", constant("date '9999-12-31' + 1"));
  EXPECT_EQ("date: null", constant("date '0001-01-01' - 1"));
  EXPECT_EQ("date: null", constant("date '2026-01-01' - (-9223372036854775807 - 1)"));
  EXPECT_EQ("timestamp: 2023-02-28 00:00:00", constant("date '2024-02-29' - interval '1 year'"));
  EXPECT_EQ("timestamp: 2024-03-01 00:00:00", constant("date '2024-01-31' + interval '1 month 1 day'"));
  EXPECT_EQ("timestamp: 2023-12-31 23:59:59", constant("timestamp '2024-01-01 00:00:00' - interval '1 second'"));
  EXPECT_EQ("timestamp: 2023-12-31 00:00:00", constant("date '2024-01-01' + interval '1 day ago'"));
  EXPECT_EQ("timestamp: 2024-01-01 01:30:00", constant("date '2024-01-01' + interval '01:30'"));
  EXPECT_EQ("timestamp: 2024-01-01 01:30:00", constant("date '2024-01-01' + interval '1.5 hours'"));
  EXPECT_EQ("timestamp: 2024-01-15 00:00:00", constant("date '2024-01-01' + interval '2 weeks'"));
}

TEST(Evaluate, RowsTrueAreThoseWhereItIsTrue) {
  const Sample rows = four_rows();
  EvalCounters counters;
  EXPECT_EQ((std::vector<std::int32_t>{0, 3}),
            Expression::parse("n > 0").bind(rows.fields).rows_true(rows.batch, counters));
  EXPECT_EQ((std::vector<std::int32_t>{}),
            Expression::parse("null::bool").bind(rows.fields).rows_true(rows.batch, counters));
  EXPECT_EQ((std::vector<std::int32_t>{0, 1, 2, 3}),
            Expression::parse("true").bind(rows.fields).rows_true(rows.batch, counters));
}

TEST(Evaluate, RowsTrueAgreesWithEvaluateAcrossWordBoundaries) {
  std::mt19937_64 random(7);
  for (const std::size_t rows : {0u, 1u, 63u, 64u, 65u, 200u, 1000u}) {
    Sample sample;
    testing::Cells cells;
    for (std::size_t i = 0; i < rows; ++i) {
      cells.push_back(random() % 5 == 0 ? std::nullopt : std::optional(std::to_string(random() % 10)));
    }
    sample.add("v", ValueType::kInt64, cells);
    std::vector<std::int32_t> expected;
    for (std::size_t i = 0; i < rows; ++i) {
      if (cells[i] && std::stoi(*cells[i]) >= 5) expected.push_back(static_cast<std::int32_t>(i));
    }
    EvalCounters counters;
    EXPECT_EQ(expected, Expression::parse("v >= 5").bind(sample.fields).rows_true(sample.batch, counters)) << rows;
  }
}

TEST(Evaluate, AColumnTheBatchLacksIsNull) {
  Sample rows = four_rows();
  rows.fields.push_back({"late", ValueType::kInt64});
  EXPECT_EQ("bool: true true true true", evaluated("late is null", rows));
  EXPECT_EQ("int64: null null null null", evaluated("late + 1", rows));
  EXPECT_EQ("int64: 0 0 0 0", evaluated("coalesce(late, 0)", rows));
}

TEST(Evaluate, EmptyBatchesGiveEmptyColumns) {
  Sample empty;
  empty.add("t", ValueType::kString, {});
  empty.add("n", ValueType::kInt64, {});
  for (const std::string text :
       {"t = 'a'", "t || 'x'", "n + 1", "case when n > 1 then t end", "t ~ 'a+'", "coalesce(n, 1)", "lower(t)",
        "n in (1, 2)", "device_class(t)", "1 + 1", "greatest(n, 2)"}) {
    const std::string result = evaluated(text, empty);
    EXPECT_EQ(':', result.back()) << text << " gives " << result;
  }
}

}  // namespace
}  // namespace evclean
