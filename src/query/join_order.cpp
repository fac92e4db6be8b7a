// SPDX-License-Identifier: Apache-2.0
// Joins: which keys they have, and for inner ones in which order they are made. They are made in the order written as
// long as each next table shares a key with those before; one that does not waits. Where the order of the rows matters,
// rows are numbered first and sorted back after such a change.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "optimise.hpp"

namespace evclean::query {
namespace {

bool is_operator(const Tree& tree, std::string_view name) {
  return tree.kind == TreeKind::kCall && tree.is_operator && tree.name == name;
}

/// `a = b` with a of one side only and b of the other: 1 as written, -1 the other way round, 0 not so.
int key_direction(const TreePtr& tree, const Columns& left, const Columns& right) {
  if (!is_operator(*tree, "=") || !reads_any(tree->args[0]) || !reads_any(tree->args[1])) return 0;
  if (reads_only(tree->args[0], left) && reads_only(tree->args[1], right)) return 1;
  return reads_only(tree->args[0], right) && reads_only(tree->args[1], left) ? -1 : 0;
}

Columns both(const Columns& left, const Columns& right) {
  Columns columns = left;
  columns.insert(columns.end(), right.begin(), right.end());
  return columns;
}

bool is_column_of(const TreePtr& tree, const Columns& columns) {
  return tree->kind == TreeKind::kColumn && find_column(columns, tree->field) != nullptr;
}

/// Never true when all of `columns` are null: then an outer join that pads with nulls pads in vain.
bool refuses_nulls(const TreePtr& tree, const Columns& columns) {
  constexpr std::array<std::string_view, 10> kStrict = {"=", "<>", "<", "<=", ">", ">=", "like", "ilike", "~", "~*"};
  if (tree->kind != TreeKind::kCall || !tree->is_operator) return false;
  if (tree->name == "is not null" || tree->name == "in") return is_column_of(tree->args[0], columns);
  if (std::find(kStrict.begin(), kStrict.end(), tree->name) == kStrict.end()) return false;
  return is_column_of(tree->args[0], columns) || is_column_of(tree->args[1], columns);
}

bool any_refuses(const Trees& conditions, const Columns& columns) {
  return std::any_of(conditions.begin(), conditions.end(),
                     [&](const TreePtr& tree) { return refuses_nulls(tree, columns); });
}

/// Tables of inner joins side by side, in the order written, and all their conditions.
void collect(const PlanPtr& plan, std::vector<PlanPtr>& leaves, Trees& conditions) {
  if (plan->kind != PlanKind::kJoin || plan->how != JoinHow::kInner) {
    leaves.push_back(plan);
    return;
  }
  conditions.insert(conditions.end(), plan->conditions.begin(), plan->conditions.end());
  for (const PlanPtr& input : plan->inputs) collect(input, leaves, conditions);
}

/// The order in which tables are joined.
std::vector<std::size_t> join_order(const std::vector<PlanPtr>& leaves, const Trees& conditions) {
  std::vector<std::size_t> order{0};
  Columns placed = leaves[0]->columns;
  std::vector<std::size_t> waiting;
  for (std::size_t i = 1; i < leaves.size(); ++i) waiting.push_back(i);
  while (!waiting.empty()) {
    const auto keyed = std::find_if(waiting.begin(), waiting.end(), [&](std::size_t leaf) {
      return std::any_of(conditions.begin(), conditions.end(),
                         [&](const TreePtr& tree) { return key_direction(tree, placed, leaves[leaf]->columns) != 0; });
    });
    const auto next = keyed == waiting.end() ? waiting.begin() : keyed;
    order.push_back(*next);
    placed = both(placed, leaves[*next]->columns);
    waiting.erase(next);
  }
  return order;
}

}  // namespace

/// A key's column; a computed one is added to its side.
std::string Optimiser::key_field(PlanPtr& side, const TreePtr& tree) {
  if (tree->kind == TreeKind::kColumn) return tree->field;
  const std::string text = sql::to_text(*tree);
  const ValueType type = tree_type(tree, side->columns, query_.parameters);
  side = project_beside(std::move(side), {names_.fresh(text), text, type}, tree);
  return side->columns.back().field;
}

PlanPtr Optimiser::join(PlanPtr left, PlanPtr right, JoinHow how, Trees conditions, bool ordered) {
  const bool keeps_right = how != JoinHow::kSemi && how != JoinHow::kAnti;
  const Columns columns = keeps_right ? both(left->columns, right->columns) : left->columns;
  const Columns left_columns = left->columns;
  const Columns right_columns = right->columns;
  std::vector<std::pair<std::string, std::string>> keys;
  std::vector<std::string> texts;
  std::erase_if(conditions, [&](const TreePtr& tree) {
    const int direction = key_direction(tree, left_columns, right_columns);
    if (direction == 0) return false;
    texts.push_back(sql::to_text(*tree));
    std::string of_left = key_field(left, tree->args[direction > 0 ? 0 : 1]);
    keys.emplace_back(std::move(of_left), key_field(right, tree->args[direction > 0 ? 1 : 0]));
    return true;
  });
  PlanPtr plan = make_plan(PlanKind::kJoin, {std::move(left), std::move(right)});
  plan->how = how;
  plan->columns = columns;
  plan->keys = std::move(keys);
  plan->key_texts = std::move(texts);
  plan->conditions = std::move(conditions);
  plan->unordered = !ordered;
  return plan;
}

PlanPtr Optimiser::number(PlanPtr plan, std::vector<Order>& order) {
  PlanPtr numbered = make_plan(PlanKind::kNumber, {std::move(plan)});
  const std::string name(kRowNumber);
  numbered->columns.push_back({names_.fresh(name), name, ValueType::kInt64});
  order.push_back({numbered->columns.back().field, false, false});
  return numbered;
}

PlanPtr Optimiser::push_join(PlanPtr plan, Trees conditions, bool ordered) {
  if (plan->how == JoinHow::kLeft && any_refuses(conditions, plan->inputs[1]->columns)) plan->how = JoinHow::kInner;
  if (plan->how == JoinHow::kRight && any_refuses(conditions, plan->inputs[0]->columns)) plan->how = JoinHow::kInner;
  return plan->how == JoinHow::kInner ? push_inner(plan, std::move(conditions), ordered)
                                      : push_outer(std::move(plan), std::move(conditions), ordered);
}

PlanPtr Optimiser::push_inner(const PlanPtr& plan, Trees conditions, bool ordered) {
  std::vector<PlanPtr> leaves;
  collect(plan, leaves, conditions);
  Trees constant = take(conditions, [](const TreePtr& tree) { return !reads_any(tree); });
  const std::vector<std::size_t> order = join_order(leaves, conditions);
  const bool renumber = ordered && !std::is_sorted(order.begin(), order.end());
  std::vector<Order> numbers;
  for (PlanPtr& leaf : leaves) {
    const Columns columns = leaf->columns;
    leaf = push(leaf, take(conditions, [&](const TreePtr& tree) { return reads_only(tree, columns); }), ordered);
    if (renumber) leaf = number(std::move(leaf), numbers);
  }
  PlanPtr joined = leaves[order[0]];
  for (std::size_t i = 1; i < order.size(); ++i) {
    PlanPtr next = leaves[order[i]];
    const Columns columns = both(joined->columns, next->columns);
    Trees now = take(conditions, [&](const TreePtr& tree) { return reads_only(tree, columns); });
    joined = join(std::move(joined), std::move(next), JoinHow::kInner, std::move(now), ordered && !renumber);
  }
  if (renumber) {
    joined = make_plan(PlanKind::kSort, {std::move(joined)});
    joined->order = std::move(numbers);
  }
  return filtered(std::move(joined), std::move(constant));
}

PlanPtr Optimiser::push_outer(PlanPtr plan, Trees conditions, bool ordered) {
  const Columns left = plan->inputs[0]->columns;
  const Columns right = plan->inputs[1]->columns;
  const auto of_left = [&](const TreePtr& tree) { return reads_any(tree) && reads_only(tree, left); };
  const auto of_right = [&](const TreePtr& tree) { return reads_any(tree) && reads_only(tree, right); };
  Trees on = std::move(plan->conditions);
  Trees to_left, to_right;
  const bool member = plan->how == JoinHow::kSemi || plan->how == JoinHow::kAnti;
  if (plan->how == JoinHow::kLeft || member) {
    to_left = take(conditions, of_left);
    to_right = take(on, of_right);
  } else if (plan->how == JoinHow::kRight) {
    to_right = take(conditions, of_right);
    to_left = take(on, of_left);
  }
  PlanPtr left_plan = push(plan->inputs[0], std::move(to_left), ordered);
  PlanPtr right_plan = push(plan->inputs[1], std::move(to_right), ordered && !member);
  PlanPtr joined = join(std::move(left_plan), std::move(right_plan), plan->how, std::move(on), ordered);
  return filtered(std::move(joined), std::move(conditions));
}

}  // namespace evclean::query
