// SPDX-License-Identifier: Apache-2.0
// Subqueries: a value becomes a parameter, membership a join. PostgreSQL's rule for null: x in (…) is true for a match,
// else null when x is null or the list holds null, else false; over an empty list it is false whatever x is.
#include <fmt/format.h>

#include "planner.hpp"

namespace evclean::query {
namespace {

bool is_membership(const Tree& tree) { return tree.kind == TreeKind::kSubquery && tree.name == "in"; }

TreePtr not_null(const Column& column, std::size_t position) {
  return sql::make_call("is not null", {column_tree(column, position)}, position);
}

}  // namespace

TreePtr Planner::parameter(PlanPtr plan, ValueType type, std::size_t position) {
  Tree tree;
  tree.kind = TreeKind::kSubquery;
  tree.name = "scalar";
  tree.position = position;
  tree.field = fmt::format("${}", parameters_.size() + 1);
  parameters_[tree.field] = {std::move(plan), type, position};
  return std::make_shared<const Tree>(std::move(tree));
}

TreePtr Planner::subquery(const TreePtr& tree, const NameRules& rules) {
  Planned planned = select(*tree->query, rules.common, rules.scope);
  if (tree->name == "exists") {
    PlanPtr first = make_plan(PlanKind::kLimit, {std::move(planned.plan)});
    first->limit = 1;
    auto shared = std::make_shared<SharedPlan>(SharedPlan{"exists", std::move(first)});
    shared_.push_back(shared);
    TreePtr count = count_of(shared, false, tree->position);
    return sql::make_call(">", {std::move(count), sql::make_literal(std::int64_t{0}, tree->position)}, tree->position);
  }
  if (planned.columns.size() != 1) {
    throw ExpressionError(fmt::format("a subquery here gives one column; this one gives {}", planned.columns.size()),
                          tree->query->position);
  }
  PlanPtr only = make_plan(PlanKind::kProject, {std::move(planned.plan)});
  only->columns = planned.columns;
  only->values = {value_tree(planned.columns[0], tree->position)};
  if (tree->name == "scalar" && planned.columns[0].null) return value_tree(planned.columns[0], tree->position);
  if (tree->name == "scalar") {
    return parameter(std::move(only), planned.columns[0].type, tree->position);
  }
  auto shared = std::make_shared<SharedPlan>(SharedPlan{"in", std::move(only), 0, {}, true});
  shared_.push_back(shared);
  Tree in = *tree;
  in.args = {resolve(tree->args[0], rules)};
  in.field = fields_.fresh("in");
  members_[in.field] = std::move(shared);
  return std::make_shared<const Tree>(std::move(in));
}

/// How many rows a subquery gives, or how many of its values are not null; known when the query runs.
TreePtr Planner::count_of(const std::shared_ptr<SharedPlan>& shared, bool of_values, std::size_t position) {
  PlanPtr rows = use(shared, shared->name).plan;
  PlanPtr group = make_plan(PlanKind::kGroup, {rows});
  const Column count = new_column("count", ValueType::kInt64);
  group->columns = {count};
  PlannedAggregate aggregate;
  aggregate.kind = of_values ? AggregateKind::kCount : AggregateKind::kCountRows;
  aggregate.argument = of_values ? rows->columns[0].field : "";
  aggregate.text = of_values ? fmt::format("count({})", rows->columns[0].name) : "count(*)";
  group->aggregates = {std::move(aggregate)};
  return parameter(std::move(group), ValueType::kInt64, position);
}

/// x in (…) as a value: the rows get a mark from a join with the distinct values.
TreePtr Planner::membership(const Tree& tree, PlanPtr& plan) {
  const auto& shared = members_.at(tree.field);
  const std::size_t place = tree.position;
  const TreePtr x = attach(tree.args[0], plan);
  PlanPtr values = use(shared, "in").plan;
  const Column value = values->columns[0];
  PlanPtr distinct = make_plan(PlanKind::kDistinct, {filter_of(std::move(values), {not_null(value, place)})});
  const Column mark = new_column("in", ValueType::kBool);
  PlanPtr marked = project_beside(std::move(distinct), mark, sql::make_literal(true, place));
  PlanPtr join = make_plan(PlanKind::kJoin, {plan, marked});
  join->how = JoinHow::kLeft;
  join->columns.insert(join->columns.end(), marked->columns.begin(), marked->columns.end());
  join->conditions = {sql::make_call("=", {x, value_tree(value, place)}, place)};
  type_of(join->conditions[0], join->columns);
  plan = std::move(join);
  const TreePtr rows = count_of(shared, false, place);
  const TreePtr known = count_of(shared, true, place);
  Tree result;
  result.kind = TreeKind::kCase;
  result.position = place;
  const auto literal = [&](sql::Literal value) { return sql::make_literal(std::move(value), place); };
  const TreePtr unsure =
      sql::make_call("or", {sql::make_call("is null", {x}, place), sql::make_call("<", {known, rows}, place)}, place);
  result.args = {column_tree(mark, place),
                 literal(true),
                 sql::make_call("=", {rows, literal(std::int64_t{0})}, place),
                 literal(false),
                 unsure,
                 literal(sql::Null{}),
                 literal(false)};
  return std::make_shared<const Tree>(std::move(result));
}

TreePtr Planner::attach(const TreePtr& tree, PlanPtr& plan) {
  return sql::rewrite(
      tree, [&](const TreePtr& part) -> TreePtr { return is_membership(*part) ? membership(*part, plan) : nullptr; });
}

/// x in (…) and x not in (…) that stand alone: rows are kept or dropped by a semi or anti join.
bool Planner::filter_by_membership(const TreePtr& condition, PlanPtr& plan) {
  const bool negated = condition->kind == TreeKind::kCall && condition->is_operator && condition->name == "not";
  const Tree& tree = negated ? *condition->args[0] : *condition;
  if (!is_membership(tree)) return false;
  const auto& shared = members_.at(tree.field);
  const std::size_t place = tree.position;
  TreePtr x = attach(tree.args[0], plan);
  PlanPtr values = use(shared, "in").plan;
  const Column value = values->columns[0];
  const TreePtr equal = sql::make_call("=", {x, value_tree(value, place)}, place);
  Columns both = plan->columns;
  both.push_back(value);
  type_of(equal, both);
  PlanPtr join = make_plan(PlanKind::kJoin, {plan, filter_of(std::move(values), {not_null(value, place)})});
  join->how = negated ? JoinHow::kAnti : JoinHow::kSemi;
  join->conditions = {equal};
  plan = std::move(join);
  if (!negated) return true;
  const TreePtr rows = count_of(shared, false, place);
  const TreePtr none = sql::make_call("=", {rows, sql::make_literal(std::int64_t{0}, place)}, place);
  const TreePtr sure = sql::make_call(
      "and",
      {sql::make_call("is not null", {x}, place), sql::make_call("=", {count_of(shared, true, place), rows}, place)},
      place);
  plan = filter_of(std::move(plan), {sql::make_call("or", {none, sure}, place)});
  return true;
}

void Planner::filter(const TreePtr& condition, PlanPtr& plan) {
  Trees parts, plain;
  split_conditions(condition, parts);
  for (const TreePtr& part : parts) {
    if (!filter_by_membership(part, plan)) plain.push_back(attach(part, plan));
  }
  if (!plain.empty()) plan = filter_of(std::move(plan), std::move(plain));
}

}  // namespace evclean::query
