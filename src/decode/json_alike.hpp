// SPDX-License-Identifier: Apache-2.0
// What a record looks like that was written by the same hand as ones before it: the same bytes between its values, as
// some record had them between the same two. Such a record is read in one sweep over its text, without tokens, also
// where kinds of records take turns.
#pragma once

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace evclean {

/// The bytes that lead to a value, or from the last one to the record's end.
class JsonGlue {
 public:
  explicit JsonGlue(std::string_view bytes, std::size_t column = 0);

  std::size_t column() const noexcept { return column_; }
  bool same_as(const JsonGlue& other) const noexcept {
    return column_ == other.column_ && size_ == other.size_ && std::memcmp(head_, other.head_, kHeadBytes) == 0 &&
           rest_ == other.rest_;
  }
  std::size_t size() const noexcept { return size_; }
  /// Whether these bytes stand at `text`, of which kHeadBytes are readable, and all when they lie within a block.
  bool stands_at(const char* text, const char* end) const noexcept {
#ifdef __AVX2__
    const __m128i found = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
    const __m128i head = _mm_loadu_si128(reinterpret_cast<const __m128i*>(head_));
    const __m128i mask = _mm_loadu_si128(reinterpret_cast<const __m128i*>(mask_));
    if (_mm_testz_si128(_mm_xor_si128(found, head), mask) == 0) return false;
#else
    if (std::memcmp(text, head_, std::min(size_, kHeadBytes)) != 0) return false;
#endif
    return rest_.empty() || rest_stands_at(text + kHeadBytes, end);
  }

 private:
  static constexpr std::size_t kHeadBytes = 16;
  bool rest_stands_at(const char* text, const char* end) const noexcept;

  char head_[kHeadBytes] = {};
  char mask_[kHeadBytes] = {};  ///< which bytes of the head count: all bits, or none
  std::size_t size_;
  std::size_t column_;  ///< of the value behind
  std::string rest_;    ///< what is behind the head
};

/// Keys by small numbers.
class KeySet {
 public:
  static constexpr std::size_t kMost = 256;

  /// False when it was there already.
  bool add_new(std::size_t key) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << (key % 64);
    return (std::exchange(words_[key / 64], words_[key / 64] | bit) & bit) == 0;
  }
  /// Adds others; false when one was there already.
  bool add_new(const KeySet& others) noexcept {
    std::uint64_t both = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      both |= words_[i] & others.words_[i];
      words_[i] |= others.words_[i];
    }
    return both == 0;
  }

 private:
  std::array<std::uint64_t, kMost / 64> words_ = {};
};

/// What may stand before a value or at a record's end, and what was seen to follow.
struct AlikePlace {
  JsonGlue glue;
  KeySet keys;  ///< that the glue leads through: none comes twice in a record
  bool last = false;
  std::vector<std::uint16_t> next = {};  ///< places behind the value, the likeliest first
};

/// Finds where a string without escapes ends, and digits.
class PlainText {
 public:
  /// The first byte from `text` on that is a quote, a backslash, a control character or no ASCII; or a place at or
  /// behind `end`. 32 bytes behind `end` are readable.
  const char* end_of(const char* text, const char* end) const noexcept {
#ifdef __AVX2__
    for (; text < end; text += 32) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
      const __m256i ends =
          _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(bytes, quote_), _mm256_cmpeq_epi8(bytes, backslash_)),
                          _mm256_cmpgt_epi8(blank_, bytes));  // of signed bytes: no ASCII, too
      const auto found = static_cast<std::uint32_t>(_mm256_movemask_epi8(ends));
      if (found != 0) return text + std::countr_zero(found);
    }
#else
    while (text < end && *text >= ' ' && static_cast<unsigned char>(*text) < 128 && *text != '"' && *text != '\\')
      ++text;
#endif
    return text;
  }

  /// How many digits stand at `text`, up to 16; so many bytes are readable.
  std::size_t digits(const char* text) const noexcept {
#ifdef __AVX2__
    const __m128i values = _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text)), zero_);
    const __m128i fitting = _mm_cmpeq_epi8(_mm_min_epu8(values, nine_), values);
    return static_cast<std::size_t>(std::countr_one(static_cast<std::uint32_t>(_mm_movemask_epi8(fitting))));
#else
    std::size_t digits = 0;
    while (digits < 16 && text[digits] >= '0' && text[digits] <= '9') ++digits;
    return digits;
#endif
  }

#ifdef __AVX2__
  PlainText() {
    // Kept in registers over a whole record, instead of being made anew a value.
    asm("" : "+x"(quote_), "+x"(backslash_), "+x"(blank_), "+x"(zero_), "+x"(nine_));
  }

 private:
  __m256i quote_ = _mm256_set1_epi8('"'), backslash_ = _mm256_set1_epi8('\\'), blank_ = _mm256_set1_epi8(' ');
  __m128i zero_ = _mm_set1_epi8('0'), nine_ = _mm_set1_epi8(9);
#endif
};

}  // namespace evclean
