// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include "row_groups.hpp"

namespace evclean {
namespace {

/// Bytes of the first `count` values.
std::int64_t plain_size(const arrow::Array& column, std::int64_t count) {
  if (column.type_id() == arrow::Type::STRING) {
    const auto* offsets = column.data()->GetValues<std::int32_t>(1);
    return count == 0 ? 0 : offsets[count] - offsets[0] + 4 * count;
  }
  return column.type_id() == arrow::Type::BOOL ? count : 8 * count;
}

std::int64_t plain_size(const arrow::RecordBatch& rows, std::int64_t count) {
  std::int64_t size = 0;
  for (const auto& column : rows.columns()) size += plain_size(*column, count);
  return size;
}

}  // namespace

std::int64_t plain_size(const arrow::RecordBatch& rows) { return plain_size(rows, rows.num_rows()); }

std::int64_t rows_of_size(const arrow::RecordBatch& rows, std::int64_t size_bytes) {
  std::int64_t low = 0;
  std::int64_t high = rows.num_rows();
  while (low < high) {
    const std::int64_t middle = (low + high) / 2;
    if (plain_size(rows, middle) >= size_bytes) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace evclean
