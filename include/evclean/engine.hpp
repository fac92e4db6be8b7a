// SPDX-License-Identifier: Apache-2.0
// Running a job: the front that the commands call.
#pragma once

#include <string>
#include <vector>

#include "evclean/comm.hpp"
#include "evclean/job.hpp"
#include "evclean/report.hpp"

namespace evclean {

struct RunOptions {
  bool overwrite = false;
  std::int64_t limit = -1;
  ProgressMode progress = ProgressMode::kAuto;
  std::string replay = {};          ///< a reject file whose records alone are read; empty: everything
  std::string replayed_table = {};  ///< set by run_job
  bool resume = false;              ///< keep what is done, and go on from what an earlier run has kept
  bool digests = false;             ///< SHA-256 of the outputs, for the report
};

/// Runs the job: all tables that outputs name, then publishes everything at once. Collective; the same report on rank 0
/// (elsewhere only the exit code is meaningful). Errors: Error on all ranks; nothing is left behind then.
RunReport run_job(const Job& job, const RunOptions& options, const Comm& comm);

/// Whether a run that ended like this may end well another time, so that --resume keeps what it has done. Local.
bool may_pass(ExitCode code);
/// Where --resume keeps it, in the working directory. Local.
std::string resume_folder(const Job& job);

/// Errors: user Error when the report would take the place of the job file, of an input that is there, or of something
/// else that the job writes. Local.
void refuse_report(const Job& job, const std::string& path);

/// A commented job file for files as they are: format, columns, types, what was odd. It runs as it is. `encoding`: of
/// files without a mark; kAuto: guessed. Local. Errors: user Error for files that cannot be read or are no text.
std::string init_job(const std::vector<std::string>& files, Encoding encoding = Encoding::kAuto);

/// Checks what can be checked without reading data beyond the heads of some files: patterns, expressions, columns where
/// known, outputs. All problems, with places; `notes`: what may be one, for people. Local.
std::vector<JobProblem> check_job(const Job& job, std::vector<std::string>& notes);

/// What is wrong with the job's `functions:`, used or not.
std::vector<JobProblem> function_problems(const Job& job);

/// Input keys that do nothing with the format that the job names, each with the place of its input. Local.
std::vector<std::string> idle_key_notes(const Job& job);

/// What the job's identities may do in each of its buckets, as a table for people. Local; asks S3.
struct S3Access {
  std::string table;
  bool allowed = true;  ///< everything that the job needs
};
S3Access check_s3(const Job& job);

/// The first rows before and after the steps, as text with types. Local; reads only as much as it needs.
std::string preview_job(const Job& job, std::int64_t rows);

/// The plan: what each rank reads, what runs while reading, where rows or keys are exchanged and why, with sizes
/// estimated from the first records. Local. Errors: user Error for a mistake in a step.
std::string explain_job(const Job& job, int ranks);

/// One result of `evclean test`.
struct JobTestResult {
  std::string name;
  bool passed = false;
  std::string difference;  ///< lines for people
};
std::vector<JobTestResult> run_job_tests(const Job& job);

}  // namespace evclean
