// SPDX-License-Identifier: Apache-2.0
#include "matcher.hpp"

#include <arrow/array.h>

#include "pair_joiner.hpp"
#include "row_cursor.hpp"

namespace evclean {

Matcher::Matcher(const JoinPlan& plan, const TravelLayout& layout, std::vector<Batch> right)
    : plan_(plan),
      layout_(layout),
      right_(std::move(right)),
      makes_right_(plan.kinds, layout.right_keys),
      makes_left_(plan.kinds, layout.left_keys) {
  std::int64_t rows = 0;
  for (const Batch& batch : right_) rows += batch.num_rows;
  table_.reserve(rows);
  for (const Batch& batch : right_) {
    makes_right_.make(batch, keys_);
    table_.add(keys_);
  }
  table_.finish();
  payload_ = concatenated(right_, layout.right_payload, project(layout.right_fields, layout.right_payload));
  if (layout.taken) return;
  const int number = static_cast<int>(layout.right_fields.size()) - 1;
  numbers_ = concatenated(right_, {number}, {layout.right_fields.back()})[0];
}

void Matcher::match(const Batch& left, const std::function<void(Batch)>& answer) {
  makes_left_.make(left, keys_);
  table_.find(keys_, entries_);
  // A residual may refuse the first match and hold for another.
  const bool first_only = layout_.one_is_enough && !plan_.spec.residual;
  constexpr std::size_t kAhead = 8;
  Rows left_rows, right_rows;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!table_.unique() && i + kAhead < entries_.size()) table_.prefetch_rows_of(entries_[i + kAhead]);
    if (entries_[i] < 0) continue;
    const std::span<const std::int32_t> rows =
        table_.unique() ? std::span<const std::int32_t>(&entries_[i], 1) : table_.rows_of(entries_[i]);
    for (const std::int32_t row : first_only ? rows.first(1) : rows) {
      left_rows.push_back(static_cast<std::int32_t>(i));
      right_rows.push_back(row);
      if (left_rows.size() == kPairRows) answer_pairs(left, left_rows, right_rows, answer);
    }
  }
  answer_pairs(left, left_rows, right_rows, answer);
  makes_left_.forget();
}

void Matcher::answer_pairs(const Batch& left, Rows& left_rows, Rows& right_rows,
                           const std::function<void(Batch)>& answer) {
  if (layout_.whole_rows && plan_.spec.residual && !left_rows.empty()) judge(left, left_rows, right_rows);
  if (!left_rows.empty()) {
    Batch rows;
    rows.num_rows = static_cast<std::int64_t>(left_rows.size());
    for (const Field& field : layout_.answer_fields) rows.names.push_back(field.name);
    if (layout_.taken) {
      for (const int column : layout_.taken_left) rows.columns.emplace_back(gather(*left.array(column), left_rows));
    } else {
      rows.columns.emplace_back(gather(*left.array(static_cast<int>(left.columns.size()) - 1), left_rows));
      rows.columns.emplace_back(gather(*numbers_, right_rows));
    }
    for (std::size_t c = 0; layout_.answers_payload && c < payload_.size(); ++c) {
      rows.columns.emplace_back(gather(*payload_[c], right_rows));
    }
    answer(std::move(rows));
  }
  left_rows.clear();
  right_rows.clear();
}

void Matcher::judge(const Batch& left, Rows& left_rows, Rows& right_rows) const {
  Batch candidates;
  candidates.num_rows = static_cast<std::int64_t>(left_rows.size());
  for (std::size_t c = 0; c < plan_.left.size(); ++c) {
    candidates.names.push_back(plan_.left[c].name);
    candidates.columns.emplace_back(gather(*left.array(static_cast<int>(c)), left_rows));
  }
  for (std::size_t c = 0; c < payload_.size(); ++c) {
    candidates.names.push_back(plan_.spec.payload_names[c]);
    candidates.columns.emplace_back(gather(*payload_[c], right_rows));
  }
  Rows held_left, held_right;
  for (const std::int32_t held : plan_.spec.residual(candidates)) {
    held_left.push_back(left_rows[static_cast<std::size_t>(held)]);
    held_right.push_back(right_rows[static_cast<std::size_t>(held)]);
  }
  left_rows = std::move(held_left);
  right_rows = std::move(held_right);
}

}  // namespace evclean
