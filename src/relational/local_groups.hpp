// SPDX-License-Identifier: Apache-2.0
// The local half of grouping: rows go into a table of groups as long as that makes fewer of them. Where it does not,
// rows pass as they are; a table that grows too large leaves as partial groups (key, state). Local.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aggregates.hpp"
#include "dense_keys.hpp"
#include "group_input.hpp"
#include "group_table.hpp"
#include "item_sort.hpp"
#include "memory_claim.hpp"

namespace evclean {

class LocalGroups {
 public:
  /// `rows`: that this rank will add, as far as known.
  LocalGroups(const GroupInput& input, const KeyCodec& codec, const Workspace& workspace, std::int64_t rows);

  /// Adds rows of the table; only the input's columns are looked at.
  void add(const Batch& batch, std::int64_t row_number);
  /// Adds so many distinct values to an aggregate of a group.
  void add_distinct(std::size_t aggregate, std::string_view key, std::int64_t values);
  /// Turns all groups held into partials.
  void flush();

  const GroupTable& table() const { return table_; }
  const Aggregates& states() const { return states_; }
  /// Whether all groups are still in the table.
  bool all_in_table() const { return partials_.items() == 0 && passed_.empty(); }
  bool bypassed() const { return !passed_.empty(); }

  ItemSort& partials() { return partials_; }
  /// Rows that passed, in batches numbered as parts, with their keys' sample and their bytes.
  BatchStage& rows() { return *rows_; }
  const std::vector<std::int64_t>& passed() const { return passed_; }
  const KeySample& row_sample() const { return row_sample_; }
  std::int64_t row_bytes() const { return row_bytes_; }

 private:
  enum class Mode {
    kLearns,  ///< new keys become groups
    kKnows,   ///< known keys are aggregated, others pass
    kPasses,  ///< every row passes
  };
  void add_chunk(const Batch& batch, std::int64_t first, std::int64_t count, std::int64_t row_number);
  void pass(const Batch& rows);
  void reconsider(std::int64_t rows);
  void watch_memory();

  const GroupInput& input_;
  const KeyCodec& codec_;
  const Workspace& workspace_;
  ItemSort partials_;
  std::unique_ptr<BatchStage> rows_;
  std::vector<std::int64_t> passed_;
  KeySample row_sample_;
  std::int64_t row_bytes_ = 0;
  GroupTable table_;
  Aggregates states_;
  DenseKeys dense_;  ///< what the table said
  MemoryClaim claim_;
  Mode mode_ = Mode::kLearns;
  std::int64_t rows_expected_;
  std::int64_t rows_seen_ = 0, window_rows_ = 0, window_hits_ = 0;
  std::size_t window_groups_ = 0;  ///< when the window began
  KeyRows keys_;
  std::vector<std::uint32_t> groups_;
  std::vector<std::int32_t> missed_;
  std::string state_bytes_;
};

}  // namespace evclean
