// SPDX-License-Identifier: Apache-2.0
// 64 bytes of text, compared at once: bit i of a mask stands for byte i.
#pragma once

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <cstdint>

namespace evclean {

#if defined(__AVX2__)
/// The 64 bytes at `p`, compared with one byte at a time.
class ByteBlock {
 public:
  explicit ByteBlock(const char* p)
      : low_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))),
        high_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32))) {}
  std::uint64_t equal(char byte) const {
    const __m256i wanted = _mm256_set1_epi8(byte);
    const auto low = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low_, wanted)));
    const auto high = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high_, wanted)));
    return low | (static_cast<std::uint64_t>(high) << 32);
  }

 private:
  __m256i low_;
  __m256i high_;
};
#else
class ByteBlock {
 public:
  explicit ByteBlock(const char* p) : p_(p) {}
  std::uint64_t equal(char byte) const {
    std::uint64_t mask = 0;
    for (int i = 0; i < 64; ++i) mask |= static_cast<std::uint64_t>(p_[i] == byte) << i;
    return mask;
  }

 private:
  const char* p_;
};
#endif

}  // namespace evclean
