// SPDX-License-Identifier: Apache-2.0
#include "batch_rows.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <numeric>

#include "evclean/arrow_status.hpp"

namespace evclean {

bool BatchCursor::next(Batch& batch, std::int64_t& row_number, std::int64_t* part) {
  while (!rows_.done()) {
    workspace_.pause();
    row_number = rows_.first_row();
    if (part) *part = rows_.part();
    batch = rows_.take();
    if (batch.num_rows > 0) return true;
  }
  return false;
}

Column int_column(const std::vector<std::int64_t>& values) {
  return std::make_shared<arrow::Int64Array>(static_cast<std::int64_t>(values.size()),
                                             arrow::Buffer::FromVector(std::vector<std::int64_t>(values)), nullptr, 0);
}

Column counting_column(std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), first);
  return std::make_shared<arrow::Int64Array>(count, arrow::Buffer::FromVector(std::move(values)), nullptr, 0);
}

const std::int64_t* ints_of(const Batch& batch, int column) {
  return static_cast<const arrow::Int64Array&>(*batch.array(column)).raw_values();
}

std::vector<std::int32_t> rows_with(const Batch& batch, int column, int filter) {
  const arrow::Array& values = *batch.array(column);
  const auto* wanted = filter < 0 ? nullptr : static_cast<const arrow::BooleanArray*>(batch.array(filter).get());
  std::vector<std::int32_t> rows;
  for (std::int64_t i = 0; i < batch.num_rows; ++i) {
    if (wanted != nullptr && !(wanted->IsValid(i) && wanted->Value(i))) continue;
    if (values.IsValid(i)) rows.push_back(static_cast<std::int32_t>(i));
  }
  return rows;
}

Batch gather_rows(const Batch& batch, const std::vector<std::int32_t>& rows) {
  Batch gathered;
  gathered.num_rows = static_cast<std::int64_t>(rows.size());
  gathered.names = batch.names;
  for (std::size_t c = 0; c < batch.columns.size(); ++c) {
    gathered.columns.emplace_back(gather(*batch.array(static_cast<int>(c)), rows));
  }
  return gathered;
}

Batch concatenate_batches(const std::vector<Batch>& batches) {
  if (batches.size() == 1) return batches[0];
  Batch all;
  if (batches.empty()) return all;
  all.names = batches[0].names;
  for (std::size_t c = 0; c < batches[0].columns.size(); ++c) {
    arrow::ArrayVector pieces;
    for (const Batch& batch : batches) pieces.push_back(batch.array(static_cast<int>(c)));
    all.columns.emplace_back(take_arrow(arrow::Concatenate(pieces), "putting batches together"));
  }
  for (const Batch& batch : batches) all.num_rows += batch.num_rows;
  return all;
}

std::int64_t part_of_row(const Dataset& data, std::int64_t row) {
  const auto& parts = data.parts();
  const auto after = std::upper_bound(parts.begin(), parts.end(), row,
                                      [](std::int64_t r, const Dataset::Part& part) { return r < part.first_row; });
  return (after - parts.begin()) - 1;
}

}  // namespace evclean
