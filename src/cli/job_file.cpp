// SPDX-License-Identifier: Apache-2.0
// The job file, and the files that it uses: read by the first rank, parsed by all.
#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <map>
#include <vector>

#include "commands.hpp"
#include "evclean/engine.hpp"
#include "standard_streams.hpp"

namespace evclean::cli {
namespace {

constexpr std::size_t kMaxJobBytes = 16 << 20;

std::string file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail_user("cannot read the job file '{}': {}", path, std::strerror(errno));
  std::string bytes;
  std::vector<char> piece(1 << 16);
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0) {
    bytes.append(piece.data(), static_cast<std::size_t>(file.gcount()));
    if (bytes.size() > kMaxJobBytes) fail_user("'{}' is larger than {} MiB: not a job file", path, kMaxJobBytes >> 20);
  }
  if (file.bad() || !file.eof()) fail_user("cannot read the job file '{}' (is it a folder?)", path);
  return bytes;
}

std::optional<std::string> piece_bytes(const std::string& path) {
  try {
    return file_bytes(path);
  } catch (const Error&) {
    return std::nullopt;  // said at the place that names it
  }
}

using Files = std::map<std::string, std::string>;

/// "4 path5 bytes…": lengths in front.
std::string packed(const Files& files) {
  std::string out;
  for (const auto& [path, bytes] : files) out += fmt::format("{} {}{} {}", path.size(), path, bytes.size(), bytes);
  return out;
}

Files unpacked(const std::string& bytes) {
  Files files;
  std::size_t at = 0;
  const auto next = [&] {
    const std::size_t blank = bytes.find(' ', at);
    const std::size_t size = std::stoull(bytes.substr(at, blank - at));
    at = blank + 1 + size;
    return bytes.substr(blank + 1, size);
  };
  while (at < bytes.size()) {
    std::string path = next();
    files[std::move(path)] = next();
  }
  return files;
}

/// The files that the job uses. On the first rank; a job that says nothing of it is not parsed for that.
Files used_files(const CommandLine& command, const std::string& bytes) {
  Files files;
  if (bytes.find("use") == std::string::npos) return files;
  (void)parse_job(command.job, bytes, command.sets, [&](const std::string& path) {
    auto text = piece_bytes(path);
    if (text) files[path] = *text;
    return text;
  });
  return files;
}

bool about_missing_output(const JobProblem& problem) { return problem.message.rfind("the job has no output", 0) == 0; }

}  // namespace

std::optional<Job> read_job(const CommandLine& command, const Comm& comm, bool needs_output) {
  std::string bytes, others;
  comm.agree([&] {
    if (!comm.is_root()) return;
    bytes = file_bytes(command.job);
    others = packed(used_files(command, bytes));
  });
  bytes = comm.broadcast(std::move(bytes));
  const Files files = unpacked(comm.broadcast(std::move(others)));
  ParsedJob parsed = parse_job(command.job, bytes, command.sets, [&](const std::string& path) {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional<std::string>(found->second);
  });
  if (!needs_output) std::erase_if(parsed.problems, about_missing_output);
  if (parsed.problems.empty()) parsed.problems = function_problems(parsed.job);
  if (parsed.problems.empty()) return std::move(parsed.job);
  if (comm.is_root()) speak(stderr, show_problems(command.job, parsed.problems));
  return std::nullopt;
}

ParsedJob parse_job_here(const CommandLine& command) {
  return parse_job(command.job, file_bytes(command.job), command.sets, piece_bytes);
}

}  // namespace evclean::cli
