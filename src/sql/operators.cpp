// SPDX-License-Identifier: Apache-2.0
// Binds operators: which types each takes and what it becomes.
#include <fmt/format.h>

#include "binder.hpp"
#include "kernels.hpp"
#include "regex_nodes.hpp"

namespace evclean::sql {
namespace {

bool is_time(const Operand& operand) {
  return !operand.interval && (operand.type() == ValueType::kDate || operand.type() == ValueType::kTimestamp);
}
bool is_date(const Operand& operand) { return !operand.interval && operand.type() == ValueType::kDate; }

/// An operand of arithmetic as a number. int64 stays int64.
NodePtr number(Binder& binder, Operand& operand, std::string_view sign) {
  for (const ValueType type : {ValueType::kInt64, ValueType::kFloat64}) {
    const bool fits = operand.interval                            ? false
                      : operand.is_null || operand.literal_text() ? true
                                                                  : operand.type() == type;
    if (!fits) continue;
    if (NodePtr node = Binder::convert(operand, type)) return node;
  }
  const std::string what = operand.interval ? "an interval" : binder.describe(operand);
  const std::string cure =
      operand.interval ? "an interval is added to a date or timestamp" : binder.cure(operand, ValueType::kFloat64);
  Binder::fail(*operand.tree, fmt::format("{} wants numbers, not {}; {}", sign, what, cure));
}

/// + and - where a date or a timestamp takes part; no node when none does.
NodePtr time_arithmetic(Binder& binder, const Tree& tree, Operand& left, Operand& right) {
  const bool minus = tree.name == "-";
  if (right.interval && (left.is_null || left.literal_text())) {  // null and '2026-11-01' beside it are timestamps
    if (NodePtr time = Binder::convert(left, ValueType::kTimestamp))
      return shift_node(std::move(time), *right.interval, minus ? -1 : 1);
  }
  if (left.interval && !minus && (right.is_null || right.literal_text()))
    return time_arithmetic(binder, tree, right, left);
  if (left.interval && is_time(right) && !minus) return time_arithmetic(binder, tree, right, left);
  if (is_time(left) && right.interval) return shift_node(std::move(left.node), *right.interval, minus ? -1 : 1);
  if (is_date(right) && !minus && !left.interval && left.type() == ValueType::kInt64) {
    return time_arithmetic(binder, tree, right, left);
  }
  if (is_date(left) && (right.is_null || right.type() == ValueType::kInt64)) {
    return shift_days_node(std::move(left.node), Binder::convert(right, ValueType::kInt64), minus ? -1 : 1);
  }
  if (!is_time(left) && !is_time(right)) return nullptr;
  if (!minus) {
    Binder::fail(tree, "a time takes an interval: time + interval '1 day'; a date also a number of days");
  }
  if (left.interval) Binder::fail(tree, "a time cannot be taken from an interval");
  Operands both;
  both.push_back(std::move(left));
  both.push_back(std::move(right));
  Nodes nodes = binder.unify(both, "subtract");
  return time_difference_node(std::move(nodes[0]), std::move(nodes[1]));
}

NodePtr bind_arithmetic(Binder& binder, const Tree& tree) {
  Operand left = binder.bind(*tree.args[0]);
  Operand right = binder.bind(*tree.args[1]);
  if (tree.name == "+" || tree.name == "-") {
    if (NodePtr node = time_arithmetic(binder, tree, left, right)) return node;
  }
  NodePtr a = number(binder, left, tree.name);
  NodePtr b = number(binder, right, tree.name);
  const bool whole =
      a->type == ValueType::kInt64 && b->type == ValueType::kInt64 && tree.name != "/" && tree.name != "^";
  if (!whole) {
    a = Binder::cast(std::move(a), ValueType::kFloat64);
    b = Binder::cast(std::move(b), ValueType::kFloat64);
  }
  return arithmetic_node(tree.name, std::move(a), std::move(b));
}

NodePtr bind_comparison(Binder& binder, const Tree& tree) {
  Operands operands = binder.bind_all(tree.args);
  Nodes nodes = binder.unify(operands, "compare");
  if (tree.name == "is distinct from") return distinct_node(false, std::move(nodes[0]), std::move(nodes[1]));
  if (tree.name == "is not distinct from") return distinct_node(true, std::move(nodes[0]), std::move(nodes[1]));
  return compare_node(tree.name, std::move(nodes[0]), std::move(nodes[1]));
}

NodePtr bind_in(Binder& binder, const Tree& tree) {
  Operands operands = binder.bind_all(tree.args);
  bool constants = true;
  for (std::size_t i = 1; i < operands.size(); ++i) {
    constants = constants && operands[i].constant != nullptr;
  }
  if (constants) {
    Nodes nodes = binder.unify(operands, "compare");
    NodePtr subject = std::move(nodes.front());
    nodes.erase(nodes.begin());
    for (const NodePtr& node : nodes) {
      EVCLEAN_CHECK(node->constant() != nullptr, "a constant in a list was not folded");
    }
    return in_node(std::move(subject), std::move(nodes));
  }
  Nodes tests;
  for (std::size_t i = 1; i < tree.args.size(); ++i) {
    tests.push_back(bind_comparison(binder, *make_call("=", {tree.args[0], tree.args[i]}, tree.position)));
  }
  return tests.size() == 1 ? std::move(tests[0]) : or_node(std::move(tests));
}

NodePtr bind_logic(Binder& binder, const Tree& tree) {
  Nodes args;
  for (const TreePtr& arg : tree.args) {
    Operand operand = binder.bind(*arg);
    args.push_back(binder.condition(operand, tree.name));
  }
  if (tree.name == "not") return not_node(std::move(args[0]));
  return tree.name == "and" ? and_node(std::move(args)) : or_node(std::move(args));
}

NodePtr bind_is(Binder& binder, const Tree& tree) {
  Operand operand = binder.bind(*tree.args[0]);
  const bool negated = tree.name.starts_with("is not");
  if (tree.name.ends_with("null")) {
    if (operand.interval) Binder::fail(tree, "an interval is never null");
    return is_null_node(std::move(operand.node), negated);
  }
  NodePtr node = binder.condition(operand, tree.name);
  if (tree.name.ends_with("unknown")) return is_null_node(std::move(node), negated);
  return is_bool_node(std::move(node), tree.name.ends_with("true"), negated);
}

NodePtr bind_like(Binder& binder, const Tree& tree) {
  Operands operands = binder.bind_all(tree.args);
  char escape = '\\';
  if (operands.size() == 3) {
    const auto text = operands[2].literal_text();
    if (!text || text->size() > 1) Binder::fail(*operands[2].tree, "escape takes one character");
    escape = text->empty() ? '\0' : text->front();
  }
  NodePtr text = Binder::text_of(operands[0]);
  return like_node(std::move(text), Binder::text_of(operands[1]), escape, tree.name == "ilike");
}

NodePtr bind_concat(Binder& binder, const Tree& tree) {
  // a || b || c is one node with three inputs.
  Nodes args;
  const Tree* left = &tree;
  std::vector<const Tree*> parts;
  while (left->kind == TreeKind::kCall && left->is_operator && left->name == "||") {
    parts.push_back(left->args[1].get());
    left = left->args[0].get();
  }
  parts.push_back(left);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    Operand operand = binder.bind(**part);
    if (!operand.interval && operand.type() == ValueType::kBool && !operand.is_null) {
      Binder::fail(tree, "|| joins texts; true and false are joined with 'or'");
    }
    args.push_back(Binder::text_of(operand));
  }
  return concat_node(std::move(args), false);
}

NodePtr bind_negation(Binder& binder, const Tree& tree) {
  Operand operand = binder.bind(*tree.args[0]);
  return negate_node(number(binder, operand, "-"));
}

NodePtr bind_regex(Binder& binder, const Tree& tree) {
  Operand text = binder.bind(*tree.args[0]);
  const Operand pattern = binder.bind(*tree.args[1]);
  return regex_match_node(Binder::text_of(text), pattern, tree.name == "~*");
}

}  // namespace

NodePtr bind_operator(Binder& binder, const Tree& tree) {
  const std::string& name = tree.name;
  if (name == "and" || name == "or" || name == "not") return bind_logic(binder, tree);
  if (name == "in") return bind_in(binder, tree);
  if (name == "like" || name == "ilike") return bind_like(binder, tree);
  if (name == "||") return bind_concat(binder, tree);
  if (name == "neg") return bind_negation(binder, tree);
  if (name == "~" || name == "~*") return bind_regex(binder, tree);
  if (name.starts_with("is") && name.find("distinct") == std::string::npos) return bind_is(binder, tree);
  const bool arithmetic = name.size() == 1 && std::string_view("+-*/%^").find(name) != std::string_view::npos;
  return arithmetic ? bind_arithmetic(binder, tree) : bind_comparison(binder, tree);
}

}  // namespace evclean::sql
