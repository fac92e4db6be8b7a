// SPDX-License-Identifier: Apache-2.0
// Single JSON values as text: numbers checked, strings unescaped.
#pragma once

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

/// Appends the value of a string given without its quotes. A surrogate without its pair becomes U+FFFD and is counted.
/// False when it holds an escape that JSON does not know.
bool unescape_json(std::string_view raw, std::string& out, std::int64_t& lone_surrogates);

inline bool is_json_blank(char c) noexcept { return c <= ' ' && (c == ' ' || c == '\t' || c == '\n' || c == '\r'); }

}  // namespace evclean
