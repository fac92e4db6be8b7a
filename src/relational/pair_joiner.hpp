// SPDX-License-Identifier: Apache-2.0
// From candidate pairs of one left batch to rows of the result: the one place where the kinds of join differ. Local.
#pragma once

#include <functional>
#include <span>

#include "join_plan.hpp"

namespace evclean {

class PairJoiner {
 public:
  using Emit = std::function<void(Batch)>;
  /// Right rows (indices into the payload) of pairs that hold; may be empty.
  using Matched = std::function<void(std::span<const std::int32_t>)>;

  PairJoiner(const JoinPlan& plan, Emit emit, Matched matched = {});

  /// A left batch, and the columns that right indices point into.
  void begin(const Batch& left, const arrow::ArrayVector& payload);
  /// Other columns that right indices point into, from here on.
  void change_payload(arrow::ArrayVector payload);
  /// Candidate pairs; left rows ascending over all calls of a batch. The residual is judged here.
  void feed(std::vector<std::int32_t> left_rows, std::vector<std::int32_t> right_rows);
  /// One candidate at most a left row: its right row, or -1.
  void feed_each(std::vector<std::int32_t> right_rows);
  /// The batch's rows that are left.
  void finish();

 private:
  void keep_where_residual_holds(std::vector<std::int32_t>& left_rows, std::vector<std::int32_t>& right_rows) const;
  void walk(const std::vector<std::int32_t>& left_rows, const std::vector<std::int32_t>& right_rows);
  void unmatched_before(std::int32_t row);
  void put(std::int32_t left_row, std::int32_t right_row);
  void flush();
  void write(const std::vector<std::int32_t>& left_rows, const std::vector<std::int32_t>& right_rows) const;

  const JoinPlan& plan_;
  Emit emit_;
  Matched matched_;
  Batch left_;
  arrow::ArrayVector payload_;
  std::int32_t next_ = 0;  ///< rows before it are settled
  std::vector<std::int32_t> out_left_, out_right_;
};

/// Rows of a candidate batch at most; a result batch has few more.
inline constexpr std::size_t kPairRows = 1 << 15;

/// Columns without rows, of those types.
arrow::ArrayVector empty_columns(const Fields& fields);

}  // namespace evclean
