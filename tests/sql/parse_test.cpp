// SPDX-License-Identifier: Apache-2.0
// Names, limits and messages: what is said and where the caret stands.
#include <fmt/format.h>

#include "sql_testing.hpp"

namespace evclean {
namespace {

using testing::error_of;
using testing::evaluated;
using testing::four_rows;
using testing::Sample;

TEST(Parser, NamesAreComparedAsWrittenThenWithoutCase) {
  const Sample rows = four_rows();
  EXPECT_EQ("string: ann bob eve null", evaluated("User", rows));
  EXPECT_EQ("string: ann bob eve null", evaluated("user", rows));
  EXPECT_EQ("string: ann bob eve null", evaluated("\"USER\"", rows));
  EXPECT_EQ("string: ann bob eve null", evaluated("`User`", rows));
  EXPECT_EQ("int64: 1 null -7 100", evaluated("N", rows));
}

TEST(Parser, TwoNamesThatDifferInCaseOnlyAreAskedFor) {
  Sample rows;
  rows.add("Id", ValueType::kInt64, {"1"});
  rows.add("ID", ValueType::kInt64, {"2"});
  EXPECT_EQ("int64: 2", evaluated("ID", rows));
  EXPECT_EQ("int64: 1", evaluated("\"Id\"", rows));
  EXPECT_EQ("0: id may be Id or ID: write the one that is meant as it is spelt", error_of("id", rows.fields));
}

TEST(Parser, DottedNamesAreColumnsHoweverTheyAreQuoted) {
  const Sample rows = four_rows();
  for (const std::string text : {"req.id", "\"req.id\"", "`req.id`", "REQ.ID", "req . id", "\"req\".\"id\""}) {
    EXPECT_EQ("string: a1 b2 null d4", evaluated(text, rows)) << text;
  }
}

TEST(Parser, NamesMayBeLongAndMayHoldWordsOfSql) {
  const std::string longer(100, 'a');
  Sample rows;
  rows.add(longer + "1", ValueType::kInt64, {"1"});
  rows.add(longer + "2", ValueType::kInt64, {"2"});
  rows.add("end", ValueType::kInt64, {"3"});
  rows.add("req.end", ValueType::kInt64, {"4"});
  rows.add("Value", ValueType::kInt64, {"5"});
  rows.add("größe", ValueType::kInt64, {"6"});
  rows.add("we\"ird", ValueType::kInt64, {"7"});
  rows.add("values.from", ValueType::kInt64, {"8"});
  rows.add("time", ValueType::kTimestamp, {"2024-02-29 00:00:00"});
  EXPECT_EQ("int64: 2", evaluated(longer + "2", rows));
  EXPECT_EQ("int64: 3", evaluated("\"end\"", rows));
  EXPECT_EQ("int64: 4", evaluated("req.end", rows));
  EXPECT_EQ("int64: 5", evaluated("Value", rows));
  EXPECT_EQ("int64: 5", evaluated("value", rows));
  EXPECT_EQ("int64: 6", evaluated("größe", rows));
  EXPECT_EQ("int64: 7", evaluated("\"we\"\"ird\"", rows));
  EXPECT_EQ("int64: 8", evaluated("values.from", rows));
  EXPECT_EQ("date: 2024-02-29", evaluated("cast(time as date)", rows));
}

TEST(Parser, WordsOfSqlAsNamesSayHowToWriteThem) {
  for (const std::string word : {"end", "desc", "from", "table", "left", "group", "order", "select", "default", "case",
                                 "limit", "to", "with", "array", "for", "on", "check", "END"}) {
    const std::string message = fmt::format("{} is a word of SQL: write \"{}\"", word, word);
    EXPECT_EQ(fmt::format("0: {}", message), error_of(fmt::format("{} = 3", word))) << word;
    EXPECT_EQ(fmt::format("4: {}", message), error_of(fmt::format("n = {}", word))) << word;
  }
  EXPECT_EQ("9: end is a word of SQL: write \"end\"", error_of("coalesce(end, 1)"));
}

TEST(Parser, UnknownNamesAreAnsweredWithTheNearest) {
  EXPECT_EQ("0: no column flga (did you mean 'flag'?)", error_of("flga"));
  EXPECT_EQ("4: no column GET; use single quotes for text: 'GET'", error_of("n = \"GET\""));
  EXPECT_EQ("2: no column zzzzzz; there are x", error_of("x+zzzzzz", {{"x", ValueType::kInt64}}));
  EXPECT_EQ("0: unknown function lenght (did you mean 'length'?); evclean functions lists them",
            error_of("lenght(text)"));
  EXPECT_EQ("4: unknown function year: write extract(year from x)", error_of("1 + year(time)"));
  EXPECT_EQ("7: unknown type int65 (did you mean 'int64'?); types are string, int64, float64, bool, date, timestamp",
            error_of("text:: int65"));
}

TEST(Parser, CaretsCountBytesOfTheUsersText) {
  EXPECT_EQ("10: syntax error at or near \">\"", error_of("größe > > 3"));
  EXPECT_EQ("7: syntax error at or near \">\"", error_of("'ä' > > 3"));
  EXPECT_EQ("13: no column nope; there are x", error_of("x + /* ä */ nope", {{"x", ValueType::kInt64}}));
  EXPECT_EQ("9: syntax error at or near \"==\"", error_of("`a b` == == 3"));
  EXPECT_EQ("3: syntax error: the expression ends too early", error_of("n +"));
  EXPECT_EQ("9: syntax error: the expression ends too early", error_of("n + -- ok"));
  EXPECT_EQ("4: unterminated quoted string ", error_of("n = 'abc").substr(0, 30));
  EXPECT_NE(error_of("n = 'x").find("' #' begins a comment"), std::string::npos);
  EXPECT_EQ("4: a backtick opens a name here and is never closed", error_of("n = `abc"));
}

TEST(Parser, OneExpressionAndNothingElse) {
  EXPECT_EQ("0: an expression is missing here", error_of(""));
  EXPECT_EQ("0: an expression is missing here", error_of(" -- nothing"));
  EXPECT_EQ("5: one expression and nothing else: no \";\" here", error_of("n = 1; select 2"));
  EXPECT_EQ("2: an expression takes no alias: the name goes before it, as in {name: \"EXPR\"}", error_of("n as x"));
  EXPECT_EQ("2: an expression takes no from: one expression and nothing else", error_of("n from t"));
  EXPECT_EQ("2: an expression takes no where: one expression and nothing else", error_of("n where m"));
  EXPECT_EQ("0: an expression takes no where: one expression and nothing else", error_of("where n > 1"));
  EXPECT_EQ("1: this \")\" closes nothing", error_of("n) + (m"));
  EXPECT_EQ("0: this \"(\" is never closed", error_of("(n"));
  EXPECT_EQ("3: one expression and nothing else: several values stand here, separated by commas", error_of("n, m"));
  EXPECT_EQ("0: a subquery is not available in an expression", error_of("(select 1)"));
  EXPECT_EQ("2: a subquery is not available in an expression", error_of("n in (select 1)"));
  EXPECT_EQ("0: syntax error at or near \"*\"", error_of("*"));
  EXPECT_EQ("0: a window (over) is not available in an expression: length has it", error_of("length(text) over ()"));
  EXPECT_EQ("0: sum is an aggregate: it belongs into the step group: or into sql:", error_of("sum(n)"));
  EXPECT_EQ("0: count(*) is an aggregate: it belongs into the step group: or into sql:", error_of("count(*)"));
  EXPECT_EQ("0: [...] or a field of a value is not available in an expression", error_of("n[1]"));
  EXPECT_EQ("0: an array is not available in an expression", error_of("array[1, 2]"));
  EXPECT_EQ("4: a parameter is not available in an expression", error_of("n = $1"));
}

TEST(Parser, WhatDependsOnMomentOrChanceIsRefusedByName) {
  for (const std::string text : {"now()", "current_date", "current_timestamp", "localtime", "random()", "age(time)",
                                 "gen_random_uuid()", "current_user"}) {
    const std::string message = error_of(fmt::format("n = 1 or {} is null", text));
    EXPECT_EQ(fmt::format("9: {}", text.substr(0, text.find('('))), message.substr(0, message.find(" depends")))
        << message;
  }
}

TEST(Parser, UnknownOperatorsAdvise) {
  EXPECT_EQ("5: unknown operator && (did you mean 'and'?)", error_of("flag && flag"));
  EXPECT_EQ("2: unknown operator === (did you mean '='?)", error_of("n === 1"));
  EXPECT_EQ("0: unknown operator ! (did you mean 'not'?)", error_of("!flag"));
}

TEST(Parser, LimitsHoldBeforeTheParserSeesTheText) {
  std::string chain = "n";
  for (int i = 1; i < 1000; ++i) chain += "+n";
  EXPECT_EQ("no error", error_of(chain));
  EXPECT_NE(std::string::npos, error_of(chain + "+n").find("more than 1000 terms"));
  std::string longer = "n";
  for (int i = 0; i < 20'000; ++i) longer += "+n";
  EXPECT_NE(std::string::npos, error_of(longer).find("more than 1000 terms"));
  EXPECT_NE(std::string::npos, error_of(fmt::format("'{}'", std::string(70'000, 'x'))).find("at most 65536 bytes"));
  EXPECT_NE(
      std::string::npos,
      error_of(fmt::format("{}n{}", std::string(30'000, '('), std::string(30'000, ')'))).find("more than 1000 terms"));
  EXPECT_EQ("no error", error_of(fmt::format("{}n{}", std::string(900, '('), std::string(900, ')'))));
  std::string nots;
  for (int i = 0; i < 900; ++i) nots += "not ";
  EXPECT_EQ("no error", error_of(nots + "flag"));
  EXPECT_NE(std::string::npos, error_of(std::string("n\0", 2)).find("NUL"));
}

TEST(Parser, LongListsOfLiteralsAreNotTerms) {
  std::string list = "n in (0";
  for (int i = 1; i < 5000; ++i) list += fmt::format(",{}", i);
  EXPECT_EQ("bool: true null false true", evaluated(list + ")", four_rows()));
}

TEST(Parser, PartsThatUnfoldForEverAreRefused) {
  std::string text = "n";
  for (int i = 0; i < 40; ++i) text = fmt::format("nullif({}, 1)", text);
  EXPECT_NE(std::string::npos, error_of(text).find("unfolds into too many parts")) << error_of(text);
}

TEST(Macros, AreExpandedByTree) {
  const Macros macros{{"bucket(x)", "x / 100"}, {"both(a, b)", "a + b * bucket(a)"}, {"twice(n)", "n * 2"}};
  const Sample rows = four_rows();
  EXPECT_EQ("float64: 0.02 null -0.14 2.0", evaluated("bucket(n + n)", rows, nullptr, macros));
  EXPECT_EQ("float64: 0.01 null -0.07 1.0", evaluated("Bucket(n)", rows, nullptr, macros));
  EXPECT_EQ("int64: 0 6 4 14", evaluated("twice(m)", rows, nullptr, macros));
}

TEST(Macros, MistakesAreToldAtTheCall) {
  const Macros macros{{"loop(x)", "1 + loop(x)"}, {"a(x)", "b(x)"}, {"b(x)", "a(x)"},
                      {"bad(x)", "x +"},          {"one(x)", "x"},  {"lost(x)", "x + nope"}};
  EXPECT_EQ("4: the function loop calls itself (loop -> loop)", error_of("1 + loop(n)", four_rows().fields, macros));
  EXPECT_EQ("0: the function a calls itself (a -> b -> a)", error_of("a(n)", four_rows().fields, macros));
  EXPECT_EQ("0: one(x) takes 1 argument(s), not 2", error_of("one(n, m)", four_rows().fields, macros));
  EXPECT_EQ("0: in the function bad(x): syntax error", error_of("bad(n)", four_rows().fields, macros).substr(0, 39));
  EXPECT_EQ("2: no column nope", error_of("1+lost(n)", four_rows().fields, macros).substr(0, 17));
  EXPECT_EQ("-1: functions: \"length(x)\": there is a function of that name already;",
            error_of("n", four_rows().fields, {{"length(x)", "x"}}).substr(0, 69));
}

TEST(Macros, AreCheckedWhetherTheyAreUsedOrNot) {
  std::string told;
  for (const MacroProblem& problem : check_macros({{"1(x)", "x"},
                                                   {"c(x,x)", "x"},
                                                   {"count(x)", "x"},
                                                   {"d(x)", "x +"},
                                                   {"e(x)", "d(x)"},
                                                   {"f(x)", "1 + nosuch(x)"},
                                                   {"g(x)", "sum(x) / count(*)"}})) {
    told += fmt::format("{} {} {}\n", problem.signature, problem.in_body, problem.position == 4 ? "at 4" : "");
  }
  EXPECT_EQ("1(x) false \nc(x,x) false \ncount(x) false \nd(x) true \nf(x) true at 4\n", told);
}

TEST(Expression, ColumnsAreThoseItReads) {
  const Expression expression = Expression::parse("case when B > 1 then a.c else B end");
  EXPECT_EQ((std::vector<int>{0, 2}), expression.columns({"a.c", "x", "b"}));
  EXPECT_EQ("case when B > 1 then a.c else B end", expression.text());
}

}  // namespace
}  // namespace evclean
