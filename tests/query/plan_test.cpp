// SPDX-License-Identifier: Apache-2.0
// Plans: what is pushed down, which joins get keys, what is carried, where data is exchanged.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "evclean/query.hpp"

namespace evclean {
namespace {

std::string plan(const std::string& text) {
  const Fields numbers = {{"x", ValueType::kInt64}, {"y", ValueType::kInt64}, {"name", ValueType::kString}};
  return fmt::format("\n{}", Query::parse(text).explain({{"a", numbers}, {"b", numbers}, {"c", numbers}}));
}

#define EVCLEAN_JOINED "[broadcast, keys travel or rows travel: chosen from true counts]"

TEST(Plan, FiltersGoToTheTablesAndCommaJoinsGetKeys) {
  EXPECT_EQ(R"(
columns name, n
  first 3 rows
    columns name, count(*) as n
      filter count(*) > 1
        group by name: count(*)  [two stages: on each rank, then groups travel by hash of the keys]
          inner join on c.y = b.y  )" EVCLEAN_JOINED R"(
            inner join on a.x = c.x  )" EVCLEAN_JOINED R"(
              table a: x, y, name, rows where a.y > 3 and name <> 'z'
              table c: x, y
            table b: y, name, rows where b.name = 'q'
)",
            plan("select a.name, count(*) n from a, b, c where a.x = c.x and c.y = b.y and b.name = 'q' and a.y > 3 "
                 "group by a.name having count(*) > 1 and a.name <> 'z' order by a.name limit 3"));
}

TEST(Plan, JoinsInAnotherOrderAreSortedBackWhereOrderMatters) {
  EXPECT_EQ(R"(
columns x
  back into the order of the tables as written  [rows travel by sampled ranges]
    inner join on c.y = b.y  )" EVCLEAN_JOINED R"(
      inner join on a.x = c.x  )" EVCLEAN_JOINED R"(
        number the rows
          table a: x
        number the rows
          table c: x, y
      number the rows
        table b: y
)",
            plan("select a.x from a, b, c where a.x = c.x and c.y = b.y"));
  EXPECT_EQ(std::string::npos, plan("select count(*) from a, b, c where a.x = c.x and c.y = b.y").find("number"));
}

TEST(Plan, OuterJoinsKeepWhatTheyMust) {
  EXPECT_EQ(R"(
columns x, y
  sort by x desc  [rows travel by sampled ranges]
    left join on t.x = b.x, pairs where t.y = 1  )" EVCLEAN_JOINED R"(
      table a: x, y, rows where t.x > 5
      table b: x, y, rows where b.y > 3
)",
            plan("select t.x, b.y from (select x, y from a) t left join b on t.x = b.x and b.y > 3 and t.y = 1 where "
                 "t.x > 5 order by t.x desc"));
  // A condition that no null meets makes it an inner join.
  EXPECT_EQ(R"(
columns x
  inner join on x = x  )" EVCLEAN_JOINED R"(
    table a: x
    table b: x, y, rows where b.y = 3
)",
            plan("select x from a left join b using (x) where b.y = 3"));
}

TEST(Plan, WhatIsUsedTwiceIsMadeOnceWithWhatAnyoneReads) {
  EXPECT_EQ(R"(
columns x
  inner join on t.s = u.s  )" EVCLEAN_JOINED R"(
    t (made once): x, s
    t (made once): s
t, made once:
  columns x, sum(y) as s
    group by x: sum(y)  [two stages: on each rank, then groups travel by hash of the keys]
      table a: x, y
)",
            plan("with t as (select x, sum(y) as s, max(name) m from a group by x) select t.x from t join t as u on "
                 "t.s = u.s"));
  EXPECT_EQ(R"(
columns x
  table a: x, rows where x > 3
)",
            plan("with t as (select x, name from a) select x from t where x > 3"));
}

TEST(Plan, MembershipBecomesSemiAndAntiJoins) {
  EXPECT_EQ(R"(
columns x
  anti join on x = x  )" EVCLEAN_JOINED R"(
    semi join on y = y  )" EVCLEAN_JOINED R"(
      table a: x, y, rows where ($1 = 0 or (x is not null and $2 = $1))
      table b: y, rows where y is not null
    filter x is not null
      in (made once): x
in, made once:
  table c: x
$1, one value:
  aggregate: count(*)  [two stages: on each rank, then one row a rank travels]
    in (made once): x
$2, one value:
  aggregate: count(x)  [two stages: on each rank, then one row a rank travels]
    in (made once): x
)",
            plan("select x from a where y in (select y from b) and x not in (select x from c)"));
}

TEST(Plan, FiltersGoIntoEveryPartOfAUnion) {
  EXPECT_EQ(R"(
columns name, x
  one after the other
    table a: x, name, rows where x > 3
    table b: y, name, rows where x > 3
)",
            plan("select name, x from (select name, x from a union all select name, y from b) t where x > 3"));
}

TEST(Plan, AKeyInEveryBranchOfAnOrIsFound) {
  EXPECT_EQ(R"(
columns sum
  columns sum(a.x) as sum
    aggregate: sum(a.x)  [two stages: on each rank, then one row a rank travels]
      inner join on a.x = b.x, pairs where (a.y = 1 or b.y = 2)  )" EVCLEAN_JOINED R"(
        table a: x, y
        table b: x, y
)",
            plan("select sum(a.x) from a, b where (a.x = b.x and a.y = 1) or (a.x = b.x and b.y = 2)"));
}

TEST(Plan, OrderWithALimitIsTopKAndComputedKeysAreColumns) {
  EXPECT_EQ(R"(
columns name
  sort by a.x desc nulls first, first 5 after 2  [top-k: the first rows of each rank travel]
    inner join on a.x = (b.x + 1)  )" EVCLEAN_JOINED R"(
      table a: x, name
      columns b.x + 1
        table b: x
)",
            plan("select a.name from a join b on a.x = b.x + 1 order by a.x desc nulls first limit 5 offset 2"));
}

}  // namespace
}  // namespace evclean
