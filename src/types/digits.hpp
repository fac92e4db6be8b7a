// SPDX-License-Identifier: Apache-2.0
// Digits and edges of short texts, eight bytes at a time where it pays.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace evclean {

static_assert(std::endian::native == std::endian::little, "the eight-digit reader needs a little-endian machine");

constexpr bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
constexpr bool is_letter(char c) noexcept { return static_cast<unsigned char>((c | 0x20) - 'a') < 26; }

/// Without spaces and tabs at both ends.
constexpr std::string_view trim_blanks(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

inline std::uint64_t load_eight(const char* from) noexcept {
  std::uint64_t bytes;
  std::memcpy(&bytes, from, 8);
  return bytes;
}

/// Reads eight characters that must all be digits; the first is the most significant.
/// Stripping '0' by xor, not by subtraction, keeps a byte's borrow out of its neighbour.
inline bool eight_digits(std::uint64_t characters, std::uint32_t& value) noexcept {
  std::uint64_t digits = characters ^ 0x3030303030303030ull;
  if (((digits + 0x7676767676767676ull) | digits) & 0x8080808080808080ull) return false;
  digits = digits * 10 + (digits >> 8);
  value = static_cast<std::uint32_t>((((digits & 0x000000FF000000FFull) * 0x000F424000000064ull) +
                                      (((digits >> 16) & 0x000000FF000000FFull) * 0x0000271000000001ull)) >>
                                     32);
  return true;
}

/// Reads `count` (1 to 8) digits of which eight bytes may be loaded; what stands after them does not matter.
inline bool up_to_eight_digits(const char* from, std::uint32_t count, std::uint32_t& value) noexcept {
  const std::uint32_t shift = (8 - count) * 8;
  const std::uint64_t zeros = shift == 0 ? 0 : 0x3030303030303030ull >> (64 - shift);
  return eight_digits((load_eight(from) << shift) | zeros, value);
}

/// How many of eight characters are digits before the first that is none.
inline std::uint32_t leading_digits(std::uint64_t characters) noexcept {
  const std::uint64_t digits = characters ^ 0x3030303030303030ull;
  // A carry can only spoil bytes after the first that is no digit, which is the one asked for.
  const std::uint64_t others = ((digits + 0x7676767676767676ull) | digits) & 0x8080808080808080ull;
  return static_cast<std::uint32_t>(std::countr_zero(others)) / 8;
}

/// Two digits, or -1.
inline std::int32_t two_digits(const char* from) noexcept {
  return is_digit(from[0]) && is_digit(from[1]) ? (from[0] - '0') * 10 + from[1] - '0' : -1;
}

}  // namespace evclean
