// SPDX-License-Identifier: Apache-2.0
// The text 'None' as a join key is a value like any other, and rarely what was meant: it is counted, and reported when
// it is frequent.
#pragma once

#include "join_plan.hpp"

namespace evclean {

class FrequentNone {
 public:
  explicit FrequentNone(const JoinPlan& plan);
  /// Counts the key columns of rows; every row of a side once, on whatever rank. Local.
  void count_left(const Batch& batch) { count(batch, plan_.spec.left_keys, plan_.kinds, counts_.data()); }
  void count_right(const Batch& batch) {
    count(batch, plan_.spec.right_keys, plan_.kinds, counts_.data() + 2 * plan_.kinds.size());
  }
  /// A note for every key column of which at least one value in a hundred is 'None'. Collective.
  std::vector<std::string> notes(const Comm& comm) const { return notes_of(plan_, comm.sum(counts_)); }
  /// The same from counts over all ranks: 'None' and all texts of each left key column, then of each right one.
  static std::vector<std::string> notes_of(const JoinPlan& plan, const std::vector<std::int64_t>& counts);
  /// Adds 'None' and all values of some text columns to counts[0], counts[1], ...; strings may be raw. Local.
  static void count(const Batch& batch, const std::vector<int>& columns, const std::vector<KeyKind>& kinds,
                    std::int64_t* counts);

 private:
  const JoinPlan& plan_;
  std::vector<std::int64_t> counts_;  ///< 'None' and all values, a key column; left ones first
};

}  // namespace evclean
