// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels.hpp"
#include "registry.hpp"

namespace evclean::sql {
namespace {

using Int = std::optional<std::int64_t>;
using Float = std::optional<double>;

double power_of_ten(std::int64_t exponent) { return std::pow(10.0, static_cast<double>(exponent)); }

/// Half away from zero, judged on the decimal text: 2.675 is a half at two digits, though its bits are a little less.
Float round_digits(double value, std::int64_t digits) {
  if (digits > 22 || value == 0) return value;
  if (digits < -308) return 0.0;
  if (digits < 0) return finite(std::round(value / power_of_ten(-digits)) * power_of_ten(-digits));
  const double scale = power_of_ten(digits);
  const double scaled = value * scale;
  if (!(std::abs(scaled) < 4503599627370496.0)) return value;  // 2^52: no digits are left to round
  const double half = std::copysign(std::trunc(std::abs(scaled)) + 0.5, value);
  // half / scale is the double nearest to the decimal half: when that is the value, the user wrote a half.
  const double rounded = half / scale == value ? half + std::copysign(0.5, value) : std::round(scaled);
  return rounded / scale;
}

Int round_integer(EvalCounters& counters, std::int64_t value, std::int64_t digits) {
  if (digits >= 0) return value;
  if (digits < -18) return 0;
  std::int64_t unit = 1;
  for (; digits < 0; ++digits) unit *= 10;
  const std::int64_t rest = value % unit;
  std::int64_t result = value - rest;
  if (std::abs(rest) < unit - std::abs(rest)) return result;
  if (!__builtin_add_overflow(result, value < 0 ? -unit : unit, &result)) return result;
  ++counters.int_overflow;
  return std::nullopt;
}

void add_rounding(Registry& registry) {
  registry.add_rows("round", {"round(x[, digits]) -> number", "rounds half away from zero", "round(2.675, 2) = 2.68"},
                    [](std::int64_t x) { return x; });
  registry.add_rows("round", {}, [](double x) { return std::round(x); });
  registry.add_rows("round", {}, [](EvalCounters& counters, std::int64_t x, std::int64_t digits) {
    return round_integer(counters, x, digits);
  });
  registry.add_rows("round", {}, [](double x, std::int64_t digits) { return round_digits(x, digits); });
  registry.add_rows("floor", {"floor(x) -> number", "the whole number at or below", "floor(-1.5) = -2"},
                    [](std::int64_t x) { return x; });
  registry.add_rows("floor", {}, [](double x) { return std::floor(x); });
  registry.add_rows("ceil", {"ceil(x) -> number", "the whole number at or above", "ceil(1.2) = 2"},
                    [](std::int64_t x) { return x; });
  registry.add_rows("ceil", {}, [](double x) { return std::ceil(x); });
  registry.add_alias("ceiling", "ceil");
  registry.add_rows("trunc", {"trunc(x) -> number", "the whole number nearer to zero", "trunc(-1.5) = -1"},
                    [](std::int64_t x) { return x; });
  registry.add_rows("trunc", {}, [](double x) { return std::trunc(x); });
}

void add_signs(Registry& registry) {
  registry.add_rows("abs", {"abs(x) -> number", "without its sign", "abs(-3) = 3"},
                    [](EvalCounters& counters, std::int64_t x) -> Int {
                      counters.int_overflow += x == INT64_MIN;
                      if (x == INT64_MIN) return std::nullopt;
                      return std::abs(x);
                    });
  registry.add_rows("abs", {}, [](double x) { return std::abs(x); });
  registry.add_rows("sign", {"sign(x) -> number", "-1, 0 or 1", "sign(-2.5) = -1"},
                    [](std::int64_t x) { return std::int64_t{x > 0} - std::int64_t{x < 0}; });
  registry.add_rows("sign", {}, [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; });
}

void add_roots(Registry& registry) {
  registry.add_rows("sqrt", {"sqrt(x) -> float64", "square root; null below zero", "sqrt(9) = 3"},
                    [](double x) { return x < 0 ? std::nullopt : Float(std::sqrt(x)); });
  registry.add_rows("exp", {"exp(x) -> float64", "e to the power of x", "exp(0) = 1"},
                    [](double x) { return finite(std::exp(x)); });
  registry.add_rows("ln", {"ln(x) -> float64", "natural logarithm; null at zero and below", "ln(1) = 0"},
                    [](double x) { return x <= 0 ? std::nullopt : Float(std::log(x)); });
  registry.add_rows(
      "log",
      {"log([base,] x) -> float64", "logarithm to base 10, or to a base; null at zero and below", "log(1000) = 3"},
      [](double x) { return x <= 0 ? std::nullopt : Float(std::log10(x)); });
  registry.add_rows("log", {}, [](double base, double x) {
    return base <= 0 || x <= 0 ? std::nullopt : finite(std::log(x) / std::log(base));
  });
  registry.add_alias("log10", "log");
  registry.add_rows("power", {"power(x, y) -> float64", "x to the power of y, as x ^ y", "power(2, 10) = 1024"},
                    [](double x, double y) { return finite(std::pow(x, y)); });
  registry.add_alias("pow", "power");
}

void add_division(Registry& registry, const std::string& name, ValueType type, const std::string& sign,
                  FunctionInfo info) {
  registry.add(name, std::move(info), {{type, type}, [sign](CallSite&, Nodes args) {
                                         return arithmetic_node(sign, std::move(args[0]), std::move(args[1]));
                                       }});
}

}  // namespace

void add_number_functions(Registry& registry) {
  add_rounding(registry);
  add_signs(registry);
  add_roots(registry);
  add_division(registry, "div", ValueType::kInt64, "div",
               {"div(a, b) -> int64", "whole division, towards zero; null by zero", "div(7, 2) = 3"});
  add_division(registry, "mod", ValueType::kInt64, "%",
               {"mod(a, b) -> number", "rest of the division, as a % b; has the sign of a", "mod(-7, 3) = -1"});
  add_division(registry, "mod", ValueType::kFloat64, "%", {});
}

}  // namespace evclean::sql
