// SPDX-License-Identifier: Apache-2.0
// Copies text and looks for special bytes in one pass, 32 bytes at a time where the machine allows it.
#pragma once

#include <cstdint>
#include <cstring>

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace evclean {

/// Copies `size` bytes and tells whether any of them is special. Overshoots `out` by up to 31 bytes; reads beyond the
/// text only below `readable_end`. `Special` gives `bool byte(unsigned char)` and, with AVX2, `__m256i mask(__m256i)`.
template <typename Special>
[[gnu::always_inline]] inline bool copy_and_scan(const Special& special, char* out, const char* text, std::size_t size,
                                                 const char* readable_end) {
#ifdef __AVX2__
  std::size_t at = 0;
  if (text + ((size + 31) & ~std::size_t{31}) <= readable_end) {
    std::uint32_t found = 0;
    for (; at + 32 <= size; at += 32) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + at));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + at), bytes);
      found |= static_cast<std::uint32_t>(_mm256_movemask_epi8(special.mask(bytes)));
    }
    if (at < size) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + at));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + at), bytes);
      found |= static_cast<std::uint32_t>(_mm256_movemask_epi8(special.mask(bytes))) & ((1u << (size - at)) - 1);
    }
    return found != 0;
  }
#else
  (void)readable_end;
#endif
  bool any = false;
  for (std::size_t i = 0; i < size; ++i) any |= special.byte(static_cast<unsigned char>(text[i]));
  std::memcpy(out, text, size);
  return any;
}

}  // namespace evclean
