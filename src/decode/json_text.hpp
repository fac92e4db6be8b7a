// SPDX-License-Identifier: Apache-2.0
// Single JSON values as text: numbers checked, strings unescaped.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <cstdint>
#include <string>
#include <string_view>

namespace evclean {

/// True for a number of JSON's grammar (no leading zeros or plus, digits on both sides of the point).
bool is_json_number_slow(std::string_view text) noexcept;

/// The same; plain digits are the usual case.
inline bool is_json_number(std::string_view text) noexcept {
  if (text.size() > 1 && text[0] == '0') return is_json_number_slow(text);
  for (const char c : text)
    if (c < '0' || c > '9') return is_json_number_slow(text);
  return !text.empty();
}

/// Up to 16 digits, no zero before another one; 16 bytes are readable. False says nothing.
inline bool is_short_digits(const char* text, std::size_t size) noexcept {
#ifdef __SSE2__
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  const __m128i values = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
  const __m128i fitting = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
  const auto others = ~static_cast<std::uint32_t>(_mm_movemask_epi8(fitting));
  if (size == 0 || size > 16 || (others & ((std::uint32_t{1} << size) - 1)) != 0) return false;
  return text[0] != '0' || size == 1;
#else
  return size <= 16 && is_json_number({text, size}) && text[0] != '-';
#endif
}

/// Appends the character whose \uXXXX digits begin at `at`, with its low surrogate if there is one, and moves `at`
/// behind them; false, and nothing changed, when there are no four digits. A surrogate without its pair is U+FFFD, and
/// counted.
bool unescape_unicode(const char*& at, const char* end, std::string& out, std::int64_t& lone_surrogates);

/// Appends the value of a string given without its quotes. A surrogate without its pair becomes U+FFFD and is counted.
/// False when it holds an escape that JSON does not know.
bool unescape_json(std::string_view raw, std::string& out, std::int64_t& lone_surrogates);

/// What a value is that begins so, for people: "an array".
const char* json_kind(char first);

inline bool is_json_blank(char c) noexcept { return c <= ' ' && (c == ' ' || c == '\t' || c == '\n' || c == '\r'); }

}  // namespace evclean
