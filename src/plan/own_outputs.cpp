// SPDX-License-Identifier: Apache-2.0
// An input that matches an output would be read while it is written, or the next time.
#include <fnmatch.h>

#include <filesystem>

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

bool has_glob(const std::string& path) { return path.find_first_of("*?[") != std::string::npos; }

/// The same on S3, where a path is its text.
bool covers_object(const std::string& input, const std::string& output) {
  if (input == output) return true;
  const std::string folder = input.ends_with('/') ? input : input + "/";
  if (!has_glob(input)) return output.starts_with(folder);
  const int flags = input.find("**") == std::string::npos ? FNM_PATHNAME : 0;
  return fnmatch(input.c_str(), output.c_str(), flags | FNM_PERIOD) == 0;
}

/// Whether an input path as written covers the output: the file itself, a folder above it, or a glob.
bool covers(const std::string& input, const std::string& base, const std::string& output) {
  if (input.empty() || input[0] == '@' || is_s3_path(input) != is_s3_path(output)) return false;
  if (is_s3_path(input)) return covers_object(input, output);
  if (!has_glob(input)) {
    std::error_code ignored;
    const std::string whole = whole_path(input, base);
    return output == whole || (fs::is_directory(whole, ignored) && output.rfind(whole + "/", 0) == 0);
  }
  const fs::path pattern =
      fs::path(input).is_absolute() ? fs::path(input) : fs::absolute(fs::path(base.empty() ? "." : base)) / input;
  const int flags = input.find("**") == std::string::npos ? FNM_PATHNAME : 0;
  return fnmatch(pattern.lexically_normal().c_str(), output.c_str(), flags | FNM_PERIOD) == 0;
}

}  // namespace

void refuse_own_outputs(const TableInput& input) {
  for (const OutputSpec& output : input.job->outputs) {
    for (const std::string& file : output_files(output)) {
      const std::string path = whole_path(file, "");
      for (const Text& given : input.spec->input->paths) {
        if (!covers(given.value, input.job->base_dir, path)) continue;
        fail_user("{}:{}:{}: input '{}' matches the output '{}': write it into another folder, or narrow the input",
                  input.job->path, given.place.line, given.place.column, given.value, file);
      }
    }
  }
}

}  // namespace evclean
