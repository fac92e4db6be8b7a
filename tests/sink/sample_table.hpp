// SPDX-License-Identifier: Apache-2.0
// A table whose row r is always the same, whoever writes it: every type, missing values, and texts that writers trip
// over.
#pragma once

#include <arrow/api.h>

#include <string>
#include <vector>

#include "evclean/arrow_status.hpp"
#include "evclean/batch.hpp"
#include "evclean/hash.hpp"

namespace evclean::testing {

inline Fields sample_fields() {
  return {{"text", ValueType::kString},   {"odd, \"name\"", ValueType::kString},
          {"count", ValueType::kInt64},   {"ratio", ValueType::kFloat64},
          {"flag", ValueType::kBool},     {"day", ValueType::kDate},
          {"time", ValueType::kTimestamp}};
}

/// Row r has no value in column c.
inline bool is_missing(std::int64_t row, std::uint64_t column) {
  return mix64(static_cast<std::uint64_t>(row) * 16 + column) % 7 == 0;
}

inline std::string sample_text(std::int64_t row) {
  static const std::vector<std::string> kTexts = {
      "plain",
      "a,b",
      "say \"hi\"",
      "two\nlines",
      "cr\rlf\r\n",
      " edge",
      "edge\t",
      "",
      "none",
      "h\xC3\xA9llo w\xC3\xB6rld",
      "a longer text that fills more than one vector of thirty-two bytes, with a comma",
      "back\\slash",
      "tab\there",
      "\x01\x1f"};
  return kTexts[static_cast<std::size_t>(mix64(static_cast<std::uint64_t>(row)) % kTexts.size())];
}

inline std::string sample_word(std::int64_t row) { return "word-" + std::to_string(row % 97); }
inline std::int64_t sample_count(std::int64_t row) {
  return static_cast<std::int64_t>(mix64(static_cast<std::uint64_t>(row) + 5)) >> (row % 60);
}
inline double sample_ratio(std::int64_t row) { return static_cast<double>(sample_count(row)) / 1024.0; }
inline bool sample_flag(std::int64_t row) { return row % 3 == 0; }
inline std::int32_t sample_day(std::int64_t row) { return static_cast<std::int32_t>(row % 40000) - 10000; }
inline std::int64_t sample_time(std::int64_t row) {
  return (row - 500) * 86'399'123'457 + (row % 2 == 0 ? 0 : 250'000) - (row - 500) * 86'399'123'457 % 1'000'000;
}

/// Behind missing values stands what differs from batch to batch, as it does where batches come from logs.
template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> sample_array(Builder&& builder, std::int64_t first, std::int64_t count,
                                           std::uint64_t column, Value&& value) {
  arrow::BooleanBuilder there;
  for (std::int64_t row = first; row < first + count; ++row) {
    const bool missing = is_missing(row, column);
    check_arrow(builder.Append(value(missing ? row + 1 + count % 5 : row)), "sample");
    check_arrow(there.Append(!missing), "sample");
  }
  const auto bits = take_arrow(there.Finish(), "sample")->data()->buffers[1];
  const auto data = take_arrow(builder.Finish(), "sample")->data()->Copy();
  data->buffers[0] = bits;
  data->SetNullCount(arrow::kUnknownNullCount);
  return arrow::MakeArray(data);
}

/// The first column as spans into a block of its own.
inline SpanColumn sample_spans(std::int64_t first, std::int64_t count) {
  auto block = std::make_shared<TextBlock>();
  SpanColumn column;
  for (std::int64_t row = first; row < first + count; ++row) {
    const std::string text = sample_text(row);
    column.spans.push_back(is_missing(row, 0) ? Span{}
                                              : Span::of(block->append(text), static_cast<std::uint32_t>(text.size())));
  }
  column.text = block;
  column.nulls_marked = true;
  return column;
}

inline Batch sample_batch(std::int64_t first, std::int64_t count) {
  Batch batch;
  batch.num_rows = count;
  for (const Field& field : sample_fields()) batch.names.push_back(field.name);
  batch.columns.emplace_back(sample_spans(first, count));
  batch.columns.emplace_back(sample_array(arrow::StringBuilder(), first, count, 1, sample_word));
  batch.columns.emplace_back(sample_array(arrow::Int64Builder(), first, count, 2, sample_count));
  batch.columns.emplace_back(sample_array(arrow::DoubleBuilder(), first, count, 3, sample_ratio));
  batch.columns.emplace_back(sample_array(arrow::BooleanBuilder(), first, count, 4, sample_flag));
  batch.columns.emplace_back(sample_array(arrow::Date32Builder(), first, count, 5, sample_day));
  arrow::TimestampBuilder times(arrow_type(ValueType::kTimestamp), arrow::default_memory_pool());
  batch.columns.emplace_back(sample_array(times, first, count, 6, sample_time));
  return batch;
}

}  // namespace evclean::testing
