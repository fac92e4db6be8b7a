// SPDX-License-Identifier: Apache-2.0
// A job's tables in memory on this process alone, for a job's tests, previews and check.
#pragma once

#include <map>

#include "guess.hpp"
#include "table_steps.hpp"

namespace evclean {

/// Raw rows of a table as its input gives them.
struct LocalRows {
  TableInput input;  ///< its spec outlives the run
  std::vector<Batch> batches;
  std::vector<InputColumn> columns;
  bool lenient = false;                    ///< columns that steps name and no row has are missing instead of a mistake
  std::vector<Error>* forgiven = nullptr;  ///< takes what would have been such a mistake
};

/// A table behind its steps.
struct LocalResult {
  std::vector<Batch> batches;
  Fields fields;
  std::vector<Reject> rejects;  ///< by steps
  std::optional<EncodedTable> encoded = {};
  bool nameless = false;  ///< it met a table without rows whose columns nobody wrote down
};

class LocalTables {
 public:
  /// `load` gives the rows of a table that steps or queries read, by its spec; called once a table.
  /// `heads`: they are its first rows, so that lengths and dates that nothing decides are no mistake of the job.
  /// `forgiving`: a table whose own steps have a mistake is read as it stands before them (check tells of it apart).
  LocalTables(const Job& job, std::function<LocalRows(const TableSpec&)> load, bool heads, bool forgiving = false);

  /// Runs the first `steps` steps of a table (-1: all). Errors: user Error of a step that does not compile or run.
  LocalResult run(const TableSpec& spec, LocalRows rows, int steps = -1);
  /// A table made by a query, behind its steps; `forgiving`: before them when they have a mistake.
  LocalResult run_query_table(const TableSpec& spec, bool forgiving = false);
  /// The plan of a query; `here`: the table of `spec` as it stands before the step. Errors: user Error with its place.
  std::string explain(const TableSpec& spec, const Text& query, const LocalResult* here = nullptr);
  const QueryReport& report() const { return report_; }

  /// A table of the job, behind its steps; made once.
  DatasetPtr other(const std::string& name);

 private:
  LocalResult make(const TableSpec& spec);
  DatasetPtr stage(const std::vector<Batch>& batches, const Fields& fields) const;
  LocalResult run_pieces(const TableSpec& spec, DatasetPtr data, const NullWords& nulls, std::size_t at,
                         std::size_t end, LocalResult result);
  DatasetPtr query(const TableSpec& spec);
  /// Steps [begin, end) over rows, and of their columns what the steps behind them read.
  Stepwise run_piece(const TableSpec& spec, std::size_t begin, std::size_t end, LocalRows rows);

  const Job& job_;
  std::function<LocalRows(const TableSpec&)> load_;
  bool heads_, forgiving_;
  Comm comm_;
  Workspace workspace_;
  QueryReport report_;
  std::map<std::string, DatasetPtr> made_;
  std::vector<std::string> making_;
};

/// Rows and columns of a dataset of one process.
std::vector<Batch> batches_of(const Dataset& data);

}  // namespace evclean
