// SPDX-License-Identifier: Apache-2.0
// Conditions move down as far as they may, and joins get their keys. `ordered` says whether anyone looks at the order
// of the rows: where nobody does, joins may be put in any order for nothing.
#include <algorithm>

#include "optimise.hpp"

namespace evclean::query {
namespace {

/// Fields of columns that a projection only passes on, by their fields above it.
std::map<std::string, TreePtr> passed(const Plan& project) {
  std::map<std::string, TreePtr> values;
  for (std::size_t i = 0; i < project.columns.size(); ++i) {
    if (project.values[i]->kind == TreeKind::kColumn) values[project.columns[i].field] = project.values[i];
  }
  return values;
}

/// The tree below the projection, keeping the names and places of what was written.
TreePtr below(const TreePtr& tree, const std::map<std::string, TreePtr>& values) {
  return sql::rewrite(tree, [&](const TreePtr& part) -> TreePtr {
    if (part->kind != TreeKind::kColumn) return nullptr;
    Tree moved = *part;
    moved.field = values.at(part->field)->field;
    return std::make_shared<const Tree>(std::move(moved));
  });
}

bool covers(const std::map<std::string, TreePtr>& values, const TreePtr& tree) {
  std::set<std::string> fields;
  collect_fields(tree, fields);
  return std::all_of(fields.begin(), fields.end(), [&](const std::string& f) { return values.count(f) > 0; });
}

}  // namespace

Trees Optimiser::take(Trees& conditions, const std::function<bool(const TreePtr&)>& wanted) {
  Trees taken;
  std::erase_if(conditions, [&](const TreePtr& tree) {
    if (!wanted(tree)) return false;
    taken.push_back(tree);
    return true;
  });
  return taken;
}

PlanPtr Optimiser::filtered(PlanPtr plan, Trees conditions) {
  return conditions.empty() ? std::move(plan) : filter_of(std::move(plan), std::move(conditions));
}

PlanPtr Optimiser::push(PlanPtr plan, Trees conditions, bool ordered) {
  switch (plan->kind) {
    case PlanKind::kFilter:
      conditions.insert(conditions.begin(), plan->conditions.begin(), plan->conditions.end());
      return push(plan->inputs[0], std::move(conditions), ordered);
    case PlanKind::kProject:
      return push_project(std::move(plan), std::move(conditions), ordered);
    case PlanKind::kJoin:
      return push_join(std::move(plan), std::move(conditions), ordered);
    case PlanKind::kGroup:
      return push_group(std::move(plan), std::move(conditions));
    case PlanKind::kDistinct:
      plan->inputs[0] = push(plan->inputs[0], std::move(conditions), ordered);
      return plan;
    case PlanKind::kSort:
      return push_sort(std::move(plan), std::move(conditions), ordered);
    case PlanKind::kUnion:
      return push_union(std::move(plan), conditions, ordered);
    case PlanKind::kLimit:
    case PlanKind::kNumber:
      plan->inputs[0] = push(plan->inputs[0], {}, true);
      return filtered(std::move(plan), std::move(conditions));
    case PlanKind::kShared:
      return push_shared(std::move(plan), std::move(conditions), ordered);
    case PlanKind::kScan:
    case PlanKind::kOneRow:
      break;
  }
  return filtered(std::move(plan), std::move(conditions));
}

/// What is used once is no step of its own.
PlanPtr Optimiser::push_shared(PlanPtr plan, Trees conditions, bool ordered) {
  if (plan->shared->uses > 1) return filtered(std::move(plan), std::move(conditions));
  PlanPtr project = make_plan(PlanKind::kProject, {plan->shared->plan});
  project->columns = plan->columns;
  for (std::size_t i = 0; i < plan->columns.size(); ++i) {
    project->values.push_back(column_tree({plan->sources[i], plan->columns[i].name, plan->columns[i].type}));
  }
  plan->shared->uses = 0;  // nothing is left to be run on its own
  return push(std::move(project), std::move(conditions), ordered);
}

PlanPtr Optimiser::push_project(PlanPtr plan, Trees conditions, bool ordered) {
  const auto values = passed(*plan);
  Trees moving = take(conditions, [&](const TreePtr& tree) { return covers(values, tree); });
  for (TreePtr& tree : moving) tree = below(tree, values);
  plan->inputs[0] = push(plan->inputs[0], std::move(moving), ordered);
  return filtered(std::move(plan), std::move(conditions));
}

PlanPtr Optimiser::push_group(PlanPtr plan, Trees conditions) {
  Columns keys;
  for (const std::string& field : plan->group_keys) keys.push_back(*find_column(plan->columns, field));
  Trees moving = take(conditions, [&](const TreePtr& tree) { return reads_any(tree) && reads_only(tree, keys); });
  const bool by_order = std::any_of(plan->aggregates.begin(), plan->aggregates.end(), [](const PlannedAggregate& a) {
    return a.kind == AggregateKind::kFirst || a.kind == AggregateKind::kLast;
  });
  plan->inputs[0] = push(plan->inputs[0], std::move(moving), by_order);
  return filtered(std::move(plan), std::move(conditions));
}

namespace {

/// Rows that come from a group are sorted by its keys already, nulls last.
bool comes_sorted(const Plan& plan, const std::vector<Order>& order) {
  if (plan.kind == PlanKind::kFilter) return comes_sorted(*plan.inputs[0], order);
  if (plan.kind == PlanKind::kProject) {
    const auto values = passed(plan);
    std::vector<Order> inner = order;
    for (Order& item : inner) {
      const auto value = values.find(item.field);
      if (value == values.end()) return false;
      item.field = value->second->field;
    }
    return comes_sorted(*plan.inputs[0], inner);
  }
  if (plan.kind != PlanKind::kGroup || order.size() > plan.group_keys.size()) return false;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i].descending || order[i].nulls_first || order[i].field != plan.group_keys[i]) return false;
  }
  return true;
}

}  // namespace

PlanPtr Optimiser::push_sort(PlanPtr plan, Trees conditions, bool ordered) {
  const bool cuts = plan->limit >= 0 || plan->offset > 0;
  Trees moving = cuts ? Trees{} : std::move(conditions);
  if (!cuts) conditions.clear();
  PlanPtr input = push(plan->inputs[0], std::move(moving), cuts || ordered);
  if (comes_sorted(*input, plan->order) || (!cuts && !ordered)) {
    if (!cuts) return input;
    plan->kind = PlanKind::kLimit;
  }
  plan->inputs[0] = std::move(input);
  return filtered(std::move(plan), std::move(conditions));
}

PlanPtr Optimiser::push_union(PlanPtr plan, const Trees& conditions, bool ordered) {
  for (PlanPtr& input : plan->inputs) {
    std::map<std::string, TreePtr> values;
    for (std::size_t i = 0; i < plan->columns.size(); ++i) {
      values[plan->columns[i].field] = column_tree(input->columns[i]);
    }
    Trees moving = conditions;
    for (TreePtr& tree : moving) tree = below(tree, values);
    const Columns columns = input->columns;
    input = push(input, std::move(moving), ordered);
    input->columns = columns;
  }
  return plan;
}

void optimise(QueryPlan& plan, FieldNames& names) {
  Optimiser optimiser(plan, names);
  for (auto& [field, parameter] : plan.parameters) parameter.plan = optimiser.push(parameter.plan, {}, true);
  for (const auto& shared : plan.shared) {
    if (shared->uses > 1) shared->plan = optimiser.push(shared->plan, {}, !shared->unordered);
  }
  plan.root = optimiser.push(plan.root, {}, true);
  std::erase_if(plan.shared, [](const auto& shared) { return shared->uses < 2; });
}

}  // namespace evclean::query
