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

/// Behind a backslash it stands for itself.
bool is_mark(char c) {
  const char small = static_cast<char>(c | 0x20);
  return c > ' ' && c < 127 && (c < '0' || c > '9') && (small < 'a' || small > 'z');
}

bool is_optional_behind(std::string_view rest) {
  return !rest.empty() && (rest.front() == '?' || rest.front() == '*' || rest.front() == '{');
}

}  // namespace

namespace {

/// Takes literal characters off the pattern.
std::string take_head(std::string_view& pattern) {
  std::string head;
  while (!pattern.empty()) {
    char c = pattern.front();
    std::size_t taken = 1;
    if (c == '\\') {  // of a punctuation mark: the mark itself
      if (!is_mark(pattern[1])) break;
      c = pattern[1];
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

bool take(std::string_view& pattern, std::string_view text) {
  if (!pattern.starts_with(text)) return false;
  pattern.remove_prefix(text.size());
  return true;
}

void add_range(std::array<bool, 256>& bytes, char first, char last) {
  for (int byte = static_cast<unsigned char>(first); byte <= static_cast<unsigned char>(last); ++byte)
    bytes[static_cast<std::size_t>(byte)] = true;
}

/// One character of a class, or of a range in it; 0: not a plain one.
char take_member(std::string_view& pattern) {
  if (pattern.empty()) return 0;
  const bool escaped = take(pattern, "\\");
  const char c = pattern.empty() ? '\0' : pattern.front();
  const bool plain = escaped ? is_mark(c) : c != '[' && c != ']';
  if (!plain || static_cast<unsigned char>(c) >= 0x80) return 0;
  pattern.remove_prefix(1);
  return c;
}

/// [a-z0-9_] or [^&]; a character beyond ASCII is in all that name what they do not take.
bool take_class(std::string_view& pattern, std::array<bool, 256>& bytes) {
  if (take(pattern, "\\d")) return add_range(bytes, '0', '9'), true;
  if (!take(pattern, "[")) return false;
  const bool others = take(pattern, "^");
  do {
    const char first = take_member(pattern);
    if (first == 0) return false;
    char last = first;
    if (pattern.size() > 1 && pattern[0] == '-' && pattern[1] != ']') {
      pattern.remove_prefix(1);
      last = take_member(pattern);
    }
    if (last < first) return false;
    add_range(bytes, first, last);
  } while (!pattern.starts_with(']'));
  pattern.remove_prefix(1);
  for (bool& taken : bytes) taken = taken != others;
  return true;
}

/// "(", and the name of the group if it has one.
bool take_group(std::string_view& pattern) {
  if (!take(pattern, "(")) return false;
  if (!take(pattern, "?<") && !take(pattern, "?P<")) return !pattern.starts_with('?');
  const std::size_t end = pattern.find('>');
  if (end == std::string_view::npos) return false;
  pattern.remove_prefix(end + 1);
  return true;
}

}  // namespace

std::string fixed_head(std::string_view pattern) {
  return is_plain(pattern) && take(pattern, "^") ? take_head(pattern) : std::string();
}

std::optional<HeadAndRun> head_and_run(std::string_view pattern) {
  if (!is_plain(pattern) || !take(pattern, "^")) return std::nullopt;
  HeadAndRun found;
  found.head_bytes = take_head(pattern).size();
  if (!take_group(pattern) || !take_class(pattern, found.takes)) return std::nullopt;
  found.may_be_empty = take(pattern, "*");
  if (!found.may_be_empty && !take(pattern, "+")) return std::nullopt;
  if (!take(pattern, ")")) return std::nullopt;
  found.to_the_end = take(pattern, "$");
  if (!pattern.empty()) return std::nullopt;
  return found;
}

std::optional<std::size_t> HeadAndRun::end_of_run(std::string_view text) const {
  std::size_t end = head_bytes;
  while (end < text.size() && takes[static_cast<unsigned char>(text[end])]) ++end;
  const bool enough = (may_be_empty || end > head_bytes) && (!to_the_end || end == text.size());
  return enough ? std::optional(end) : std::nullopt;
}

}  // namespace evclean
