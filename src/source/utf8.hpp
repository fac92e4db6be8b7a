// SPDX-License-Identifier: Apache-2.0
// UTF-8: exact checking at memory speed, and repair of what is ill-formed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evclean {

/// What a scan of a piece of text found.
struct Utf8Scan {
  std::size_t valid_bytes = 0;  ///< the piece is well-formed up to here: a character begins here, or the piece ends
  bool has_nul = false;         ///< in or near those bytes; false means none
};

/// Scans until the first ill-formed or incomplete sequence. `text` need not be padded.
Utf8Scan scan_utf8(std::string_view text);

/// Length of the well-formed begin of `text`, found character by character: the judge of scan_utf8, for short texts.
std::size_t scalar_prefix(std::string_view text);

/// What stands at text[0] when it is no well-formed character.
struct BadSequence {
  std::size_t length = 0;   ///< the maximal subpart: 1 to 3 bytes (Unicode 3.9, table 3-8)
  bool incomplete = false;  ///< more bytes could make it well-formed
};
BadSequence bad_sequence(std::string_view text);

/// A place in the output where a sequence of `source_bytes` became U+FFFD (three bytes).
struct Utf8Repair {
  std::size_t out = 0;           ///< offset in `out` of the U+FFFD
  std::size_t source_bytes = 0;  ///< 1 to 3
};

/// Appends `text` to `out` with each maximal ill-formed sequence replaced. Returns the bytes taken: all of them, but
/// for an incomplete sequence at the end, unless `at_end`.
std::size_t repair_utf8(std::string_view text, bool at_end, std::string& out, std::vector<Utf8Repair>& repairs);

std::int64_t count_nul(std::string_view text);

/// Appends the character as UTF-8.
void append_utf8(std::uint32_t character, std::string& out);

inline constexpr std::string_view kReplacement = "\xef\xbf\xbd";
inline constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";

}  // namespace evclean
