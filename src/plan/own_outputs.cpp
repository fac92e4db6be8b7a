// SPDX-License-Identifier: Apache-2.0
// An input that matches an output would be read while it is written, or the next time. What a run writes over nobody
// else's file: not the job, not an input, not what it writes elsewhere.
#include <filesystem>

#include "evclean/engine.hpp"
#include "table_input.hpp"

namespace evclean {
namespace {

namespace fs = std::filesystem;

std::string whole_path(const std::string& path, const std::string& base) {
  if (is_s3_path(path)) return path;
  std::error_code ignored;
  const fs::path full = fs::path(path).is_absolute() || base.empty() ? fs::path(path) : fs::path(base) / path;
  const fs::path canonical = fs::weakly_canonical(fs::absolute(full, ignored), ignored);
  return canonical.empty() ? full.string() : canonical.string();
}

/// A pattern from the root on, links resolved in the folders before its first wildcard.
std::string whole_pattern(const std::string& pattern, const std::string& base) {
  fs::path fixed, rest;
  for (const fs::path& name : fs::absolute(fs::path(base) / pattern).lexically_normal()) {
    fs::path& side = rest.empty() && !has_wildcard(name.native()) ? fixed : rest;
    side /= name;
  }
  return (fs::path(whole_path(fixed.string(), "")) / rest).string();
}

/// Whether an input path as written covers the output: the file itself, a folder above it, or a glob; of a list of
/// paths only the list.
bool covers(const std::string& input, const std::string& base, const std::string& output) {
  if (input.starts_with('@')) return whole_path(input.substr(1), base) == output;
  if (input.empty() || is_s3_path(input) != is_s3_path(output)) return false;
  if (is_s3_path(input)) return reads_path(input, output);
  std::error_code ignored;
  const std::string whole = whole_path(input, base);
  if (output == whole) return true;
  if (has_wildcard(input)) return reads_path(whole_pattern(input, base), output);
  return fs::is_directory(whole, ignored) && reads_path(whole, output);
}

/// A file that the job writes.
struct Target {
  std::string what;
  std::string shown;
  std::string whole;
  std::string set;  ///< the whole path without number and partition: an overwriting run replaces all files of it
};

std::vector<Target> targets_of(const Job& job) {
  std::vector<Target> targets;
  for (const OutputSpec& output : job.outputs) {
    const std::string set = whole_path(output_base(output), "");
    for (const std::string& file : output_files(output))
      targets.push_back({"the output", file, whole_path(file, ""), set});
  }
  for (const TableSpec& table : job.tables) {
    if (!table.input || table.input->rejects.path.empty()) continue;
    const std::string& path = table.input->rejects.path;
    targets.push_back({"rejects.path", path, whole_path(path, ""), whole_path(path, "")});
  }
  return targets;
}

}  // namespace

void refuse_own_outputs(const TableInput& input) {
  const Job& job = *input.job;
  for (const Target& target : targets_of(job)) {
    if (target.whole == whole_path(job.path, "")) fail_user("{} '{}' is the job file", target.what, target.shown);
    for (const Text& given : input.spec->input->paths) {
      if (!covers(given.value, job.base_dir, target.whole)) continue;
      fail_user("{}: input '{}' matches {} '{}': write it into another folder, or narrow the input",
                given.place.in(job.path), given.value, target.what, target.shown);
    }
  }
}

void refuse_listed_outputs(const TableInput& input) {
  const auto name_of = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
  for (const Target& target : targets_of(*input.job)) {
    for (const InputFile& file : input.files) {
      if (!is_in_output_set(name_of(file.path), name_of(target.set))) continue;  // looks at no disk
      const std::string whole = whole_path(file.path, "");
      if (whole == target.whole) {
        fail_user("input '{}' is {} '{}': write it into another folder, or leave it out", file.shown, target.what,
                  target.shown);
      }
      if (is_in_output_set(whole, target.set)) {
        fail_user(
            "input '{}' has the name of a file of {} '{}', whose run replaces all of them: write it into another "
            "folder, or under another name",
            file.shown, target.what, target.shown);
      }
    }
  }
}

void refuse_report(const Job& job, const std::string& path) {
  const std::string whole = whole_path(path, "");
  if (whole == whole_path(job.path, "")) fail_user("--report {}: that is the job file", path);
  for (const Target& target : targets_of(job)) {
    if (target.whole == whole) fail_user("--report {}: that is {} '{}'", path, target.what, target.shown);
  }
  std::error_code ignored;
  const bool there = is_s3_path(path) || fs::exists(whole, ignored);
  for (const TableSpec& table : job.tables) {
    if (!table.input || !there) continue;
    if (!table.input->only_new.empty() && whole_path(table.input->only_new, "") == whole)
      fail_user("--report {}: that is the state of only_new", path);
    for (const Text& given : table.input->paths) {
      if (covers(given.value, job.base_dir, whole)) fail_user("--report {}: input '{}' reads it", path, given.value);
    }
  }
}

}  // namespace evclean
