// SPDX-License-Identifier: Apache-2.0
#include "csv_scan.hpp"

#include <cstring>
#include <string>

namespace evclean {

namespace {

const char* find_byte(const char* from, const char* to, char byte) {
  return static_cast<const char*>(std::memchr(from, byte, static_cast<std::size_t>(to - from)));
}

class RecordScanner {
 public:
  RecordScanner(const char* text, std::size_t end, bool at_end, bool one_line, const CsvDialect& dialect)
      : text_(text), end_(end), at_end_(at_end), one_line_(one_line), dialect_(dialect) {}

  CsvRecord scan(std::size_t begin, std::vector<CsvField>& fields) {
    fields.clear();
    std::size_t at = begin;
    for (;;) {
      const bool quoted = dialect_.quote != '\0' && at < end_ && text_[at] == dialect_.quote;
      const Step step = quoted ? quoted_field(at, fields) : plain_field(at, fields);
      if (step == Step::kStop) return record_;
      at = record_.next;
      if (step == Step::kRecordEnd) return record_;
    }
  }

 private:
  enum class Step { kNextField, kRecordEnd, kStop };

  Step stop(CsvScan scan, std::size_t at) {
    record_.scan = scan;
    record_.end = at;
    return Step::kStop;
  }

  Step end_record(std::size_t at, std::size_t line_end_bytes) {
    record_.scan = CsvScan::kRecord;
    record_.end = at;
    record_.next = at + line_end_bytes;
    return Step::kRecordEnd;
  }

  /// What stands behind a field at `at`: delimiter, line end, end of file, or something else (kStop, no scan set).
  Step after_field(std::size_t at, bool& other) {
    other = false;
    if (at == end_) return at_end_ ? end_record(at, 0) : stop(CsvScan::kIncomplete, at);
    const char c = text_[at];
    if (c == dialect_.delimiter) {
      record_.next = at + 1;
      return Step::kNextField;
    }
    if (c == '\n') return end_record(at, 1);
    if (c == '\r') {
      if (at + 1 == end_ && !at_end_) return stop(CsvScan::kIncomplete, at);
      if (at + 1 < end_ && text_[at + 1] == '\n') return end_record(at, 2);
      if (dialect_.lone_cr) return end_record(at, 1);
    }
    other = true;
    return Step::kStop;
  }

  Step plain_field(std::size_t begin, std::vector<CsvField>& fields) {
    for (std::size_t at = begin;; ++at) {
      at = plain_end(at);
      bool other = false;
      const Step step = after_field(at, other);
      if (other) continue;  // a CR inside the field
      if (step != Step::kStop) fields.push_back({begin, at, false, false});
      return step;
    }
  }

  /// The next byte that may end a field without quotes.
  std::size_t plain_end(std::size_t at) {
    while (at < end_) {
      const char c = text_[at];
      if (c == dialect_.delimiter || c == '\n' || c == '\r') break;
      record_.stray_quote |= c == dialect_.quote && c != '\0';
      ++at;
    }
    return at;
  }

  Step quoted_field(std::size_t begin, std::vector<CsvField>& fields) {
    bool escaped = false;
    std::size_t at = begin + 1;
    for (;;) {
      const Step found = closing_quote(at, escaped);
      if (found == Step::kStop) return found;
      bool other = false;
      const Step step = after_field(at + 1, other);
      if (other) return stop(CsvScan::kBadQuote, at + 1);
      if (step != Step::kStop) fields.push_back({begin + 1, at, true, escaped});
      return step;
    }
  }

  /// Moves `at` to the quote that closes the field.
  Step closing_quote(std::size_t& at, bool& escaped) {
    while (at < end_) {
      at = next_special(at);
      if (at >= end_) break;
      const char c = text_[at];
      if (one_line_ && (c == '\n' || c == '\r')) return stop(CsvScan::kOpenQuote, at);
      const bool backslash = c == '\\' && c != dialect_.quote;
      if (at + 1 == end_ && (backslash || !at_end_)) break;
      const char next = at + 1 < end_ ? text_[at + 1] : '\0';
      const bool pair = backslash ? next == dialect_.quote || next == '\\' : at + 1 < end_ && next == dialect_.quote;
      if (!backslash && !pair) return Step::kNextField;
      escaped |= pair;
      at += pair ? 2 : 1;
    }
    return stop(at_end_ ? CsvScan::kOpenQuote : CsvScan::kIncomplete, end_);
  }

  /// The next quote, backslash where it escapes, or line end where it counts.
  std::size_t next_special(std::size_t at) const {
    if (!dialect_.backslash && !one_line_) {
      const char* found = find_byte(text_ + at, text_ + end_, dialect_.quote);
      return found == nullptr ? end_ : static_cast<std::size_t>(found - text_);
    }
    for (; at < end_; ++at) {
      const char c = text_[at];
      if (c == dialect_.quote || (dialect_.backslash && c == '\\')) break;
      if (one_line_ && (c == '\n' || (c == '\r' && dialect_.lone_cr))) break;
    }
    return at;
  }

  const char* text_;
  std::size_t end_;
  bool at_end_;
  bool one_line_;
  const CsvDialect& dialect_;
  CsvRecord record_;
};

}  // namespace

CsvRecord scan_csv_record(const char* text, std::size_t begin, std::size_t end, bool at_end, bool one_line,
                          const CsvDialect& dialect, std::vector<CsvField>& fields) {
  return RecordScanner(text, end, at_end, one_line, dialect).scan(begin, fields);
}

bool find_csv_line(const char* text, std::size_t begin, std::size_t end, bool at_end, bool lone_cr, CsvLine& line) {
  const char* lf = find_byte(text + begin, text + end, '\n');
  std::size_t at = lf == nullptr ? end : static_cast<std::size_t>(lf - text);
  if (lone_cr) {
    const char* cr = find_byte(text + begin, text + at, '\r');
    if (cr != nullptr && static_cast<std::size_t>(cr - text) + 1 < at) {
      line = {static_cast<std::size_t>(cr - text), static_cast<std::size_t>(cr - text) + 1};
      return true;
    }
    if (cr != nullptr && lf == nullptr) {  // CR is the last byte: an LF may follow
      line = {end - 1, end};
      return at_end;
    }
  }
  if (lf == nullptr) {
    line = {end, end};
    return at_end;
  }
  line = {at > begin && text[at - 1] == '\r' ? at - 1 : at, at + 1};
  return true;
}

void unescape_csv(std::string_view field, const CsvDialect& dialect, std::string& out) {
  for (std::size_t i = 0; i < field.size(); ++i) {
    const char c = field[i];
    const bool has_next = i + 1 < field.size();
    if (has_next && c == dialect.quote && field[i + 1] == dialect.quote) ++i;
    if (has_next && dialect.backslash && c == '\\' && (field[i + 1] == dialect.quote || field[i + 1] == '\\')) ++i;
    out.push_back(field[i]);
  }
}

}  // namespace evclean
