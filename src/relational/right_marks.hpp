// SPDX-License-Identifier: Apache-2.0
// Which right rows have found a partner, on whatever rank; and the rows that have not (right and full joins).
#pragma once

#include <memory>
#include <span>

#include "batch_rows.hpp"
#include "join_plan.hpp"

namespace evclean {

class RightMarks {
 public:
  /// `memory_bytes`: a bitmap of all right rows may take so much; else row numbers are staged.
  RightMarks(const Dataset& right, const Workspace& workspace, std::int64_t memory_bytes);
  /// Right rows by their number over the whole table. Local.
  void mark(std::span<const std::int64_t> rows);
  void mark(std::int64_t row) { mark(std::span<const std::int64_t>(&row, 1)); }
  /// Appends the rows that no rank marked, each right part behind all left ones. Collective. Gives bytes sent.
  std::int64_t append_unmatched(const JoinPlan& plan, std::int64_t left_parts, Dataset& result);

 private:
  void stage_numbers();
  /// Sends rows (ascending or not) to the ranks that have them.
  void ship(Shipper& ship, const std::vector<std::int64_t>& rows) const;
  bool produce(Shipper& ship, std::size_t& next);

  const Dataset& right_;
  const Workspace& workspace_;
  bool dense_;
  std::vector<std::uint64_t> bits_;    ///< a bit a right row
  std::vector<std::int64_t> numbers_;  ///< not dense: rows not staged yet
  BatchStage staged_;                  ///< not dense: rows marked
};

}  // namespace evclean
