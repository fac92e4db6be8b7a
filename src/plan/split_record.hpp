// SPDX-License-Identifier: Apache-2.0
// What one reading of a split found, kept until it is known that this reading counts.
#pragma once

#include <unordered_map>

#include "pass.hpp"
#include "split_reader.hpp"

namespace evclean {

struct SplitRecord {
  std::vector<SegmentOutcome> segments;
  std::vector<std::int64_t> kept, filtered, rejected;  ///< a segment; rejected: by steps
  std::vector<PatternTally> patterns;                  ///< of the format
  std::int64_t rejected_rows = 0;                      ///< by steps behind explode
  std::vector<std::pair<int, InputColumn>> columns;    ///< (segment, column) in order of appearance
  std::map<std::pair<int, std::string>, Evidence> unknown;
  std::vector<std::int64_t> missing;  ///< a column of the result
  OpState state;
  bool certain = true;  ///< this reading will count: it began where a record begins, and no file in it can be left out
  bool poisoned = false;  ///< a value does not fit the guess, or a column is new: rows behind it were not written

  explicit SplitRecord(OpState fresh) : state(std::move(fresh)) {}
};

/// The first appearance of a column over all splits.
struct Appearance {
  std::int64_t split = 0;
  std::int64_t position = 0;
  InputColumn column;
};

/// Merges what ranks know of columns: in order of first appearance; a column that is not fixed everywhere is inferred.
std::vector<InputColumn> merge_columns(std::vector<Appearance> appearances);

/// Notes the columns that a segment of a file has met so far.
void note_columns(SplitRecord& record, const DecodedBlock& block);
/// Gathers evidence of columns that the guess lacks; true: there are some, and the pass is only good for evidence.
bool note_unknown(SplitRecord& record, const Batch& batch, const Guess& guess, const NullWords& nulls);

/// Adds the missing values of each column of a batch.
void count_missing(const Batch& batch, std::vector<std::int64_t>& missing);
/// What the judge needs to know of a reading.
SplitNews summary_of(const SplitRecord& record);

/// Merges the records that count, over all ranks. Collective.
PassResult merge_records(const TableInput& input, const Program& program, const Comm& comm,
                         const std::map<std::int64_t, SplitRecord>& records, const std::set<std::int32_t>& excluded);

}  // namespace evclean
