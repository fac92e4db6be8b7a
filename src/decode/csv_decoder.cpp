// SPDX-License-Identifier: Apache-2.0
#include "csv_decoder.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "csv_call.hpp"
#include "structured.hpp"

namespace evclean {

namespace {

constexpr std::size_t kComparedBytes = 32;  // a block has at least so many readable bytes behind its end

std::uint32_t record_begin(const CsvIndex& index, std::size_t row) {
  return index.marks[row == 0 ? 0 : index.line_marks[row - 1]] + 1;
}

}  // namespace

CsvDecoder::CsvDecoder(const FormatSpec& spec, bool tsv) : spec_(spec), tsv_(tsv), limit_(record_limit(spec)) {
  one_byte_key(spec.delimiter, "delimiter");
  if (spec.quote != "none") one_byte_key(spec.quote, "quote");
  one_byte_key(spec.comment, "comment");
}

void CsvDecoder::begin_file(const InputFile& file, std::string_view head) {
  layout_ = sniff_csv(spec_, tsv_, head, file.shown);
  columns_.clear();
  for (const std::string& name : layout_.names) columns_.push_back({name, false, ValueType::kString});
  passing_.end();
  one_line_until_ = -1;
}

DecodeResult CsvDecoder::decode(const DecodeInput& input) {
  Call call(input, layout_);
  std::size_t at = pass_over(call, input.begin);
  at = front(call, at);
  while (at < input.text_end && at < input.owned_end && !call.waiting && !call.full()) {
    const bool careful = call.offset(at) < one_line_until_;
    const std::size_t next = careful ? at : window(call, at);
    at = next > at ? next : one_record(call, at);
  }
  return call.finish(at, columns_);
}

/// Passes over the rest of an overlong line.
std::size_t CsvDecoder::pass_over(Call& call, std::size_t at) {
  if (!passing_.continues_at(call.offset(at))) {
    passing_.end();
    return at;
  }
  CsvLine line;
  const DecodeInput& input = call.input;
  if (find_csv_line(call.text(), at, input.text_end, input.at_end, layout_.dialect.lone_cr, line)) {
    passing_.end();
    return line.next;
  }
  passing_.begin(call.offset(input.text_end));
  call.waiting = true;
  return input.text_end;
}

/// The records before the data: preamble, header. All blank.
std::size_t CsvDecoder::front(Call& call, std::size_t at) {
  const std::vector<std::size_t>& starts = layout_.front;
  while (!call.waiting && !starts.empty() && at < call.input.owned_end &&
         call.offset(at) < static_cast<std::int64_t>(starts.back())) {
    const auto next = *std::upper_bound(starts.begin(), starts.end(), static_cast<std::size_t>(call.offset(at)));
    const std::size_t end = next - static_cast<std::size_t>(call.input.origin.byte_offset);
    call.waiting = end > call.input.text_end;
    if (call.waiting) break;
    call.log.add_blank();
    const auto place = static_cast<std::size_t>(call.offset(at));
    call.log.result().preamble_lines += place >= layout_.preamble_begin && place < layout_.preamble_end;
    at = end;
  }
  return at;
}

std::size_t CsvDecoder::window_end(const Call& call, std::size_t at) const {
  const std::size_t end = std::min(at + kCsvWindowBytes, call.input.text_end);
  const char comment = layout_.dialect.comment;
  if (comment == '\0') return end;
  for (std::size_t p = at; p < end; ++p) {
    const void* found = std::memchr(call.text() + p, comment, end - p);
    if (found == nullptr) return end;
    p = static_cast<std::size_t>(static_cast<const char*>(found) - call.text());
    if (p == at || call.text()[p - 1] == '\n' || call.text()[p - 1] == '\r') return p;
  }
  return end;
}

/// Takes the regular records of the next 64 KiB. Gives `at` when there is none.
std::size_t CsvDecoder::window(Call& call, std::size_t at) {
  if (columns_.empty()) return at;
  const std::size_t end = window_end(call, at);
  index_csv(call.text(), at, end, call.input.text_end, layout_.dialect, index_);
  return rows(call, at);
}

std::size_t CsvDecoder::rows(Call& call, std::size_t at) {
  const std::size_t width = columns_.size();
  std::size_t row = 0;
  while (row < index_.line_count && at < call.input.owned_end && !call.waiting && !call.full()) {
    const std::size_t first = row;
    std::size_t begin = at;
    std::size_t mark = row == 0 ? 0 : index_.line_marks[row - 1];
    while (row < index_.line_count && index_.line_marks[row] - mark == width && begin < call.input.owned_end) {
      if (odd_row(call, row)) break;
      mark = index_.line_marks[row++];
      begin = record_begin(index_, row);
    }
    if (row > first) {
      fill(call, first, row - first);
      at = begin;
      continue;
    }
    const std::size_t next = one_record(call, at);
    if (next != index_.marks[index_.line_marks[row]] + 1) return next;
    at = next;
    ++row;
  }
  return at;
}

/// Rows as wide as the header that still need a closer look.
bool CsvDecoder::odd_row(const Call& call, std::size_t row) const {
  const std::size_t begin = record_begin(index_, row);
  const std::size_t end = index_.marks[index_.line_marks[row]];
  if (end - begin > limit_) return true;
  const char first = call.text()[begin];
  if (columns_.size() == 1 && (end == begin || first == ' ' || first == '\t' || first == '\r')) return true;
  return !layout_.header.empty() && may_repeat_header(call, row);
}

bool CsvDecoder::may_repeat_header(const Call& call, std::size_t row) const {
  const std::string& name = layout_.header[0];
  const char* field = call.text() + record_begin(index_, row);
  if (std::memcmp(field, kCsvMark.data(), kCsvMark.size()) == 0) field += kCsvMark.size();
  field += *field == layout_.dialect.quote;
  const std::size_t compared = std::min(name.size(), kComparedBytes);
  if (std::memcmp(field, name.data(), compared) != 0) return false;
  const char after = field[compared];
  return compared < name.size() || after == layout_.dialect.delimiter || after == layout_.dialect.quote ||
         after == '\n' || after == '\r';
}

void CsvDecoder::fill(Call& call, std::size_t first, std::size_t count) {
  const std::size_t width = columns_.size();
  const std::uint32_t* marks = index_.marks.data() + (first == 0 ? 0 : index_.line_marks[first - 1]);
  call.begin_rows(count);
  for (std::size_t row = 0; row < count; ++row) {
    const std::uint32_t begin = marks[row * width] + 1;
    std::uint32_t end = marks[(row + 1) * width];
    end -= end > begin && call.text()[end - 1] == '\r' && call.text()[end] == '\n';
    call.add_record(begin, end);
  }
  for (std::size_t column = 0; column < width; ++column) {
    if (index_.quotes)
      fill_column<true>(call, column, marks + column, count);
    else
      fill_column<false>(call, column, marks + column, count);
  }
}

template <bool kQuotes>
void CsvDecoder::fill_column(Call& call, std::size_t column, const std::uint32_t* marks, std::size_t count) {
  const std::size_t width = columns_.size();
  const bool last = column + 1 == width;
  Span* out = call.column_tail(column, count);
  const char* text = call.text();
  for (std::size_t row = 0; row < count; ++row, marks += width) {
    const std::uint32_t begin = marks[0] + 1;
    std::uint32_t end = marks[1];
    if (last) end -= end > begin && text[end - 1] == '\r' && text[end] == '\n';
    out[row] = Span::of(begin, end - begin);
    if constexpr (kQuotes) {
      if (end > begin && text[begin] == layout_.dialect.quote) {
        out[row] = quoted_span(call, begin + 1, end - 1);
        text = call.text();
      }
    }
  }
}

/// A regular quoted field, [begin, end) without its quotes.
Span CsvDecoder::quoted_span(Call& call, std::size_t begin, std::size_t end) {
  const bool doubled =
      index_.doubled && std::memchr(call.text() + begin, layout_.dialect.quote, end - begin) != nullptr;
  return call.field_span({begin, end, true, doubled}, layout_.dialect, scratch_);
}

std::unique_ptr<Decoder> make_csv_decoder(const FormatSpec& spec, bool tsv) {
  return std::make_unique<CsvDecoder>(spec, tsv);
}

}  // namespace evclean
