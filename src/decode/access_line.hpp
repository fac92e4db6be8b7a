// SPDX-License-Identifier: Apache-2.0
// One line of an access log, by the exact scanner: every odd case. What it accepts is what the patterns below accept
// (they are the judges: a test compares the two on real and on damaged lines); the fast way in access_decoder.cpp
// takes regular lines only and leaves the others to this one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "evclean/batch.hpp"

namespace evclean {

enum class AccessFormat : std::uint8_t { kCommon, kCombined };

/// Columns of an access log, in order. kExtra is a column only once a line has more fields.
enum AccessColumn : std::uint8_t {
  kIp,
  kIdent,
  kUser,
  kTime,
  kMethod,
  kPath,
  kProtocol,
  kStatus,
  kBytes,
  kReferer,
  kUserAgent,
  kExtra,
  kAccessColumns
};
std::string_view access_column_name(AccessColumn column);

/// The pattern that says what a line of the format is. Groups are named like the columns.
std::string access_pattern(AccessFormat format);

/// Fields of a line: offsets in the text. An absent one is missing.
struct AccessFields {
  std::array<Span, kAccessColumns> spans;
  std::array<bool, kAccessColumns> escaped{};  ///< holds \" : to be unescaped
  std::size_t stopped = 0;                     ///< when the line does not fit: where
  std::string_view expected;                   ///< and what should stand there
};

/// Reads the line [begin, end) (without its line end); at least 64 readable bytes must follow. False: it does not fit.
bool scan_access_line(const char* text, std::size_t begin, std::size_t end, AccessFormat format, AccessFields& fields);

/// Replaces \" by "; other backslashes stay.
void unescape_quotes(std::string_view field, std::string& out);

}  // namespace evclean
