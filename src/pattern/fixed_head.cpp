// SPDX-License-Identifier: Apache-2.0
#include "fixed_head.hpp"

namespace evclean {
namespace {

constexpr std::string_view kSpecial = R"re(\^$.[|()?*+{)re";

/// Behind "(": a group that changes no option and is no verb.
bool is_plain_group(std::string_view rest) {
  if (!rest.starts_with('?')) return !rest.starts_with('*');
  rest.remove_prefix(1);
  if (rest.starts_with('P')) rest.remove_prefix(1);
  return rest.starts_with(':') || (rest.starts_with('<') && !rest.starts_with("<=") && !rest.starts_with("<!"));
}

/// Whether nothing in the pattern could make its head a mere alternative, or its letters mean others: no | outside
/// groups, no options, no quoting, no classes that are hard to read.
bool is_plain(std::string_view pattern) {
  int depth = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '|' && depth == 0) return false;
    if (c == ')' && --depth < 0) return false;
    if (c == '(' && (++depth, !is_plain_group(pattern.substr(i + 1)))) return false;
    if (c == '\\' && (++i == pattern.size() || pattern[i] == 'Q' || pattern[i] == 'E')) return false;
    if (c != '[') continue;
    // A class: up to the first ] that is not its first member; a [ in it may begin a name.
    std::size_t end = i + 1;
    if (end < pattern.size() && pattern[end] == '^') ++end;
    if (end < pattern.size() && pattern[end] == ']') return false;
    for (; end < pattern.size() && pattern[end] != ']'; ++end) {
      if (pattern[end] == '[') return false;
      if (pattern[end] != '\\') continue;
      if (++end == pattern.size() || pattern[end] == 'Q' || pattern[end] == 'E') return false;
    }
    i = end;
  }
  return depth == 0;
}

bool is_optional_behind(std::string_view rest) {
  return !rest.empty() && (rest.front() == '?' || rest.front() == '*' || rest.front() == '{');
}

}  // namespace

std::string fixed_head(std::string_view pattern) {
  if (!pattern.starts_with('^') || !is_plain(pattern)) return {};
  std::string head;
  pattern.remove_prefix(1);
  while (!pattern.empty()) {
    char c = pattern.front();
    std::size_t taken = 1;
    if (c == '\\') {  // of a punctuation mark: the mark itself
      const char next = pattern[1];
      const bool is_mark =
          next > ' ' && next < 127 && !(next >= '0' && next <= '9') && !((next | 0x20) >= 'a' && (next | 0x20) <= 'z');
      if (!is_mark) break;
      c = next;
      taken = 2;
    } else if (kSpecial.find(c) != std::string_view::npos) {
      break;
    }
    // A quantifier would take a whole character: those of several bytes end the head.
    if (static_cast<unsigned char>(c) >= 0x80 || is_optional_behind(pattern.substr(taken))) break;
    head += c;
    pattern.remove_prefix(taken);
  }
  return head;
}

}  // namespace evclean
