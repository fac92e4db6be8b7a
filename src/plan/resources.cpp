// SPDX-License-Identifier: Apache-2.0
#include "resources.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace evclean {
namespace {

constexpr std::int64_t kDefaultCap = std::int64_t{4} << 30;
constexpr long kTmpfsMagic = 0x01021994;
constexpr long kRamfsMagic = static_cast<long>(0x858458f6);

std::int64_t number_in(const std::string& path) {
  std::ifstream file(path);
  std::int64_t value = 0;
  return file >> value ? value : 0;  // "max" does not read: no limit
}

/// The limit of the cgroup this process is in, version 2 or 1; 0: none.
std::int64_t cgroup_limit() {
  std::ifstream groups("/proc/self/cgroup");
  std::int64_t limit = 0;
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    std::int64_t found = 0;
    if (controllers.empty()) found = number_in("/sys/fs/cgroup" + path + "/memory.max");
    if (controllers == "memory") found = number_in("/sys/fs/cgroup/memory" + path + "/memory.limit_in_bytes");
    if (found > 0 && found < (std::int64_t{1} << 50)) limit = limit == 0 ? found : std::min(limit, found);
  }
  return limit;
}

std::int64_t from_environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::strtoll(text, nullptr, 10);
}

std::int64_t ranks_here(const Comm& comm) {
  for (const char* name : {"OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_NTASKS_PER_NODE", "MPI_LOCALNRANKS"}) {
    if (const std::int64_t ranks = from_environment(name); ranks > 0) return ranks;
  }
  return comm.size();
}

bool in_memory(const std::string& folder) {
  struct statfs info {};
  return statfs(folder.c_str(), &info) == 0 && (info.f_type == kTmpfsMagic || info.f_type == kRamfsMagic);
}

std::string find_scratch(const std::string& named) {
  if (!named.empty()) {
    if (const std::string problem = scratch_problem(named); !problem.empty()) fail_user("{}", problem);
    return named;
  }
  std::string refused;
  for (const char* candidate : {std::getenv("SLURM_TMPDIR"), std::getenv("TMPDIR")}) {
    if (candidate == nullptr || *candidate == '\0' || access(candidate, W_OK | X_OK) != 0) continue;
    if (!in_memory(candidate)) return candidate;
    refused = candidate;
  }
  if (access("/var/tmp", W_OK | X_OK) == 0 && !in_memory("/var/tmp")) return "/var/tmp";
  fail_user("no scratch folder on disk{}: name one with resources.scratch",
            refused.empty() ? "" : fmt::format(" ('{}' is in memory)", refused));
}

}  // namespace

Resources find_resources(const ResourceSpec& spec, const Comm& comm) {
  Resources found;
  const std::int64_t ranks = std::max<std::int64_t>(1, ranks_here(comm));
  struct sysinfo machine {};
  sysinfo(&machine);
  const std::int64_t half = static_cast<std::int64_t>(machine.totalram) * machine.mem_unit / 2 / ranks;
  found.memory_bytes = std::min(half, kDefaultCap);
  found.memory_from = "machine";
  if (const std::int64_t limit = cgroup_limit(); limit > 0 && limit * 7 / 10 / ranks < found.memory_bytes) {
    found.memory_bytes = limit * 7 / 10 / ranks;
    found.memory_from = "cgroup";
  }
  const std::int64_t per_cpu =
      from_environment("SLURM_MEM_PER_CPU") * std::max<std::int64_t>(1, from_environment("SLURM_CPUS_PER_TASK"));
  const std::int64_t per_node = from_environment("SLURM_MEM_PER_NODE") / ranks;
  if (const std::int64_t slurm_mib = per_cpu > 0 ? per_cpu : per_node; slurm_mib > 0) {
    found.memory_bytes = (slurm_mib << 20) * 7 / 10;
    found.memory_from = "Slurm";
  }
  if (spec.memory_bytes > 0) {
    found.memory_bytes = spec.memory_bytes;
    found.memory_from = "resources.memory";
  }
  found.scratch = find_scratch(spec.scratch);
  return found;
}

std::string scratch_problem(const std::string& named) {
  struct stat info {};
  if (stat(named.c_str(), &info) != 0)
    return fmt::format("resources.scratch: '{}' is no folder that can be used: {}", named, std::strerror(errno));
  if (!S_ISDIR(info.st_mode)) return fmt::format("resources.scratch: '{}' is not a folder", named);
  if (access(named.c_str(), W_OK | X_OK) == 0) return {};
  return fmt::format("resources.scratch: '{}' is not a folder that can be written", named);
}

std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace evclean
