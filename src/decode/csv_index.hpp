// SPDX-License-Identifier: Apache-2.0
// Finds the delimiters and line ends of regular CSV, 64 bytes at a time: bit masks of quote, delimiter and line end,
// the parity of quotes as prefix xor. Where quotes do not stand right (inside a field, text behind a closing one) or a
// backslash may escape, parity is no longer the truth: indexing stops there and scan_csv_record() takes over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "csv_scan.hpp"

namespace evclean {

/// Shape: record r ends at marks[line_marks[r]]; its fields lie between successive marks, beginning behind
/// marks[line_marks[r - 1]] (marks[0] for r = 0, which stands just before the first byte).
struct CsvIndex {
  std::vector<std::uint32_t> marks;
  std::vector<std::uint32_t> line_marks;
  std::size_t mark_count = 0;
  std::size_t line_count = 0;
  bool quotes = false;     ///< some field is quoted
  bool doubled = false;    ///< some quoted field holds doubled quotes
  bool irregular = false;  ///< stopped before `end`
};

/// Bytes indexed in one go: text and marks stay in the second-level cache.
inline constexpr std::size_t kCsvWindowBytes = 64 << 10;

/// Indexes [begin, end), at most kCsvWindowBytes, of which `begin` starts a record; `text_end` is where known text ends
/// (at least 64 readable bytes must follow it).
void index_csv(const char* text, std::size_t begin, std::size_t end, std::size_t text_end, const CsvDialect& dialect,
               CsvIndex& index);

}  // namespace evclean
