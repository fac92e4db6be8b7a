// SPDX-License-Identifier: Apache-2.0
// Positions of bytes, 64 at a time by AVX2, or one by one where the target has none. Both give the same.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace evclean {

/// Positions of '"' and '\n' in [begin, end), ascending; at least 64 readable bytes must follow `end`.
/// Shape: `marks` holds the positions, then some spare entries; returns how many count.
std::size_t index_quotes_and_lines(const char* text, std::size_t begin, std::size_t end,
                                   std::vector<std::uint32_t>& marks);

/// The same by a plain loop.
std::size_t index_quotes_and_lines_plain(const char* text, std::size_t begin, std::size_t end,
                                         std::vector<std::uint32_t>& marks);

/// Bit i tells whether text[i] == byte, for 64 bytes.
inline std::uint64_t byte_mask_64(const char* text, char byte) {
#ifdef __AVX2__
  const __m256i wanted = _mm256_set1_epi8(byte);
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 32));
  const auto a = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)));
  const auto b = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)));
  return (std::uint64_t{b} << 32) | a;
#else
  std::uint64_t mask = 0;
  for (int i = 0; i < 64; ++i) mask |= std::uint64_t{text[i] == byte} << i;
  return mask;
#endif
}

/// First position in [begin, end) of `a` or `b`, or `end`; at least 64 readable bytes must follow `end`.
inline std::size_t find_either(const char* text, std::size_t begin, std::size_t end, char a, char b) {
  for (std::size_t at = begin; at < end; at += 64) {
    const std::uint64_t mask = byte_mask_64(text + at, a) | byte_mask_64(text + at, b);
    if (mask == 0) continue;
    const std::size_t found = at + static_cast<std::size_t>(std::countr_zero(mask));
    return found < end ? found : end;
  }
  return end;
}

/// True when `byte` stands in [begin, end); at least 64 readable bytes must follow `end`.
inline bool contains_byte(const char* text, std::size_t begin, std::size_t end, char byte) {
  for (std::size_t at = begin; at < end; at += 64) {
    const std::uint64_t mask = byte_mask_64(text + at, byte);
    const std::size_t left = end - at;
    if ((left >= 64 ? mask : mask & ((std::uint64_t{1} << left) - 1)) != 0) return true;
  }
  return false;
}

}  // namespace evclean
