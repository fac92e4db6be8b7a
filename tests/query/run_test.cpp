// SPDX-License-Identifier: Apache-2.0
// Queries over small tables at several rank counts: values, the order of rows, mistakes on all ranks, the step group.
#include <arrow/api.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <sstream>

#include "evclean/arrow_status.hpp"
#include "evclean/exchange.hpp"
#include "evclean/query.hpp"
#include "evclean/types.hpp"

namespace evclean {
namespace {

struct Scene {
  Comm comm = Comm::world();
  Workspace workspace{comm, std::make_shared<MemoryBudget>(std::int64_t{1} << 28), "/var/tmp", [] {}};
};

/// A column of int64 (or text, when the field says so) from words; "-" is null.
std::shared_ptr<arrow::Array> column_of(const Field& field, const std::vector<std::string>& words) {
  arrow::StringBuilder texts;
  arrow::Int64Builder numbers;
  for (const std::string& word : words) {
    if (field.type == ValueType::kString) {
      check_arrow(word == "-" ? texts.AppendNull() : texts.Append(word), "test");
    } else {
      check_arrow(word == "-" ? numbers.AppendNull() : numbers.Append(std::stoll(word)), "test");
    }
  }
  return take_arrow(field.type == ValueType::kString ? texts.Finish() : numbers.Finish(), "test");
}

/// A table of rows such as "1 a 3", two rows a part, parts dealt to the ranks in turn.
DatasetPtr table(const Scene& scene, const Fields& fields, const std::vector<std::string>& rows) {
  auto data = std::make_shared<Dataset>(fields, scene.workspace);
  for (std::size_t first = 0; first < rows.size(); first += 2) {
    if (static_cast<int>(first / 2) % scene.comm.size() != scene.comm.rank()) continue;
    std::vector<std::vector<std::string>> columns(fields.size());
    Batch batch;
    for (std::size_t row = first; row < std::min(first + 2, rows.size()); ++row) {
      std::istringstream words(rows[row]);
      for (auto& column : columns) words >> column.emplace_back();
      ++batch.num_rows;
    }
    for (std::size_t i = 0; i < fields.size(); ++i) batch.put(fields[i].name, column_of(fields[i], columns[i]));
    data->append(static_cast<std::int64_t>(first / 2), batch);
  }
  data->finish();
  return data;
}

constexpr ValueType kInt = ValueType::kInt64;
constexpr ValueType kText = ValueType::kString;

std::map<std::string, DatasetPtr> tables(const Scene& scene) {
  return {{"t", table(scene, {{"id", kInt}, {"k", kInt}, {"s", kText}},
                      {"1 2 b", "2 1 a", "3 - b", "4 2 -", "5 3 c", "6 1 a", "7 - -"})},
          {"u", table(scene, {{"k", kInt}, {"name", kText}}, {"1 one", "2 two", "2 zwei", "9 nine", "- none"})},
          {"empty", table(scene, {{"k", kInt}, {"name", kText}}, {})},
          {"header", table(scene, {{"k", kText}, {"age", kText}}, {})},
          {"unknown", table(scene, {}, {})}};
}

/// The header and the rows: "id,s | 1,b | 2,a".
std::string shown(const DatasetPtr& data, const Scene& scene) {
  std::vector<std::string> lines(1);
  for (const Field& field : data->fields()) lines[0] += (lines[0].empty() ? "" : ",") + field.name;
  for (const Batch& batch : gather_everywhere(*data, scene.workspace)) {
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      std::vector<std::string> values;
      for (int i = 0; i < static_cast<int>(batch.columns.size()); ++i) {
        values.push_back(batch.array(i)->IsNull(row) ? "-" : value_text(*batch.array(i), row));
      }
      lines.push_back(fmt::format("{}", fmt::join(values, ",")));
    }
  }
  return fmt::format("{}", fmt::join(lines, " | "));
}

std::string answer(const std::string& text, EvalCounters* counters = nullptr) {
  const Scene scene;
  QueryReport report;
  try {
    const std::string rows = shown(run_query(Query::parse(text), tables(scene), scene.workspace, report), scene);
    if (counters != nullptr) *counters = report.counters;
    return rows;
  } catch (const ExpressionError& error) {
    return fmt::format("{}: {}", static_cast<std::int64_t>(error.position()), error.what());
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(QueryOrder, WhereAndJoinsKeepTheLeftOrderThenTheRights) {
  EXPECT_EQ("id,name | 1,two | 1,zwei | 2,one | 4,two | 4,zwei | 6,one",
            answer("select t.id, u.name from t join u on t.k = u.k"));
  EXPECT_EQ("id,name | 1,two | 1,zwei | 2,one | 3,- | 4,two | 4,zwei | 5,- | 6,one | 7,-",
            answer("select t.id, u.name from t left join u on t.k = u.k"));
  EXPECT_EQ("id,name | 1,two | 1,zwei | 2,one | 4,two | 4,zwei | 6,one | -,nine | -,none",
            answer("select t.id, u.name from t right join u on t.k = u.k"));
  EXPECT_EQ(
      "k,id,name | 2,1,two | 2,1,zwei | 1,2,one | -,3,- | 2,4,two | 2,4,zwei | 3,5,- | 1,6,one | -,7,- | "
      "9,-,nine | -,-,none",
      answer("select k, id, name from t full join u using (k)"));
}

TEST(QueryOrder, JoinsThatAreMadeInAnotherOrderComeBackInTheWrittenOne) {
  // b has no key with t, so u is joined before it; rows go by t, then b, then u.
  EXPECT_EQ(
      "id,b,u | 1,two,two | 1,two,zwei | 1,zwei,two | 1,zwei,zwei | 2,one,one | 4,two,two | 4,two,zwei | "
      "4,zwei,two | 4,zwei,zwei | 6,one,one",
      answer("select t.id, b.name as b, u.name as u from t, u as b, u where t.k = u.k and u.k = b.k"));
}

TEST(QueryOrder, GroupsByKeyDistinctByAppearanceUnionsInTurn) {
  EXPECT_EQ("s,count | a,2 | b,2 | c,1 | -,2", answer("select s, count(*) from t group by s"));
  EXPECT_EQ("s | b | a | - | c", answer("select distinct s from t"));
  EXPECT_EQ("k | 2 | 1 | - | 2 | 3 | 1 | - | 1 | 2 | 2 | 9 | -", answer("select k from t union all select k from u"));
  EXPECT_EQ("id,s | 5,c | 1,b | 3,b | 2,a | 6,a | 4,- | 7,-", answer("select id, s from t order by s desc"));
  EXPECT_EQ("id | 4 | 7 | 5", answer("select id from t order by s desc nulls first limit 3"));
  EXPECT_EQ("id | 3 | 4", answer("select id from t limit 2 offset 2"));
}

TEST(QueryValues, NullsInMembership) {
  EXPECT_EQ("id | 1 | 2 | 4 | 6", answer("select id from t where k in (select k from u)"));
  EXPECT_EQ("id", answer("select id from t where k not in (select k from u)"));
  EXPECT_EQ("id | 5", answer("select id from t where k not in (select k from u where k is not null)"));
  EXPECT_EQ("id | 1 | 2 | 3 | 4 | 5 | 6 | 7", answer("select id from t where k not in (select k from empty)"));
  EXPECT_EQ("id,known | 1,true | 2,true | 3,- | 4,true | 5,- | 6,true | 7,-",
            answer("select id, k in (select k from u) as known from t"));
}

TEST(QueryValues, SubqueriesAndEmptyTables) {
  EXPECT_EQ("id,top | 5,9",
            answer("select id, (select max(k) from u) as top from t where k = (select 3 from u limit 1)"));
  EXPECT_EQ("count,sum,max | 0,-,-", answer("select count(*), sum(k), max(name) from empty"));
  EXPECT_EQ("k,count", answer("select k, count(*) from empty group by k"));
  EXPECT_EQ("n | 7", answer("select count(*) as n from t where exists (select 1 from u where k = 9)"));
  EXPECT_EQ("12: this subquery gives 5 rows where one value is wanted; add limit 1, or an aggregate",
            answer("select id + (select k from u) from t"));
}

TEST(QueryValues, WithoutFromThereIsOneRow) {
  EXPECT_EQ("a,b,upper | 1,x,Y", answer("select 1 as a, 'x' as b, upper('y')"));
  EXPECT_EQ("a", answer("select 1 as a where 2 < 1"));
  EXPECT_EQ("count,sum | 1,3", answer("select count(*), sum(3)"));
  EXPECT_EQ("a", answer("select 1 as a having count(*) > 1"));
  EXPECT_EQ("a | 1", answer("select distinct 1 as a order by a limit 3"));
  EXPECT_EQ("a | 1.0 | 2.5 | -", answer("select 1 as a union all select 2.5 union all select null"));
  EXPECT_EQ("k,s | 2,b | 7,z", answer("select k, s from t where id = 1 union all select 7, 'z'"));
  EXPECT_EQ("id,top | 5,3", answer("with top as (select 3 as k) select id, k as top from t join top using (k)"));
  EXPECT_EQ("n,more | 1,2 | 1,3", answer("select a.n, b.n + 1 as more from (select 1 as n) a, "
                                         "(select 1 as n union all select 2) b"));
  EXPECT_EQ("id | 5", answer("select id from t where k in (select 3)"));
  EXPECT_EQ("id | 2 | 6", answer("select id from t where k = (select 1) and exists (select 1)"));
  EXPECT_EQ("n,known | 7,true", answer("select (select count(*) from t) as n, 2 in (select k from u) as known"));
}

TEST(QueryValues, ValuesAreRows) {
  EXPECT_EQ("column1,column2 | 1,x", answer("values (1, 'x')"));
  EXPECT_EQ("column1,column2 | 3,z | 1,x | 2,-", answer("values (3, 'z'), (1, 'x'), (2, null)"));
  EXPECT_EQ("column1 | 3.5 | 2.0", answer("values (1), (2), (3.5) order by 1 desc limit 2"));
  EXPECT_EQ("name,s | small,b | large,c",
            answer("select v.name, t.s from (values (2, 'small'), (3, 'large')) as v(k, name) join t using (k) where "
                   "s is not null"));
  EXPECT_EQ("id | 2 | 5 | 6", answer("with w(k) as (values (1), (3)) select id from t where k in (select k from w)"));
  EXPECT_EQ("id | 5", answer("select id from t where k in (values (3), (7))"));
  EXPECT_EQ("column1 | 2 | 2", answer("values (1 + 1) union all values (2)"));
}

TEST(QueryValues, TablesWithoutRowsFitAnyTypeAndHaveAnyColumnWhenNoneIsKnown) {
  for (const std::string other : {"header", "unknown"}) {
    const auto with = [&](std::string text) { return answer(text.replace(text.find('@'), 1, other)); };
    EXPECT_EQ("id,age | 1,- | 2,- | 3,- | 4,- | 5,- | 6,- | 7,-",
              with("select t.id, x.age + 1 as age from t left join @ x on t.k = x.k where x.age is null or x.age > 3"));
    EXPECT_EQ("id", with("select id from t join @ using (k) where age > 3"));
    EXPECT_EQ("id", with("select id from t where k in (select k from @ where age > 1)"));
    EXPECT_EQ("id | 5", with("select id from t where k not in (select k from @) and id = 5"));
    EXPECT_EQ("count,sum,s | 0,-,-", with("select count(*), sum(age), max(x.k) as s from @ x"));
    EXPECT_EQ("k,sum", with("select k, sum(age) from @ group by k order by k"));
    EXPECT_EQ("k,n | 9,9 | 2,2 | 2,2 | 1,1 | -,-",
              with("select k, age as n from @ where age > 1 union all select k, k from u order by n desc"));
    EXPECT_EQ("k,id | 2,1 | 1,2 | -,3 | 2,4 | 3,5 | 1,6 | -,7", with("select k, id from t full join @ using (k)"));
  }
  EXPECT_EQ("7: no column wage (did you mean 'age'?)", answer("select wage from header"));
}

TEST(QueryValues, AggregatesWithFiltersAndCombinations) {
  EXPECT_EQ("s,n,d,share | a,2,1,1.0 | b,2,1,2.0 | c,1,1,3.0 | -,2,1,2.0",
            answer("select s, count(*) as n, count(distinct k) as d, sum(k) / count(k) as share from t group by s"));
  EXPECT_EQ("few | 2", answer("select count(*) filter (where k = 1) as few from t"));
}

TEST(QueryMistakes, AreTheSameOnAllRanks) {
  EXPECT_EQ(
      "23: cannot compare the string column s (for example 'b') with the number 3; write cast(s as int64), or say "
      "s: int64 under types:, or add its word for missing under nulls:",
      answer("select id from t where s = 3"));
  const std::string overflow = answer("select sum(k + 9223372036854775800) as s from t group by s");
  EXPECT_NE(std::string::npos, overflow.find("overflow")) << overflow;
}

TEST(QueryCounters, DivisionsByZeroAreCountedOnce) {
  const Scene scene;
  EvalCounters counters;
  EXPECT_EQ("q | - | 1.0 | - | - | 0.5 | 1.0 | -",
            answer("select 1 / (k - case when k = 2 then 2 else 0 end - case when "
                   "k = 3 then 1 else 0 end) as q from t",
                   &counters));
  EXPECT_EQ(2, scene.comm.sum(counters.division_by_zero));
}

TEST(Aggregates, ExamplesOfTheDocumentationHold) {
  const Scene scene;
  const std::map<std::string, DatasetPtr> data{{"data", table(scene, {{"x", kInt}}, {"1", "2", "3", "-"})}};
  for (const FunctionInfo& info : known_aggregates()) {
    QueryReport report;
    const Query query = Query::parse(fmt::format("select {} as holds from data", info.example));
    EXPECT_EQ("holds | true", shown(run_query(query, data, scene.workspace, report), scene)) << info.example;
  }
}

std::string grouped(const std::vector<std::string>& keys, const std::vector<NamedExpression>& aggregates) {
  const Scene scene;
  QueryReport report;
  try {
    return shown(run_group(tables(scene).at("t"), keys, aggregates, {}, scene.workspace, report), scene);
  } catch (const GroupError& error) {
    return fmt::format("{} at {}: {}", error.index, static_cast<std::int64_t>(error.position()), error.what());
  }
}

TEST(GroupStep, KeysThenExpressionsOverAggregates) {
  EXPECT_EQ("s,n,share,first | a,2,1.0,2 | b,2,0.5,1 | c,1,1.0,5 | -,2,0.5,4",
            grouped({"s"}, {{"n", "count(*)"}, {"share", "count(k) / count(*)"}, {"first", "first(id)"}}));
  EXPECT_EQ("total | 28", grouped({}, {{"total", "sum(id)"}}));
  EXPECT_EQ("k,s,n | 1,a,2 | 2,b,1 | 2,-,1 | 3,c,1 | -,b,1 | -,-,1", grouped({"k", "s"}, {{"n", "count(*)"}}));
}

TEST(GroupStep, SaysWhichOfItsExpressionsIsWrong) {
  EXPECT_EQ("1 at 4: no column kk; there are id, k, s", grouped({"s"}, {{"n", "count(*)"}, {"m", "max(kk)"}}));
  EXPECT_EQ(
      "0 at 0: id is neither in GROUP BY nor in an aggregate: add it to GROUP BY, or write min(id), max(id) or "
      "first(id)",
      grouped({"s"}, {{"n", "id + count(*)"}}));
  EXPECT_EQ("0 at 0: there is a column s already: give the aggregate another name",
            grouped({"s"}, {{"s", "count(*)"}}));
  EXPECT_EQ(
      "0 at 4: sum wants numbers, not the string column s (for example 'b'); write cast(s as float64), or say s: "
      "float64 under "
      "types:, or add its word for missing under nulls:",
      grouped({"k"}, {{"n", "sum(s)"}}));
  EXPECT_EQ("-1 at 0: no column zzz; there are id, k, s", grouped({"zzz"}, {{"n", "count(*)"}}));
}

}  // namespace
}  // namespace evclean
