// SPDX-License-Identifier: Apache-2.0
// One call of CsvDecoder::decode(): its input, its ledger, and the columns while they grow.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "csv_decoder.hpp"

namespace evclean {

struct CsvDecoder::Call {
  Call(const DecodeInput& in, const CsvLayout& layout)
      : input(in), log(in, layout.dialect.lone_cr), spans(layout.names.size()) {}

  const char* text() const { return input.text->data(); }
  /// Offset in the file's text.
  std::int64_t offset(std::size_t at) const { return input.origin.byte_offset + static_cast<std::int64_t>(at); }

  bool full() const { return records.size() * spans.size() > kMaxBatchCells; }
  void begin_rows(std::size_t count) {
    if (records.capacity() < records.size() + count) records.reserve(2 * (records.size() + count));
    log.add_rows(static_cast<std::int64_t>(count));
  }
  void add_record(std::size_t begin, std::size_t end) {
    records.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)});
  }
  /// Room for `count` more values of a column.
  Span* column_tail(std::size_t column, std::size_t count) {
    std::vector<Span>& values = spans[column];
    const std::size_t before = values.size();
    if (values.capacity() < before + count) values.reserve(records.capacity());
    values.resize(before + count);
    return values.data() + before;
  }
  Span field_span(const CsvField& field, const CsvDialect& dialect, std::string& scratch) {
    const std::uint32_t flags = field.quoted ? Span::kQuoted : 0;
    const auto length = static_cast<std::uint32_t>(field.end - field.begin);
    if (!field.escaped) return Span::of(static_cast<std::uint32_t>(field.begin), length, flags);
    scratch.clear();
    unescape_csv({text() + field.begin, length}, dialect, scratch);
    return Span::of(input.text->append(scratch), static_cast<std::uint32_t>(scratch.size()), flags);
  }

  DecodeResult finish(std::size_t consumed, const std::vector<InputColumn>& columns) {
    Batch& batch = log.result().batch;
    batch.num_rows = static_cast<std::int64_t>(records.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      batch.names.push_back(columns[i].name);
      batch.columns.emplace_back(SpanColumn{input.text, std::move(spans[i]), RawKind::kText, false});
    }
    batch.records = std::move(records);
    return log.finish(consumed);
  }

  const DecodeInput& input;
  RecordLog log;
  std::vector<std::vector<Span>> spans;
  std::vector<RecordRef> records;
  bool waiting = false;  ///< the next record needs more text
};

}  // namespace evclean
