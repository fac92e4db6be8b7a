// SPDX-License-Identifier: Apache-2.0
// One join under way: what its strategies share.
#pragma once

#include <memory>
#include <optional>

#include "evclean/unordered_rows.hpp"
#include "frequent_none.hpp"
#include "join_plan.hpp"
#include "right_marks.hpp"

namespace evclean {

struct JoinRun {
  const Dataset& left;
  const Dataset& right;
  const JoinPlan& plan;
  const Workspace& workspace;
  std::int64_t memory_bytes;  ///< that tables and what is loaded at a time may take
  Dataset* result;            ///< not finished; null: rows are taken in any order
  FrequentNone none;
  std::optional<RightMarks> marks;                 ///< right and full joins
  std::int64_t bytes_sent = 0, spilled_bytes = 0;  ///< of this rank
  std::vector<std::string> notes = {};
  std::vector<double> left_widths = {}, right_widths = {};  ///< bytes of a column's values
  const TakeRows* take = nullptr;                           ///< without a result: who gets the rows
  std::vector<int> taken_left = {};                         ///< left columns that he gets
  bool drains_left = false, drains_right = false;           ///< nobody reads that side behind the join

  const Comm& comm() const { return workspace.comm; }
  /// Rows of some columns that may wait before they are staged: an eighth of the memory.
  std::int64_t waiting_rows(const std::vector<double>& widths, const std::vector<int>& columns) const;
};

/// The right side to all ranks, in memory; left rows stay. Collective.
void join_by_broadcast(JoinRun& run);
/// Every row meets every row: the right side to all ranks, in scratch where it is large. Collective.
void join_every_row(JoinRun& run);
/// The same for who takes rows in any order. Collective.
void take_by_broadcast(JoinRun& run);
/// Keys (or whole left rows) meet the right rows at the owner of their hash; what matches comes back. Collective.
void join_by_travel(JoinRun& run, bool whole_rows);

/// Sends this rank's right rows (some columns) to all ranks, tagged with their part. Collective.
void send_right_to_all(JoinRun& run, const std::vector<int>& columns,
                       const std::function<void(std::int64_t part, Batch)>& take);
/// The same of any dataset; `look` sees this rank's batches whole. Gives the bytes sent by this rank. Collective.
std::int64_t send_to_all(const Dataset& data, const std::vector<int>& columns, const Workspace& workspace,
                         const std::function<void(const Batch&)>& look,
                         const std::function<void(std::int64_t part, Batch)>& take);
/// The same, all rows in their order. Collective.
std::vector<Batch> gather_on_all(const Dataset& data, const std::vector<int>& columns, const Workspace& workspace,
                                 const std::function<void(const Batch&)>& look, std::int64_t& bytes_sent);
/// Gives this rank's left batches one by one, with their part. Collective: agrees on errors.
void each_left(JoinRun& run, const std::function<void(std::int64_t part, const Batch&)>& take);

/// Bytes that a value of each column takes, from a sample; the same on all ranks. Collective.
std::vector<double> column_widths(const Dataset& data, const Comm& comm);
/// Of a row of some columns.
double width_of(const std::vector<double>& widths, const std::vector<int>& columns);
/// The right columns that a join needs, each once: keys, then payload. `places`: where each payload column is in them.
std::vector<int> build_columns(const JoinPlan& plan, std::vector<int>& key_places, std::vector<int>& payload_places);
/// One array a column of what is spread over batches.
arrow::ArrayVector concatenated(const std::vector<Batch>& batches, const std::vector<int>& columns,
                                const Fields& fields);

}  // namespace evclean
