// SPDX-License-Identifier: Apache-2.0
// Line ends, counted: line numbers are the same only if all who count agree on what ends a line.
#pragma once

#include <cstddef>
#include <cstdint>

namespace evclean {

/// Counts line ends in text [begin, end): LF, and with `lone_cr` also a CR that no LF follows (some CSV files).
std::int64_t count_line_ends(const char* text, std::size_t begin, std::size_t end, bool lone_cr);

}  // namespace evclean
