// SPDX-License-Identifier: Apache-2.0
// Texts as two numbers that fit a register each: those below 16 bytes are their key, longer ones have a hash and their
// size in it. What tables of texts look up first, without branches.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace evclean {

inline std::uint64_t load_word(const char* at) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// The lowest bytes of a number; all when there are 8 or more (up to 31).
inline std::uint64_t lowest_bytes(std::uint64_t word, std::size_t bytes) noexcept {
#ifdef __BMI2__
  return _bzhi_u64(word, static_cast<unsigned>(8 * bytes));  // from 64 on all stay
#else
  return bytes >= 8 ? word : word & ((std::uint64_t{1} << 8 * bytes) - 1);
#endif
}

inline std::uint64_t mix_words(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

struct TextKey {
  static constexpr std::size_t kShort = 16;  ///< texts below this many bytes stand in their key
  static constexpr std::uint64_t kWord0 = 0xa0761d6478bd642fULL;
  static constexpr std::uint64_t kWord1 = 0xe7037ed1a0b428dbULL;
  static constexpr std::uint64_t kWord2 = 0x8ebc6af09c88c6e3ULL;
  static constexpr std::uint64_t kLong = std::uint64_t{1} << 63;
  /// The part of a long text's `high` where a table may keep what it likes.
  static constexpr std::uint64_t kFree = 0x7fffffff00000000ULL;

  std::uint64_t low;   ///< the first 8 bytes, or a hash
  std::uint64_t high;  ///< the next 7 and the size, or kLong and the size

  /// Of a text below kShort bytes, 16 of which may be read.
  static TextKey of_readable(const char* text, std::size_t size) noexcept {
    const std::uint64_t next = lowest_bytes(load_word(text + 8), std::max<std::size_t>(size, 8) - 8);
    return {lowest_bytes(load_word(text), size), next | std::uint64_t{size} << 56};
  }
  static TextKey of_short(std::string_view text, const char* readable_end) noexcept {
    if (readable_end - text.data() >= static_cast<std::ptrdiff_t>(kShort)) [[likely]]
      return of_readable(text.data(), text.size());
    char copy[kShort] = {};
    std::copy(text.begin(), text.end(), copy);
    return of_readable(copy, text.size());
  }
  static TextKey of_long(std::string_view text) noexcept {
    return {text.size() <= 64 ? hash_to_64(text.data(), text.size()) : hash_any(text.data(), text.size()),
            kLong | text.size()};
  }

  /// Whether an entry of a table has this key; long texts are then most likely, not surely, the same.
  bool fits(const TextKey& entry) const noexcept {
    const std::uint64_t ignored = (0 - (high >> 63)) & kFree;
    return (((entry.high ^ high) & ~ignored) | (entry.low ^ low)) == 0;
  }
  std::uint32_t tag() const noexcept {
    return static_cast<std::uint32_t>(mix_words(low ^ kWord0, high ^ kWord1) >> 32);
  }

  /// A quick hash of a short text.
  std::uint64_t quick_hash() const noexcept { return (low ^ high * kWord1) * kWord0; }
  /// A quick hash of a long text, for places where it may be found again; another one on other processors.
  static std::uint64_t quick_hash(std::string_view text) noexcept {
#ifdef __AVX2__
    const char* const end = text.data() + text.size();
    const auto load16 = [](const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); };
    const auto load32 = [](const char* at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); };
    const __m256i odd = _mm256_set1_epi32(static_cast<int>(0x9e3779b1u));
    __m256i all = _mm256_set1_epi32(static_cast<int>(text.size()));
    if (text.size() < 32) {
      all = _mm256_add_epi32(all, _mm256_set_m128i(load16(text.data()), load16(end - 16)));
    } else {
      for (const char* at = text.data(); at + 32 < end; at += 32)
        all = _mm256_mullo_epi32(_mm256_add_epi32(all, load32(at)), odd);
      all = _mm256_add_epi32(all, load32(end - 32));
    }
    const __m128i low = _mm256_castsi256_si128(all), high = _mm256_extracti128_si256(all, 1);
    return mix_words(static_cast<std::uint64_t>(_mm_cvtsi128_si64(low)) ^ kWord0,
                     static_cast<std::uint64_t>(_mm_extract_epi64(low, 1)) ^ kWord1) ^
           mix_words(static_cast<std::uint64_t>(_mm_cvtsi128_si64(high)) ^ kWord2,
                     static_cast<std::uint64_t>(_mm_extract_epi64(high, 1)) ^ kWord1);
#else
    return of_long(text).low;
#endif
  }

 private:
  /// From 16 to 64 bytes: four pairs of words, which overlap, and no branch.
  static std::uint64_t hash_to_64(const char* text, std::size_t size) noexcept {
    const std::size_t last = size - 16;
    const char* const second = text + std::min<std::size_t>(16, last);
    const char* const third = text + std::min<std::size_t>(32, last);
    const std::uint64_t one = mix_words(load_word(text) ^ kWord0, load_word(text + 8) ^ size);
    const std::uint64_t two = mix_words(load_word(second) ^ kWord1, load_word(second + 8) ^ kWord2);
    const std::uint64_t three = mix_words(load_word(third) ^ kWord2, load_word(third + 8) ^ kWord0);
    const std::uint64_t four = mix_words(load_word(text + last) ^ kWord0, load_word(text + last + 8) ^ kWord1);
    return mix_words(one ^ three ^ kWord1, (two + four) ^ kWord2);
  }
  static std::uint64_t hash_any(const char* text, std::size_t size) noexcept {
    std::uint64_t one = size, two = kWord1;
    for (std::size_t at = 0; at + 32 < size; at += 32) {
      one = mix_words(load_word(text + at) ^ kWord0, load_word(text + at + 8) ^ one);
      two = mix_words(load_word(text + at + 16) ^ kWord1, load_word(text + at + 24) ^ two);
    }
    const char* const end = text + size;
    one = mix_words(load_word(end - 32) ^ kWord0, load_word(end - 24) ^ one);
    two = mix_words(load_word(end - 16) ^ kWord1, load_word(end - 8) ^ two);
    return mix_words(one ^ kWord0, two ^ kWord1);
  }
};

/// Whether two texts of the same size, 16 bytes or more, are the same.
inline bool same_long(const char* a, const char* b, std::size_t size) noexcept {
#ifdef __AVX2__
  const auto differing16 = [](const char* x, const char* y) {
    return _mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)),
                         _mm_loadu_si128(reinterpret_cast<const __m128i*>(y)));
  };
  const auto differing32 = [](const char* x, const char* y) {
    return _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)),
                            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(y)));
  };
  const std::size_t last = size - 16;
  if (size <= 64) {
    const std::size_t second = std::min<std::size_t>(16, last);
    const std::size_t third = std::min<std::size_t>(32, last);
    const __m128i all = _mm_or_si128(_mm_or_si128(differing16(a, b), differing16(a + second, b + second)),
                                     _mm_or_si128(differing16(a + third, b + third), differing16(a + last, b + last)));
    return _mm_testz_si128(all, all) != 0;
  }
  __m256i all = differing32(a + size - 32, b + size - 32);
  for (std::size_t at = 0; at + 32 < size; at += 32) all = _mm256_or_si256(all, differing32(a + at, b + at));
  return _mm256_testz_si256(all, all) != 0;
#else
  return std::memcmp(a, b, size) == 0;
#endif
}

}  // namespace evclean
