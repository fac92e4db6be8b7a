// SPDX-License-Identifier: Apache-2.0
#include "right_marks.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <bit>

#include "batch_rows.hpp"
#include "evclean/arrow_status.hpp"
#include "row_cursor.hpp"

namespace evclean {
namespace {

const Fields kRowFields = {{"row", ValueType::kInt64}};
constexpr std::size_t kRowsAtOnce = 1 << 15;

Batch numbers_batch(const std::vector<std::int64_t>& rows) {
  Batch batch;
  batch.num_rows = static_cast<std::int64_t>(rows.size());
  batch.names = {"row"};
  batch.columns.emplace_back(
      std::make_shared<arrow::Int64Array>(batch.num_rows, arrow::Buffer::FromVector(std::vector<std::int64_t>(rows))));
  return batch;
}

/// A bit a row of this rank's parts.
class OwnBits {
 public:
  explicit OwnBits(const Dataset& data) : data_(data), offsets_(data.parts().size()) {
    std::int64_t rows = 0;
    for (const std::int64_t part : data.mine()) {
      offsets_[static_cast<std::size_t>(part)] = rows;
      rows += data.parts()[static_cast<std::size_t>(part)].rows;
    }
    bits_.resize(static_cast<std::size_t>(rows));
  }
  void set(std::int64_t row) { bits_[place(row)] = true; }
  bool test(std::int64_t row) const { return bits_[place(row)]; }

 private:
  std::size_t place(std::int64_t row) const {
    const auto part = static_cast<std::size_t>(part_of_row(data_, row));
    return static_cast<std::size_t>(offsets_[part] + row - data_.parts()[part].first_row);
  }
  const Dataset& data_;
  std::vector<std::int64_t> offsets_;
  std::vector<bool> bits_;
};

std::shared_ptr<arrow::Array> nulls_of(ValueType type, std::int64_t rows) {
  return take_arrow(arrow::MakeArrayOfNull(arrow_type(type), rows), "rows without a partner");
}

/// Right rows as rows of the result: their keys where the left ones stand, their payload, else null.
Batch as_result(const JoinPlan& plan, const Batch& right) {
  Batch rows;
  rows.num_rows = right.num_rows;
  for (const Field& field : plan.result) rows.names.push_back(field.name);
  rows.columns.resize(plan.result.size());
  for (std::size_t key = plan.spec.left_keys.size(); plan.spec.coalesce_keys && key-- > 0;) {
    const auto left = static_cast<std::size_t>(plan.spec.left_keys[key]);
    rows.columns[left] = widen(right.array(plan.spec.right_keys[key]), plan.result[left]);
  }
  for (std::size_t i = 0; i < plan.spec.payload.size(); ++i) {
    rows.columns[plan.left.size() + i] = right.array(plan.spec.payload[i]);
  }
  for (std::size_t c = 0; c < rows.columns.size(); ++c) {
    const auto* array = std::get_if<std::shared_ptr<arrow::Array>>(&rows.columns[c]);
    if (array == nullptr) rows.columns[c] = nulls_of(plan.result[c].type, rows.num_rows);
  }
  return rows;
}

}  // namespace

RightMarks::RightMarks(const Dataset& right, const Workspace& workspace, std::int64_t memory_bytes)
    : right_(right),
      workspace_(workspace),
      dense_(right.rows() / 8 <= memory_bytes),
      staged_(kRowFields, workspace.budget, workspace.scratch_dir) {
  if (dense_) bits_.resize(static_cast<std::size_t>((right.rows() + 63) / 64));
}

void RightMarks::mark(std::span<const std::int64_t> rows) {
  if (!dense_) {
    numbers_.insert(numbers_.end(), rows.begin(), rows.end());
    if (numbers_.size() >= kRowsAtOnce) stage_numbers();
    return;
  }
  for (const std::int64_t row : rows) bits_[static_cast<std::size_t>(row >> 6)] |= std::uint64_t{1} << (row & 63);
}

void RightMarks::stage_numbers() {
  std::sort(numbers_.begin(), numbers_.end());
  numbers_.erase(std::unique(numbers_.begin(), numbers_.end()), numbers_.end());
  staged_.append(0, numbers_batch(numbers_));
  numbers_.clear();
}

void RightMarks::ship(Shipper& ship, const std::vector<std::int64_t>& rows) const {
  std::vector<std::vector<std::int64_t>> by_rank(static_cast<std::size_t>(workspace_.comm.size()));
  for (const std::int64_t row : rows) {
    by_rank[static_cast<std::size_t>(right_.parts()[static_cast<std::size_t>(part_of_row(right_, row))].owner)]
        .push_back(row);
  }
  for (std::size_t rank = 0; rank < by_rank.size(); ++rank) {
    ship.put(static_cast<int>(rank), 0, numbers_batch(by_rank[rank]));
  }
}

bool RightMarks::produce(Shipper& shipper, std::size_t& next) {
  std::vector<std::int64_t> rows;
  if (!dense_) {
    if (next == 0) stage_numbers();
    if (next == static_cast<std::size_t>(staged_.batches(0))) return false;
    const Batch batch = staged_.batch(0, static_cast<std::int64_t>(next++));
    const auto& numbers = static_cast<const arrow::Int64Array&>(*batch.array(0));
    rows.assign(numbers.raw_values(), numbers.raw_values() + numbers.length());
  }
  for (; dense_ && next < bits_.size() && rows.size() < kRowsAtOnce; ++next) {
    for (std::uint64_t word = bits_[next]; word != 0; word &= word - 1) {
      rows.push_back(static_cast<std::int64_t>(next * 64) + std::countr_zero(word));
    }
  }
  ship(shipper, rows);
  return !dense_ || next < bits_.size();
}

std::int64_t RightMarks::append_unmatched(const JoinPlan& plan, std::int64_t left_parts, Dataset& result) {
  OwnBits matched(right_);
  std::size_t next = 0;
  const ExchangeCounts counts = exchange(
      workspace_, kRowFields, [&](Shipper& shipper) { return produce(shipper, next); },
      [&](int, std::int64_t, const Batch& rows) {
        const auto& numbers = static_cast<const arrow::Int64Array&>(*rows.array(0));
        for (std::int64_t i = 0; i < numbers.length(); ++i) matched.set(numbers.Value(i));
      });
  workspace_.comm.agree([&] {
    for (RowCursor cursor(right_); !cursor.done();) {
      workspace_.pause();
      const std::int64_t part = cursor.part(), first = cursor.first_row();
      Batch batch = cursor.take();
      std::vector<std::int32_t> alone;
      for (std::int64_t i = 0; i < batch.num_rows; ++i) {
        if (!matched.test(first + i)) alone.push_back(static_cast<std::int32_t>(i));
      }
      batch.keep(alone);
      if (batch.num_rows > 0) result.append(left_parts + part, as_result(plan, batch));
    }
  });
  return counts.bytes_sent;
}

}  // namespace evclean
