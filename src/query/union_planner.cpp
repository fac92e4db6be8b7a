// SPDX-License-Identifier: Apache-2.0
// UNION ALL: columns by position, the names of the first; types are widened where one holds the values of both.
#include <fmt/format.h>

#include "planner.hpp"

namespace evclean::query {
namespace {

std::optional<ValueType> wider(ValueType a, ValueType b) {
  const auto both = [&](ValueType x, ValueType y) { return (a == x && b == y) || (a == y && b == x); };
  if (a == b) return a;
  if (both(ValueType::kInt64, ValueType::kFloat64)) return ValueType::kFloat64;
  if (both(ValueType::kDate, ValueType::kTimestamp)) return ValueType::kTimestamp;
  return std::nullopt;
}

/// Digits that nobody gave up are not lost.
TreePtr value_as(const Column& column, ValueType type) {
  const TreePtr value = value_tree(column, 0);
  if (column.type == type && !column.null) return value;
  auto cast = std::make_shared<Tree>(*cast_tree(value, type));
  cast->exact = column.type == ValueType::kInt64 && type == ValueType::kFloat64;
  return cast;
}

}  // namespace

Planned Planner::union_all(const sql::Select& query, const CommonTables* common, const Scope* outer) {
  std::vector<Planned> parts;
  for (const sql::SelectPtr& part : query.all_of) parts.push_back(select(*part, common, outer));
  fit_columns(parts, query);
  PlanPtr plan = make_plan(PlanKind::kUnion, {});
  for (const Planned& part : parts) plan->inputs.push_back(part.plan);
  for (const Column& column : parts.front().columns) {
    plan->columns.push_back(new_column(column.name, column.type));
    plan->columns.back().null = column.null;
  }
  std::vector<Order> order;
  for (const sql::OrderItem& item : query.order_by) {
    const Tree& tree = *item.value;
    const auto* number = tree.kind == TreeKind::kLiteral ? std::get_if<std::int64_t>(&tree.literal) : nullptr;
    int index = -1;
    if (number != nullptr && *number >= 1 && *number <= static_cast<std::int64_t>(plan->columns.size())) {
      index = static_cast<int>(*number) - 1;
    } else if (tree.kind == TreeKind::kColumn) {
      index = find_named(plan->columns, tree);
    }
    if (index < 0) {
      throw ExpressionError("after UNION ALL, ORDER BY takes names or positions of the result's columns",
                            tree.position);
    }
    order.push_back({plan->columns[static_cast<std::size_t>(index)].field, item.descending, item.nulls_first});
  }
  Columns columns = plan->columns;
  return tail({std::move(plan), std::move(columns)}, query, std::move(order));
}

void Planner::fit_columns(std::vector<Planned>& parts, const sql::Select& query) {
  const std::size_t count = parts.front().columns.size();
  std::vector<std::optional<ValueType>> types(count);
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const std::size_t position = query.all_of[p]->position;
    if (parts[p].columns.size() != count) {
      throw ExpressionError(fmt::format("UNION ALL wants as many columns everywhere: {} here, {} in the first",
                                        parts[p].columns.size(), count),
                            position);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const Column& column = parts[p].columns[i];
      if (column.null) continue;
      const auto common = types[i] ? wider(*types[i], column.type) : column.type;
      if (!common) {
        throw ExpressionError(fmt::format("column {} of UNION ALL is {} here ({}) and {} before; cast one of them",
                                          i + 1, type_name(column.type), column.name, type_name(*types[i])),
                              position);
      }
      types[i] = common;
    }
  }
  for (Planned& part : parts) {
    PlanPtr project = make_plan(PlanKind::kProject, {part.plan});
    project->columns.clear();
    for (std::size_t i = 0; i < count; ++i) {
      const ValueType type = types[i].value_or(ValueType::kString);
      project->columns.push_back(new_column(part.columns[i].name, type));
      project->columns.back().null = !types[i];  // in all of them
      project->values.push_back(value_as(part.columns[i], type));
    }
    part.columns = project->columns;
    part.plan = std::move(project);
  }
}

}  // namespace evclean::query
