// SPDX-License-Identifier: Apache-2.0
#include "flat_yaml.hpp"

#include <fstream>
#include <sstream>

#include "evclean/error.hpp"

namespace evclean::functions {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

struct Place {
  std::string_view file;
  int line;

  [[noreturn]] void fail(std::string_view what) const { fail_user("{}:{}: {}", file, line, what); }
};

void expect_only_comment(std::string_view rest, const Place& place) {
  rest = trim(rest);
  if (!rest.empty() && rest.front() != '#') place.fail("text after the closing quote");
}

std::string single_quoted(std::string_view text, const Place& place) {
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != '\'') {
      value += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\'') {
      value += text[i++];
    } else {
      expect_only_comment(text.substr(i + 1), place);
      return value;
    }
  }
  place.fail("no closing quote on this line");
}

std::string double_quoted(std::string_view text, const Place& place) {
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      expect_only_comment(text.substr(i + 1), place);
      return value;
    }
    if (text[i] == '\\') {
      if (++i >= text.size() || (text[i] != '"' && text[i] != '\\')) place.fail("unknown escape in a quoted text");
    }
    value += text[i];
  }
  place.fail("no closing quote on this line");
}

std::string scalar(std::string_view text, const Place& place) {
  text = trim(text);
  if (text.empty()) return {};
  if (text.front() == '\'') return single_quoted(text, place);
  if (text.front() == '"') return double_quoted(text, place);
  if (std::string_view("[]{}&*!|>%@`").find(text.front()) != std::string_view::npos) place.fail("quote this value");
  return std::string(trim(text.substr(0, text.find(" #"))));
}

void add_field(FlatEntry& entry, std::string_view text, const Place& place) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) place.fail("expected `key: value`");
  entry.fields.emplace_back(trim(text.substr(0, colon)), scalar(text.substr(colon + 1), place));
}

void add_line(FlatYaml& yaml, std::string_view line, const Place& place) {
  const std::string_view text = trim(line);
  if (text.empty() || text.front() == '#') return;
  if (text.back() == ':' && line.front() == text.front() && text.front() != '-') {
    yaml.push_back({std::string(text.substr(0, text.size() - 1)), {}});
    return;
  }
  if (yaml.empty()) place.fail("expected the name of a section first");
  auto& entries = yaml.back().entries;
  if (text.starts_with("- ")) {
    entries.push_back({place.line, {}});
    add_field(entries.back(), trim(text.substr(2)), place);
    return;
  }
  if (entries.empty()) place.fail("expected a list item that begins with `- `");
  add_field(entries.back(), text, place);
}

}  // namespace

std::string_view FlatEntry::get(std::string_view key) const {
  for (const auto& [name, value] : fields) {
    if (name == key) return value;
  }
  return {};
}

FlatYaml parse_flat_yaml(std::string_view text, std::string_view file) {
  FlatYaml yaml;
  Place place{file, 0};
  while (!text.empty()) {
    ++place.line;
    const auto end = std::min(text.find('\n'), text.size());
    add_line(yaml, text.substr(0, end), place);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return yaml;
}

FlatYaml read_flat_yaml(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) fail_user("{}: cannot be read", path);
  return parse_flat_yaml(text.str(), path);
}

const std::vector<FlatEntry>& section(const FlatYaml& yaml, std::string_view name) {
  for (const auto& candidate : yaml) {
    if (candidate.name == name) return candidate.entries;
  }
  fail_user("no section `{}:` in the rules of user agents", name);
}

}  // namespace evclean::functions
