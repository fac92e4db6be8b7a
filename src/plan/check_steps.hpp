// SPDX-License-Identifier: Apache-2.0
// What is wrong with a table's steps: each step on its own, and a step that has a mistake part by part.
#pragma once

#include <functional>
#include <set>

#include "local_table.hpp"

namespace evclean {

/// Takes "job.yml:12:7: " off a message that has its place in front.
JobProblem located_problem(const Job& job, const Error& error, JobPlace otherwise);

/// What it means when a step names a column that the rows at hand do not have.
enum class UnknownColumn {
  kMistake,  ///< all columns are known
  kNote,     ///< rows that check does not read may have it
  kMissing   ///< there are no rows
};

class StepChecker {
 public:
  /// `run` takes a table's first rows through the steps that it is given, and gives the columns then. `right`: a table
  /// that a join reads. Both throw a user Error.
  StepChecker(const Job& job, std::vector<JobProblem>& problems, std::function<Fields(const TableSpec&)> run,
              std::function<DatasetPtr(const std::string&)> right, UnknownColumn unknown = UnknownColumn::kMistake);

  /// One mistake does not hide the next: what is good of a step stays, what a bad one would have made is not missed.
  void check(const TableSpec& spec);
  /// Columns that steps name and rows behind those that were read may have.
  const std::vector<JobProblem>& unknown_columns() const { return unknown_columns_; }

 private:
  void close_columns(const StepSpec& step);
  bool passes(const StepSpec& step, bool keep);
  void check_parts(const StepSpec& step);
  void check_join(const StepSpec& step, const JoinStep& join);
  void check_join_columns(const StepSpec& step, const JoinStep& join, const Fields& left, const Fields& right);
  void note(const Error& error, JobPlace place);
  bool is_muted(const std::string& message) const;
  void doubt(const StepSpec& step);

  const Job& job_;
  std::vector<JobProblem>& problems_;
  std::function<Fields(const TableSpec&)> run_;
  std::function<DatasetPtr(const std::string&)> right_;
  UnknownColumn unknown_;
  std::vector<JobProblem> unknown_columns_;
  TableSpec partial_;
  std::set<std::string> doubtful_;  ///< columns that a step with a mistake would have made
  bool all_doubtful_ = false;       ///< nobody knows which
  std::optional<Error> last_;       ///< what did not pass last
};

}  // namespace evclean
