// SPDX-License-Identifier: Apache-2.0
// One pass of all ranks over all splits of a table, under a program. What a pass finds is merged so that every rank
// holds the same result, whoever read what.
#pragma once

#include "evclean/sink.hpp"
#include "program.hpp"
#include "reject_stage.hpp"
#include "row_origin.hpp"
#include "split_judge.hpp"

namespace evclean {

class PassCheckpoint;

/// Seconds by stage on this rank.
struct StageSeconds {
  double read = 0, decode = 0, steps = 0, encode = 0;
};

/// Rows of a split segment that later steps dropped.
struct DroppedRows {
  std::int64_t filtered = 0;
  std::int64_t rejected = 0;
};

/// A record: the split and the segment that own it, and where it begins.
struct ReadCut {
  std::int64_t split = 0;
  std::int32_t segment = 0;
  std::int64_t byte_offset = 0;
};

/// What went wrong while splits were read: no split before `split` has met an error so far. The same on all ranks.
class ReadError : public Error {
 public:
  ReadError(const Error& error, std::int64_t split) : Error(error.code(), error.what()), split_(split) {}
  std::int64_t split() const noexcept { return split_; }

 private:
  std::int64_t split_;
};

struct PassResult {
  std::vector<Evidence> evidence;                           ///< a slot
  std::vector<InputColumn> columns;                         ///< of the table, by first appearance
  std::map<std::pair<int, std::string>, Evidence> unknown;  ///< of columns that the guess did not have
  std::int64_t misfits = 0;
  std::map<int, std::vector<std::int64_t>> row_counts;  ///< a numbering step: rows that reached it, a split
  std::vector<FileLedger> files;
  std::vector<std::int64_t> filtered, rows_in, rows_out, odd;  ///< a step
  std::vector<std::int64_t> missing;                           ///< a column of the result
  EvalCounters counters;
  std::map<int, std::vector<std::int64_t>> key_texts;  ///< a join looked up: as in OpState
  std::vector<std::vector<PatternTally>> patterns;     ///< a step; the last: the format
  std::int64_t rejected = 0;                           ///< records
  std::int64_t rejected_rows = 0;                      ///< rows that no longer stood for records
  bool over_budget = false;                            ///< a reject budget in records is spent
  std::optional<ReadCut> cut;           ///< that it is was found while reading: behind this record nothing counts
  std::vector<std::int64_t> line_ends;  ///< a file: line ends up to the end of what was read
  std::vector<std::vector<std::int64_t>> line_bases;  ///< split, segment: lines of the file before it
  std::vector<std::int32_t> owners;                   ///< of each split: the rank whose reading counts; -1: not read
  std::int64_t restored = 0;                          ///< splits taken over from an earlier run
  std::map<std::int64_t, DroppedRows> dropped;        ///< a dataset's pass: by segment_id of the rows' records
};

struct PassOptions {
  std::int64_t record_limit = -1;        ///< read no more than so many records, in input order; -1: all
  Monitor* monitor = nullptr;            ///< rank 0
  std::int64_t feed_bytes = 256 << 20;   ///< text that a rank may keep for others; a quarter of its memory at most
  OriginPlan origin;                     ///< what the rows carry on to later steps
  PassCheckpoint* checkpoint = nullptr;  ///< where readings are kept, and taken over from; null: nowhere
  bool stops_early = true;               ///< when a reject budget in records is spent
};

class Pass {
 public:
  Pass(const TableInput& input, Program& program, const Guess& guess, const Comm& comm,
       std::vector<std::unique_ptr<Sink>>& sinks, RejectStage& rejects, const PassOptions& options);
  ~Pass();

  /// Collective. Errors: the Error of any rank, on all.
  PassResult run();
  StageSeconds seconds() const;

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

}  // namespace evclean
