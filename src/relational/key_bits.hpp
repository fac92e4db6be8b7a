// SPDX-License-Identifier: Apache-2.0
// Unsigned bits in the order of the values, and back.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace evclean {

inline std::uint64_t ordered_bits(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}
inline std::int64_t int_of(std::uint64_t bits) noexcept {
  return static_cast<std::int64_t>(bits ^ (std::uint64_t{1} << 63));
}

/// -0.0 is 0.0; every NaN is one value, above infinity.
inline std::uint64_t ordered_bits(double value) noexcept {
  value += 0.0;
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return bits ^ (bits >> 63 != 0 ? ~std::uint64_t{0} : std::uint64_t{1} << 63);
}
inline double double_of(std::uint64_t bits) noexcept {
  return std::bit_cast<double>(bits ^ (bits >> 63 != 0 ? std::uint64_t{1} << 63 : ~std::uint64_t{0}));
}

}  // namespace evclean
