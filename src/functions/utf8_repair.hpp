// SPDX-License-Identifier: Apache-2.0
// Decoded text (percent escapes, JSON escapes) may hold any bytes; strings of evclean are always UTF-8.
#pragma once

#include <cstdint>
#include <string>

namespace evclean::functions {

/// Replaces each maximal ill-formed sequence by one U+FFFD (Unicode 3.9, as browsers do). Well-formed text is returned
/// as it is.
std::string repaired_utf8(std::string text);

/// Appends a code point; a surrogate becomes U+FFFD.
void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace evclean::functions
