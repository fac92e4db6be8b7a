// SPDX-License-Identifier: Apache-2.0
// A table's steps, compiled against a guess of its columns and types, and run batch by batch.
//
// A raw column keeps its text until a step uses it; there it is settled: words for missing are marked and it is
// converted to its type. What is settled where is a matter of the steps alone, so the compiler says which columns the
// next step needs, is told their types (a guess while streaming, the truth when all rows are at hand), and gives
// operations.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "evclean/batch.hpp"
#include "evclean/decoder.hpp"
#include "evclean/expression.hpp"
#include "evclean/job.hpp"
#include "evclean/names.hpp"
#include "evclean/reject.hpp"
#include "evclean/types.hpp"

namespace evclean {

/// A raw column from where it appears to where it is settled. Slots are numbered in order of appearance.
struct Slot {
  std::string name;    ///< when it appeared
  int step = -1;       ///< that introduced it; -1: the input
  bool fixed = false;  ///< a preset's column: its type is not inferred
  ColumnType type;     ///< fixed, or guessed
};

/// Evidence, counts and rejects of one split; merged later in any order.
struct OpState {
  TextBlockPtr block;                               ///< side area of the batch's block; null: none
  std::vector<Evidence> evidence;                   ///< a slot
  std::vector<std::int64_t> misfits;                ///< a slot: values that did not fit the guess
  std::vector<std::int64_t> filtered;               ///< a step
  std::vector<std::int64_t> next_row;               ///< a step that numbers rows: the number of the next row
  std::vector<std::int64_t> rows_in, rows_out;      ///< a step
  std::vector<std::int64_t> odd;                    ///< a step: values it took as best it could (explode: not an array)
  std::vector<std::vector<PatternTally>> patterns;  ///< a step that parses
  std::vector<double> seconds;                      ///< a step
  std::vector<std::vector<std::int64_t>> key_texts;  ///< a join looked up: 'None' and all texts of each key column
  EvalCounters counters;
  std::vector<Reject> rejects;  ///< by steps (cast)
};

/// One compiled step. Local; throws only for bugs and for job errors that need data (never for bad data).
class Op {
 public:
  virtual ~Op() = default;
  virtual void apply(Batch& batch, OpState& state) = 0;
  /// Whether the step makes many rows of one: then expand() stands for apply().
  virtual bool expands() const { return false; }
  /// Gives its result to `emit` in batches of a bounded size, in order.
  virtual void expand(Batch&, OpState&, const std::function<void(Batch&)>& /*emit*/) {}
  int step = -1;  ///< index in the job's steps; -1: settling at the table's end
};

/// A join with rows at hand: its operation, the columns it adds, and the left ones without any value that it took for
/// null of another type, which they have from then on.
struct JoinedColumns {
  std::unique_ptr<Op> op;
  Fields added;
  std::vector<bool> added_empty;  ///< an added column: without any value
  std::vector<std::pair<int, ValueType>> empties;
};

/// Compiles steps one after another. Use:
/// while (!done()) { for each slot of needs(): settle(slot, type); settling(); next(); }
class PipelineCompiler {
 public:
  struct Options {
    NullWords nulls;
    Macros macros;
    TimeZone zone;
    std::vector<NamedText> types;                 ///< declared types of input columns
    std::vector<std::string> absent;              ///< declared, not in the input: missing in every row
    std::set<std::string> valueless;              ///< fixed columns of the input that have no value in any row
    bool no_records = false;                      ///< `input` is what the steps name: none of it need stay
    std::string job_path;                         ///< for messages
    std::string job_text;                         ///< for carets
    std::function<std::string(int slot)> sample;  ///< a string value of a slot and its place, for messages
    /// Compiles the join at an index of `steps`; `empty`: columns without any value. Empty function: no join is there.
    std::function<JoinedColumns(int step, const Fields& left, const std::vector<bool>& empty)> join;
    /// Columns whose values the step at an index or one behind it reads; empty function or nothing: all.
    std::function<std::optional<std::vector<std::string>>(int step, const Fields& before)> reads;
  };

  /// `input`: the table's columns in order. `closed`: no further columns can appear.
  PipelineCompiler(const std::vector<StepSpec>& steps, std::vector<InputColumn> input, bool closed, Options options);
  ~PipelineCompiler();
  PipelineCompiler(PipelineCompiler&&) noexcept;

  bool done() const;
  /// Index of the step that next() compiles; steps.size() is the settling of what is left.
  int step() const;
  /// Slots that the next step settles and that need a type (not the fixed ones).
  std::vector<int> needs();
  /// `empty`: the column has no value at all; such a column is a string, but fits any expression as null.
  void settle(int slot, ColumnType type, bool empty = false);
  /// Slots that expressions took as null of another type because they are empty.
  const std::set<int>& empties_used() const;
  /// Operations that settle what the next step uses; next() does it if this was not called.
  std::vector<std::unique_ptr<Op>> settling();
  /// Operations of the next step: settling (if left), then the step. Errors: user Error with the step's place and a
  /// caret.
  std::vector<std::unique_ptr<Op>> next();
  /// Columns after the steps compiled so far; raw columns stand as strings.
  Fields fields() const;
  const std::vector<Slot>& slots() const;
  /// What the column of a slot that is not settled is called before the next step.
  const std::string& name_now(int slot) const;
  /// What the steps compiled so far renamed, by the names that stand now.
  const std::vector<RenamedColumn>& renames() const;
  /// Whether the last Error of next() can only be a mistake in the job (it does not depend on a guess).
  bool error_is_final() const;
  /// The column that the last Error of next() did not find; empty: it was about something else.
  const std::string& unknown_column() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// True for steps that need the number of rows before them over all splits (index, limit).
bool numbers_rows(const StepSpec& step);

/// The first step from which on rows no longer stand for records (explode, join), or the number of steps.
int first_step_off_records(const std::vector<StepSpec>& steps);

/// Whether `name` matches a pattern with * and ?.
bool glob_matches(std::string_view pattern, std::string_view name);
/// Whether a column is named by such a pattern.
inline bool is_glob(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

/// Makes a batch's columns those of `input`, in order; absent ones are missing in every row.
void align_columns(Batch& batch, const std::vector<InputColumn>& input);

/// The raw text of a row's record, and its reject. Without records: `line` is the row, `byte_offset` its source_offset.
Reject make_reject(const Batch& batch, std::int64_t row, std::string reason);

}  // namespace evclean
