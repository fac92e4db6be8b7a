// SPDX-License-Identifier: Apache-2.0
// What is refused, by which name and at which place; what a query reads by its text alone.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <array>

#include "evclean/query.hpp"

namespace evclean {
namespace {

using Tables = std::map<std::string, Fields>;

const Fields kEvents = {{"ip", ValueType::kString},      {"status", ValueType::kInt64}, {"bytes", ValueType::kInt64},
                        {"time", ValueType::kTimestamp}, {"Path", ValueType::kString},  {"req.id", ValueType::kString},
                        {"user", ValueType::kString},    {"ok", ValueType::kBool},      {"took", ValueType::kFloat64},
                        {"day", ValueType::kDate}};
const Fields kUsers = {{"ip", ValueType::kString}, {"country", ValueType::kString}, {"age", ValueType::kInt64}};

Tables tables() { return {{"events", kEvents}, {"users", kUsers}}; }

/// "place: message" of the mistake, or the result's columns: "ip string, n int64".
std::string answer(const std::string& text, const Macros& macros = {}) {
  try {
    std::vector<std::string> columns;
    for (const Field& field : Query::parse(text, macros).fields(tables())) {
      columns.push_back(fmt::format("{} {}", field.name, type_name(field.type)));
    }
    return fmt::format("{}", fmt::join(columns, ", "));
  } catch (const ExpressionError& error) {
    return fmt::format("{}: {}", static_cast<std::int64_t>(error.position()), error.what());
  }
}

/// Where `word` stands, and the message.
std::string at(const std::string& text, const std::string& word, const std::string& message) {
  return fmt::format("{}: {}", text.find(word), message);
}

TEST(QueryRefuses, ByNameAndPlace) {
  const std::vector<std::array<std::string, 3>> cases = {
      {"select sum(bytes) over () from events", "sum", "a window (over) is not available in a query: sum has it"},
      {"select ip from events union select ip from users", "union",
       "UNION is not available: write UNION ALL, and select distinct * from (...) around it"},
      {"select ip from events intersect select ip from users", "intersect",
       "INTERSECT is not available: x in (select ...) keeps what is in both"},
      {"select ip from events except select ip from users", "except",
       "EXCEPT is not available: x not in (select ...) keeps what is in one only"},
      {"with recursive t as (select 1 from events) select * from t", "recursive",
       "WITH RECURSIVE is not available in a query"},
      {"select ip from events for update", "for", "FOR UPDATE (or SHARE) is not available in a query"},
      {"select distinct on (ip) ip from events", "distinct", "DISTINCT ON is not available in a query"},
      {"select * from events, lateral (select 1 from users) u", "lateral", "LATERAL is not available in a query"},
      {"select ip into t from events", "into", "INTO is not available in a query"},
      {"values (1, 2), (3)", "3", "VALUES wants as many values in every row: 1 here, 2 in the first"},
      {"select 1, *", "*", "FROM is missing: a star stands for the columns of a table"},
      {"select ip", "ip", "no column ip: without FROM there is one row and no column"},
      {"select ip, count(*) from events group by rollup (ip)", "rollup",
       "GROUPING SETS, ROLLUP, CUBE and () are not available in a query"},
      {"delete from events", "delete",
       "DELETE is not available: sql: takes one SELECT, which reads tables and changes none"},
      {"create table t (a int)", "create",
       "CREATE is not available: sql: takes one SELECT, which reads tables and changes none"},
      {"select ip from events; select ip from users", "select ip from users",
       "one SELECT and nothing else: a second statement begins here"},
      {"select now() from events", "now",
       "now depends on the moment; a job must give the same result every time, so write the value itself"},
      {"select current_date from events", "current_date",
       "current_date depends on the moment or the machine; a job must give the same result every time, so write the "
       "value itself"},
      {"select random() from events", "random",
       "random depends on chance; a job must give the same result every time: hash(x) or the step sample: do"},
      {"select string_agg(ip, ',') from events", "string_agg", "the aggregate string_agg is not available"},
      {"select median(bytes) from events", "median",
       "the aggregate median is not available: write approx_quantile(x, 0.5)"},
      {"select sum(distinct bytes) from events", "sum", "distinct is not available in sum: only count(distinct x)"},
      {"select * from events tablesample system (10)", "tablesample",
       "TABLESAMPLE is not available: the step sample: draws rows"},
      {"select * from generate_series(1, 3)", "from", "a function in FROM is not available in a query"},
      {"select ip from events where bytes > all (select age from users)", "> all",
       "all(subquery) is not available in a query"},
      {"select ip from users u where exists (select 1 from events where events.ip = u.ip)", "u.ip)",
       "a correlated subquery is not available: u.ip is a column of the query around it; write a join"},
      {"select ip from users where age in (select status from events where country = 'DE')",
       "country =", "a correlated subquery is not available: country is a column of the query around it; write a join"},
      {"select ip from events limit 1 + 1", "+", "LIMIT wants a number that is written out, 0 or more"},
      {"select ip from events order by ip fetch first 3 rows with ties", "ties",
       "WITH TIES is not available in a query"},
      {"select lower(ip) filter (where ok) from events", "lower",
       "filter (where ...) is not available in a query: lower has it"},
  };
  for (const auto& [text, word, message] : cases) EXPECT_EQ(at(text, word, message), answer(text)) << text;
}

/// A text with the place of its mistake, by a word there, and the message.
using Mistake = std::array<std::string, 3>;

void expect_mistakes(const std::vector<Mistake>& mistakes) {
  for (const auto& [text, word, message] : mistakes) EXPECT_EQ(at(text, word, message), answer(text)) << text;
}

TEST(QueryRefuses, MistakesOfSyntaxWithTheirPlace) {
  EXPECT_EQ("0: a query is missing here", answer(""));
  EXPECT_EQ("0: a query is missing here", answer(" ; "));
  EXPECT_EQ("28: syntax error: the query ends too early", answer("select ip from events where "));
  expect_mistakes({
      {"select end from events", "end", "end is a word of SQL: write \"end\""},
      {"select ip from events where order = 3", "order", "order is a word of SQL: write \"order\""},
      {"select ip,from events", "from", "syntax error at or near \"from\""},
      {"select ip from events wher bytes = 3", "bytes", "syntax error at or near \"bytes\""},
      {"select 'größe', bytez from events", "bytez", "no column bytez (did you mean 'bytes'?)"},
  });
}

TEST(QueryNames, ResultColumnsAreNamedAsUsersExpect) {
  EXPECT_EQ("ip string, Path string, count int64, count_2 int64",
            answer("select ip, path, count(*), count(bytes) from events group by 1, 2"));
  EXPECT_EQ("column1 int64, case string, bytes float64, upper string, coalesce string, x int64",
            answer("select bytes + 1, case when ok then 'a' end, cast(bytes as float64), upper(ip), coalesce(ip, ''), "
                   "1 as x from events"));
  EXPECT_EQ("Status Code int64, sum int64, Value int64",
            answer("select status as \"Status Code\", sum(bytes), max(bytes) as Value from events group by status"));
  EXPECT_EQ("ip string, country string, age int64, ip_2 string",
            answer("select u.*, e.ip from users u join events e on u.ip = e.ip"));
  EXPECT_EQ("a int64, a_3 int64, a_2 int64", answer("select status a, status a, status a_2 from events"));
}

TEST(QueryNames, TablesColumnsAndDots) {
  EXPECT_EQ("req.id string", answer("select req.id from events"));
  EXPECT_EQ("req.id string", answer("select events.req.id from events"));
  EXPECT_EQ("req.id string, Path string, user string", answer("select e.\"req.id\", PATH, user from EVENTS e"));
  EXPECT_EQ("req.id string", answer("select `req.id` from events"));
  EXPECT_EQ("ip string, n int64", answer("with t(address, n) as (select ip, count(*) from events group by ip) select "
                                         "address as ip, n from t"));
  EXPECT_EQ("ip string, country string", answer("select ip, country from events join users using (ip)"));
  EXPECT_EQ("ip string, country string, age int64",
            answer("select * from (select ip from events) e natural join users"));
  expect_mistakes({
      {"select ip from events, users", "ip", "ip is in several tables: write events.ip or users.ip"},
      {"select users.contry from users", "users.contry", "no column contry in users (did you mean 'country'?)"},
      {"select bytez from events", "bytez", "no column bytez (did you mean 'bytes'?)"},
      {"select \"GET\" from events", "\"GET\"", "no column GET; use single quotes for text: 'GET'"},
      {"select * from event", "event", "no table event (did you mean 'events'?); there are events, users"},
      {"select 1 from events e, users u join users v on v.ip = e.ip", "e.ip",
       "e.ip cannot be used here: JOIN binds tighter than the comma before it; write cross join for the comma"},
      {"select z.* from events", "z", "no table z; there is events"},
      {"select 1 from users u join events u on true", "events u",
       "two tables are called u here: give one another name, as in u as other"},
  });
}

TEST(QueryTypes, MixesAreRefusedWithTheCure) {
  EXPECT_EQ("n float64, s int64, m timestamp, c int64",
            answer("select avg(bytes) n, sum(ok) s, max(time) m, count(distinct ip) c from events"));
  EXPECT_EQ("x float64", answer("select bytes / 2 as x from events"));
  EXPECT_EQ("x float64", answer("select bytes as x from events union all select took from events"));
  expect_mistakes({
      {"select status from events where ip = 3", "ip =",
       "cannot compare the string column ip with the number 3; write cast(ip as int64), or say ip: int64 under "
       "types:, or add its word for missing under nulls:"},
      {"select sum(ip) from events", "ip",
       "sum wants numbers, not the string column ip; write cast(ip as float64), or say ip: float64 under types:, or "
       "add its word for missing under nulls:"},
      {"select bytes from events union all select ip from users", "ip",
       "column 1 of UNION ALL is string here (ip) and int64 before; cast one of them"},
      {"select ip from events where bytes", "bytes", "WHERE wants something true or false, not the int64 column bytes"},
      {"select count(*) from events join users on events.ip = users.age", "events.ip",
       "cannot compare the string column events.ip with the int64 column users.age; write cast(events.ip as int64), "
       "or say events.ip: int64 under types:, or add its word for missing under nulls:"},
      {"select ip from events where ip in (select age from users)", "ip in",
       "cannot compare the string column ip with the int64 column age; write cast(ip as int64), or say ip: int64 "
       "under types:, or add its word for missing under nulls:"},
  });
}

TEST(QueryGroups, WhatIsNeitherKeyNorAggregateIsRefused) {
  EXPECT_EQ("d date, n int64",
            answer("select cast(time as date) as d, count(*) n from events group by d order by n desc"));
  EXPECT_EQ("d date, column2 float64",
            answer("select cast(time as date) d, sum(bytes) / count(*) from events group by cast(time as date)"));
  EXPECT_EQ("approx_quantile float64", answer("select approx_quantile(bytes, 0.9) from events"));
  expect_mistakes({
      {"select ip, bytes from events group by ip", "bytes",
       "bytes is neither in GROUP BY nor in an aggregate: add it to GROUP BY, or write min(bytes), max(bytes) or "
       "first(bytes)"},
      {"select ip from events where count(*) > 1", "count",
       "an aggregate (count(*)) cannot stand in WHERE: HAVING filters groups"},
      {"select sum(max(bytes)) from events", "max", "an aggregate (max) cannot stand in another aggregate"},
      {"select count(*) from events group by 3", "3", "GROUP BY 3 is no column of the result, which has 1"},
      {"select approx_quantile(bytes, 9) from events", "9",
       "approx_quantile(x, q) takes a share q from 0 to 1 that is written out"},
      {"select distinct ip from events order by bytes", "bytes",
       "with DISTINCT, ORDER BY can only use what is selected"},
      {"select smu(bytes) from events", "smu",
       "unknown function smu (did you mean 'sum'?); evclean functions lists them"},
  });
}

TEST(QueryMacros, MayHoldAggregates) {
  const Macros macros{{"rate(x)", "sum(x) / count(*)"}, {"bucket(x)", "div(x, 100)"}};
  EXPECT_EQ("b int64, rate float64", answer("select bucket(status) b, rate(bytes) from events group by b", macros));
}

std::string reads(const std::string& text, const std::string& table, const Fields& fields) {
  const auto columns = Query::parse(text).columns_of(table, fields);
  return columns ? fmt::format("{}", fmt::join(*columns, " ")) : "any";
}

TEST(QueryReads, ColumnsThatAnyNameMayMean) {
  EXPECT_EQ("ip bytes", reads("select sum(bytes) from events group by IP", "events", kEvents));
  EXPECT_EQ("any", reads("select * from events", "events", kEvents));
  EXPECT_EQ("ip", reads("select u.* from events e join users u on u.ip = e.ip", "events", kEvents));
  EXPECT_EQ("any", reads("select u.* from events e join users u on u.ip = e.ip", "users", kUsers));
  EXPECT_EQ("", reads("select count(*) from events", "events", kEvents));
  EXPECT_EQ("ip req.id", reads("select e.req.id from events e join users using (ip)", "events", kEvents));
  EXPECT_EQ("ip", reads("select * from (select ip from events) x", "events", kEvents));
  EXPECT_EQ("age", reads("select ip from events where bytes in (select age from users)", "users",
                         {{"age", ValueType::kInt64}, {"country", ValueType::kString}}));
}

TEST(QueryReads, TablesAsWrittenWithoutThoseOfWith) {
  const auto tables = [](const std::string& text) {
    return fmt::format("{}", fmt::join(Query::parse(text).tables(), " "));
  };
  EXPECT_EQ("events users", tables("with t as (select * from events) select * from t, users, t as b"));
  EXPECT_EQ("a b c",
            tables("select * from a where x in (select y from b) union all select (select max(z) from c) from a"));
  EXPECT_EQ("t", tables("with t as (select * from t) select * from t"));
}

}  // namespace
}  // namespace evclean
