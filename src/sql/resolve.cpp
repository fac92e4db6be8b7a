// SPDX-License-Identifier: Apache-2.0
// Names: columns by the contract's rule, types by PostgreSQL's and the job file's words.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "binder.hpp"
#include "evclean/error.hpp"
#include "evclean/suggest.hpp"

namespace evclean::sql {
namespace {

bool same_without_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string unknown_column(const Tree& column, const std::vector<std::string>& names) {
  std::string message = fmt::format("no column {}", column.name) + did_you_mean(column.name, names);
  if (column.quoted) return message + fmt::format("; use single quotes for text: '{}'", column.name);
  if (message.ends_with(')') || names.empty()) return message;
  constexpr std::size_t kShown = 12;
  const std::vector<std::string> shown(names.begin(), names.begin() + std::min(names.size(), kShown));
  return message + fmt::format("; there are {}{}", fmt::join(shown, ", "), names.size() > kShown ? ", …" : "");
}

using TypeName = std::pair<std::string_view, ValueType>;
constexpr auto kTypeNames = std::to_array<TypeName>({
    {"string", ValueType::kString},       {"text", ValueType::kString},
    {"varchar", ValueType::kString},      {"int64", ValueType::kInt64},
    {"bigint", ValueType::kInt64},        {"int", ValueType::kInt64},
    {"integer", ValueType::kInt64},       {"int8", ValueType::kInt64},
    {"int4", ValueType::kInt64},          {"int2", ValueType::kInt64},
    {"smallint", ValueType::kInt64},      {"float64", ValueType::kFloat64},
    {"float8", ValueType::kFloat64},      {"float4", ValueType::kFloat64},
    {"float", ValueType::kFloat64},       {"double", ValueType::kFloat64},
    {"real", ValueType::kFloat64},        {"bool", ValueType::kBool},
    {"boolean", ValueType::kBool},        {"date", ValueType::kDate},
    {"timestamp", ValueType::kTimestamp}, {"timestamptz", ValueType::kTimestamp},
    {"datetime", ValueType::kTimestamp},
});

}  // namespace

int find_name(std::string_view written, const std::vector<std::string>& names, std::vector<std::string>* candidates) {
  const auto exact = std::find(names.begin(), names.end(), written);
  if (exact != names.end()) return static_cast<int>(exact - names.begin());
  std::vector<std::string> near;
  int found = -1;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!same_without_case(names[i], written)) continue;
    near.push_back(names[i]);
    found = static_cast<int>(i);
  }
  if (near.size() > 1 && candidates != nullptr) *candidates = near;
  return near.size() == 1 ? found : -1;
}

int resolve_column(const Tree& column, const std::vector<std::string>& names) {
  if (!column.field.empty()) {
    const auto known = std::find(names.begin(), names.end(), column.field);
    EVCLEAN_CHECK(known != names.end(), "no field {}", column.field);
    return static_cast<int>(known - names.begin());
  }
  std::vector<std::string> candidates;
  const int found = find_name(column.name, names, &candidates);
  if (found >= 0) return found;
  if (candidates.empty()) throw ExpressionError(unknown_column(column, names), column.position);
  throw ExpressionError(fmt::format("{} may be {}: write the one that is meant as it is spelt", column.name,
                                    fmt::join(candidates, " or ")),
                        column.position);
}

std::vector<int> resolve_columns(std::vector<const Tree*> columns, const std::vector<std::string>& names) {
  std::stable_sort(columns.begin(), columns.end(),
                   [](const Tree* a, const Tree* b) { return a->position < b->position; });
  std::vector<int> found;
  std::vector<const Tree*> unknown;
  for (const Tree* column : columns) {
    std::vector<std::string> candidates;
    const bool there = !column->field.empty() || find_name(column->name, names, &candidates) >= 0;
    if (there || !candidates.empty()) {
      found.push_back(resolve_column(*column, names));
    } else if (std::none_of(unknown.begin(), unknown.end(), [&](const Tree* u) { return u->name == column->name; })) {
      unknown.push_back(column);
    }
  }
  if (unknown.empty()) return found;
  std::string message = unknown_column(*unknown[0], names);
  for (std::size_t i = 1; i < unknown.size(); ++i)
    message += fmt::format("; no column {}{} (at byte {})", unknown[i]->name, did_you_mean(unknown[i]->name, names),
                           unknown[i]->position + 1);
  throw ExpressionError(message, unknown[0]->position);
}

ValueType resolve_type(const Tree& cast) {
  for (const auto& [name, type] : kTypeNames) {
    if (cast.name == name) return type;
  }
  if (cast.name == "numeric" || cast.name == "decimal") {
    throw ExpressionError("numeric is not available: use float64 or int64", cast.position);
  }
  const std::vector<std::string> types{"string", "int64", "float64", "bool", "date", "timestamp"};
  throw ExpressionError(
      fmt::format("unknown type {}{}; types are {}", cast.name, did_you_mean(cast.name, types), fmt::join(types, ", ")),
      cast.position);
}

}  // namespace evclean::sql
