// SPDX-License-Identifier: Apache-2.0
// Numbers and truth words as text (job contract, 2.5). The text of a padded reader lies in a TextBlock, so that
// eight bytes may be loaded past its end.
#pragma once

#include <cstdint>
#include <string_view>

#include "digits.hpp"
#include "evclean/types.hpp"

namespace evclean {

inline constexpr std::int64_t kExactInDouble = std::int64_t{1} << 53;  ///< beyond it a float64 loses units

constexpr bool is_big_int(std::int64_t value) noexcept { return value > kExactInDouble || value < -kExactInDouble; }

/// The kind of a number without edge blanks: kInt, kBigInt, kFloat, or kString when it is none.
ValueKind number_kind(std::string_view text) noexcept;

/// Digits only, of which the first of several is 0: an id such as 007.
bool is_zero_padded(std::string_view text) noexcept;

/// Up to 19 digits with a minus sign or without; false also for text that parse_int64 would read after a second look.
inline bool parse_padded_int64(const char* text, std::uint32_t length, std::int64_t& value) noexcept {
  const bool negative = *text == '-';
  text += negative;
  length -= negative;
  if (length - 1 > 18 || (*text == '0' && length > 1)) return false;
  std::uint32_t high = 0;
  std::uint32_t middle = 0;
  std::uint32_t low = 0;
  if (length <= 8) {
    if (!up_to_eight_digits(text, length, low)) return false;
  } else {
    const char* const end = text + length;
    if (!eight_digits(load_eight(end - 8), low)) return false;
    if (length > 16 && !eight_digits(load_eight(end - 16), middle)) return false;
    const bool reads =
        length > 16 ? up_to_eight_digits(text, length - 16, high) : up_to_eight_digits(text, length - 8, middle);
    if (!reads) return false;
  }
  const std::uint64_t magnitude = high * 10'000'000'000'000'000ull + middle * 100'000'000ull + low;
  if (magnitude > INT64_MAX) return false;
  value = negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
  return true;
}

/// A decimal number whose digits and power of ten are exact in a double, so that one operation rounds it right.
/// False also for text that parse_float64 would read after a second look. `integer` tells that it has no fraction.
bool parse_short_float64(const char* text, std::uint32_t length, double& value, bool& integer) noexcept;

/// Any number with a fraction or an exponent, and without edge blanks.
bool parse_fraction(std::string_view text, double& value) noexcept;

}  // namespace evclean
