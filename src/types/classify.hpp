// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "evclean/types.hpp"

namespace evclean {

/// Which bytes are among those given.
constexpr std::array<bool, 256> bytes_of(std::string_view bytes) {
  std::array<bool, 256> table{};
  for (const char c : bytes) table[static_cast<unsigned char>(c)] = true;
  return table;
}

// Digits and minus; the truth words; weekdays in any case (RFC 2822); blanks, which do not count.
inline constexpr std::array<bool, 256> kMayBeTyped = bytes_of("-0123456789 \ttTfFmMwWsS");

/// The rest of surely_string(), for text whose first byte may begin a typed value.
bool surely_string_within(const char* text, std::uint32_t length) noexcept;

/// Says quickly of most text that it is a string; of the rest classify() must tell. The text lies in a TextBlock,
/// so that bytes past its end may be loaded. Not empty.
inline bool surely_string(const char* text, std::uint32_t length) noexcept {
  return !kMayBeTyped[static_cast<unsigned char>(*text)] || surely_string_within(text, length);
}

/// The first `limit` bytes of a text, less a character cut in two.
std::string_view cut_at_character(std::string_view text, std::size_t limit) noexcept;

}  // namespace evclean
