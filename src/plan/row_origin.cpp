// SPDX-License-Identifier: Apache-2.0
#include "row_origin.hpp"

#include <arrow/api.h>

#include <algorithm>

#include "evclean/arrow_status.hpp"
#include "evclean/line_ends.hpp"

namespace evclean {
namespace {

/// As much of a record as a reject shows.
constexpr std::int32_t kTextBytes = 64 << 10;

enum OriginColumn : std::size_t { kSegment, kLine, kOffset, kText };

std::shared_ptr<arrow::Array> constant(std::int64_t value, std::int64_t rows) {
  arrow::Int64Builder builder;
  check_arrow(builder.Reserve(rows), "row origins");
  for (std::int64_t row = 0; row < rows; ++row) builder.UnsafeAppend(value);
  return take_arrow(builder.Finish(), "row origins");
}

void attach_places(Batch& batch) {
  arrow::Int64Builder lines, offsets;
  arrow::StringBuilder texts;
  const char* const text = batch.text ? batch.text->data() : nullptr;
  std::int64_t line = batch.origin.first_line;
  std::size_t counted = 0;  // records ascend, so each byte is looked at once
  for (std::int64_t row = 0; row < batch.num_rows; ++row) {
    const RecordRef record = batch.records.empty() ? RecordRef{} : batch.records[static_cast<std::size_t>(row)];
    if (text != nullptr) line += count_line_ends(text, counted, record.offset, batch.origin.lone_cr);
    counted = record.offset;
    const auto length = std::min<std::int32_t>(kTextBytes, static_cast<std::int32_t>(record.length));
    check_arrow(lines.Append(batch.records.empty() ? row : line), "row origins");
    check_arrow(offsets.Append(batch.records.empty() ? 0 : batch.source_offset(row)), "row origins");
    check_arrow(text != nullptr ? texts.Append(text + record.offset, length) : texts.Append(""), "row origins");
  }
  batch.put("\x01line", take_arrow(lines.Finish(), "row origins"));
  batch.put("\x01offset", take_arrow(offsets.Finish(), "row origins"));
  batch.put("\x01text", take_arrow(texts.Finish(), "row origins"));
}

std::int64_t value(const arrow::Array& array, std::int64_t row) {
  return static_cast<const arrow::Int64Array&>(array).Value(row);
}

}  // namespace

Fields origin_fields(OriginPlan plan) {
  Fields fields;
  if (plan.split) fields.push_back({"\x01segment", ValueType::kInt64});
  if (plan.place) {
    fields.push_back({"\x01line", ValueType::kInt64});
    fields.push_back({"\x01offset", ValueType::kInt64});
    fields.push_back({"\x01text", ValueType::kString});
  }
  return fields;
}

void attach_origin(OriginPlan plan, std::int64_t split, Batch& batch) {
  if (plan.split) batch.put("\x01segment", constant(segment_id(split, batch.origin.segment), batch.num_rows));
  if (plan.place) attach_places(batch);
}

void drop_origins(Batch& batch, int columns) {
  const std::size_t own = batch.columns.size() - static_cast<std::size_t>(columns);
  batch.columns.resize(own);
  batch.names.resize(own);
}

RowOrigins::RowOrigins(Batch& batch, int columns) {
  const std::size_t own = batch.columns.size() - static_cast<std::size_t>(columns);
  for (std::size_t c = own; c < batch.columns.size(); ++c) columns_.push_back(batch.array(static_cast<int>(c)));
  drop_origins(batch, columns);
  batch.source_offsets.resize(static_cast<std::size_t>(batch.num_rows));
  for (std::int64_t row = 0; row < batch.num_rows; ++row) batch.source_offsets[static_cast<std::size_t>(row)] = row;
}

std::int64_t RowOrigins::segment(std::int64_t row) const {
  return columns_.empty() ? 0 : value(*columns_[kSegment], row);
}

void RowOrigins::attach(Batch& batch) const {
  const OriginPlan plan{!columns_.empty(), columns_.size() > 1};
  const Fields fields = origin_fields(plan);
  std::vector<std::int32_t> rows;
  for (const std::int64_t row : batch.source_offsets) rows.push_back(static_cast<std::int32_t>(row));
  for (std::size_t c = 0; c < columns_.size(); ++c) batch.put(fields[c].name, gather(*columns_[c], rows));
}

/// Where a batch has no records, make_reject() leaves the row's number as it came in byte_offset.
std::int64_t RowOrigins::locate(Reject& reject, std::int64_t first_row) const {
  const std::int64_t row = reject.byte_offset;
  const std::int64_t id = segment(row);
  reject.segment = static_cast<std::int32_t>(segment_of(id));
  if (columns_.size() <= kText) {
    reject.line = reject.byte_offset = first_row + row;
    return id;
  }
  reject.line = value(*columns_[kLine], row);
  reject.byte_offset = value(*columns_[kOffset], row);
  reject.text = static_cast<const arrow::StringArray&>(*columns_[kText]).GetString(row);
  return id;
}

}  // namespace evclean
