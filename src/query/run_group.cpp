// SPDX-License-Identifier: Apache-2.0
// The step group: a query without the words.
#include <fmt/format.h>

#include <algorithm>

#include "evclean/query.hpp"
#include "evclean/sql_tree.hpp"
#include "executor.hpp"
#include "known_empty.hpp"
#include "planner.hpp"
#include "sample.hpp"

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
                         const std::vector<NamedExpression>& aggregates, const Macros& macros, const Comm& comm,
                         query::KnownEmpty empty) {
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
  const auto sample = [&](const std::string&, const std::string& column) {
    return query::sample_of(*data, column, comm);
  };
  return query::Planner(tables, sample, std::move(empty)).plan_group(data->fields(), keys, values, names, fail);
}

}  // namespace

std::optional<std::vector<std::string>> group_columns(const std::vector<std::string>& keys,
                                                      const std::vector<NamedExpression>& aggregates,
                                                      const Macros& macros, const Fields& fields) {
  std::vector<std::string> known, used = keys;
  for (const Field& field : fields) known.push_back(field.name);
  bool found = std::all_of(keys.begin(), keys.end(), [&](const std::string& key) {
    return std::find(known.begin(), known.end(), key) != known.end();
  });
  for (const NamedExpression& aggregate : aggregates) {
    try {
      sql::walk(sql::parse_aggregates(aggregate.expression, macros), [&](const sql::Tree& part) {
        if (part.kind != sql::TreeKind::kColumn) return true;
        const int at = sql::find_name(part.name, known, nullptr);
        if (at >= 0) used.push_back(known[static_cast<std::size_t>(at)]);
        found &= at >= 0;
        return true;
      });
    } catch (const ExpressionError&) {
      return std::nullopt;
    }
  }
  if (!found) return std::nullopt;
  std::vector<std::string> in_order;
  for (const std::string& name : known) {
    if (std::find(used.begin(), used.end(), name) != used.end()) in_order.push_back(name);
  }
  return in_order;
}

DatasetPtr run_group(const DatasetPtr& data, const std::vector<std::string>& keys,
                     const std::vector<NamedExpression>& aggregates, const Macros& macros, const Workspace& workspace,
                     QueryReport& report, bool open) {
  const std::map<std::string, DatasetPtr> tables{{"events", data}};
  const std::set<std::string> known_open = open ? std::set<std::string>{"events"} : std::set<std::string>{};
  const query::QueryPlan plan = query::plan_knowing(tables, known_open, [&](query::KnownEmpty empty) {
    return planned(data, keys, aggregates, macros, workspace.comm, std::move(empty));
  });
  return query::Executor(plan, tables, workspace, report).run();
}

}  // namespace evclean
