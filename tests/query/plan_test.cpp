// SPDX-License-Identifier: Apache-2.0
// Plans: what is pushed down, which joins get keys, what is carried.
#include <gtest/gtest.h>

#include "evclean/query.hpp"

namespace evclean {
namespace {

std::string plan(const std::string& text) {
  const Fields numbers = {{"x", ValueType::kInt64}, {"y", ValueType::kInt64}, {"name", ValueType::kString}};
  return Query::parse(text).explain({{"a", numbers}, {"b", numbers}, {"c", numbers}});
}

TEST(Plan, X) {
  for (const char* text : {
           "select a.name, count(*) n from a, b, c where a.x = c.x and c.y = b.y and b.name = 'q' and a.y > 3 group by "
           "a.name having count(*) > 1 and a.name <> 'z' order by a.name limit 3",
           "select a.x from a, b, c where a.x = c.x and c.y = b.y",
           "select * from (select x, y from a) t left join b on t.x = b.x and b.y > 3 and t.y = 1 where t.x > 5 order "
           "by t.x desc",
           "with t as (select x, sum(y) as s, max(name) m from a group by x) select t.x from t join t as u on t.s = "
           "u.s",
           "select x from a where y in (select y from b) and x not in (select x from c)",
           "select x from a where y in (select y from b) or x > (select max(x) from c)",
           "select x from a left join b using (x) where b.y = 3",
           "select name, x from (select name, x from a union all select name, y from b) t where x > 3",
           "select distinct name from a full join b using (name) where exists (select 1 from c)",
           "select sum(a.x) from a, b where (a.x = b.x and a.y = 1) or (a.x = b.x and b.y = 2)",
       })
    printf("%s\n%s\n", text, plan(text).c_str());
}

}  // namespace
}  // namespace evclean
