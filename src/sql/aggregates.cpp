// SPDX-License-Identifier: Apache-2.0
#include "aggregates.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "evclean/expression.hpp"
#include "evclean/sql_tree.hpp"
#include "macros.hpp"
#include "parser.hpp"

namespace evclean::sql {
namespace {

constexpr auto kAdvice = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"median", ": write approx_quantile(x, 0.5)"},
    {"percentile_cont", ": write approx_quantile(x, q)"},
    {"percentile_disc", ": write approx_quantile(x, q)"},
    {"variance", ": stddev(x) is its root"},
    {"var_samp", ": stddev(x) is its root"},
    {"bool_and", ": write count(*) filter (where not x) = 0"},
    {"bool_or", ": write count(*) filter (where x) > 0"},
});

}  // namespace

const std::vector<std::string>& aggregate_names() {
  static const std::vector<std::string> names{
      "count", "sum", "min", "max", "avg", "mean", "stddev", "stddev_samp", "first", "last", "approx_quantile"};
  return names;
}

bool is_aggregate_name(std::string_view name) {
  const auto& names = aggregate_names();
  return name == "count(*)" || std::find(names.begin(), names.end(), name) != names.end();
}

bool is_aggregate(const Tree& tree) {
  return tree.kind == TreeKind::kCall && !tree.is_operator && is_aggregate_name(tree.name);
}

std::string_view aggregate_advice(std::string_view name) {
  for (const auto& [word, advice] : kAdvice) {
    if (word == name) return advice;
  }
  return {};
}

TreePtr parse_aggregates(std::string_view text, const Macros& macros) {
  return macro_expander(macros, true)(parse_expression(text, {.aggregates = true, .subquery = {}}));
}

}  // namespace evclean::sql

namespace evclean {

std::vector<FunctionInfo> known_aggregates() {
  return {
      {"count(*) -> int64", "rows", "count(*) = 4"},
      {"count(x) -> int64", "rows where x is not missing", "count(x) = 3"},
      {"count(distinct x) -> int64", "different values of x, exactly", "count(distinct x) = 3"},
      {"sum(x) -> int64 or float64", "sum; int64 beyond its range is an error, float64 is correctly rounded",
       "sum(x) = 6"},
      {"min(x) -> type of x", "least value; text by bytes", "min(x) = 1"},
      {"max(x) -> type of x", "greatest value; text by bytes", "max(x) = 3"},
      {"avg(x) -> float64", "mean, correctly rounded whatever the order", "avg(x) = 2.0"},
      {"stddev(x) -> float64", "standard deviation of a sample (n - 1); null for less than two values",
       "stddev(x) = 1.0"},
      {"first(x) -> type of x", "the first value in row order that is not missing", "first(x) = 1"},
      {"last(x) -> type of x", "the last value in row order that is not missing", "last(x) = 3"},
      {"approx_quantile(x, q) -> float64", "the value that a share q of the values do not exceed, within 1 %",
       "round(approx_quantile(x, 0.5)) = 2"},
  };
}

}  // namespace evclean
