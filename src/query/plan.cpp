// SPDX-License-Identifier: Apache-2.0
#include "plan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace evclean::query {

PlanPtr make_plan(PlanKind kind, std::vector<PlanPtr> inputs) {
  auto plan = std::make_shared<Plan>();
  plan->kind = kind;
  if (!inputs.empty()) plan->columns = inputs.front()->columns;
  plan->inputs = std::move(inputs);
  return plan;
}

TreePtr column_tree(const Column& column, std::size_t position) {
  Tree tree;
  tree.kind = TreeKind::kColumn;
  tree.name = column.name;
  tree.field = column.field;
  tree.position = position;
  return std::make_shared<const Tree>(std::move(tree));
}

PlanPtr project_beside(PlanPtr plan, const Column& column, TreePtr value) {
  PlanPtr project = make_plan(PlanKind::kProject, {std::move(plan)});
  for (const Column& before : project->columns) project->values.push_back(column_tree(before));
  project->columns.push_back(column);
  project->values.push_back(std::move(value));
  return project;
}

PlanPtr filter_of(PlanPtr plan, Trees conditions) {
  PlanPtr filter = make_plan(PlanKind::kFilter, {std::move(plan)});
  filter->conditions = std::move(conditions);
  return filter;
}

void collect_fields(const TreePtr& tree, std::set<std::string>& fields) {
  sql::walk(tree, [&](const Tree& part) {
    if (part.kind == TreeKind::kColumn) fields.insert(part.field);
    return true;
  });
}

const Column* find_column(const Columns& columns, const std::string& field) {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.field == field; });
  return found == columns.end() ? nullptr : &*found;
}

bool reads_only(const TreePtr& tree, const Columns& columns) {
  std::set<std::string> fields;
  collect_fields(tree, fields);
  return std::all_of(fields.begin(), fields.end(),
                     [&](const std::string& field) { return find_column(columns, field) != nullptr; });
}

bool reads_any(const TreePtr& tree) {
  std::set<std::string> fields;
  collect_fields(tree, fields);
  return !fields.empty();
}

namespace {

bool is_call(const TreePtr& tree, std::string_view name) {
  return tree->kind == TreeKind::kCall && tree->is_operator && tree->name == name;
}

bool holds(const Trees& trees, const TreePtr& tree) {
  return std::any_of(trees.begin(), trees.end(), [&](const TreePtr& other) { return sql::same(*other, *tree); });
}

TreePtr all_of(Trees trees, std::size_t position) {
  return trees.size() == 1 ? trees.front() : sql::make_call("and", std::move(trees), position);
}

/// (a and b) or (a and c) is a and (b or c): so a join key that stands in every branch is found.
void split_or(const TreePtr& tree, Trees& conditions) {
  std::vector<Trees> branches(tree->args.size());
  for (std::size_t i = 0; i < branches.size(); ++i) split_conditions(tree->args[i], branches[i]);
  Trees shared;
  for (const TreePtr& part : branches.front()) {
    const bool in_all = std::all_of(branches.begin(), branches.end(), [&](const Trees& b) { return holds(b, part); });
    if (in_all && !holds(shared, part)) shared.push_back(part);
  }
  if (shared.empty()) {
    conditions.push_back(tree);
    return;
  }
  Trees rest;
  for (Trees& branch : branches) {
    std::erase_if(branch, [&](const TreePtr& part) { return holds(shared, part); });
    if (!branch.empty()) rest.push_back(all_of(std::move(branch), tree->position));
  }
  conditions.insert(conditions.end(), shared.begin(), shared.end());
  // A branch of which nothing is left is true already.
  if (rest.size() == branches.size()) conditions.push_back(sql::make_call("or", std::move(rest), tree->position));
}

}  // namespace

void split_conditions(const TreePtr& tree, Trees& conditions) {
  if (is_call(tree, "and")) {
    for (const TreePtr& arg : tree->args) split_conditions(arg, conditions);
  } else if (is_call(tree, "or")) {
    split_or(tree, conditions);
  } else {
    conditions.push_back(tree);
  }
}

std::string FieldNames::fresh(const std::string& name) {
  std::string field = name;
  for (int number = 2; !used_.insert(field).second; ++number) field = fmt::format("{}#{}", name, number);
  return field;
}

}  // namespace evclean::query
