// SPDX-License-Identifier: Apache-2.0
#include "evclean/batch.hpp"

#include <arrow/array.h>
#include <arrow/buffer.h>

#include "evclean/arrow_status.hpp"

namespace evclean {
namespace {

void keep_spans(std::vector<Span>& spans, const std::vector<std::int32_t>& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) spans[i] = spans[static_cast<std::size_t>(rows[i])];
  spans.resize(rows.size());
}

template <typename T>
void keep_records(std::vector<T>& records, const std::vector<std::int32_t>& rows) {
  if (records.empty()) return;
  for (std::size_t i = 0; i < rows.size(); ++i) records[i] = records[static_cast<std::size_t>(rows[i])];
  records.resize(rows.size());
}

template <typename T>
std::vector<T> pick(const std::vector<T>& from, const std::vector<std::int32_t>& rows) {
  std::vector<T> some;
  if (from.empty()) return some;
  some.reserve(rows.size());
  for (const std::int32_t row : rows) some.push_back(from[static_cast<std::size_t>(row)]);
  return some;
}

/// Copies up to 32 bytes a step past the end: both sides have padding, and short values take one step.
char* copy_over(char* out, const char* from, std::size_t length) {
  for (std::size_t done = 0; done < length; done += 32) std::memcpy(out + done, from + done, 32);
  return out + length;
}

}  // namespace

int Batch::find(std::string_view name) const {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<int>(i);
  }
  return -1;
}

void Batch::put(std::string_view name, Column column) {
  const int at = find(name);
  if (at >= 0) {
    columns[static_cast<std::size_t>(at)] = std::move(column);
  } else {
    names.emplace_back(name);
    columns.push_back(std::move(column));
  }
}

void Batch::erase(int column) {
  names.erase(names.begin() + column);
  columns.erase(columns.begin() + column);
}

void Batch::keep(const std::vector<std::int32_t>& rows) {
  if (static_cast<std::int64_t>(rows.size()) == num_rows) return;
  for (Column& column : columns) {
    if (auto* raw_column = std::get_if<SpanColumn>(&column)) {
      keep_spans(raw_column->spans, rows);
    } else {
      column = gather(*std::get<std::shared_ptr<arrow::Array>>(column), rows);
    }
  }
  keep_records(records, rows);
  keep_records(source_offsets, rows);
  num_rows = static_cast<std::int64_t>(rows.size());
}

Batch project(const Batch& batch, const std::vector<int>& columns) {
  Batch some;
  some.num_rows = batch.num_rows;
  for (const int column : columns) {
    some.names.push_back(batch.names[static_cast<std::size_t>(column)]);
    some.columns.push_back(batch.columns[static_cast<std::size_t>(column)]);
  }
  return some;
}

Fields project(const Fields& fields, const std::vector<int>& columns) {
  Fields some;
  for (const int column : columns) some.push_back(fields[static_cast<std::size_t>(column)]);
  return some;
}

Batch pick_rows(const Batch& batch, const std::vector<std::int32_t>& rows, int replaced) {
  Batch picked;
  picked.num_rows = static_cast<std::int64_t>(rows.size());
  picked.names = batch.names;
  for (const Column& column : batch.columns) {
    if (static_cast<int>(picked.columns.size()) == replaced) {
      picked.columns.emplace_back(SpanColumn{});
    } else if (const auto* array = std::get_if<std::shared_ptr<arrow::Array>>(&column)) {
      picked.columns.emplace_back(gather(**array, rows));
    } else {
      const auto& raw = std::get<SpanColumn>(column);
      picked.columns.emplace_back(SpanColumn{raw.text, pick(raw.spans, rows), raw.kind, raw.nulls_marked});
    }
  }
  picked.text = batch.text;
  picked.origin = batch.origin;
  picked.records = pick(batch.records, rows);
  picked.source_offsets = pick(batch.source_offsets, rows);
  return picked;
}

std::shared_ptr<arrow::Array> string_array(const SpanColumn& column) {
  const std::size_t rows = column.spans.size();
  std::int64_t bytes = 0;
  std::int64_t nulls = 0;
  for (const Span span : column.spans) {
    nulls += span.missing();
    bytes += span.missing() ? 0 : span.length();
  }
  auto* pool = arrow::default_memory_pool();
  auto offsets = take_arrow(arrow::AllocateBuffer(static_cast<std::int64_t>((rows + 1) * 4), pool), "string column");
  auto data = take_arrow(arrow::AllocateBuffer(bytes + 32, pool), "string column");
  auto* offset = reinterpret_cast<std::int32_t*>(offsets->mutable_data());
  auto* const begin = reinterpret_cast<char*>(data->mutable_data());
  char* out = begin;
  const char* base = column.text ? column.text->data() : nullptr;
  for (std::size_t i = 0; i < rows; ++i) {
    offset[i] = static_cast<std::int32_t>(out - begin);
    const Span span = column.spans[i];
    if (!span.missing()) out = copy_over(out, base + span.offset, span.length());
  }
  offset[rows] = static_cast<std::int32_t>(out - begin);
  std::shared_ptr<arrow::Buffer> validity;
  if (nulls > 0) {
    validity = take_arrow(arrow::AllocateEmptyBitmap(static_cast<std::int64_t>(rows), pool), "string column");
    auto* bits = validity->mutable_data();
    for (std::size_t i = 0; i < rows; ++i) {
      bits[i >> 3] = static_cast<std::uint8_t>(bits[i >> 3] | (column.spans[i].missing() ? 0u : 1u << (i & 7)));
    }
  }
  return std::make_shared<arrow::StringArray>(
      static_cast<std::int64_t>(rows), std::move(offsets),
      arrow::SliceBuffer(std::shared_ptr<arrow::Buffer>(std::move(data)), 0, bytes), validity, nulls);
}

}  // namespace evclean
