// SPDX-License-Identifier: Apache-2.0
// What a rank does with the rows of the splits it reads: takes each batch through the steps into the sinks, stages the
// rejects, and keeps a record of every reading until it is known which ones count. Where batches come from it does not
// ask. Local.
#pragma once

#include <chrono>

#include "drop_notes.hpp"
#include "record_limit.hpp"
#include "split_record.hpp"

namespace evclean {

class SplitSteps {
 public:
  SplitSteps(const TableInput& input, Program& program, const Guess& guess, std::vector<std::unique_ptr<Sink>>& sinks,
             RejectStage& rejects, const PassOptions& options);

  /// Begins a reading of a split; an earlier one is forgotten.
  SplitRecord begin(std::int64_t number);
  /// Takes a block of the split's text; false: no more is wanted (--limit).
  bool take(std::int64_t number, SplitRecord& record, DecodedBlock& block);
  /// Typed rows of a dataset: no decoding, no columns to discover.
  void take_rows(std::int64_t number, SplitRecord& record, Batch& batch);
  /// Keeps the record of a reading.
  SplitNews end(std::int64_t number, SplitRecord record);
  /// Takes over what an earlier run had read. False: the reading was damaged, and is forgotten.
  bool restore(std::int64_t number);

  /// Forgets a reading, if there is one: its rows, its rejects, its record.
  void drop(std::int64_t number);
  void forget_what_others_own(const std::vector<std::int32_t>& owners, int rank);

  bool limit_reached() const { return limit_.reached(); }
  const std::map<std::int64_t, SplitRecord>& records() const { return records_; }
  const DropNotes& dropped() const { return dropped_; }
  /// In steps and in encoding.
  const StageSeconds& seconds() const { return seconds_; }

 private:
  using Clock = std::chrono::steady_clock;

  template <typename OffRecords, typename Attach>
  void run_steps(std::int64_t number, SplitRecord& record, Batch& batch, OffRecords&& off_records, Attach&& attach,
                 Clock::time_point& clock);
  void put_rejects(std::int64_t split, SplitRecord& record, std::size_t first_row, bool of_records);
  std::int64_t line_base(std::int64_t split, std::size_t segment) const;
  void poison_on_misfits(SplitRecord& record);
  void poison(SplitRecord& record);

  const TableInput& input_;
  Program& program_;
  const Guess& guess_;
  std::vector<std::unique_ptr<Sink>>& sinks_;
  RejectStage& rejects_;
  const OriginPlan origin_;
  PassCheckpoint* const checkpoint_;
  RecordLimit limit_;
  std::map<std::int64_t, SplitRecord> records_;
  bool poisoned_ = false;
  DropNotes dropped_;
  StageSeconds seconds_;
};

}  // namespace evclean
