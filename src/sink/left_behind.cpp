// SPDX-License-Identifier: Apache-2.0
#include "left_behind.hpp"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <set>

namespace evclean {
namespace {

/// Whether the process in the last eight digits of a token is there, on this machine. A number that another process has
/// by now keeps a file for longer than it has to be.
bool is_running(std::string_view token) {
  constexpr std::size_t kDigits = 8;
  const std::string_view digits = token.substr(token.size() - std::min(kDigits, token.size()));
  std::int32_t process = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), process, 16).ec != std::errc() || process <= 0)
    return false;
  return ::kill(process, 0) == 0 || errno == EPERM;
}

}  // namespace

std::vector<std::string> left_behind(const std::vector<std::string>& hidden_paths, std::string_view token,
                                     std::filesystem::file_time_type before) {
  std::map<std::string, std::set<std::string>> stems;  // names without token, by folder
  for (const std::string& path : hidden_paths) {
    if (!path.ends_with(token)) continue;
    const std::filesystem::path stem = path.substr(0, path.size() - token.size());
    stems[stem.parent_path().empty() ? "." : stem.parent_path().string()].insert(stem.filename().string());
  }
  std::vector<std::string> left;
  for (const auto& [folder, names] : stems) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
      const std::string name = entry.path().filename().string();
      if (name.size() <= token.size() || name.ends_with(token)) continue;
      if (names.count(name.substr(0, name.size() - token.size())) == 0) continue;
      if (is_running(name.substr(name.size() - token.size()))) continue;
      if (entry.is_regular_file(ignored) && entry.last_write_time(ignored) < before)
        left.push_back(entry.path().string());
    }
  }
  return left;
}

}  // namespace evclean
