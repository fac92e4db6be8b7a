// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels.hpp"
#include "row_node.hpp"

namespace evclean::sql {
namespace {

using Int = std::optional<std::int64_t>;
using Float = std::optional<double>;

Int checked(EvalCounters& counters, bool overflow, std::int64_t value) {
  if (!overflow) [[likely]]
    return value;
  ++counters.int_overflow;
  return std::nullopt;
}

/// Null, counted, when the divisor is zero.
bool is_zero(EvalCounters& counters, auto divisor) {
  counters.division_by_zero += divisor == 0;
  return divisor == 0;
}

Int add(EvalCounters& c, std::int64_t a, std::int64_t b) {
  std::int64_t r;
  const bool overflow = __builtin_add_overflow(a, b, &r);
  return checked(c, overflow, r);
}
Int subtract(EvalCounters& c, std::int64_t a, std::int64_t b) {
  std::int64_t r;
  const bool overflow = __builtin_sub_overflow(a, b, &r);
  return checked(c, overflow, r);
}
Int multiply(EvalCounters& c, std::int64_t a, std::int64_t b) {
  std::int64_t r;
  const bool overflow = __builtin_mul_overflow(a, b, &r);
  return checked(c, overflow, r);
}
Int divide(EvalCounters& c, std::int64_t a, std::int64_t b) {
  if (is_zero(c, b)) return std::nullopt;
  if (b == -1) return subtract(c, 0, a);
  return a / b;
}
Int remainder(EvalCounters& c, std::int64_t a, std::int64_t b) {
  if (is_zero(c, b)) return std::nullopt;
  return b == -1 ? 0 : a % b;
}

NodePtr integer_node(char sign, Nodes args) {
  // Lambdas rather than function pointers, so that each loop has its operation inside.
  switch (sign) {
    case '+':
      return row_node(std::move(args), [](EvalCounters& c, std::int64_t a, std::int64_t b) { return add(c, a, b); });
    case '-':
      return row_node(std::move(args),
                      [](EvalCounters& c, std::int64_t a, std::int64_t b) { return subtract(c, a, b); });
    case '*':
      return row_node(std::move(args),
                      [](EvalCounters& c, std::int64_t a, std::int64_t b) { return multiply(c, a, b); });
    case 'd':
      return row_node(std::move(args), [](EvalCounters& c, std::int64_t a, std::int64_t b) { return divide(c, a, b); });
    default:
      return row_node(std::move(args),
                      [](EvalCounters& c, std::int64_t a, std::int64_t b) { return remainder(c, a, b); });
  }
}

NodePtr float_node(char sign, Nodes args) {
  switch (sign) {
    case '+':
      return row_node(std::move(args), [](double a, double b) { return finite(a + b); });
    case '-':
      return row_node(std::move(args), [](double a, double b) { return finite(a - b); });
    case '*':
      return row_node(std::move(args), [](double a, double b) { return finite(a * b); });
    case '^':
      return row_node(std::move(args), [](double a, double b) { return finite(std::pow(a, b)); });
    case '%':
      return row_node(std::move(args), [](EvalCounters& c, double a, double b) {
        return is_zero(c, b) ? std::nullopt : finite(std::fmod(a, b));
      });
    default:
      return row_node(std::move(args),
                      [](EvalCounters& c, double a, double b) { return is_zero(c, b) ? std::nullopt : finite(a / b); });
  }
}

}  // namespace

NodePtr arithmetic_node(std::string_view sign, NodePtr left, NodePtr right) {
  const bool whole = left->type == ValueType::kInt64;
  Nodes args = nodes_of(std::move(left), std::move(right));
  return whole ? integer_node(sign.front(), std::move(args)) : float_node(sign.front(), std::move(args));
}

NodePtr negate_node(NodePtr arg) {
  if (arg->type == ValueType::kFloat64) return row_node(nodes_of(std::move(arg)), [](double a) { return -a; });
  return row_node(nodes_of(std::move(arg)), [](EvalCounters& c, std::int64_t a) { return subtract(c, 0, a); });
}

}  // namespace evclean::sql
