// SPDX-License-Identifier: Apache-2.0
// The last step of a join by travel: a left part meets the answers to its rows, in whatever order they came. Local.
#pragma once

#include "pair_joiner.hpp"
#include "travel_layout.hpp"

namespace evclean {

class HomeJoin {
 public:
  /// `answers`: layout.answer_fields by left part.
  HomeJoin(JoinRun& run, const TravelLayout& layout, const BatchStage& answers);
  /// Appends a part's rows to the result.
  void join_part(std::int64_t part);

 private:
  /// Answers to rows [first, last) of a part in the order of left rows, then of right rows.
  struct Answers {
    arrow::ArrayVector payload;
    std::vector<std::int64_t> right_numbers;  ///< as the payload
    std::vector<std::int32_t> order;
    std::vector<std::int32_t> begins;  ///< a left row's first place in `order`
  };
  PairJoiner::Matched marker();
  std::vector<std::int64_t> cut(const std::vector<std::int32_t>& counts, std::int64_t part) const;
  Answers load(std::int64_t part, std::int64_t first, std::int64_t last, const std::vector<std::int32_t>& counts) const;
  void join_rows(std::int64_t part, std::int64_t first, std::int64_t last, const Answers& answers);
  void feed(const Answers& answers, std::int64_t first, std::int64_t count);

  JoinRun& run_;
  const TravelLayout& layout_;
  const BatchStage& staged_;
  std::int64_t part_now_ = 0;
  const Answers* answers_now_ = nullptr;
  PairJoiner joiner_;
};

}  // namespace evclean
