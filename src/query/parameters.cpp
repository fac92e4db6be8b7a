// SPDX-License-Identifier: Apache-2.0
// Scalar subqueries run when the first step needs their value, which then stands in the tree as a constant.
#include <arrow/array.h>
#include <fmt/format.h>

#include "evclean/types.hpp"
#include "executor.hpp"
#include "planner.hpp"

namespace evclean::query {
namespace {

TreePtr cast_of(sql::Literal literal, ValueType type, std::size_t position) {
  Tree cast;
  cast.kind = TreeKind::kCast;
  cast.name = type_name(type);
  cast.position = position;
  cast.args = {sql::make_literal(std::move(literal), position)};
  return std::make_shared<const Tree>(std::move(cast));
}

/// The only value as a constant of its type.
TreePtr constant_of(const arrow::Array& array, ValueType type, std::size_t position) {
  if (array.IsNull(0)) return cast_of(sql::Null{}, type, position);
  switch (type) {
    case ValueType::kInt64:
      return sql::make_literal(static_cast<const arrow::Int64Array&>(array).Value(0), position);
    case ValueType::kFloat64:
      return sql::make_literal(static_cast<const arrow::DoubleArray&>(array).Value(0), position);
    case ValueType::kBool:
      return sql::make_literal(static_cast<const arrow::BooleanArray&>(array).Value(0), position);
    case ValueType::kString:
      return sql::make_literal(static_cast<const arrow::StringArray&>(array).GetString(0), position);
    case ValueType::kDate:
    case ValueType::kTimestamp:
      break;
  }
  return cast_of(std::string(value_text(array, 0)), type, position);
}

}  // namespace

TreePtr Executor::value_of(const std::string& field) {
  if (const auto known = values_.find(field); known != values_.end()) return known->second;
  const Parameter& parameter = plan_.parameters.at(field);
  const Table table = exact(run(*parameter.plan), parameter.plan->columns);
  if (table.data->rows() > 1) {
    throw ExpressionError(
        fmt::format("this subquery gives {} rows where one value is wanted; add limit 1, or an aggregate",
                    table.data->rows()),
        parameter.position);
  }
  TreePtr value = cast_of(sql::Null{}, parameter.type, parameter.position);
  for (const Batch& batch : gather_everywhere(*table.data, workspace_)) {
    if (batch.num_rows > 0) value = constant_of(*batch.array(0), parameter.type, parameter.position);
  }
  values_[field] = value;
  return value;
}

TreePtr Executor::known(const TreePtr& tree) {
  return with_parameters(tree, [&](const Tree& part) { return value_of(part.field); });
}

std::shared_ptr<BoundExpression> Executor::bind_all(const Trees& conditions, const Fields& fields) {
  Trees trees;
  for (const TreePtr& condition : conditions) trees.push_back(known(condition));
  const TreePtr all = trees.size() == 1 ? trees[0] : sql::make_call("and", trees, trees[0]->position);
  return std::make_shared<BoundExpression>(Expression::of(all).bind(fields));
}

}  // namespace evclean::query
