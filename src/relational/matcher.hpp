// SPDX-License-Identifier: Apache-2.0
// Right rows in memory, and answers to left rows that ask for theirs. Local.
#pragma once

#include <functional>

#include "key_table.hpp"
#include "travel_layout.hpp"

namespace evclean {

class Matcher {
 public:
  /// Batches as layout.right_fields.
  Matcher(const JoinPlan& plan, const TravelLayout& layout, std::vector<Batch> right);
  /// Gives answers (layout.answer_fields) for left rows (layout.left_fields), left rows ascending.
  void match(const Batch& left, const std::function<void(Batch)>& answer);

 private:
  using Rows = std::vector<std::int32_t>;
  void answer_pairs(const Batch& left, Rows& left_rows, Rows& right_rows, const std::function<void(Batch)>& answer);
  void judge(const Batch& left, Rows& left_rows, Rows& right_rows) const;

  const JoinPlan& plan_;
  const TravelLayout& layout_;
  std::vector<Batch> right_;  ///< keys point into it
  KeyMaker makes_right_, makes_left_;
  KeyTable table_;
  arrow::ArrayVector payload_;
  std::shared_ptr<arrow::Array> numbers_;
  std::vector<JoinKey> keys_;
  Rows entries_;
};

}  // namespace evclean
