// SPDX-License-Identifier: Apache-2.0
// The commands: each returns the exit code. Collective; only rank 0 prints.
#pragma once

#include <optional>
#include <string>

#include "evclean/comm.hpp"
#include "evclean/job.hpp"
#include "options.hpp"

namespace evclean::cli {

int run_command(const CommandLine& command, const Comm& comm);
int check_command(const CommandLine& command, const Comm& comm);
int preview_command(const CommandLine& command, const Comm& comm);
int explain_command(const CommandLine& command, const Comm& comm);
int test_command(const CommandLine& command, const Comm& comm);
int init_command(const CommandLine& command, const Comm& comm);
int functions_command(const CommandLine& command, const Comm& comm);
int formats_command(const CommandLine& command, const Comm& comm);
int plan_command(const CommandLine& command, const Comm& comm);

/// "evclean 0.1.0 (Open MPI …, HDF5 …, PCRE2 …, zstd …, Arrow …)".
std::string version_text();

/// Reads the job file on rank 0 and parses it on all ranks; prints all its problems. Errors: user Error when the file
/// cannot be read. Empty when it has problems (they have been printed). `needs_output`: a job without one is a problem.
std::optional<Job> read_job(const CommandLine& command, const Comm& comm, bool needs_output);
/// Parses the job file with its mistakes. Local. Errors: user Error when it cannot be read.
ParsedJob parse_job_here(const CommandLine& command);

}  // namespace evclean::cli
