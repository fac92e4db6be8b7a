// SPDX-License-Identifier: Apache-2.0
// What travels in a join by keys or by rows: columns of three kinds of batches, and how hashes cut them.
#pragma once

#include "join_run.hpp"

namespace evclean {

struct TravelLayout {
  /// `taken_left`: rows are taken where they meet, with these left columns; else they are answered to at home.
  TravelLayout(const JoinPlan& plan, bool whole_rows, const std::vector<int>* taken_left = nullptr);

  bool whole_rows;  ///< left rows travel whole: the residual is judged where they meet
  std::vector<int> right_columns, right_keys, right_payload;  ///< columns taken; places of keys and payload in them
  std::vector<int> left_columns, left_keys;
  bool taken;                        ///< rows have no numbers, and answers are rows of the result
  std::vector<int> taken_left;       ///< places of the result's left columns
  Fields right_fields, left_fields;  ///< with the row number behind, unless taken
  Fields answer_fields;              ///< left row, right row, payload when home needs it; or what is taken
  bool answers_payload = false;
  bool one_is_enough = false;  ///< semi and anti: any match answers the question
  JoinPlan at_home;            ///< what is left to be judged there

  int group_bits = 0;  ///< groups of partitions that an owner joins one after the other
  int groups() const { return 1 << group_bits; }
  /// Hash bits behind the partition's.
  int group_of(std::uint64_t hash) const {
    return static_cast<int>(hash >> (52 - group_bits) & static_cast<std::uint64_t>(groups() - 1));
  }
  static constexpr int kSplitBits = 4;
  int splits() const { return (52 - group_bits) / kSplitBits; }
  int split_of(std::uint64_t hash, int depth) const {
    return static_cast<int>(hash >> (52 - group_bits - kSplitBits * (depth + 1)) & ((1 << kSplitBits) - 1));
  }
};

/// Some columns of a batch, and its rows' numbers behind.
Batch with_row_numbers(const Batch& batch, const std::vector<int>& columns, std::int64_t first_row);
/// The values of a column of row numbers.
std::span<const std::int64_t> row_numbers(const Batch& batch, int column);
/// For each row whether one of these columns is null; empty when none is.
std::vector<bool> rows_with_null(const Batch& batch, const std::vector<int>& columns);

}  // namespace evclean
