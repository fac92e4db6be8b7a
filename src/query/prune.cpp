// SPDX-License-Identifier: Apache-2.0
// From the result down: each step keeps the columns that are read above it.
#include <algorithm>

#include "plan.hpp"

namespace evclean::query {
namespace {

using Needed = std::set<std::string>;

/// Keeps the columns needed, and what belongs to them; one when none is, so that there are rows to count.
void narrow(Plan& plan, const Needed& needed) {
  Needed kept = needed;
  const bool none = std::none_of(plan.columns.begin(), plan.columns.end(),
                                 [&](const Column& column) { return needed.count(column.field) > 0; });
  if (none && !plan.columns.empty()) {
    const auto narrowest = std::find_if(plan.columns.begin(), plan.columns.end(),
                                        [](const Column& column) { return column.type != ValueType::kString; });
    kept.insert((narrowest == plan.columns.end() ? plan.columns.begin() : narrowest)->field);
  }
  std::size_t out = 0;
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    if (kept.count(plan.columns[i].field) == 0) continue;
    plan.columns[out] = plan.columns[i];
    if (!plan.sources.empty()) plan.sources[out] = plan.sources[i];
    if (!plan.values.empty()) plan.values[out] = plan.values[i];
    ++out;
  }
  plan.columns.resize(out);
  if (!plan.sources.empty()) plan.sources.resize(out);
  if (!plan.values.empty()) plan.values.resize(out);
}

Needed with_trees(Needed needed, const Trees& trees) {
  for (const TreePtr& tree : trees) collect_fields(tree, needed);
  return needed;
}

void prune_plan(const PlanPtr& plan, const Needed& needed);

void prune_join(Plan& plan, const Needed& needed) {
  Needed inner = with_trees(needed, plan.conditions);
  for (const auto& [left, right] : plan.keys) inner.insert({left, right});
  for (const PlanPtr& input : plan.inputs) prune_plan(input, inner);
}

void prune_group(Plan& plan, const Needed& needed) {
  std::vector<PlannedAggregate> aggregates;
  Columns columns(plan.columns.begin(), plan.columns.begin() + static_cast<std::ptrdiff_t>(plan.group_keys.size()));
  Needed inner(plan.group_keys.begin(), plan.group_keys.end());
  for (std::size_t i = 0; i < plan.aggregates.size(); ++i) {
    const Column& column = plan.columns[plan.group_keys.size() + i];
    const bool only = plan.group_keys.empty() && i + 1 == plan.aggregates.size() && aggregates.empty();
    if (needed.count(column.field) == 0 && !only) continue;
    columns.push_back(column);
    aggregates.push_back(plan.aggregates[i]);
    inner.insert({plan.aggregates[i].argument, plan.aggregates[i].filter});
  }
  plan.columns = std::move(columns);
  plan.aggregates = std::move(aggregates);
  prune_plan(plan.inputs[0], inner);
}

void prune_union(Plan& plan, const Needed& needed) {
  const Columns all = plan.columns;
  narrow(plan, needed);
  for (const PlanPtr& input : plan.inputs) {
    Needed inner;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (find_column(plan.columns, all[i].field) != nullptr) inner.insert(input->columns[i].field);
    }
    prune_plan(input, inner);
  }
}

Needed fields_of(const Plan& plan) {
  Needed fields;
  for (const Column& column : plan.columns) fields.insert(column.field);
  return fields;
}

void prune_plan(const PlanPtr& plan, const Needed& needed) {
  if (plan->kind == PlanKind::kGroup) return prune_group(*plan, needed);
  if (plan->kind == PlanKind::kUnion) return prune_union(*plan, needed);
  if (plan->kind == PlanKind::kDistinct) return prune_plan(plan->inputs[0], fields_of(*plan));
  if (plan->kind == PlanKind::kNumber) {
    Needed kept = needed;
    kept.insert(plan->columns.back().field);
    narrow(*plan, kept);
    return prune_plan(plan->inputs[0], kept);
  }
  narrow(*plan, needed);
  const Needed kept = fields_of(*plan);
  switch (plan->kind) {
    case PlanKind::kProject:
      return prune_plan(plan->inputs[0], with_trees({}, plan->values));
    case PlanKind::kFilter:
      return prune_plan(plan->inputs[0], with_trees(kept, plan->conditions));
    case PlanKind::kJoin:
      return prune_join(*plan, kept);
    case PlanKind::kSort: {
      Needed inner = kept;
      for (const Order& order : plan->order) inner.insert(order.field);
      return prune_plan(plan->inputs[0], inner);
    }
    case PlanKind::kLimit:
      return prune_plan(plan->inputs[0], kept);
    case PlanKind::kShared:
      plan->shared->needed.insert(plan->sources.begin(), plan->sources.end());
      return;
    default:
      return;
  }
}

}  // namespace

void prune(QueryPlan& plan) {
  prune_plan(plan.root, fields_of(*plan.root));
  for (const auto& [field, parameter] : plan.parameters) prune_plan(parameter.plan, fields_of(*parameter.plan));
  for (auto shared = plan.shared.rbegin(); shared != plan.shared.rend(); ++shared) {
    prune_plan((*shared)->plan, (*shared)->needed);
  }
}

}  // namespace evclean::query
