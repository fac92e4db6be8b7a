// SPDX-License-Identifier: Apache-2.0
// The other half of grouping: partial groups and rows of all ranks go to the range of their key; there a table of each
// range makes them whole. Ranges are small, so their tables are, and they come in the order of their keys.
#pragma once

#include <functional>

#include "local_groups.hpp"

namespace evclean {

class MergedGroups {
 public:
  using Take = std::function<void(const GroupTable& groups, const Aggregates& states)>;

  MergedGroups(const GroupInput& input, const KeyCodec& codec, const Workspace& workspace, OperatorReport& report);
  /// Gives the groups of this rank's ranges, range by range. With one rank whose groups are all in its table that table
  /// is given. Collective.
  void merge(LocalGroups& local, const Take& take);

 private:
  void move_rows(LocalGroups& local, const KeyRanges& ranges);
  void merge_range(const BatchStage& items, const BatchStage& rows, std::int64_t range, int depth, const Take& take);
  bool fill(const BatchStage& items, const BatchStage& rows, std::int64_t range, bool whatever_it_takes,
            GroupTable& table, Aggregates& states) const;
  void add_rows(const Batch& batch, GroupTable& table, Aggregates& states) const;
  void merge_finer(const BatchStage& items, const BatchStage& rows, std::int64_t range, int depth, const Take& take);

  const GroupInput& input_;
  const KeyCodec& codec_;
  const Workspace& workspace_;
  OperatorReport& report_;
  BatchStage rows_;  ///< by range
};

}  // namespace evclean
