// SPDX-License-Identifier: Apache-2.0
#include "left_behind.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

namespace evclean {
namespace {

/// A process as /proc has it; an empty name: there is none, or it has ended and nobody has asked how.
std::string name_of_process(const std::string& number) {
  std::ifstream file("/proc/" + number + "/stat");  // "7 (name) S ...": a name may hold any character
  const std::string stat{std::istreambuf_iterator<char>(file), {}};
  const std::size_t begin = stat.find('('), end = stat.rfind(')');
  if (begin == std::string::npos || end == std::string::npos || end + 2 >= stat.size()) return {};
  constexpr std::string_view kEnded = "ZXx";
  return kEnded.find(stat[end + 2]) == std::string_view::npos ? stat.substr(begin, end - begin) : std::string();
}

/// Whether the process in the last eight digits of a token is there, on this machine, and of the same name as this one:
/// its number may be another program's by now.
bool is_running(std::string_view token) {
  constexpr std::size_t kDigits = 8;
  const std::string_view digits = token.substr(token.size() - std::min(kDigits, token.size()));
  std::uint32_t process = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), process, 16).ec != std::errc()) return false;
  const std::string name = name_of_process(std::to_string(process));
  return !name.empty() && name == name_of_process("self");
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
