// SPDX-License-Identifier: Apache-2.0
#include "pair_joiner.hpp"

#include <arrow/api.h>

#include <algorithm>

#include "evclean/arrow_status.hpp"

namespace evclean {
namespace {

bool is_every_row(const std::vector<std::int32_t>& rows, std::int64_t count) {
  if (static_cast<std::int64_t>(rows.size()) != count) return false;
  std::int32_t wrong = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) wrong |= rows[i] ^ static_cast<std::int32_t>(i);
  return wrong == 0;
}

template <typename T>
std::vector<T> chosen(const std::vector<T>& values, const std::vector<std::int32_t>& rows) {
  std::vector<T> some;
  some.reserve(rows.size());
  for (const std::int32_t row : rows) some.push_back(values[static_cast<std::size_t>(row)]);
  return some;
}

}  // namespace

arrow::ArrayVector empty_columns(const Fields& fields) {
  arrow::ArrayVector columns;
  for (const Field& field : fields) {
    columns.push_back(take_arrow(arrow::MakeEmptyArray(arrow_type(field.type)), "an empty column"));
  }
  return columns;
}

PairJoiner::PairJoiner(const JoinPlan& plan, Emit emit, Matched matched)
    : plan_(plan), emit_(std::move(emit)), matched_(std::move(matched)) {}

void PairJoiner::begin(const Batch& left, const arrow::ArrayVector& payload) {
  left_ = left;
  payload_ = payload;
  next_ = 0;
}

void PairJoiner::change_payload(arrow::ArrayVector payload) {
  flush();
  payload_ = std::move(payload);
}

void PairJoiner::feed(std::vector<std::int32_t> left_rows, std::vector<std::int32_t> right_rows) {
  if (plan_.spec.residual && !left_rows.empty()) keep_where_residual_holds(left_rows, right_rows);
  if (matched_) matched_(right_rows);
  walk(left_rows, right_rows);
}

void PairJoiner::feed_each(std::vector<std::int32_t> right_rows) {
  const bool all_stay = plan_.keeps_left() && plan_.carries_payload();
  if (all_stay && !plan_.spec.residual && !matched_) {  // a lookup: every left row once, in its place
    std::vector<std::int32_t> left_rows(right_rows.size());
    for (std::size_t i = 0; i < left_rows.size(); ++i) left_rows[i] = static_cast<std::int32_t>(i);
    write(left_rows, right_rows);
    next_ = static_cast<std::int32_t>(right_rows.size());
    return;
  }
  std::vector<std::int32_t> left_rows;
  left_rows.reserve(right_rows.size());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < right_rows.size(); ++i) {
    if (right_rows[i] < 0) continue;
    left_rows.push_back(static_cast<std::int32_t>(i));
    right_rows[kept++] = right_rows[i];
  }
  right_rows.resize(kept);
  feed(std::move(left_rows), std::move(right_rows));
}

void PairJoiner::finish() {
  unmatched_before(static_cast<std::int32_t>(left_.num_rows));
  flush();
}

void PairJoiner::keep_where_residual_holds(std::vector<std::int32_t>& left_rows,
                                           std::vector<std::int32_t>& right_rows) const {
  Batch candidates;
  candidates.num_rows = static_cast<std::int64_t>(left_rows.size());
  for (std::size_t c = 0; c < plan_.left.size(); ++c) {
    candidates.names.push_back(plan_.left[c].name);
    candidates.columns.emplace_back(gather(*left_.array(static_cast<int>(c)), left_rows));
  }
  for (std::size_t c = 0; c < payload_.size(); ++c) {
    candidates.names.push_back(plan_.spec.payload_names[c]);
    candidates.columns.emplace_back(gather(*payload_[c], right_rows));
  }
  const std::vector<std::int32_t> held = plan_.spec.residual(candidates);
  left_rows = chosen(left_rows, held);
  right_rows = chosen(right_rows, held);
}

void PairJoiner::walk(const std::vector<std::int32_t>& left_rows, const std::vector<std::int32_t>& right_rows) {
  const bool once = plan_.spec.how == JoinHow::kSemi, never = plan_.spec.how == JoinHow::kAnti;
  for (std::size_t i = 0; i < left_rows.size(); ++i) {
    const std::int32_t row = left_rows[i];
    const bool again = row < next_;
    unmatched_before(row);
    if (!never && !(once && again)) put(row, right_rows[i]);
    next_ = std::max(next_, row + 1);
  }
}

/// Rows that no pair came for.
void PairJoiner::unmatched_before(std::int32_t row) {
  if (plan_.keeps_left()) {
    for (; next_ < row; ++next_) put(next_, -1);
  }
  next_ = std::max(next_, row);
}

void PairJoiner::put(std::int32_t left_row, std::int32_t right_row) {
  out_left_.push_back(left_row);
  out_right_.push_back(right_row);
  if (out_left_.size() >= kPairRows) flush();
}

void PairJoiner::flush() {
  write(out_left_, out_right_);
  out_left_.clear();
  out_right_.clear();
}

void PairJoiner::write(const std::vector<std::int32_t>& left_rows, const std::vector<std::int32_t>& right_rows) const {
  if (left_rows.empty()) return;
  const bool whole = is_every_row(left_rows, left_.num_rows);
  Batch rows;
  rows.num_rows = static_cast<std::int64_t>(left_rows.size());
  for (std::size_t c = 0; c < plan_.left.size(); ++c) {
    const auto& column = left_.array(static_cast<int>(c));
    rows.names.push_back(plan_.result[c].name);
    rows.columns.emplace_back(widen(whole ? column : gather(*column, left_rows), plan_.result[c]));
  }
  for (std::size_t c = plan_.left.size(); c < plan_.result.size(); ++c) {
    rows.names.push_back(plan_.result[c].name);
    rows.columns.emplace_back(gather(*payload_[c - plan_.left.size()], right_rows));
  }
  emit_(std::move(rows));
}

}  // namespace evclean
