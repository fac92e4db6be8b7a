// SPDX-License-Identifier: Apache-2.0
// What a CSV file looks like, found from its first 64 KiB: dialect, lines before the header, header, column names.
//
// Rules. Delimiter one of , ; tab | and quote " or ': the pair under which most rows have as many fields as the header
// and quotes stand right; nothing speaks for another: comma and ". A line `sep=;` decides. Backslash is the escape only
// if doubled quotes read worse. A line end is LF or CR LF; a lone CR too if the head has some that, taken so, fit the
// rows. Lines before the header (preamble): blank lines, `skip` lines, comment lines, and leading lines (the first of
// one field that is more than a word, none as wide as the rows) when a row of several names and one as wide follow, and
// the names differ in kind from the values below them or stand behind a blank line. `#` is taken for a comment sign
// when lines of another number of fields begin with it and no row does (nor what may be a short row: several fields,
// and a word right behind the sign). A comment `#fields` before the rows that has a name for each of their fields
// (Zeek) is their header; a first line `#separator \x09` (Zeek) decides as well, and there are no quotes then. `header:
// auto`: the first row is a header when all its cells are distinct words (no numbers, dates, booleans, blanks).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "csv_scan.hpp"
#include "evclean/decoder.hpp"

namespace evclean {

struct CsvLayout {
  CsvDialect dialect;
  std::vector<std::string> header;  ///< cells as written; empty: no header
  std::vector<std::string> names;   ///< unique, never empty
  /// Where the records before the data begin (preamble, header), then where the data begins. Ascending offsets.
  std::vector<std::size_t> front;
  /// The lines [begin, end) above the header that are no comments: passed over because they are no part of the table.
  std::size_t preamble_begin = 0, preamble_end = 0;
};

/// Bytes of the head that decide the dialect.
inline constexpr std::size_t kCsvSniffBytes = 64 << 10;

/// Finds the layout. `shown` names the file in messages. Errors: user Error when the header does not end within the
/// head or has more than max_columns names.
CsvLayout sniff_csv(const FormatSpec& spec, bool tsv, std::string_view head, const std::string& shown);

/// Names for header cells: `a`, `a_2` for repeated ones, `column3` for blank ones; all distinct.
std::vector<std::string> unique_names(const std::vector<std::string>& cells);

/// One byte that a key of the job names (`\t` and `tab` are a tab); '\0' when empty. Errors: user Error naming the key.
char one_byte_key(const std::string& value, const char* key);

/// How the head reads under one dialect.
struct CsvTrial {
  CsvDialect dialect;
  std::vector<std::size_t> begins;  ///< of each record that is not blank
  std::vector<int> counts;          ///< fields of each; -1: bad quoting
  std::vector<bool> comments;       ///< begins with '#'
  std::size_t header_row = 0;       ///< index of the first row that counts
  int bad = 0;
  int quoted = 0;
  double value = 0;      ///< 0 to 1 and a little: how well it fits
  bool several = false;  ///< the header has more than one field
};

/// Reads the head under a dialect and values it. `at_end`: the head is the whole file.
CsvTrial try_dialect(std::string_view head, bool at_end, const CsvDialect& dialect, bool find_preamble);

/// True when a cell looks like a name: has a letter and is no number, date or boolean.
bool looks_like_name(std::string_view cell);

}  // namespace evclean
