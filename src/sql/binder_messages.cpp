// SPDX-License-Identifier: Apache-2.0
// The words the binder uses when types do not fit: what stands where, an example from the data, and the cures.
#include <fmt/format.h>

#include "binder.hpp"
#include "evclean/suggest.hpp"

namespace evclean::sql {
namespace {

std::string describe_literal(const Literal& literal) {
  if (const auto* value = std::get_if<bool>(&literal)) return *value ? "true" : "false";
  if (const auto* value = std::get_if<std::int64_t>(&literal)) return fmt::format("the number {}", *value);
  if (const auto* value = std::get_if<double>(&literal)) return fmt::format("the number {}", *value);
  if (const auto* value = std::get_if<std::string>(&literal))
    return fmt::format("the text '{}'", printable(*value, 60));
  return std::holds_alternative<Interval>(literal) ? "an interval" : "null";
}

/// As it has to be written in an expression: in quotes where the user wrote quotes.
std::string spelt(const Tree& column) {
  if (!column.quoted) return column.name;
  // Of a table's column that is looked up already, what stands behind the table's name is the column.
  const std::size_t from = column.field.empty() || column.qualifier_bytes == 0 ? 0 : column.qualifier_bytes + 1;
  return column.name.substr(0, from) + double_quoted(column.name.substr(from));
}

std::string_view article(ValueType type) { return type == ValueType::kInt64 ? "an" : "a"; }

}  // namespace

std::string Binder::describe(const Operand& operand) const {
  const Tree& tree = *operand.tree;
  if (tree.kind == TreeKind::kLiteral) return describe_literal(tree.literal);
  const std::string_view type = type_name(operand.type());
  if (tree.kind != TreeKind::kColumn) return fmt::format("{} {} value", article(operand.type()), type);
  std::string text = fmt::format("the {} column {}", type, tree.name);
  if (operand.type() != ValueType::kString || !sample_) return text;
  const std::string example = sample_(resolve_column(tree, names_));
  return example.empty() ? text : text + fmt::format(" (for example {})", example);
}

std::string Binder::cure(const Operand& operand, ValueType wanted) const {
  const std::string_view type = type_name(wanted);
  if (operand.tree->kind != TreeKind::kColumn) return fmt::format("write cast(... as {})", type);
  const std::string& name = operand.tree->name;
  const bool time = operand.type() == ValueType::kDate || operand.type() == ValueType::kTimestamp;
  if (time && (wanted == ValueType::kInt64 || wanted == ValueType::kFloat64)) {
    return fmt::format("extract(epoch from {}) gives its seconds", spelt(*operand.tree));
  }
  if (operand.type() != ValueType::kString) return fmt::format("write cast({} as {})", spelt(*operand.tree), type);
  return fmt::format("write cast({} as {}), or say {}: {} under types:, or add its word for missing under nulls:",
                     spelt(*operand.tree), type, name, type);
}

void Binder::fail_mix(const Operand& left, const Operand& right, std::string_view verb) const {
  // The text is what has to change, if there is one; a constant text beside numbers is simply wrong.
  const bool left_is_text = left.type() == ValueType::kString && !left.literal_text();
  const bool right_is_text = right.type() == ValueType::kString && !right.literal_text();
  const Operand& odd = right_is_text && !left_is_text ? right : left;
  const Operand& other = &odd == &left ? right : left;
  std::string message = fmt::format("cannot {} {} with {}", verb, describe(odd), describe(other));
  if (other.literal_text()) {
    message += fmt::format(", which does not read as {}", type_name(odd.type()));
  } else if (left_is_text != right_is_text) {
    message += "; " + cure(odd, other.type());
  } else {
    message += "; cast one to the other's type";
  }
  fail(*(other.literal_text() ? other.tree : odd.tree), std::move(message));
}

}  // namespace evclean::sql
