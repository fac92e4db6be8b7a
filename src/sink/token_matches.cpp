// SPDX-License-Identifier: Apache-2.0
#include "token_matches.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "evclean/error.hpp"

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace evclean {
namespace {

constexpr std::uint32_t kMaxLength = 258;
constexpr std::uint32_t kMinLength = 4;
constexpr std::uint32_t kMaxDistance = 1 << 15;
/// Compared at once; the last bytes of a text, fewer than this, are literals.
constexpr std::uint32_t kCompared = 32;
/// Inside a long token every so many bytes are looked up.
constexpr std::uint32_t kStride = 8;
/// A shorter match gives way to a better one that begins a byte later.
constexpr std::uint32_t kLongEnough = 16;
/// What a byte of a match is worth in gain(), and the least gain worth a match.
constexpr int kByteGain = 4;
constexpr int kLeastGain = 5;

/// Bytes saved, in quarters, against the bits of the distance (the measure of zstd's lazy search).
int gain_of(std::uint32_t length, std::uint32_t distance) {
  return static_cast<int>(length) * kByteGain - (std::bit_width(distance) - 1);
}

std::uint64_t load64(const std::uint8_t* from) {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

#ifdef __AVX2__
/// How many of the next 32 bytes are the same.
[[gnu::always_inline]] inline std::uint32_t same_bytes(const std::uint8_t* a, const std::uint8_t* b) {
  const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a));
  const __m256i y = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
  return _tzcnt_u32(~static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, y))));
}

/// Bit i: byte i belongs to a token (a letter, a digit, or not ASCII).
std::uint64_t token_bytes(const std::uint8_t* from) {
  std::uint64_t bits = 0;
  for (int half = 0; half < 2; ++half) {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + 32 * half));
    // Signed comparison after a shift that brings the range to the lowest values.
    const auto within = [](__m256i bytes, char first, int count) {
      const __m256i shifted = _mm256_add_epi8(bytes, _mm256_set1_epi8(static_cast<char>(-128 - first)));
      return _mm256_cmpgt_epi8(_mm256_set1_epi8(static_cast<char>(-128 + count)), shifted);
    };
    const __m256i letter = within(_mm256_or_si256(x, _mm256_set1_epi8(0x20)), 'a', 26);
    const __m256i token = _mm256_or_si256(x, _mm256_or_si256(letter, within(x, '0', 10)));
    bits |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(token))} << (32 * half);
  }
  return bits;
}
#else
std::uint32_t same_bytes(const std::uint8_t* a, const std::uint8_t* b) {
  for (std::uint32_t at = 0; at < kCompared; at += 8) {
    const std::uint64_t differ = load64(a + at) ^ load64(b + at);
    if (differ != 0) return at + static_cast<std::uint32_t>(std::countr_zero(differ)) / 8;
  }
  return kCompared;
}

std::uint64_t token_bytes(const std::uint8_t* from) {
  std::uint64_t bits = 0;
  for (int i = 0; i < 64; ++i) {
    const std::uint8_t c = from[i], lower = c | 0x20;
    const bool token = (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c >= 0x80;
    bits |= std::uint64_t{token} << i;
  }
  return bits;
}
#endif

}  // namespace

TokenMatcher::TokenMatcher() : buckets_(std::size_t{1} << kBucketBits) {}

const std::vector<LiteralsAndMatch>& TokenMatcher::find(std::string_view text) {
  EVCLEAN_CHECK(text.size() < (std::size_t{1} << 31), "{} bytes are too many for one text", text.size());
  text_ = reinterpret_cast<const std::uint8_t*>(text.data());
  size_ = static_cast<std::uint32_t>(text.size());
  found_.clear();
  std::memset(buckets_.data(), 0, buckets_.size() * sizeof(Bucket));
  mark_tokens();
  std::uint32_t literals_begin = 0;
  std::uint32_t at = 1;
  while ((at = next_place(at, literals_begin)) + kCompared <= size_) {
    const std::uint32_t end = take_best(at, literals_begin);
    if (end > 0) literals_begin = end;
    at = end > 0 ? end : at + 1;
  }
  found_.push_back({size_ - literals_begin, 0, 0});
  return found_;
}

/// A token begins behind a byte that belongs to none.
void TokenMatcher::mark_tokens() {
  tokens_.assign(size_ / 64 + 2, 0);
  std::uint64_t carry = 1;
  for (std::uint32_t word = 0; 64 * word + 64 <= size_; ++word) {
    const std::uint64_t none = ~token_bytes(text_ + 64 * word);
    tokens_[word] = none << 1 | carry;
    carry = none >> 63;
  }
}

/// Where to look next: here directly behind a match, else at the next token, within a stride.
[[gnu::always_inline]] inline std::uint32_t TokenMatcher::next_place(std::uint32_t at,
                                                                     std::uint32_t literals_begin) const {
  const std::uint64_t ahead = tokens_[at / 64] >> (at % 64);
  if (at == literals_begin || (ahead & 1) != 0) return at;
  const std::uint32_t in_word = ahead != 0 ? static_cast<std::uint32_t>(std::countr_zero(ahead)) : 64 - at % 64;
  return at + std::min(in_word, kStride);
}

[[gnu::always_inline]] inline TokenMatcher::Bucket& TokenMatcher::bucket(std::uint32_t at) {
  constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15;                           // the golden ratio: Knuth, volume 3, 6.4
  return buckets_[((load64(text_ + at) << 24) * kMix) >> (64 - kBucketBits)];  // 5 bytes
}

[[gnu::always_inline]] inline void TokenMatcher::remember(std::uint32_t at) {
  Bucket& places = bucket(at);
#ifdef __AVX2__
  auto* to = reinterpret_cast<__m128i*>(&places);
  _mm_store_si128(to, _mm_insert_epi16(_mm_slli_si128(_mm_load_si128(to), 2), static_cast<short>(at), 0));
#else
  std::memmove(&places.places[1], &places.places[0], 2 * (kPlaces - 1));
  places.places[0] = static_cast<std::uint16_t>(at);
#endif
}

[[gnu::always_inline]] inline void TokenMatcher::remember_tokens(std::uint32_t begin, std::uint32_t end) {
  for (std::uint32_t word = begin / 64; 64 * word < end; ++word) {
    std::uint64_t bits = tokens_[word];
    if (64 * word < begin) bits &= ~std::uint64_t{0} << (begin % 64);
    if (64 * word + 64 > end) bits &= ~(~std::uint64_t{0} << (end % 64));
    for (; bits != 0; bits &= bits - 1) remember(64 * word + static_cast<std::uint32_t>(std::countr_zero(bits)));
  }
}

/// The length of a match whose first `length` bytes are known.
std::uint32_t TokenMatcher::grown(std::uint32_t at, std::uint32_t distance, std::uint32_t length) const {
  const std::uint32_t most = std::min(kMaxLength, size_ - at);
  const std::uint8_t* here = text_ + at;
  while (length + kCompared <= most) {
    const std::uint32_t same = same_bytes(here + length, here + length - distance);
    length += same;
    if (same < kCompared) return length;
  }
  while (length < most && here[length] == here[length - std::size_t{distance}]) ++length;
  return length;
}

/// The longest match at `at`, the nearest of several; the place is remembered.
[[gnu::always_inline]] inline TokenMatcher::Match TokenMatcher::best_match(std::uint32_t at) {
  const Bucket before = bucket(at);
  remember(at);
  Match match = longest(at, before);
  if (match.length < kMinLength) return {};
  match.gain = gain_of(match.length, match.distance);
  return match;
}

#ifdef __AVX2__
[[gnu::always_inline]] inline TokenMatcher::Match TokenMatcher::longest(std::uint32_t at, const Bucket& before) {
  const __m128i places = _mm_load_si128(reinterpret_cast<const __m128i*>(&before));
  // Distances less 1: 0 to 32,767 fit; all others have the highest bit.
  const __m128i steps = _mm_sub_epi16(_mm_set1_epi16(static_cast<short>(at - 1)), places);
  const __m128i too_far = _mm_srai_epi16(steps, 15);
  alignas(16) std::uint16_t back[kPlaces];
  _mm_store_si128(reinterpret_cast<__m128i*>(back), _mm_andnot_si128(too_far, steps));
  const std::uint8_t* here = text_ + at;
  alignas(16) std::uint16_t same[kPlaces];
#pragma GCC unroll 8
  for (int i = 0; i < kPlaces; ++i) same[i] = static_cast<std::uint16_t>(same_bytes(here, here - 1 - back[i]));
  const __m128i differ = _mm_or_si128(
      _mm_sub_epi16(_mm_set1_epi16(kCompared), _mm_load_si128(reinterpret_cast<const __m128i*>(same))), too_far);
  const auto least = static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_minpos_epu16(differ)));  // value, then index
  Match match;
  if ((least & 0xFFFF) > kCompared) return match;
  match.length = kCompared - (least & 0xFFFF);
  match.distance = back[least >> 16] + 1u;
  if (match.length < kCompared) return match;
  match.length = grown(at, match.distance, kCompared);
  const __m128i whole = _mm_cmpeq_epi16(differ, _mm_setzero_si128());
  std::uint32_t others = static_cast<std::uint32_t>(_mm_movemask_epi8(whole)) & 0x5555;
  for (others &= others - 1; others != 0 && match.length < kMaxLength; others &= others - 1) {
    const std::uint32_t distance = back[std::countr_zero(others) / 2] + 1u;
    if (at + match.length >= size_ || here[match.length] != here[match.length - std::size_t{distance}]) continue;
    const std::uint32_t length = grown(at, distance, kCompared);
    if (length > match.length) match = {length, distance, 0};
  }
  return match;
}
#else
TokenMatcher::Match TokenMatcher::longest(std::uint32_t at, const Bucket& before) {
  Match match;
  for (const std::uint16_t place : before.places) {
    const std::uint32_t distance = (at - place) & 0xFFFF;
    if (distance == 0 || distance > kMaxDistance) continue;
    const std::uint32_t length = grown(at, distance, 0);
    if (length > match.length) match = {length, distance, 0};
  }
  return match;
}
#endif

/// Takes the best match that begins at `at` or, as long as that gains, at the bytes behind. Gives where it ends; 0:
/// none.
[[gnu::always_inline]] inline std::uint32_t TokenMatcher::take_best(std::uint32_t at, std::uint32_t literals_begin) {
  Match match = best_match(at);
  if (match.gain < kLeastGain) return 0;
  while (match.length < kLongEnough && at + 1 + kCompared <= size_) {
    const Match later = best_match(at + 1);
    if (later.gain < match.gain + kByteGain) break;
    match = later;
    ++at;
  }
  const std::uint32_t looked_up = at;
  const std::uint32_t end = at + match.length;
  while (at > literals_begin && at > match.distance && end - at < kMaxLength &&
         text_[at - 1] == text_[at - 1 - match.distance]) {
    --at;
  }
  found_.push_back(
      {at - literals_begin, static_cast<std::uint16_t>(end - at), static_cast<std::uint16_t>(match.distance)});
  remember_tokens(looked_up + 2, std::min(end, size_ - 8));
  return end;
}

}  // namespace evclean
