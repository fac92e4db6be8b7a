// SPDX-License-Identifier: Apache-2.0
#include "travel_layout.hpp"

#include <arrow/api.h>

#include <numeric>

#include "evclean/arrow_status.hpp"
#include "row_cursor.hpp"

namespace evclean {
namespace {

const Field kRowNumber = {"#row", ValueType::kInt64};

std::vector<int> places_of(const std::vector<int>& columns, std::vector<int>& taken) {
  std::vector<int> places;
  for (const int column : columns) {
    const auto found = std::find(taken.begin(), taken.end(), column);
    places.push_back(static_cast<int>(found - taken.begin()));
    if (found == taken.end()) taken.push_back(column);
  }
  return places;
}

}  // namespace

TravelLayout::TravelLayout(const JoinPlan& plan, bool rows_whole, const std::vector<int>* taken_columns)
    : whole_rows(rows_whole), taken(taken_columns != nullptr), at_home(plan) {
  right_columns = build_columns(plan, right_keys, right_payload);
  if (whole_rows) {
    left_columns.resize(plan.left.size());
    std::iota(left_columns.begin(), left_columns.end(), 0);
    at_home.spec.residual = nullptr;
  }
  left_keys = places_of(plan.spec.left_keys, left_columns);
  right_fields = project(plan.right, right_columns);
  left_fields = project(plan.left, left_columns);
  answers_payload = at_home.needs_payload();
  one_is_enough = !plan.carries_payload() && !at_home.spec.residual;
  if (taken) {
    taken_left = *taken_columns;
    answer_fields = project(plan.left, taken_left);
    answer_fields.insert(answer_fields.end(), plan.result.begin() + static_cast<std::ptrdiff_t>(plan.left.size()),
                         plan.result.end());
    return;
  }
  right_fields.push_back(kRowNumber);
  left_fields.push_back(kRowNumber);
  answer_fields = {{"#left", ValueType::kInt64}, {"#right", ValueType::kInt64}};
  if (!answers_payload) return;
  for (const int column : plan.spec.payload) answer_fields.push_back(plan.right[static_cast<std::size_t>(column)]);
}

Batch with_row_numbers(const Batch& batch, const std::vector<int>& columns, std::int64_t first_row) {
  Batch numbered = project(batch, columns);
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(batch.num_rows));
  std::iota(numbers.begin(), numbers.end(), first_row);
  numbered.names.push_back(kRowNumber.name);
  numbered.columns.emplace_back(
      std::make_shared<arrow::Int64Array>(batch.num_rows, arrow::Buffer::FromVector(std::move(numbers))));
  return numbered;
}

std::span<const std::int64_t> row_numbers(const Batch& batch, int column) {
  const auto& numbers = static_cast<const arrow::Int64Array&>(*batch.array(column));
  return {numbers.raw_values(), static_cast<std::size_t>(numbers.length())};
}

std::vector<bool> rows_with_null(const Batch& batch, const std::vector<int>& columns) {
  std::vector<bool> null;
  for (const int column : columns) {
    const arrow::Array& array = *batch.array(column);
    if (array.null_count() == 0) continue;
    null.resize(static_cast<std::size_t>(batch.num_rows));
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      if (array.IsNull(row)) null[static_cast<std::size_t>(row)] = true;
    }
  }
  return null;
}

}  // namespace evclean
