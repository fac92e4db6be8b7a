// SPDX-License-Identifier: Apache-2.0
// A tree as SQL: for plans and messages. Parentheses stand where the reader's eye wants them, not where the grammar
// could do without.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "evclean/sql_tree.hpp"
#include "evclean/suggest.hpp"

namespace evclean::sql {
namespace {

std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : printable(text, 80)) result += c == '\'' ? std::string("''") : std::string(1, c);
  return result + "'";
}

std::string literal_text(const Literal& literal) {
  if (const auto* value = std::get_if<bool>(&literal)) return *value ? "true" : "false";
  if (const auto* value = std::get_if<std::int64_t>(&literal)) return fmt::format("{}", *value);
  if (const auto* value = std::get_if<double>(&literal)) return fmt::format("{}", *value);
  if (const auto* value = std::get_if<std::string>(&literal)) return quoted(*value);
  if (const auto* value = std::get_if<Interval>(&literal)) {
    return fmt::format("interval '{} months {} days {} seconds'", value->months, value->days,
                       static_cast<double>(value->us) / 1e6);
  }
  return "null";
}

bool is_compound(const Tree& tree) { return tree.kind == TreeKind::kCall && tree.is_operator; }

std::string operand(const TreePtr& tree) {
  return is_compound(*tree) ? fmt::format("({})", to_text(*tree)) : to_text(*tree);
}

std::string list_of(const std::vector<TreePtr>& trees, std::size_t from = 0) {
  std::vector<std::string> texts;
  for (std::size_t i = from; i < trees.size(); ++i) texts.push_back(to_text(*trees[i]));
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string operator_text(const Tree& tree) {
  if (tree.name == "and" || tree.name == "or") {
    std::vector<std::string> parts;
    for (const TreePtr& arg : tree.args) {
      const bool nested = is_compound(*arg) && (arg->name == "and" || arg->name == "or");
      parts.push_back(nested ? operand(arg) : to_text(*arg));
    }
    return fmt::format("{}", fmt::join(parts, tree.name == "and" ? " and " : " or "));
  }
  if (tree.name == "in") return fmt::format("{} in ({})", operand(tree.args[0]), list_of(tree.args, 1));
  if (tree.name == "neg") return fmt::format("-{}", operand(tree.args[0]));
  if (tree.name == "not") return fmt::format("not {}", operand(tree.args[0]));
  if (tree.args.size() == 1) return operand(tree.args[0]) + " " + tree.name;
  std::string text = fmt::format("{} {} {}", operand(tree.args[0]), tree.name, operand(tree.args[1]));
  return tree.args.size() == 3 ? text + " escape " + operand(tree.args[2]) : text;
}

std::string call_text(const Tree& tree) {
  if (tree.is_operator) return operator_text(tree);
  std::string text = tree.name.ends_with(')')
                         ? tree.name
                         : fmt::format("{}({}{})", tree.name, tree.distinct ? "distinct " : "", list_of(tree.args));
  return tree.filter ? fmt::format("{} filter (where {})", text, to_text(*tree.filter)) : text;
}

std::string case_text(const Tree& tree) {
  std::string text = "case";
  for (std::size_t i = 0; i + 1 < tree.args.size(); i += 2) {
    text += fmt::format(" when {} then {}", to_text(*tree.args[i]), to_text(*tree.args[i + 1]));
  }
  return fmt::format("{} else {} end", text, to_text(*tree.args.back()));
}

}  // namespace

std::string to_text(const Tree& tree) {
  switch (tree.kind) {
    case TreeKind::kColumn:
      return tree.name;
    case TreeKind::kCall:
      return call_text(tree);
    case TreeKind::kCase:
      return case_text(tree);
    case TreeKind::kCast:
      return fmt::format("cast({} as {})", to_text(*tree.args[0]), tree.name);
    case TreeKind::kSubquery:
      if (!tree.field.empty() && tree.name == "scalar") return tree.field;
      return tree.name == "in"       ? operand(tree.args[0]) + " in (select …)"
             : tree.name == "exists" ? "exists (select …)"
                                     : "(select …)";
    case TreeKind::kLiteral:
      break;
  }
  return literal_text(tree.literal);
}

}  // namespace evclean::sql
