// SPDX-License-Identifier: Apache-2.0
// Names and types, and the whole query.
#include "planner.hpp"

#include <fmt/format.h>

#include "evclean/expression.hpp"
#include "grouping.hpp"

namespace evclean::query {

TreePtr cast_tree(TreePtr tree, ValueType type) {
  Tree cast;
  cast.kind = TreeKind::kCast;
  cast.name = type_name(type);
  cast.position = tree->position;
  cast.args = {std::move(tree)};
  return std::make_shared<const Tree>(std::move(cast));
}

bool is_null_literal(const Tree& tree) {
  return tree.kind == TreeKind::kLiteral && std::holds_alternative<sql::Null>(tree.literal);
}

TreePtr value_tree(const Column& column, std::size_t position) {
  return column.null ? sql::make_literal(sql::Null{}, position) : column_tree(column, position);
}

TreePtr with_parameters(const TreePtr& tree, const std::function<TreePtr(const Tree&)>& value_of) {
  return sql::rewrite(tree, [&](const TreePtr& part) -> TreePtr {
    return part->kind == TreeKind::kSubquery ? value_of(*part) : nullptr;
  });
}

Column Planner::new_column(const std::string& name, ValueType type) { return {fields_.fresh(name), name, type}; }

TreePtr Planner::resolve(const TreePtr& tree, const NameRules& rules) {
  return sql::rewrite(tree, [&](const TreePtr& part) -> TreePtr {
    if (part->kind == TreeKind::kSubquery) return subquery(part, rules);
    return part->kind == TreeKind::kColumn && part->field.empty() ? resolve_name(*part, rules) : nullptr;
  });
}

TreePtr Planner::resolve_name(const Tree& tree, const NameRules& rules) {
  const Column* column = rules.scope->find(tree);
  // Any name is a column of a table whose columns nobody knows; what the query itself calls so comes first.
  if (column != nullptr && column->field.empty() && rules.alias) {
    if (TreePtr meant = rules.alias(tree)) return meant;
  }
  if (column != nullptr) {
    if (column->null) return value_tree(*column, tree.position);
    Tree resolved = tree;
    resolved.field = column->field;
    return std::make_shared<const Tree>(std::move(resolved));
  }
  if (rules.alias) {
    if (TreePtr meant = rules.alias(tree)) return meant;
  }
  if (rules.outer != nullptr && rules.outer->find(tree) != nullptr) {
    throw ExpressionError(
        fmt::format("a correlated subquery is not available: {} is a column of the query around it; write a join",
                    tree.name),
        tree.position);
  }
  if (before_comma_ != nullptr && before_comma_->find(tree) != nullptr) {
    throw ExpressionError(fmt::format("{} cannot be used here: JOIN binds tighter than the comma before it; write "
                                      "cross join for the comma",
                                      tree.name),
                          tree.position);
  }
  rules.scope->fail_unknown(tree);
}

ValueType tree_type(const TreePtr& tree, const Columns& columns, const std::map<std::string, Parameter>& parameters,
                    const std::function<std::string(int)>& sample) {
  Fields fields;
  for (const Column& column : columns) fields.push_back({column.field, column.type});
  const TreePtr known = with_parameters(tree, [&](const Tree& part) {
    const auto found = parameters.find(part.field);
    const ValueType type = found == parameters.end() ? ValueType::kBool : found->second.type;
    return cast_tree(sql::make_literal(sql::Null{}, part.position), type);
  });
  return Expression::of(known).bind(fields, sample).type();
}

ValueType Planner::type_of(const TreePtr& tree, const Columns& columns) {
  return tree_type(tree, columns, parameters_, [&](int index) {
    const auto origin = origins_.find(columns[static_cast<std::size_t>(index)].field);
    return sample_ && origin != origins_.end() ? sample_(origin->second.first, origin->second.second) : std::string();
  });
}

TreePtr Planner::condition(const TreePtr& tree, const Columns& columns, std::string_view clause) {
  const ValueType type = type_of(tree, columns);
  if (type == ValueType::kBool) return tree;
  // null, or 'true': a constant that reads as one.
  if (tree->kind == TreeKind::kLiteral && type == ValueType::kString) {
    TreePtr cast = cast_tree(tree, ValueType::kBool);
    type_of(cast, columns);
    return cast;
  }
  // The words of an operator that wants a truth: what stands here, and its type.
  try {
    type_of(sql::make_call("not", {tree}, tree->position), columns);
  } catch (const ExpressionError& error) {
    const std::string message = error.what();
    throw ExpressionError(message.starts_with("not ") ? std::string(clause) + message.substr(3) : message,
                          error.position());
  }
  return tree;
}

void Planner::refuse_aggregates(const TreePtr& tree, std::string_view clause) {
  sql::walk(tree, [&](const Tree& part) {
    if (!sql::is_aggregate(part)) return true;
    throw ExpressionError(fmt::format("an aggregate ({}) cannot stand in {}{}", part.name, clause,
                                      clause == "WHERE" ? ": HAVING filters groups" : ""),
                          part.position);
  });
}

QueryPlan Planner::plan(const sql::Select& statement) {
  QueryPlan result;
  finish(result, select(statement, nullptr, nullptr));
  return result;
}

void Planner::finish(QueryPlan& result, Planned planned) {
  PlanPtr root = make_plan(PlanKind::kProject, {std::move(planned.plan)});
  root->columns.clear();
  for (const Column& column : planned.columns) {
    root->columns.push_back({column.name, column.name, column.type});
    root->values.push_back(column_tree(column));
  }
  result.columns = root->columns;
  result.root = std::move(root);
  result.parameters = std::move(parameters_);
  result.shared = std::move(shared_);
  result.origins = std::move(origins_);
  optimise(result, fields_);
  prune(result);
}

QueryPlan Planner::plan_group(const Fields& fields, const std::vector<std::string>& keys, const Trees& values,
                              const std::vector<std::string>& names,
                              const std::function<void(int, const ExpressionError&)>& fail) {
  PlanPtr plan = scan("events", fields);
  // Nobody knows the columns of a table without rows that has none but its keys.
  const bool nameless = empty_.tables.count("events") > 0 && plan->columns.size() <= keys.size();
  const Scope scope({"events", plan->columns, nameless || empty_.open.count("events") > 0});
  const auto checked = [&](int index, const auto& body) {
    try {
      body();
    } catch (const ExpressionError& error) {
      fail(index, error);
    }
  };
  Trees key_trees, value_trees = values;
  checked(-1, [&] {
    for (const std::string& key : keys) {
      Tree name;
      name.kind = TreeKind::kColumn;
      name.name = key;
      const Column* column = scope.find(name);
      if (column == nullptr || column->field.empty()) scope.fail_unknown(name);
      key_trees.push_back(column_tree(*column));
    }
  });
  Grouping grouping(*this, plan, key_trees);
  for (std::size_t i = 0; i < values.size(); ++i) {
    checked(static_cast<int>(i), [&] {
      value_trees[i] = resolve(values[i], {&scope, nullptr, nullptr, {}});
      grouping.add(value_trees[i]);
    });
  }
  PlanPtr group = grouping.make();
  PlanPtr project = make_plan(PlanKind::kProject, {group});
  project->columns.clear();
  for (const TreePtr& key : key_trees) {
    const Column& column = *find_column(plan->columns, key->field);
    project->columns.push_back(new_column(column.name, column.type));
    project->values.push_back(key);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    checked(static_cast<int>(i), [&] {
      TreePtr over = grouping.over(value_trees[i]);
      project->columns.push_back(new_column(names[i], type_of(over, group->columns)));
      project->values.push_back(std::move(over));
    });
  }
  QueryPlan result;
  finish(result, {project, project->columns});
  return result;
}

}  // namespace evclean::query
