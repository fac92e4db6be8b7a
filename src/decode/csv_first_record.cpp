// SPDX-License-Identifier: Apache-2.0
// Guesses where a record begins when reading starts in the middle of a file: within quotes or not? Both are tried on
// the text that follows; the one whose rows have the right number of fields wins.
#include "csv_decoder.hpp"

namespace evclean {

namespace {

constexpr int kRowsToTry = 24;
constexpr std::size_t kFarBytes = 8 << 10;

}  // namespace

std::size_t CsvDecoder::first_record(std::string_view text, std::size_t from, bool at_end) {
  passing_.end();
  one_line_until_ = -1;
  std::size_t plain = 0;
  std::size_t quoted = 0;
  const bool has_plain = after_plain_start(text, from, at_end, plain);
  const bool has_quoted = after_quoted_start(text, from, at_end, quoted);
  if (!has_plain && !has_quoted) return std::string_view::npos;
  if (!has_quoted || (has_plain && plain == quoted)) return plain;
  if (!has_plain) return quoted;
  return row_share(text, quoted, at_end) > row_share(text, plain, at_end) ? quoted : plain;
}

/// Not within quotes at `from`: the record goes on to its line end, later fields may be quoted.
bool CsvDecoder::after_plain_start(std::string_view text, std::size_t from, bool at_end, std::size_t& begin) {
  const char before = from == 0 ? '\n' : text[from - 1];
  const bool lone_cr = before == '\r' && layout_.dialect.lone_cr && !(from < text.size() && text[from] == '\n');
  if (before == '\n' || lone_cr) {
    begin = from;
    return true;
  }
  const CsvRecord record = scan_csv_record(text.data(), from, text.size(), at_end, false, layout_.dialect, fields_);
  if (record.scan == CsvScan::kRecord) {
    begin = record.next;
    return true;
  }
  CsvLine line;
  const bool whole = find_csv_line(text.data(), from, text.size(), at_end, layout_.dialect.lone_cr, line);
  begin = line.next;
  return whole;
}

/// Within quotes at `from`: the field closes first. False when what follows the quote says that it did not.
bool CsvDecoder::after_quoted_start(std::string_view text, std::size_t from, bool at_end, std::size_t& begin) {
  const CsvDialect& dialect = layout_.dialect;
  if (dialect.quote == '\0') return false;
  std::size_t at = from;
  for (;; at += 2) {
    at = text.find(dialect.quote, at);
    if (at == std::string_view::npos || at + 1 >= text.size()) return false;
    const bool backslash = dialect.backslash && at > from && text[at - 1] == '\\';
    if (text[at + 1] != dialect.quote && !backslash) break;
    if (backslash) --at;
  }
  const char next = text[++at];
  if (next != dialect.delimiter && next != '\n' && next != '\r') return false;
  const std::size_t rest = next == dialect.delimiter ? at + 1 : at;
  const CsvRecord record = scan_csv_record(text.data(), rest, text.size(), at_end, false, dialect, fields_);
  begin = record.next;
  return record.scan == CsvScan::kRecord;
}

/// Share of the next rows that are as they should be.
double CsvDecoder::row_share(std::string_view text, std::size_t from, bool at_end) {
  int good = 0;
  int rows = 0;
  for (std::size_t at = from; rows < kRowsToTry && at < text.size();) {
    const CsvRecord record = scan_csv_record(text.data(), at, text.size(), at_end, false, layout_.dialect, fields_);
    if (record.scan == CsvScan::kIncomplete && text.size() - at < kFarBytes) break;
    const bool blank = fields_.size() == 1 && fields_[0].begin == fields_[0].end;
    const bool right = record.scan == CsvScan::kRecord && fields_.size() == columns_.size() && !record.stray_quote;
    ++rows;
    good += right || (record.scan == CsvScan::kRecord && blank);
    if (record.scan != CsvScan::kRecord) break;
    at = record.next;
  }
  return rows == 0 ? 0.5 : static_cast<double>(good) / rows;
}

}  // namespace evclean
