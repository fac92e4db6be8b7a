// SPDX-License-Identifier: Apache-2.0
// The check by table lookup of J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte"
// (Software: Practice and Experience 51(5), 2021): each pair of neighbouring bytes is looked up by three nibbles; a bit
// that survives all three tables names an error. Written anew after the paper. Blocks of ASCII skip the tables.
#include "utf8.hpp"

#ifdef __AVX2__
#include <immintrin.h>

#include <algorithm>

namespace evclean {
namespace {

constexpr std::size_t kVector = 32, kBlock = 128, kStride = 4096;

// One bit an error; the byte before is "first", the byte itself "second".
constexpr char kTooShort = 1;                               // a lead byte, then no continuation
constexpr char kTooLong = 2;                                // ASCII, then a continuation
constexpr char kOverlong3 = 4;                              // E0, then 80..9F
constexpr char kTooLarge = 8;                               // F4, then 90..BF; F5.., then any continuation
constexpr char kSurrogate = 16;                             // ED, then A0..BF
constexpr char kOverlong2 = 32;                             // C0 or C1
constexpr char kOverlong4 = 64;                             // F0, then 80..8F; shared with F5.. then 80..8F
constexpr char kTwoContinuations = static_cast<char>(128);  // right only as third or fourth byte
constexpr char kCarry = static_cast<char>(kTooShort | kTooLong | kTwoContinuations);

__m256i lookup(__m256i nibbles, __m128i table) {
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), nibbles);
}

__m256i high_nibbles(__m256i bytes) { return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f)); }

/// The bytes `N` places before each byte of `bytes`.
template <int N>
__m256i shifted(__m256i bytes, __m256i before) {
  return _mm256_alignr_epi8(bytes, _mm256_permute2x128_si256(before, bytes, 0x21), 16 - N);
}

__m256i pair_errors(__m256i bytes, __m256i first) {
  const __m128i first_high =
      _mm_setr_epi8(kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTooLong, kTwoContinuations,
                    kTwoContinuations, kTwoContinuations, kTwoContinuations, kTooShort | kOverlong2, kTooShort,
                    kTooShort | kOverlong3 | kSurrogate, kTooShort | kTooLarge | kOverlong4);
  const char large = static_cast<char>(kCarry | kTooLarge | kOverlong4);
  const __m128i first_low = _mm_setr_epi8(static_cast<char>(kCarry | kOverlong3 | kOverlong2 | kOverlong4),
                                          static_cast<char>(kCarry | kOverlong2), kCarry, kCarry,
                                          static_cast<char>(kCarry | kTooLarge), large, large, large, large, large,
                                          large, large, large, static_cast<char>(large | kSurrogate), large, large);
  const char low = static_cast<char>(kTooLong | kOverlong2 | kTwoContinuations);
  const __m128i second_high =
      _mm_setr_epi8(kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort, kTooShort,
                    static_cast<char>(low | kOverlong3 | kOverlong4), static_cast<char>(low | kOverlong3 | kTooLarge),
                    static_cast<char>(low | kSurrogate | kTooLarge), static_cast<char>(low | kSurrogate | kTooLarge),
                    kTooShort, kTooShort, kTooShort, kTooShort);
  const __m256i by_first_high = lookup(high_nibbles(first), first_high);
  const __m256i by_first_low = lookup(_mm256_and_si256(first, _mm256_set1_epi8(0x0f)), first_low);
  const __m256i by_second = lookup(high_nibbles(bytes), second_high);
  return _mm256_and_si256(_mm256_and_si256(by_first_high, by_first_low), by_second);
}

/// Nonzero bytes where `bytes`, that stand behind `before`, are ill-formed.
__m256i errors(__m256i bytes, __m256i before) {
  const __m256i pairs = pair_errors(bytes, shifted<1>(bytes, before));
  // A continuation is due two behind E0.. and three behind F0..: there, and only there, two in a row are right.
  const __m256i third = _mm256_subs_epu8(shifted<2>(bytes, before), _mm256_set1_epi8(static_cast<char>(0xe0 - 0x80)));
  const __m256i fourth = _mm256_subs_epu8(shifted<3>(bytes, before), _mm256_set1_epi8(static_cast<char>(0xf0 - 0x80)));
  const __m256i due = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(static_cast<char>(0x80)));
  return _mm256_xor_si256(due, pairs);
}

__m256i load(const char* at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); }

/// Goes over blocks of 128 bytes; collects what is wrong and the least byte.
class Scanner {
 public:
  void block(const char* at) {
    const __m256i a = load(at), b = load(at + 32), c = load(at + 64), d = load(at + 96);
    least_ = _mm256_min_epu8(least_, _mm256_min_epu8(_mm256_min_epu8(a, b), _mm256_min_epu8(c, d)));
    const __m256i any = _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
    if (_mm256_movemask_epi8(any) == 0) {
      wrong_ = _mm256_or_si256(wrong_, unfinished());
    } else {
      check(a, before_);
      check(b, a);
      check(c, b);
      check(d, c);
    }
    before_ = d;
  }
  bool is_wrong() const { return !_mm256_testz_si256(wrong_, wrong_); }
  bool has_nul() const { return _mm256_movemask_epi8(_mm256_cmpeq_epi8(least_, _mm256_setzero_si256())) != 0; }

 private:
  void check(__m256i bytes, __m256i before) { wrong_ = _mm256_or_si256(wrong_, errors(bytes, before)); }

  /// Nonzero if the block before ended inside a character.
  __m256i unfinished() const {
    alignas(32) static constexpr unsigned char kMost[kVector] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,      255,      255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0xf0 - 1, 0xe0 - 1, 0xc0 - 1};
    return _mm256_subs_epu8(before_, load(reinterpret_cast<const char*>(kMost)));
  }

  __m256i before_ = _mm256_setzero_si256();
  __m256i wrong_ = _mm256_setzero_si256();
  __m256i least_ = _mm256_set1_epi8(static_cast<char>(0xff));
};

/// Length of the begin of `text` that ends before its last, perhaps unfinished character.
std::size_t before_last_character(std::string_view text) {
  std::size_t end = text.size();
  for (int back = 0; back < 3 && end > 0 && (static_cast<unsigned char>(text[end - 1]) & 0xc0) == 0x80; ++back) --end;
  if (end > 0 && static_cast<unsigned char>(text[end - 1]) >= 0xc0) --end;
  return end;
}

}  // namespace

Utf8Scan scan_utf8(std::string_view text) {
  Scanner scanner;
  std::size_t at = 0;
  std::size_t good = 0;  // well-formed up to here, apart from a character that may be unfinished
  while (text.size() - at >= kBlock && !scanner.is_wrong()) {
    good = at;
    const std::size_t stride = std::min(kStride, (text.size() - at) / kBlock * kBlock);
    for (const std::size_t end = at + stride; at < end; at += kBlock) scanner.block(text.data() + at);
  }
  if (!scanner.is_wrong()) good = at;
  // The rest, or the stretch that holds the error, character by character.
  good = before_last_character(text.substr(0, good));
  const std::size_t last = std::min(text.size(), good + kStride + kBlock);
  const std::string_view rest = text.substr(good, last - good);
  return {good + scalar_prefix(rest), scanner.has_nul() || rest.find('\0') != std::string_view::npos};
}

}  // namespace evclean
#endif
