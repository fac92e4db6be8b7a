// SPDX-License-Identifier: Apache-2.0
// The step group: a query without the words.
#include <fmt/format.h>

#include <algorithm>

#include "evclean/query.hpp"
#include "executor.hpp"
#include "planner.hpp"

namespace evclean {
namespace {

[[noreturn]] void fail(int index, const ExpressionError& error) { throw GroupError(error, index); }

void check_names(const std::vector<std::string>& keys, const std::vector<NamedExpression>& aggregates) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (std::find(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(i), keys[i]) !=
        keys.begin() + static_cast<std::ptrdiff_t>(i)) {
      fail(-1, {fmt::format("{} stands twice among the keys", keys[i]), 0});
    }
  }
  for (std::size_t i = 0; i < aggregates.size(); ++i) {
    const std::string& name = aggregates[i].name;
    const bool repeated = std::any_of(aggregates.begin(), aggregates.begin() + static_cast<std::ptrdiff_t>(i),
                                      [&](const NamedExpression& other) { return other.name == name; });
    if (repeated || std::find(keys.begin(), keys.end(), name) != keys.end()) {
      fail(static_cast<int>(i),
           {fmt::format("there is a column {} already: give the aggregate another name", name), 0});
    }
  }
}

query::QueryPlan planned(const DatasetPtr& data, const std::vector<std::string>& keys,
                         const std::vector<NamedExpression>& aggregates, const Macros& macros) {
  check_names(keys, aggregates);
  query::Trees values;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < aggregates.size(); ++i) {
    try {
      values.push_back(sql::parse_aggregates(aggregates[i].expression, macros));
    } catch (const ExpressionError& error) {
      fail(static_cast<int>(i), error);
    }
    names.push_back(aggregates[i].name);
  }
  const std::map<std::string, Fields> tables;
  return query::Planner(tables).plan_group(data->fields(), keys, values, names, fail);
}

}  // namespace

DatasetPtr run_group(const DatasetPtr& data, const std::vector<std::string>& keys,
                     const std::vector<NamedExpression>& aggregates, const Macros& macros, const Workspace& workspace,
                     QueryReport& report) {
  const query::QueryPlan plan = planned(data, keys, aggregates, macros);
  const std::map<std::string, DatasetPtr> tables{{"events", data}};
  return query::Executor(plan, tables, workspace, report).run();
}

}  // namespace evclean
