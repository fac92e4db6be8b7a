// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <algorithm>

#include "evclean/record_batch.hpp"
#include "evclean/span_mask.hpp"
#include "row_groups.hpp"

namespace evclean {
namespace {

using Kind = ValueColumn::Kind;

/// Bytes of texts behind missing values: they are not written.
std::int64_t missing_bytes(const ValueColumn& texts, std::int64_t begin, std::int64_t end) {
  if (texts.validity == nullptr) return 0;
  std::int64_t bytes = 0;
  for (std::int64_t row = begin; row < end; row += 64) {
    const std::int64_t count = std::min<std::int64_t>(64, end - row);
    for_each_bit(~texts.present(row, count) & low_bits(count),
                 [&](std::int64_t i) { bytes += texts.offsets[row + i + 1] - texts.offsets[row + i]; });
  }
  return bytes;
}

std::int64_t plain_size(const ValueColumn& column, std::int64_t begin, std::int64_t end) {
  const std::int64_t rows = end - begin;
  if (rows == 0) return 0;
  if (column.kind == Kind::kBool) return rows;
  if (column.kind == Kind::kUtf8)
    return column.offsets[end] - column.offsets[begin] - missing_bytes(column, begin, end) + 4 * rows;
  if (column.kind != Kind::kSpans) return 8 * rows;
  std::int64_t size = 4 * rows;
  for (std::int64_t row = begin; row < end; ++row) size += column.spans[row].missing() ? 0 : column.spans[row].length();
  return size;
}

}  // namespace

std::int64_t plain_size(const std::vector<ValueColumn>& columns, std::int64_t begin, std::int64_t end) {
  std::int64_t size = 0;
  for (const ValueColumn& column : columns) size += plain_size(column, begin, end);
  return size;
}

std::int64_t plain_size(const arrow::RecordBatch& rows) {
  const Batch batch = from_record_batch(rows);
  return plain_size(value_columns(batch, batch.columns.size()), 0, rows.num_rows());
}

std::int64_t rows_of_size(const std::vector<ValueColumn>& columns, std::int64_t begin, std::int64_t end,
                          std::int64_t size_bytes) {
  std::int64_t low = begin;
  while (low < end) {
    const std::int64_t middle = low + (end - low) / 2;
    const std::int64_t size = plain_size(columns, begin, middle);
    if (size >= size_bytes) {
      end = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace evclean
