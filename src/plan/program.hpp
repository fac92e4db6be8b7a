// SPDX-License-Identifier: Apache-2.0
// A table's steps compiled against a guess of everything that only the whole data can tell: which columns there are,
// their types, and how many rows come before each split at steps that number rows.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "table_input.hpp"

namespace evclean {

struct Guess {
  std::vector<InputColumn> input;
  bool no_records = false;                                  ///< no column is known: `input` is what the steps name
  std::map<std::pair<int, std::string>, ColumnType> types;  ///< (step that introduced the column, its name)
  std::set<std::pair<int, std::string>> empty;              ///< columns in which no value was seen
  std::map<int, std::vector<std::int64_t>> row_bases;       ///< a numbering step: rows before each split

  /// Lines of the file before each segment of each split; empty: not known yet (see `source: true`).
  std::vector<std::vector<std::int64_t>> line_bases;

  ColumnType type_of(const Slot& slot) const;
  /// Takes a column that a step names as one without values. False: it is there already, so a step before removed it.
  bool admit_column(const std::string& name);
};

struct Program {
  std::vector<std::unique_ptr<Op>> ops;
  Fields fields;
  std::vector<Slot> slots;
  std::vector<RenamedColumn> renames;
  std::map<int, int> settled_at;  ///< slot -> step that settles it (number of steps: the end)
  std::set<std::string> open;     ///< columns that the end settles: no step did
  bool complete = false;          ///< false: stops before a step
  int stop_step = -1;             ///< that step
  bool counts_rows = false;       ///< it numbers rows, and their numbers are not known yet
  std::optional<Error> error;     ///< or it does not compile under this guess
  std::string unknown;            ///< the column that the error did not find
  std::set<int> empties_used;     ///< slots that had to be empty
  bool error_is_final = false;    ///< whatever the data
};

/// Compiles as far as the guess allows. Local, the same on every rank. Never throws for mistakes in the job: see
/// `error`.
Program compile(const TableInput& input, const Guess& guess, const std::function<std::string(int slot)>& sample = {});

/// Corrects a guess by the evidence of a pass under it. True when nothing had to change up to `stop_step` (or the end).
/// Errors: user Error for columns whose dates are ambiguous, all of the first such step at once.
bool correct(const TableInput& input, const Program& program, const std::vector<Evidence>& evidence, Guess& guess);

/// Whether `types:` names a column: one that no record has is missing in every row once a step names it.
bool is_declared(const TableInput& input, const std::string& column);

/// The lines about a column whose dates can be read in two ways: values, places, and what to write.
std::string two_readings(const TableInput& input, const std::string& name, const Evidence& evidence);
/// Errors: user Error with such lines, if there are any.
void refuse_two_readings(const std::string& lines);

/// Whether no value was seen (missing ones do not count).
bool has_no_value(const Evidence& evidence);

/// A text value of a slot and its place, for messages: 'abc' at f.log:17; empty when the slot has none.
std::string shown_text_value(const TableInput& input, const std::vector<Evidence>& evidence, int slot);

/// Runs operations over a batch, counting rows in and out of steps. `emit` gets what comes out, in order: several
/// batches behind explode, none when no row is left. `off_records` is called once, with the batch as it reaches the
/// step from which on rows no longer stand for records (or the end).
void run_ops(const std::vector<std::unique_ptr<Op>>& ops, const std::vector<StepSpec>& steps, Batch& batch,
             OpState& state, const std::function<void(const Batch&)>& off_records,
             const std::function<void(Batch&)>& emit);

/// Room in a state for the counts of a job's steps.
void make_step_counts(const std::vector<StepSpec>& steps, OpState& state);

/// A fresh state for a program.
OpState make_state(const TableInput& input, const Program& program);

}  // namespace evclean
