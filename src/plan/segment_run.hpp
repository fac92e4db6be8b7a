// SPDX-License-Identifier: Apache-2.0
// A run of steps that need no other row, from files or from a dataset to sinks: passes until the guess of columns and
// types has become the truth. A table is one such segment, or several with a step over the whole table between them.
#pragma once

#include <functional>

#include "checkpoint.hpp"
#include "columns_behind.hpp"
#include "evclean/engine.hpp"
#include "pass.hpp"
#include "resources.hpp"

namespace evclean {

struct SegmentResult {
  PassResult pass;  ///< the last one
  Program program;
  Guess guess;
  StageSeconds seconds;
  int passes = 0;
  std::int64_t restored = 0;                 ///< splits taken over from an earlier run, over all passes
  std::vector<std::unique_ptr<Sink>> sinks;  ///< hold the rows, not closed yet
};

struct SegmentPlan {
  TableSpec spec;  ///< of these steps alone
  std::int64_t record_limit = -1;
  std::vector<std::string> named;  ///< columns that outputs name
  bool declared = false;  ///< without any record the columns under types: are the table's: nobody else reads it
  OriginPlan origin;
  Checkpoint* checkpoint = nullptr;    ///< null: nothing is kept for a later run
  std::vector<RenamedColumn> renames;  ///< by these steps; known when `open` is called
  /// Opens what takes the rows, once the columns are known; anew for every pass. Collective.
  std::function<std::vector<std::unique_ptr<Sink>>(const Fields&)> open;
  /// Columns that anything behind this segment uses; empty function or nothing: all.
  std::function<std::optional<ColumnsBehind>(const Fields&)> wanted;
};

class SegmentRun {
 public:
  /// `input.spec` must be `plan.spec`. Everything given outlives the run.
  SegmentRun(const TableInput& input, SegmentPlan& plan, const Resources& resources, const Comm& comm,
             Progress* progress);
  /// Collective. Errors: user Error for mistakes in steps, ambiguous dates.
  SegmentResult run();
  /// Rejects of the splits this rank owns.
  std::unique_ptr<RejectStage> take_rejects() { return std::move(rejects_); }

 private:
  SegmentResult run_passes();
  SegmentResult run_or_stop();
  std::optional<SegmentResult> run_up_to(const ReadCut& cut);
  std::optional<SegmentResult> spent_before(std::int64_t split);
  std::optional<PassResult> one_pass(Guess& guess, std::optional<Error>& last_error);
  Program compile_wanted(const Guess& guess);
  std::string lacking_column() const;
  bool admit_declared(Guess& guess) const;
  std::unique_ptr<PassCheckpoint> checkpoint_for(const Guess& guess) const;
  bool schema_changed(const PassResult& result, Guess& guess) const;
  bool rows_counted(const PassResult& result, Guess& guess) const;
  void begin_progress() const;

  TableInput input_;  ///< as far as it is read
  SegmentPlan& plan_;
  const Resources& resources_;
  const Comm& comm_;
  Progress* progress_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::unique_ptr<RejectStage> rejects_;
  std::vector<Evidence> evidence_;  ///< of the last pass
  Program program_;
  StageSeconds seconds_;
  int passes_ = 0;
  std::int64_t restored_ = 0;
  bool no_records_ = false;   ///< no record in any file: no column is known
  bool fresh_types_ = false;  ///< the guess was changed by the last pass
  bool stops_early_ = true;   ///< when a reject budget in records is spent
  bool is_cut_ = false;       ///< the input ends where it was spent: nothing is written
};

}  // namespace evclean
