// SPDX-License-Identifier: Apache-2.0
// Single JSON values as text: numbers checked, strings unescaped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace evclean {

/// True for a number of JSON's grammar (no leading zeros or plus, digits on both sides of the point).
bool is_json_number(std::string_view text) noexcept;

/// Appends the value of a string given without its quotes. A surrogate without its pair becomes U+FFFD and is counted.
/// False when it holds an escape that JSON does not know.
bool unescape_json(std::string_view raw, std::string& out, std::int64_t& lone_surrogates);

inline bool is_json_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace evclean
