// SPDX-License-Identifier: Apache-2.0
#include "evclean/path_problem.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <climits>

#include "evclean/suggest.hpp"

namespace evclean {
namespace {

bool is_scheme(std::string_view word) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '.' || c == '-'; };
  return !word.empty() && std::isalpha(static_cast<unsigned char>(word[0])) != 0 &&
         std::all_of(word.begin(), word.end(), fits);
}

/// What a file must not take the place of. /dev/stdout is a link, to a file where output is redirected.
bool is_device(const std::string& path) {
  struct stat status;
  if (path.starts_with("/dev/") && path.find('/', 5) == std::string::npos) return true;
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

}  // namespace

std::string path_problem(std::string_view path) {
  const std::string shown = printable(path, 100);
  if (path.starts_with("~/"))
    return fmt::format("'{}': ~ is not expanded here; write the whole path, or ${{HOME}}{}", shown, shown.substr(1));
  const std::size_t colon = path.find(":/");
  if (colon == std::string_view::npos || path.starts_with("s3://") || !is_scheme(path.substr(0, colon))) return {};
  std::string scheme(path.substr(0, colon));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::string rest = printable(path.substr(std::min(path.find_first_not_of('/', colon + 1), path.size())), 100);
  if (scheme == "s3" || scheme == "s3a" || scheme == "s3n")
    return fmt::format("'{}' is not known here; write s3://{}", shown, rest);
  if (scheme == "file") return fmt::format("'{}' is a URL; write the path alone: /{}", shown, rest);
  return fmt::format(
      "'{}': paths on {}: are not available yet; write a path of the file system or s3://… (a local "
      "folder of that name is ./{})",
      shown, scheme, shown);
}

std::string file_name_problem(std::string_view path) {
  const std::size_t bytes = path.size() - (path.rfind('/') + 1);
  if (bytes > NAME_MAX) return fmt::format("its name has {} bytes, and {} are the most", bytes, NAME_MAX);
  return is_device(std::string(path)) ? "it is a device or a pipe, and what is written is a file of its own" : "";
}

}  // namespace evclean
