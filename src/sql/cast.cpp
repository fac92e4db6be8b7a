// SPDX-License-Identifier: Apache-2.0
#include <arrow/compute/api.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "evclean/types.hpp"
#include "kernels.hpp"
#include "row_node.hpp"

namespace evclean::sql {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr double kTwoTo63 = 9223372036854775808.0;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

template <typename T>
std::optional<T> number_in(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  T value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

template <typename T>
NodePtr to_text(NodePtr arg) {
  return row_node(nodes_of(std::move(arg)), [buffer = std::array<char, 48>{}](T value) mutable {
    char* end = buffer.data();
    if constexpr (std::is_same_v<T, std::int64_t>) end = write_int64(end, value);
    if constexpr (std::is_same_v<T, double>) end = write_float64(end, value);
    if constexpr (std::is_same_v<T, Date>) end = write_date(end, value.days);
    if constexpr (std::is_same_v<T, Timestamp>) end = write_timestamp(end, value.us, ' ', false);
    return std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  });
}

NodePtr bool_to_text(NodePtr arg) {
  return row_node(nodes_of(std::move(arg)),
                  [](bool value) { return value ? std::string_view("true") : std::string_view("false"); });
}

NodePtr cast_to_string(NodePtr arg) {
  switch (arg->type) {
    case ValueType::kInt64:
      return to_text<std::int64_t>(std::move(arg));
    case ValueType::kFloat64:
      return to_text<double>(std::move(arg));
    case ValueType::kDate:
      return to_text<Date>(std::move(arg));
    case ValueType::kTimestamp:
      return to_text<Timestamp>(std::move(arg));
    default:
      return bool_to_text(std::move(arg));
  }
}

NodePtr cast_from_string(NodePtr arg, ValueType to) {
  Nodes args = nodes_of(std::move(arg));
  switch (to) {
    case ValueType::kInt64:
      return row_node(std::move(args), [](std::string_view t) { return text_to_int64(t); });
    case ValueType::kFloat64:
      return row_node(std::move(args), [](std::string_view t) { return text_to_float64(t); });
    case ValueType::kBool:
      return row_node(std::move(args), [](std::string_view t) { return text_to_bool(t); });
    case ValueType::kDate:
      return row_node(std::move(args), [](std::string_view t) { return text_to_date(t); });
    default:
      return row_node(std::move(args), [](std::string_view t) { return text_to_timestamp(t); });
  }
}

/// Rounds half to even, as PostgreSQL does from double precision.
std::optional<std::int64_t> float_to_int(EvalCounters& counters, double value) {
  const double rounded = std::nearbyint(value);
  if (rounded >= -kTwoTo63 && rounded < kTwoTo63) return static_cast<std::int64_t>(rounded);
  ++counters.int_overflow;
  return std::nullopt;
}

constexpr int pair(ValueType from, ValueType to) { return static_cast<int>(from) * 8 + static_cast<int>(to); }

}  // namespace

std::optional<std::int64_t> text_to_int64(std::string_view text) { return number_in<std::int64_t>(text); }

std::optional<double> text_to_float64(std::string_view text) {
  const auto value = number_in<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<bool> text_to_bool(std::string_view text) {
  std::string word(trimmed(text));
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const std::string_view yes : {"true", "t", "yes", "y", "on", "1"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"false", "f", "no", "n", "off", "0"}) {
    if (word == no) return false;
  }
  // A number is true unless it is 0, whether its column is one of numbers or still text.
  const auto number = text_to_float64(word);
  return number ? std::optional(*number != 0) : std::nullopt;
}

std::optional<Timestamp> text_to_timestamp(std::string_view text) {
  text = trimmed(text);
  Timestamp time{};
  if (parse_timestamp(text, DateOrder::kNone, TimeZone::utc(), time.us)) return time;
  std::int32_t days = 0;
  if (parse_date(text, DateOrder::kNone, days)) return Timestamp{days * kDayUs};
  return std::nullopt;
}

std::optional<Date> text_to_date(std::string_view text) {
  Date date{};
  if (parse_date(trimmed(text), DateOrder::kNone, date.days)) return date;
  const auto time = text_to_timestamp(text);
  if (!time) return std::nullopt;
  const std::int64_t days = time->us / kDayUs - (time->us % kDayUs < 0 ? 1 : 0);
  return Date{static_cast<std::int32_t>(days)};
}

bool can_cast(ValueType from, ValueType to) {
  const auto is_time = [](ValueType type) { return type == ValueType::kDate || type == ValueType::kTimestamp; };
  return from == to || from == ValueType::kString || to == ValueType::kString || is_time(from) == is_time(to);
}

NodePtr exact_float_node(NodePtr arg) {
  return row_node(nodes_of(std::move(arg)), [](std::int64_t v) {
    const auto nearest = static_cast<double>(v);
    if (nearest < kTwoTo63 && static_cast<std::int64_t>(nearest) == v) return nearest;
    fail_user(
        "UNION ALL puts int64 and float64 into one column, so float64, which cannot hold {}: cast both to string "
        "there, or the integers to float64 if their last digits do not matter",
        v);
  });
}

NodePtr cast_node(NodePtr arg, ValueType to) {
  using enum ValueType;
  const ValueType from = arg->type;
  if (from == to) return arg;
  if (to == kString) return cast_to_string(std::move(arg));
  if (from == kString) return cast_from_string(std::move(arg), to);
  Nodes args = nodes_of(std::move(arg));
  switch (pair(from, to)) {
    case pair(kInt64, kFloat64):
      return row_node(std::move(args), [](std::int64_t v) { return static_cast<double>(v); });
    case pair(kInt64, kBool):
      return row_node(std::move(args), [](std::int64_t v) { return v != 0; });
    case pair(kFloat64, kBool):
      return row_node(std::move(args), [](double v) { return v != 0; });
    case pair(kBool, kInt64):
      return row_node(std::move(args), [](bool v) { return std::int64_t{v}; });
    case pair(kBool, kFloat64):
      return row_node(std::move(args), [](bool v) { return v ? 1.0 : 0.0; });
    case pair(kDate, kTimestamp):
      return row_node(std::move(args), [](Date v) { return Timestamp{v.days * kDayUs}; });
    case pair(kTimestamp, kDate):
      return row_node(std::move(args), [](Timestamp v) {
        return Date{static_cast<std::int32_t>(v.us / kDayUs - (v.us % kDayUs < 0 ? 1 : 0))};
      });
    default:
      return row_node(std::move(args), [](EvalCounters& counters, double v) { return float_to_int(counters, v); });
  }
}

}  // namespace evclean::sql
