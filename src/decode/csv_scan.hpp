// SPDX-License-Identifier: Apache-2.0
// The exact automaton of CSV: one record at a time, every odd case. The fast index (csv_index.hpp) agrees with it on
// regular text and stops where text is not regular.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace evclean {

/// How one file is written. Chosen once per file, so that every split of it is read alike.
struct CsvDialect {
  char delimiter = ',';
  char quote = '"';        ///< '\0': no quoting
  bool backslash = false;  ///< a backslash escapes the quote and itself inside quotes (doubled quotes stay escapes)
  bool lone_cr = false;    ///< a CR without LF ends a line too
  char comment = '\0';     ///< lines that begin with it are blank; '\0': none
  bool comment_sniffed = false;  ///< then only lines that do not have the expected number of fields are comments
};

/// The mark of UTF-8: before a header that is repeated, it is of a file put behind another.
inline constexpr std::string_view kCsvMark = "\xef\xbb\xbf";

/// A field of a record: text [begin, end) without its quotes.
struct CsvField {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool quoted = false;
  bool escaped = false;  ///< holds doubled or escaped quotes: unescape before use
};

enum class CsvScan : std::uint8_t {
  kRecord,      ///< a whole record
  kIncomplete,  ///< the text ends first
  kBadQuote,    ///< text after a closing quote
  kOpenQuote,   ///< a quote is not closed: before the file ends, or on its line when `one_line`
};

/// Where a record ends; `fields` belong to the caller.
struct CsvRecord {
  CsvScan scan = CsvScan::kIncomplete;
  std::size_t end = 0;       ///< without the line end; for kBadQuote and kOpenQuote: where it went wrong
  std::size_t next = 0;      ///< first byte of the next record
  bool stray_quote = false;  ///< a quote inside a field without quotes (taken as it is)
};

/// Reads the record at `begin`. `one_line`: a quoted field must close on its own line.
CsvRecord scan_csv_record(const char* text, std::size_t begin, std::size_t end, bool at_end, bool one_line,
                          const CsvDialect& dialect, std::vector<CsvField>& fields);

/// End of the physical line at `begin`: `end` without its line end, `next` behind it. False: the line is not complete.
struct CsvLine {
  std::size_t end = 0;
  std::size_t next = 0;
};
bool find_csv_line(const char* text, std::size_t begin, std::size_t end, bool at_end, bool lone_cr, CsvLine& line);

/// Appends the value of an escaped field: doubled quotes and, in that dialect, backslash pairs made single.
void unescape_csv(std::string_view field, const CsvDialect& dialect, std::string& out);

}  // namespace evclean
