// SPDX-License-Identifier: Apache-2.0
// The commands: each returns the exit code. Only rank 0 prints.
#pragma once

#include <string>

#include "evclean/comm.hpp"
#include "options.hpp"

namespace evclean {

int run_command(const CommandLine& command, const Comm& comm);
int check_command(const CommandLine& command, const Comm& comm);
int preview_command(const CommandLine& command, const Comm& comm);
int test_command(const CommandLine& command, const Comm& comm);
int functions_command(const CommandLine& command, const Comm& comm);
int formats_command(const CommandLine& command, const Comm& comm);

/// "evclean 0.1.0 (Open MPI …, HDF5 …, PCRE2 …, zstd …, Arrow …)".
std::string version_text();

/// Reads the job file on rank 0 and parses it on all; prints all its problems. Collective.
/// Errors: user Error when the file cannot be read; empty optional when it has problems (they have been printed).
std::optional<Job> read_job(const CommandLine& command, const Comm& comm, bool needs_output);

}  // namespace evclean
