// SPDX-License-Identifier: Apache-2.0
// A first guess of columns and types from some blocks of several files: cheap, usually right, always checked by the
// pass.
#pragma once

#include "evclean/comm.hpp"
#include "program.hpp"

namespace evclean {

/// Rows in memory taken through the steps one step at a time, each column settled by all of them: for the guess, for
/// previews and for a job's tests.
struct Stepwise {
  std::vector<Batch> batches;      ///< in: raw; out: after the steps
  std::vector<Evidence> evidence;  ///< a slot
  Guess guess;                     ///< in: input columns; out: also types
  Program program;                 ///< as far as it compiled
  OpState state;
  std::vector<std::string> absent;  ///< out: columns of `types:` that no row has and a step names
  std::vector<Reject> rejects;
  bool whole = false;  ///< all there is (tests): explode makes all its rows, dates that nothing decides are a mistake
  bool lenient =
      false;  ///< a column that no row has is missing in all of them instead of a mistake (tests, no records)
  std::vector<Error>* forgiven = nullptr;  ///< takes what would have been such a mistake

  /// Runs the steps. Local. `strict`: throws the Error of a step that does not compile (else: see program.error).
  void run(const TableInput& input, bool strict);

 private:
  bool admit_unknown(const TableInput& input, const Error& error);
  void apply_to_all(Op& op);
  void run_once(const TableInput& input, bool strict);
};

/// Columns of a dataset as an input has them, without origins.
std::vector<InputColumn> dataset_columns(const TableInput& input);

/// Some records of several files (a dataset, inline rows) taken through the steps as far as they compile. `rejects`
/// (out) may be null. Local.
Stepwise sample_table(const TableInput& input, std::vector<Reject>* rejects);

/// Samples and guesses on rank 0 and tells all. Collective.
Guess first_guess(const TableInput& input, const Comm& comm);

/// All that a pass under it depends on, as bytes.
std::string guess_bytes(const Guess& guess);

/// Adds the columns that heads of further files show to those of the first rows; small inputs are read to their end.
/// False: there may be others where nobody looked. Local.
bool find_more_columns(const TableInput& input, std::vector<InputColumn>& columns);

/// Raw batches of the first `records` records or so (inline tables: all rows), with the columns in order of appearance.
/// `rejects` may be null.
std::vector<Batch> first_batches(const TableInput& input, std::int64_t records, std::vector<InputColumn>& columns,
                                 std::vector<Reject>* rejects);

}  // namespace evclean
