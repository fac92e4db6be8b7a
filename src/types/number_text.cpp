// SPDX-License-Identifier: Apache-2.0
#include "number_text.hpp"

#include <charconv>
#include <cmath>

namespace evclean {
namespace {

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// What the grammar of a number says before any value is computed.
struct NumberShape {
  bool valid = false;
  bool integer = false;
};

const char* skip_digits(const char* at, const char* end) noexcept {
  while (at != end && is_digit(*at)) ++at;
  return at;
}

/// -?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?
NumberShape shape_of(std::string_view text) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at != end && *at == '-') ++at;
  if (at == end || !is_digit(*at)) return {};
  at = *at == '0' ? at + 1 : skip_digits(at, end);
  if (at == end) return {true, true};
  if (*at == '.') {
    const char* const fraction = ++at;
    at = skip_digits(at, end);
    if (at == fraction) return {};
  }
  if (at != end && (*at | 0x20) == 'e') {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    const char* const exponent = at;
    at = skip_digits(at, end);
    if (at == exponent) return {};
  }
  return {at == end, false};
}

/// from_chars gives the same error for too large and too small: only the too small reads, as zero. The power of ten
/// of the first digit that counts tells them apart, held small so that no exponent overflows it.
bool underflows(std::string_view text) noexcept {
  const std::size_t mark = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, mark);
  const std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return true;
  const std::size_t dot = std::min(mantissa.find('.'), mantissa.size());
  std::int64_t power = static_cast<std::int64_t>(dot) - static_cast<std::int64_t>(first);
  if (mark != std::string_view::npos) {
    const char* at = text.data() + mark + 1;
    const bool negative = *at == '-';
    if (!is_digit(*at)) ++at;
    std::int64_t exponent = 0;
    for (; at != text.data() + text.size() && exponent < 1'000'000'000'000; ++at) exponent = exponent * 10 + *at - '0';
    power += negative ? -exponent : exponent;
  }
  return power < 0;
}

bool read_int64(std::string_view text, std::int64_t& value) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

/// `text` has the shape of a number. The integer -0 is 0 under every type, so that it does not matter whether a
/// column was read as int64 first.
bool read_float64(std::string_view text, bool integer, double& value) noexcept {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    if (!underflows(text)) return false;
    value = text.front() == '-' ? -0.0 : 0.0;
  }
  if (integer && value == 0) value = 0;
  return std::isfinite(value);
}

}  // namespace

ValueKind number_kind(std::string_view text) noexcept {
  const NumberShape shape = shape_of(text);
  if (!shape.valid) return ValueKind::kString;
  if (shape.integer) {
    std::int64_t value = 0;
    if (!read_int64(text, value)) return ValueKind::kString;
    return is_big_int(value) ? ValueKind::kBigInt : ValueKind::kInt;
  }
  double value = 0;
  return read_float64(text, false, value) ? ValueKind::kFloat : ValueKind::kString;
}

bool is_zero_padded(std::string_view text) noexcept {
  if (text.size() < 2 || text.front() != '0') return false;
  return skip_digits(text.data(), text.data() + text.size()) == text.data() + text.size();
}

bool parse_short_float64(const char* text, std::uint32_t length, double& value, bool& integer) noexcept {
  const char* at = text;
  const char* const end = text + length;
  const bool negative = length != 0 && *at == '-';
  at += negative;
  if (end - at > 17 || end == at || (*at == '0' && end - at > 1 && at[1] != '.')) return false;
  std::uint64_t digits = 0;
  const char* const first = at;
  for (; at != end && is_digit(*at); ++at) digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
  if (at == first) return false;
  integer = at == end;
  std::ptrdiff_t places = 0;
  if (!integer) {
    if (*at != '.' || ++at == end) return false;
    const char* const fraction = at;
    for (; at != end && is_digit(*at); ++at) digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
    if (at != end) return false;
    places = end - fraction;
  }
  if (digits > static_cast<std::uint64_t>(kExactInDouble)) return false;
  const double magnitude = static_cast<double>(digits) / kPowersOfTen[places];
  value = negative && !(integer && digits == 0) ? -magnitude : magnitude;
  return true;
}

bool parse_fraction(std::string_view text, double& value) noexcept {
  const NumberShape shape = shape_of(text);
  return shape.valid && !shape.integer && read_float64(text, false, value);
}

bool parse_int64(std::string_view text, std::int64_t& value) noexcept {
  text = trim_blanks(text);
  const NumberShape shape = shape_of(text);
  return shape.valid && shape.integer && read_int64(text, value);
}

bool parse_float64(std::string_view text, double& value) noexcept {
  text = trim_blanks(text);
  bool integer = false;
  if (text.size() <= 18 && parse_short_float64(text.data(), static_cast<std::uint32_t>(text.size()), value, integer)) {
    return true;
  }
  const NumberShape shape = shape_of(text);
  return shape.valid && read_float64(text, shape.integer, value);
}

bool parse_bool(std::string_view text, bool& value) noexcept {
  text = trim_blanks(text);
  value = text.size() == 4;
  if (value) return text == "true" || text == "True" || text == "TRUE";
  return text == "false" || text == "False" || text == "FALSE";
}

}  // namespace evclean
