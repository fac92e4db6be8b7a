// SPDX-License-Identifier: Apache-2.0
#include "profile_file.hpp"

#include <cstdlib>
#include <fstream>
#include <string_view>

namespace evclean::s3 {
namespace {

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

/// "[profile x]" of config, "[x]" of credentials; empty for sections that are no profiles.
std::string profile_of_section(const std::string& line, bool is_config) {
  const std::string name = trimmed(std::string_view(line).substr(1, line.find(']') - 1));
  if (!is_config || name == "default") return name;
  if (!name.starts_with("profile")) return {};
  std::string rest = trimmed(std::string_view(name).substr(7));
  if (rest.size() >= 2 && (rest.front() == '"' || rest.front() == '\'') && rest.back() == rest.front()) {
    rest = rest.substr(1, rest.size() - 2);
  }
  return rest;
}

void read_file(const std::string& path, bool is_config, Profiles& profiles) {
  profiles.files.push_back(path);
  std::ifstream file(path);
  Profile* profile = nullptr;
  std::string parent;
  for (std::string line; std::getline(file, line);) {
    const std::string text = trimmed(line);
    if (text.empty() || text[0] == '#' || text[0] == ';') continue;
    if (text[0] == '[') {
      const std::string name = profile_of_section(text, is_config);
      profile = name.empty() ? nullptr : &profiles.by_name[name];
      parent.clear();
      continue;
    }
    const std::size_t equals = text.find('=');
    if (profile == nullptr || equals == std::string::npos) continue;
    const std::string key = trimmed(std::string_view(text).substr(0, equals));
    std::string value = trimmed(std::string_view(text).substr(equals + 1));
    const bool indented = line[0] == ' ' || line[0] == '\t';
    if (const std::size_t comment = value.find(" #"); comment != std::string::npos)
      value = trimmed(value.substr(0, comment));
    if (!indented) parent = value.empty() ? key : "";
    (*profile)[indented && !parent.empty() ? parent + "." + key : key] = value;
  }
}

std::string file_name(const char* variable, const char* below_home) {
  std::string named = environment(variable);
  if (named.starts_with("~/")) named = environment("HOME") + named.substr(1);
  return named.empty() ? environment("HOME") + below_home : named;
}

}  // namespace

const Profile* Profiles::find(const std::string& name) const {
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : &found->second;
}

Profiles read_profiles() {
  Profiles profiles;
  read_file(file_name("AWS_CONFIG_FILE", "/.aws/config"), true, profiles);
  read_file(file_name("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"), false, profiles);
  return profiles;
}

std::string default_profile() {
  for (const char* name : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (std::string value = environment(name); !value.empty()) return value;
  }
  return "default";
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace evclean::s3
