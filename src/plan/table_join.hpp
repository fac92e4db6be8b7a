// SPDX-License-Identifier: Apache-2.0
// The join step: its columns and names, from words to positions.
#pragma once

#include "table_steps.hpp"

namespace evclean {

/// Positions and names of a join between two sides' columns. Errors: user Error with the step's place.
JoinSpec join_spec(const JoinStep& join_step, const StepSpec& step, const Fields& left, const Fields& right,
                   const std::string& job_path);
/// Columns of the right side that the result carries, whatever the left side's are.
std::vector<int> join_payload(const JoinStep& join_step, const Fields& right);
/// Names of the columns that it reads of the right side; nothing: one that it names is not there.
std::optional<std::vector<std::string>> joined_columns(const JoinStep& join_step, const Fields& right);
/// Gives the Error that a join throws for a place in the job file.
Error join_error(const std::string& job_path, JobPlace place, const std::string& what);

/// Whether it would bring columns of a table without rows that nobody wrote down.
bool brings_unknown_columns(const JoinStep& join_step, const Dataset& right);

/// Collective. A side without any row has whatever columns the step names, all missing.
DatasetPtr run_join(const JoinStep& join_step, const StepSpec& step, DatasetPtr left, DatasetPtr right,
                    const TableStepContext& context, OperatorReport& report);

}  // namespace evclean
