// SPDX-License-Identifier: Apache-2.0
// Which of 64 spans hold a value, as bits: loops over sparse columns visit just the rows that have one.
#pragma once

#include <bit>
#include <cstdint>

#include "evclean/batch.hpp"

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace evclean {

/// The lowest `count` bits (0 to 64).
inline std::uint64_t low_bits(std::int64_t count) noexcept {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

/// Bit i is set when spans[i] is not missing; `count` of them (at most 64), the other bits are 0.
inline std::uint64_t present_bits(const Span* spans, std::int64_t count) noexcept {
  std::uint64_t missing = 0;
  std::int64_t i = 0;
#ifdef __AVX2__
  // kMissing is the top bit of a span's eight bytes: the sign of a double as movemask takes it.
  static_assert(sizeof(Span) == 8 && Span::kMissing == 1u << 31 && std::endian::native == std::endian::little);
  for (; i + 4 <= count; i += 4) {
    const auto four = _mm256_castsi256_pd(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(spans + i)));
    missing |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_pd(four))) << i;
  }
#endif
  for (; i < count; ++i) missing |= std::uint64_t{spans[i].missing()} << i;
  return ~missing & low_bits(count);
}

/// Calls `visit(i)` for every bit that is set, ascending.
template <typename Visit>
[[gnu::always_inline]] inline void for_each_bit(std::uint64_t bits, Visit&& visit) {
  for (; bits != 0; bits &= bits - 1) visit(static_cast<std::int64_t>(std::countr_zero(bits)));
}

/// Calls `visit(span, row)` for every span that is not missing, in order; gives the number of those that are.
template <typename AnySpan, typename Visit>
[[gnu::always_inline]] inline std::int64_t for_each_present(AnySpan* spans, std::int64_t rows, Visit&& visit) {
  std::int64_t missing = 0;
  for (std::int64_t first = 0; first < rows; first += 64) {
    const std::int64_t count = rows - first < 64 ? rows - first : 64;
    const std::uint64_t present = present_bits(spans + first, count);
    missing += count - std::popcount(present);
    for_each_bit(present, [&](std::int64_t i) { visit(spans[first + i], first + i); });
  }
  return missing;
}

}  // namespace evclean
