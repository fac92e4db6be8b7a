// SPDX-License-Identifier: Apache-2.0
// Walking over the rows of a dataset that are on this rank, and small batches made for an exchange. Local.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "evclean/relational.hpp"
#include "row_cursor.hpp"

namespace evclean {

/// A RowCursor that passes over empty batches and can be interrupted.
class BatchCursor {
 public:
  BatchCursor(const Dataset& data, const Workspace& workspace) : workspace_(workspace), rows_(data) {}
  /// False when there is none left. `row_number`: of its first row over the whole table; `part`: where it lies.
  bool next(Batch& batch, std::int64_t& row_number, std::int64_t* part = nullptr);

 private:
  const Workspace& workspace_;
  RowCursor rows_;
};

/// Rows that are worked on together: what they need stays in the near caches.
inline constexpr std::int64_t kChunkRows = 4096;

/// Calls body(first, count) for runs of a batch.
template <typename Body>
void each_chunk(const Batch& batch, Body&& body) {
  for (std::int64_t first = 0; first < batch.num_rows; first += kChunkRows) {
    body(first, std::min(kChunkRows, batch.num_rows - first));
  }
}

/// A column of whole numbers.
Column int_column(const std::vector<std::int64_t>& values);
/// A column that counts up from `first`.
Column counting_column(std::int64_t first, std::int64_t count);
/// Values of an int64 column without nulls.
const std::int64_t* ints_of(const Batch& batch, int column);
/// Rows of a batch whose values in a column are there, and where a filter (-1: none) is true.
std::vector<std::int32_t> rows_with(const Batch& batch, int column, int filter);
/// Gives the rows named, in that order (any order), of typed columns.
Batch gather_rows(const Batch& batch, const std::vector<std::int32_t>& rows);
/// One batch of many; their columns are typed.
Batch concatenate_batches(const std::vector<Batch>& batches);
/// Part of a dataset that holds a row.
std::int64_t part_of_row(const Dataset& data, std::int64_t row);

}  // namespace evclean
