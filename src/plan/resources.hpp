// SPDX-License-Identifier: Apache-2.0
// Memory and scratch space of a rank: the job's word, else what Slurm, the cgroup or the machine allows.
#pragma once

#include <string>

#include "evclean/comm.hpp"
#include "evclean/job.hpp"

namespace evclean {

struct Resources {
  std::int64_t memory_bytes = 0;  ///< per rank
  std::string memory_from;        ///< "resources.memory", "Slurm", "cgroup", "machine"
  std::string scratch;            ///< an existing folder on disk
};

/// Errors: user Error for a scratch folder that is not there, not writable, or in memory without being named in the
/// job.
Resources find_resources(const ResourceSpec& spec, const Comm& comm);

/// What is wrong with a scratch folder that the job names, for people; empty: nothing. Local.
std::string scratch_problem(const std::string& named);

/// Peak resident memory of this process so far.
std::int64_t peak_memory_bytes();

}  // namespace evclean
