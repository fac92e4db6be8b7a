// SPDX-License-Identifier: Apache-2.0
#include <arrow/array.h>

#include <charconv>
#include <cmath>
#include <cstring>

#include "calendar.hpp"
#include "evclean/error.hpp"
#include "evclean/types.hpp"

namespace evclean {
namespace {

constexpr std::size_t kRoom = 40;

constexpr std::array<char, 200> kPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

inline char* write_pair(char* out, std::int64_t value) noexcept {
  std::memcpy(out, &kPairs[static_cast<std::size_t>(value) * 2], 2);
  return out + 2;
}

/// At least four digits; years outside 0 to 9999 (which only arithmetic can make) keep their sign and digits.
char* write_year(char* out, std::int32_t year) noexcept {
  if (year >= 0 && year <= 9999) return write_pair(write_pair(out, year / 100), year % 100);
  if (year < 0) *out++ = '-';
  const std::int32_t magnitude = year < 0 ? -year : year;
  for (std::int32_t bound = 1000; bound > magnitude && bound > 1; bound /= 10) *out++ = '0';
  return std::to_chars(out, out + 12, magnitude).ptr;
}

/// Six digits after a point, zeros at the end dropped.
char* write_fraction(char* out, std::int32_t us) noexcept {
  *out++ = '.';
  out = write_pair(write_pair(write_pair(out, us / 10'000), us / 100 % 100), us % 100);
  while (out[-1] == '0') --out;
  return out;
}

/// Digits and power of ten as to_chars gives them in d.ddde±xx.
struct Shortest {
  char digits[20];
  int count = 0;
  int exponent = 0;
};

Shortest shortest_digits(double magnitude) noexcept {
  char buffer[40];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, magnitude, std::chars_format::scientific);
  Shortest shortest;
  const char* at = buffer;
  for (; *at != 'e'; ++at) {
    if (*at != '.') shortest.digits[shortest.count++] = *at;
  }
  at += at[1] == '+' ? 2 : 1;
  std::from_chars(at, result.ptr, shortest.exponent);
  return shortest;
}

char* write_scientific(char* out, const Shortest& number) noexcept {
  *out++ = number.digits[0];
  if (number.count > 1) {
    *out++ = '.';
    out = std::copy(number.digits + 1, number.digits + number.count, out);
  }
  *out++ = 'e';
  *out++ = number.exponent < 0 ? '-' : '+';
  const int magnitude = std::abs(number.exponent);
  if (magnitude < 100) return write_pair(out, magnitude);
  return std::to_chars(out, out + 4, magnitude).ptr;
}

char* write_fixed(char* out, const Shortest& number) noexcept {
  const int before_point = number.exponent + 1;
  if (before_point <= 0) {
    *out++ = '0';
    *out++ = '.';
    out = std::fill_n(out, -before_point, '0');
    return std::copy(number.digits, number.digits + number.count, out);
  }
  const int whole = std::min(before_point, number.count);
  out = std::copy(number.digits, number.digits + whole, out);
  out = std::fill_n(out, before_point - whole, '0');
  *out++ = '.';
  if (whole == number.count) *out++ = '0';
  return std::copy(number.digits + whole, number.digits + number.count, out);
}

/// A number of at most three or six decimals; nullptr for any other. The scale is a constant: no division is left.
template <std::int64_t kScale>
[[gnu::always_inline]] inline char* write_decimals(char* out, double magnitude) noexcept {
  constexpr auto scale = static_cast<double>(kScale);
  if (magnitude * scale >= 1e15) return nullptr;
  const auto digits = static_cast<std::int64_t>(magnitude * scale + 0.5);
  if (static_cast<double>(digits) / scale != magnitude) return nullptr;
  out = write_int64(out, digits / kScale);
  *out++ = '.';
  auto rest = static_cast<std::int32_t>(digits % kScale);
  if constexpr (kScale == 1'000'000)
    out = write_pair(write_pair(out, rest / 10'000), rest / 100 % 100);
  else
    *out++ = static_cast<char>('0' + rest / 100);
  out = write_pair(out, rest % 100);
  while (out[-1] == '0' && out[-2] != '.') --out;
  return out;
}

/// Most numbers people write have few decimals: value = digits / 10^places, exactly as it would be read back. Up to
/// fifteen digits no other number of that length is read as the same double, so these are the shortest.
char* write_few_decimals(char* out, double magnitude) noexcept {
  if (magnitude < 1e-4) return nullptr;
  if (char* const end = write_decimals<1'000>(out, magnitude)) return end;
  return write_decimals<1'000'000>(out, magnitude);
}

/// The day written last: times mostly stand in order.
struct WrittenDay {
  std::int32_t days = 0;
  char text[16] = "1970-01-01";
};
thread_local constinit WrittenDay last_day;

template <typename Write>
void append(std::string& out, Write write) {
  char buffer[kRoom];
  out.append(buffer, static_cast<std::size_t>(write(buffer) - buffer));
}

}  // namespace

char* write_int64(char* out, std::int64_t value) noexcept {
  if (static_cast<std::uint64_t>(value) < 10) {
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  if (static_cast<std::uint64_t>(value) < 100) return write_pair(out, value);
  return std::to_chars(out, out + kRoom, value).ptr;
}

char* write_float64(char* out, double value) noexcept {
  if (std::isnan(value)) return std::copy_n("nan", 3, out);
  if (std::signbit(value)) *out++ = '-';
  const double magnitude = std::fabs(value);
  if (std::isinf(magnitude)) return std::copy_n("inf", 3, out);
  if (magnitude < 1e15 && magnitude == std::trunc(magnitude)) {
    out = write_int64(out, static_cast<std::int64_t>(magnitude));
    return std::copy_n(".0", 2, out);
  }
  if (char* const end = write_few_decimals(out, magnitude)) return end;
  const Shortest number = shortest_digits(magnitude);
  const bool fixed = number.exponent >= -4 && number.exponent < 16;
  return fixed ? write_fixed(out, number) : write_scientific(out, number);
}

char* write_date(char* out, std::int32_t days) noexcept {
  WrittenDay& last = last_day;
  if (days == last.days) {
    std::memcpy(out, last.text, sizeof last.text);
    return out + 10;
  }
  const CivilDay civil = civil_from_days(days);
  char* at = write_year(out, civil.year);
  *at++ = '-';
  at = write_pair(at, civil.month);
  *at++ = '-';
  at = write_pair(at, civil.day);
  if (at - out == 10) {
    last.days = days;
    std::memcpy(last.text, out, 10);
  }
  return at;
}

char* write_timestamp(char* out, std::int64_t us, char separator, bool zulu) noexcept {
  const std::int64_t days = floor_div(us, kDayUs);
  const std::int64_t of_day = us % kDayUs + (us % kDayUs < 0 ? kDayUs : 0);
  const auto seconds = static_cast<std::int32_t>(of_day / kSecondUs);
  const auto fraction = static_cast<std::int32_t>(of_day % kSecondUs);
  out = write_date(out, static_cast<std::int32_t>(days));
  *out++ = separator;
  out = write_pair(out, seconds / 3600);
  *out++ = ':';
  out = write_pair(out, seconds / 60 % 60);
  *out++ = ':';
  out = write_pair(out, seconds % 60);
  if (fraction != 0) out = write_fraction(out, fraction);
  if (zulu) *out++ = 'Z';
  return out;
}

void append_int64(std::string& out, std::int64_t value) {
  append(out, [&](char* to) { return write_int64(to, value); });
}

void append_float64(std::string& out, double value) {
  append(out, [&](char* to) { return write_float64(to, value); });
}

void append_date(std::string& out, std::int32_t days) {
  append(out, [&](char* to) { return write_date(to, days); });
}

void append_timestamp(std::string& out, std::int64_t us, char separator, bool zulu) {
  append(out, [&](char* to) { return write_timestamp(to, us, separator, zulu); });
}

std::string value_text(const arrow::Array& array, std::int64_t row) {
  std::string out;
  if (array.IsNull(row)) return out;
  switch (value_type(*array.type())) {
    case ValueType::kString:
      out = static_cast<const arrow::StringArray&>(array).GetView(row);
      break;
    case ValueType::kInt64:
      append_int64(out, static_cast<const arrow::Int64Array&>(array).Value(row));
      break;
    case ValueType::kFloat64:
      append_float64(out, static_cast<const arrow::DoubleArray&>(array).Value(row));
      break;
    case ValueType::kBool:
      out = static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false";
      break;
    case ValueType::kDate:
      append_date(out, static_cast<const arrow::Date32Array&>(array).Value(row));
      break;
    case ValueType::kTimestamp:
      append_timestamp(out, static_cast<const arrow::TimestampArray&>(array).Value(row));
      break;
  }
  return out;
}

}  // namespace evclean
