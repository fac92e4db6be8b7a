// SPDX-License-Identifier: Apache-2.0
#include "group_input.hpp"

#include <algorithm>

#include "batch_rows.hpp"

namespace evclean {

GroupInput::GroupInput(const Fields& fields, const GroupSpec& spec) : spec_(spec) {
  for (int& key : spec_.keys) key = place_of(fields, key);
  bool by_row = false;
  for (Aggregate& aggregate : spec_.aggregates) {
    aggregate.column = place_of(fields, aggregate.column);
    aggregate.filter = place_of(fields, aggregate.filter);
    by_row = by_row || aggregate.kind == AggregateKind::kFirst || aggregate.kind == AggregateKind::kLast;
  }
  if (!by_row) return;
  row_column_ = static_cast<int>(fields_.size());
  fields_.push_back({"row number", ValueType::kInt64});
}

int GroupInput::place_of(const Fields& fields, int column) {
  if (column < 0) return column;
  const auto known = std::find(columns_.begin(), columns_.end(), column);
  if (known != columns_.end()) return static_cast<int>(known - columns_.begin());
  columns_.push_back(column);
  fields_.push_back(fields[static_cast<std::size_t>(column)]);
  return static_cast<int>(columns_.size()) - 1;
}

Batch GroupInput::project(const Batch& batch, std::int64_t row_number) const {
  Batch needed;
  needed.num_rows = batch.num_rows;
  for (const Field& field : fields_) needed.names.push_back(field.name);
  for (const int column : columns_) needed.columns.push_back(batch.columns[static_cast<std::size_t>(column)]);
  if (row_column_ >= 0) needed.columns.push_back(counting_column(row_number, batch.num_rows));
  return needed;
}

}  // namespace evclean
