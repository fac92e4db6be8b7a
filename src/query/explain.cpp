// SPDX-License-Identifier: Apache-2.0
// A plan as indented lines: the result first, what it is made of below. In square brackets: where rows change ranks.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plan.hpp"

namespace evclean::query {
namespace {

std::string names_of(const Columns& columns) {
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string conditions_of(const Trees& conditions) {
  std::vector<std::string> texts;
  for (const TreePtr& tree : conditions) {
    const bool loose = tree->kind == TreeKind::kCall && tree->is_operator && tree->name == "or";
    texts.push_back(loose ? fmt::format("({})", sql::to_text(*tree)) : sql::to_text(*tree));
  }
  return fmt::format("{}", fmt::join(texts, " and "));
}

std::string_view how_of(JoinHow how) {
  switch (how) {
    case JoinHow::kInner:
      return "inner";
    case JoinHow::kLeft:
      return "left";
    case JoinHow::kRight:
      return "right";
    case JoinHow::kFull:
      return "full";
    case JoinHow::kSemi:
      return "semi";
    case JoinHow::kAnti:
      return "anti";
  }
  return "";
}

std::string key_name(const Plan& side, const std::string& field) {
  const Column* column = find_column(side.columns, field);
  return column == nullptr ? field : column->name;
}

std::string join_line(const Plan& plan) {
  const std::vector<std::string>& keys = plan.key_texts;
  std::string line = fmt::format("{} join", how_of(plan.how));
  line += keys.empty() ? std::string(", every row with every row") : fmt::format(" on {}", fmt::join(keys, " and "));
  if (!plan.conditions.empty()) line += fmt::format(", pairs where {}", conditions_of(plan.conditions));
  return line + (keys.empty() ? "  [broadcast: the right side to all ranks]"
                              : "  [broadcast, keys travel or rows travel: chosen from true counts]");
}

std::string group_line(const Plan& plan) {
  Columns keys(plan.columns.begin(), plan.columns.begin() + static_cast<std::ptrdiff_t>(plan.group_keys.size()));
  std::vector<std::string> aggregates;
  for (const PlannedAggregate& aggregate : plan.aggregates) aggregates.push_back(aggregate.text);
  std::string line = keys.empty() ? "aggregate" : fmt::format("group by {}", names_of(keys));
  if (!aggregates.empty()) line += fmt::format(": {}", fmt::join(aggregates, ", "));
  return line + (keys.empty() ? "  [two stages: on each rank, then one row a rank travels]"
                              : "  [two stages: on each rank, then groups travel by hash of the keys]");
}

std::string sort_line(const Plan& plan) {
  std::vector<std::string> keys;
  for (const Order& order : plan.order) {
    keys.push_back(fmt::format("{}{}{}", key_name(*plan.inputs[0], order.field), order.descending ? " desc" : "",
                               order.nulls_first ? " nulls first" : ""));
  }
  const bool back = find_column(plan.inputs[0]->columns, plan.order[0].field) != nullptr &&
                    key_name(*plan.inputs[0], plan.order[0].field) == kRowNumber;
  std::string line = back ? std::string("back into the order of the tables as written")
                          : fmt::format("sort by {}", fmt::join(keys, ", "));
  if (plan.limit >= 0) line += fmt::format(", first {}", plan.limit);
  if (plan.offset > 0) line += fmt::format(" after {}", plan.offset);
  return line +
         (plan.limit >= 0 ? "  [top-k: the first rows of each rank travel]" : "  [rows travel by sampled ranges]");
}

std::string project_line(const Plan& plan) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < plan.values.size(); ++i) {
    const std::string text = sql::to_text(*plan.values[i]);
    const Column* column = find_column(plan.inputs[0]->columns, plan.values[i]->field);
    const bool same = plan.columns[i].name == text || (column != nullptr && column->name == plan.columns[i].name);
    values.push_back(same ? text : fmt::format("{} as {}", text, plan.columns[i].name));
  }
  return fmt::format("columns {}", fmt::join(values, ", "));
}

std::string line_of(const Plan& plan) {
  switch (plan.kind) {
    case PlanKind::kScan:
      return fmt::format("table {}: {}", plan.table, names_of(plan.columns));
    case PlanKind::kOneRow:
      return "one row";
    case PlanKind::kShared:
      return fmt::format("{} (made once): {}", plan.table, names_of(plan.columns));
    case PlanKind::kFilter:
      return fmt::format("filter {}", conditions_of(plan.conditions));
    case PlanKind::kProject:
      return project_line(plan);
    case PlanKind::kJoin:
      return join_line(plan);
    case PlanKind::kGroup:
      return group_line(plan);
    case PlanKind::kDistinct:
      return "distinct  [two stages: on each rank, then rows travel by hash]";
    case PlanKind::kSort:
      return sort_line(plan);
    case PlanKind::kLimit:
      return plan.limit < 0    ? fmt::format("all rows after {}", plan.offset)
             : plan.offset > 0 ? fmt::format("first {} rows after {}", plan.limit, plan.offset)
                               : fmt::format("first {} rows", plan.limit);
    case PlanKind::kUnion:
      return "one after the other";
    case PlanKind::kNumber:
      break;
  }
  return "number the rows";
}

/// Only passes columns on under their names: nothing to say.
bool is_silent(const Plan& plan) {
  if (plan.kind != PlanKind::kProject) return false;
  for (std::size_t i = 0; i < plan.values.size(); ++i) {
    const Column* column = find_column(plan.inputs[0]->columns, plan.values[i]->field);
    const bool passes = plan.values[i]->kind == TreeKind::kColumn && column != nullptr;
    if (!passes || (column->name != plan.columns[i].name && plan.values[i]->name != plan.columns[i].name)) return false;
  }
  return true;
}

void put(const PlanPtr& plan, int depth, std::string& text) {
  if (depth > 0 && is_silent(*plan)) return put(plan->inputs[0], depth, text);
  // A filter right over a table is done while the table is read.
  const bool pushed = plan->kind == PlanKind::kFilter && plan->inputs[0]->kind == PlanKind::kScan;
  if (pushed) {
    text += fmt::format("{:{}}{}, rows where {}\n", "", depth * 2, line_of(*plan->inputs[0]),
                        conditions_of(plan->conditions));
    return;
  }
  text += fmt::format("{:{}}{}\n", "", depth * 2, line_of(*plan));
  for (const PlanPtr& input : plan->inputs) put(input, depth + 1, text);
}

}  // namespace

std::string explain_plan(const QueryPlan& plan) {
  std::string text;
  put(plan.root, 0, text);
  for (const auto& shared : plan.shared) {
    text += fmt::format("{}, made once:\n", shared->name);
    put(shared->plan, 1, text);
  }
  for (const auto& [field, parameter] : plan.parameters) {
    text += fmt::format("{}, one value:\n", field);
    put(parameter.plan, 1, text);
  }
  return text;
}

}  // namespace evclean::query
