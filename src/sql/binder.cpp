// SPDX-License-Identifier: Apache-2.0
#include "binder.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>

#include "evclean/arrow_status.hpp"
#include "evclean/suggest.hpp"
#include "evclean/types.hpp"
#include "kernels.hpp"
#include "registry.hpp"

namespace evclean::sql {
namespace {

/// Trees share parts (between, nullif), so a small text can unfold into very many nodes.
constexpr std::int64_t kMaxNodes = 20'000;

bool is_number(ValueType type) { return type == ValueType::kInt64 || type == ValueType::kFloat64; }
bool is_time(ValueType type) { return type == ValueType::kDate || type == ValueType::kTimestamp; }

NodePtr literal_node(const Literal& literal) {
  if (const auto* value = std::get_if<bool>(&literal)) return constant_node(*value);
  if (const auto* value = std::get_if<std::int64_t>(&literal)) return constant_node(*value);
  if (const auto* value = std::get_if<double>(&literal)) return constant_node(*value);
  if (const auto* value = std::get_if<std::string>(&literal)) return constant_node(std::string_view(*value));
  return std::holds_alternative<Null>(literal) ? null_of(ValueType::kString) : nullptr;
}

/// What a constant text reads as, if it does.
NodePtr read_text(std::string_view text, ValueType to) {
  switch (to) {
    case ValueType::kString:
      return constant_node(text);
    case ValueType::kInt64:
      if (const auto v = text_to_int64(text)) return constant_node(*v);
      break;
    case ValueType::kFloat64:
      if (const auto v = text_to_float64(text)) return constant_node(*v);
      break;
    case ValueType::kBool:
      if (const auto v = text_to_bool(text)) return constant_node(*v);
      break;
    case ValueType::kTimestamp:
      if (const auto v = text_to_timestamp(text)) return constant_node(*v);
      break;
    case ValueType::kDate: {
      // A text with a time of day is no date: it would lose the time without a word.
      std::int32_t days = 0;
      if (parse_date(text, DateOrder::kNone, days)) return constant_node(Date{days});
    }
  }
  return nullptr;
}

/// The type that holds the values of both, if one does.
std::optional<ValueType> wider(ValueType a, ValueType b) {
  if (a == b) return a;
  if (is_number(a) && is_number(b)) return ValueType::kFloat64;
  if (is_time(a) && is_time(b)) return ValueType::kTimestamp;
  return std::nullopt;
}

}  // namespace

Binder::Binder(const Fields& fields, const std::function<std::string(int)>& sample) : fields_(fields), sample_(sample) {
  for (const Field& field : fields) names_.push_back(field.name);
}

void Binder::fail(const Tree& tree, std::string message) { throw ExpressionError(std::move(message), tree.position); }

Operand Binder::bind(const Tree& tree) {
  if (++nodes_bound_ > kMaxNodes)
    fail(tree, "this expression unfolds into too many parts: split it over several columns");
  Operand operand;
  operand.tree = &tree;
  const std::int64_t columns_before = columns_bound_;
  operand.node = bind_node(tree, operand);
  if (operand.node && columns_bound_ == columns_before) operand.node = fold(std::move(operand.node));
  if (operand.node) operand.constant = operand.node->constant();
  return operand;
}

NodePtr Binder::bind_node(const Tree& tree, Operand& operand) {
  switch (tree.kind) {
    case TreeKind::kColumn:
      return bind_column(tree);
    case TreeKind::kCast:
      return bind_cast(tree);
    case TreeKind::kCase:
      return bind_case(tree);
    case TreeKind::kCall:
      return tree.is_operator ? bind_operator(*this, tree) : bind_function(*this, tree);
    case TreeKind::kSubquery:
      fail(tree, "a subquery is not available here");
    case TreeKind::kLiteral:
      break;
  }
  operand.is_null = std::holds_alternative<Null>(tree.literal);
  if (const auto* interval = std::get_if<Interval>(&tree.literal)) operand.interval = *interval;
  return literal_node(tree.literal);
}

Operands Binder::bind_all(const std::vector<TreePtr>& trees) {
  Operands operands;
  for (const TreePtr& tree : trees) operands.push_back(bind(*tree));
  return operands;
}

NodePtr Binder::bind_column(const Tree& tree) {
  ++columns_bound_;
  const int index = resolve_column(tree, names_);
  const Field& field = fields_[static_cast<std::size_t>(index)];
  return column_node(field.name, index, field.type);
}

NodePtr Binder::bind_cast(const Tree& tree) {
  const ValueType to = resolve_type(tree);
  Operand operand = bind(*tree.args[0]);
  if (operand.interval) fail(tree, "an interval cannot be cast; it stands in + and - with a date or timestamp");
  if (operand.is_null) return null_of(to);
  if (!can_cast(operand.type(), to)) {
    const bool from_time = is_time(operand.type());
    fail(tree, fmt::format("cannot cast {} to {}: {}", describe(operand), type_name(to),
                           from_time ? "extract(epoch from x) gives seconds" : "to_timestamp(seconds) makes a time"));
  }
  // date '2026-13-01': a constant that does not read is a mistake in the job, not in the data.
  if (const auto text = operand.literal_text(); text && tree.args[0]->kind == TreeKind::kLiteral) {
    NodePtr node = cast(constant_node(*text), to);
    if (!node->constant()->is_valid) {
      fail(*tree.args[0], fmt::format("'{}' does not read as {}{}", *text, type_name(to),
                                      is_time(to) ? "; parse_time('…', '%d/%m/%Y') reads other forms" : ""));
    }
    return node;
  }
  if (tree.exact && operand.type() == ValueType::kInt64) return exact_float_node(std::move(operand.node));
  return cast_node(std::move(operand.node), to);
}

NodePtr Binder::bind_case(const Tree& tree) {
  Nodes conditions;
  Operands results;
  for (std::size_t i = 0; i + 1 < tree.args.size(); i += 2) {
    Operand when = bind(*tree.args[i]);
    conditions.push_back(condition(when, "case"));
    results.push_back(bind(*tree.args[i + 1]));
  }
  results.push_back(bind(*tree.args.back()));
  Nodes values = unify(results, "mix");
  NodePtr otherwise = std::move(values.back());
  values.pop_back();
  return case_node(std::move(conditions), std::move(values), std::move(otherwise));
}

NodePtr Binder::fold(NodePtr node) {
  if (node->constant() != nullptr) return node;
  const Batch empty;
  EvalCounters counters;
  const Value value = node->evaluate({empty, nullptr, 1, counters});
  if (counters.division_by_zero + counters.int_overflow + counters.regex_limit > 0) return node;
  auto scalar = value.scalar ? value.scalar : take_arrow(to_array(value, 1)->GetScalar(0), "constant");
  return std::make_unique<ConstantNode>(node->type, std::move(scalar));
}

std::optional<int> Binder::conversion_cost(const Operand& operand, ValueType to) {
  if (operand.interval) return std::nullopt;
  if (operand.is_null || operand.type() == to) return 0;
  if (to == ValueType::kString) return 10;
  if (const auto text = operand.literal_text()) return read_text(*text, to) ? std::optional(2) : std::nullopt;
  const bool widens = wider(operand.type(), to) == to;
  return widens ? std::optional(1) : std::nullopt;
}

NodePtr Binder::convert(Operand& operand, ValueType to) {
  if (!conversion_cost(operand, to)) return nullptr;
  if (operand.is_null) return null_of(to);
  if (operand.type() == to) return std::move(operand.node);
  if (const auto text = operand.literal_text()) return read_text(*text, to);
  return cast(std::move(operand.node), to);
}

NodePtr Binder::cast(NodePtr node, ValueType to) {
  const bool is_constant = node->constant() != nullptr;
  NodePtr result = cast_node(std::move(node), to);
  return is_constant ? fold(std::move(result)) : std::move(result);
}

NodePtr Binder::text_of(Operand& operand) {
  if (operand.interval) fail(*operand.tree, "an interval stands only in + and - with a date or timestamp");
  return convert(operand, ValueType::kString);
}

ValueType Binder::common_type(const Operands& operands, std::string_view verb) const {
  const Operand* first = nullptr;
  std::optional<ValueType> common;
  for (const Operand& operand : operands) {
    if (operand.interval) fail(*operand.tree, "an interval stands only in + and - with a date or timestamp");
    if (operand.is_null || operand.literal_text()) continue;
    const auto both = common ? wider(*common, operand.type()) : operand.type();
    if (!both) fail_mix(*first, operand, verb);
    if (!common) first = &operand;
    common = both;
  }
  if (!common) return ValueType::kString;
  for (const Operand& operand : operands) {
    const auto text = operand.literal_text();
    if (!text || read_text(*text, *common)) continue;
    // '1.5' beside integers, a text with a time of day beside dates.
    const ValueType next = *common == ValueType::kInt64 ? ValueType::kFloat64 : ValueType::kTimestamp;
    const bool may_widen = *common == ValueType::kInt64 || *common == ValueType::kDate;
    if (!may_widen || !read_text(*text, next)) fail_mix(*first, operand, verb);
    common = next;
  }
  return *common;
}

Nodes Binder::unify(Operands& operands, std::string_view verb) {
  const ValueType type = common_type(operands, verb);
  Nodes nodes;
  for (Operand& operand : operands) nodes.push_back(convert(operand, type));
  return nodes;
}

NodePtr Binder::condition(Operand& operand, std::string_view where) {
  NodePtr node = convert(operand, ValueType::kBool);
  if (node) return node;
  fail(*operand.tree, fmt::format("{} wants something true or false, not {}", where, describe(operand)));
}

}  // namespace evclean::sql
