// SPDX-License-Identifier: Apache-2.0
// The careful way: one record through the exact automaton, with everything that can be wrong with it.
#include <algorithm>

#include <fmt/format.h>

#include "csv_call.hpp"

namespace evclean {

namespace {

constexpr std::size_t kCheapScanBytes = 64 << 10;

bool blanks_only(const char* from, const char* to) {
  return std::all_of(from, to, [](char c) { return c == ' ' || c == '\t'; });
}

/// A header's first name behind a mark, which has made its quotes text.
std::string_view without_mark(std::string_view field, char quote) {
  field.remove_prefix(kCsvMark.size());
  const bool quoted = quote != '\0' && field.size() >= 2 && field.front() == quote && field.back() == quote;
  return quoted ? field.substr(1, field.size() - 2) : field;
}

}  // namespace

/// A comment at `at`, on its physical line. A sniffed sign needs another number of fields than a row has.
bool CsvDecoder::comment_line(const Call& call, std::size_t at, CsvLine& line) const {
  const CsvDialect& dialect = layout_.dialect;
  const DecodeInput& input = call.input;
  if (dialect.comment == '\0' || call.text()[at] != dialect.comment) return false;
  const bool whole = find_csv_line(call.text(), at, input.text_end, input.at_end, dialect.lone_cr, line);
  if (!whole && !dialect.comment_sniffed) return true;
  const auto fields = 1 + std::count(call.text() + at, call.text() + line.end, dialect.delimiter);
  return !dialect.comment_sniffed || static_cast<std::size_t>(fields) != columns_.size();
}

/// Takes the record at `at`; gives where the next one begins, or `at` (waiting set) when more text is needed.
std::size_t CsvDecoder::one_record(Call& call, std::size_t at) {
  const DecodeInput& input = call.input;
  CsvLine line{input.text_end, at};
  if (comment_line(call, at, line) && line.next > at) {
    if (find_csv_line(call.text(), at, input.text_end, input.at_end, layout_.dialect.lone_cr, line)) {
      if (line.end - at > limit_) return bad_record(call, at, line.end, {});
      call.log.add_blank();
      return line.next;
    }
    return bad_record(call, at, input.text_end, {});
  }
  const bool one_line = call.offset(at) < one_line_until_;
  const CsvRecord record =
      scan_csv_record(call.text(), at, input.text_end, input.at_end, one_line, layout_.dialect, fields_);
  if (record.scan == CsvScan::kRecord && record.end - at <= limit_) return take_record(call, at, record);
  if (record.scan == CsvScan::kIncomplete && input.text_end - at <= limit_ + 2) {
    call.waiting = true;
    return at;
  }
  // How far a record that is too long was read depends on the text at hand: its reason must not.
  const bool too_long = record.scan == CsvScan::kIncomplete || record.end - at > limit_;
  const std::size_t field = fields_.size() + 1;
  std::string reason = too_long ? fmt::format("the record does not end within max_line ({} bytes)", limit_)
                       : record.scan == CsvScan::kBadQuote
                           ? fmt::format("text behind the closing quote of field {}", field)
                           : fmt::format("the quote that opens field {} is not closed", field);
  if (record.scan == CsvScan::kOpenQuote && !one_line && input.cuts_record_off(at)) {
    call.log.add_reject(at, input.text_end, std::move(reason));
    return input.text_end;
  }
  return bad_record(call, at, record.end, std::move(reason));
}

/// Rejects the line at `at`; `seen` is how far had to be read to know that the record is bad.
std::size_t CsvDecoder::bad_record(Call& call, std::size_t at, std::size_t seen, std::string reason) {
  const DecodeInput& input = call.input;
  CsvLine line;
  const bool whole = find_csv_line(call.text(), at, input.text_end, input.at_end, layout_.dialect.lone_cr, line);
  if (!whole && input.text_end - at <= limit_ + 2) {
    call.waiting = true;
    return at;
  }
  if (line.end - at > limit_) reason = fmt::format("longer than max_line ({} bytes)", limit_);
  call.log.add_reject(at, line.end, std::move(reason));
  const std::size_t until = std::min(seen, at + limit_);
  if (until - at > kCheapScanBytes && line.next < until) one_line_until_ = call.offset(until);
  if (!whole) passing_.begin(call.offset(input.text_end));
  return whole ? line.next : input.text_end;
}

std::size_t CsvDecoder::take_record(Call& call, std::size_t at, const CsvRecord& record) {
  const std::size_t width = columns_.size();
  const bool single = fields_.size() == 1 && !fields_[0].quoted;
  if (single && blanks_only(call.text() + fields_[0].begin, call.text() + fields_[0].end)) {
    call.log.add_blank();
  } else if (fields_.size() > width + 1 ||
             (fields_.size() == width + 1 && fields_.back().begin != fields_.back().end)) {
    call.log.add_reject(at, record.end, fmt::format("{} fields, there are {} columns", fields_.size(), width));
  } else if (is_header(call)) {
    call.log.add_blank();
  } else {
    add_row(call, at, record.end);
  }
  return record.next;
}

bool CsvDecoder::is_header(const Call& call) const {
  if (layout_.header.empty() || fields_.size() < layout_.header.size()) return false;
  std::string value;
  for (std::size_t i = 0; i < layout_.header.size(); ++i) {
    std::string_view text(call.text() + fields_[i].begin, fields_[i].end - fields_[i].begin);
    if (i == 0 && text.starts_with(kCsvMark)) text = without_mark(text, layout_.dialect.quote);
    value.clear();
    if (fields_[i].escaped) unescape_csv(text, layout_.dialect, value);
    if ((fields_[i].escaped ? std::string_view(value) : text) != layout_.header[i]) return false;
  }
  return true;
}

void CsvDecoder::add_row(Call& call, std::size_t begin, std::size_t end) {
  call.begin_rows(1);
  call.add_record(begin, end);
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    Span* out = call.column_tail(column, 1);
    if (column < fields_.size()) *out = call.field_span(fields_[column], layout_.dialect, scratch_);
  }
}

}  // namespace evclean
