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

/// Up to 16 digits with a minus sign or without; false also for text that parse_int64 would read after a second look.
inline bool parse_padded_int64(const char* text, std::uint32_t length, std::int64_t& value) noexcept {
  const bool negative = *text == '-';
  text += negative;
  length -= negative;
  if (length - 1 > 15 || (*text == '0' && length > 1)) return false;
  std::uint32_t high = 0;
  std::uint32_t low = 0;
  if (length <= 8) {
    if (!up_to_eight_digits(text, length, low)) return false;
  } else if (!up_to_eight_digits(text, length - 8, high) || !eight_digits(load_eight(text + length - 8), low)) {
    return false;
  }
  const auto magnitude = static_cast<std::int64_t>(high) * 100'000'000 + low;
  value = negative ? -magnitude : magnitude;
  return true;
}

/// A decimal number whose digits and power of ten are exact in a double, so that one operation rounds it right.
/// False also for text that parse_float64 would read after a second look. `integer` tells that it has no fraction.
bool parse_short_float64(const char* text, std::uint32_t length, double& value, bool& integer) noexcept;

}  // namespace evclean
