// SPDX-License-Identifier: Apache-2.0
// The local half of grouping: rows go into a table of groups as long as that makes fewer of them. What does not fit or
// does not reduce leaves as partial groups (key, state) for the other half.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aggregates.hpp"
#include "group_table.hpp"
#include "item_sort.hpp"
#include "memory_claim.hpp"

namespace evclean {

class LocalGroups {
 public:
  LocalGroups(const Fields& fields, const GroupSpec& spec, const KeyCodec& codec, const Workspace& workspace,
              ItemSort& partials);

  void add(const Batch& batch, std::int64_t row_number);
  /// Adds so many distinct values to an aggregate of a group.
  void add_distinct(std::size_t aggregate, std::string_view key, std::int64_t values);
  /// Turns all groups held into partials.
  void flush();

  const GroupTable& table() const { return table_; }
  const Aggregates& states() const { return states_; }
  bool bypassed() const { return mode_ != Mode::kLearns; }

 private:
  enum class Mode {
    kLearns,  ///< new keys become groups
    kKnows,   ///< known keys are aggregated, others pass
    kPasses,  ///< every row passes
  };
  void add_chunk(const Batch& batch, std::int64_t first, std::int64_t count, std::int64_t row_number);
  void pass(const Chunk& chunk);
  void reconsider(std::int64_t rows);
  void watch_memory();

  const Workspace& workspace_;
  ItemSort& partials_;
  GroupTable table_;
  Aggregates states_;  ///< of the table's groups
  Aggregates single_;  ///< of rows that pass
  MemoryClaim claim_;
  Mode mode_ = Mode::kLearns;
  std::int64_t rows_ = 0, hits_ = 0;  ///< since it was last reconsidered
  KeyRows keys_;
  std::vector<std::uint32_t> groups_, passing_;
  std::string state_bytes_;
};

}  // namespace evclean
