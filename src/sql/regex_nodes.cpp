// SPDX-License-Identifier: Apache-2.0
#include "regex_nodes.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cached_node.hpp"
#include "evclean/pattern.hpp"
#include "kernels.hpp"
#include "text_bytes.hpp"

namespace evclean::sql {
namespace {

Pattern compile(const Operand& operand, bool caseless) {
  const auto text = operand.literal_text();
  if (!text) {
    Binder::fail(*operand.tree, "a regular expression must be a constant text here, so that it is compiled once");
  }
  try {
    PatternOptions options;
    options.caseless = caseless;
    return Pattern(std::string(*text), options);
  } catch (const Error& error) {
    Binder::fail(*operand.tree, error.what());
  }
}

/// Null stays null; a null pattern makes everything null.
bool is_null_pattern(const Operand& operand) {
  return operand.is_null || (operand.constant && !operand.constant->is_valid);
}

/// True on a match. Hitting the limit is no match, counted.
bool finds(Pattern& pattern, EvalCounters& counters, std::string_view text, std::size_t start = 0) {
  const MatchOutcome outcome = pattern.match(text, start);
  counters.regex_limit += outcome == MatchOutcome::kLimit;
  return outcome == MatchOutcome::kMatch;
}

std::optional<std::string_view> group_of(const Pattern& pattern, std::string_view text, std::size_t group) {
  const std::size_t begin = pattern.ovector()[2 * group];
  const std::size_t end = pattern.ovector()[2 * group + 1];
  if (begin == ~std::size_t{0} || end < begin) return std::nullopt;
  return text.substr(begin, end - begin);
}

/// A replacement as pieces of text and numbers of groups.
struct Replacement {
  struct Piece {
    std::string text;
    int group = -1;
  };
  std::vector<Piece> pieces;

  explicit Replacement(std::string_view source) {
    for (std::size_t i = 0; i < source.size(); ++i) {
      const char next = i + 1 < source.size() ? source[i + 1] : '\0';
      const bool sign = source[i] == '$' || source[i] == '\\';
      if (sign && next >= '0' && next <= '9') {
        pieces.push_back({{}, next - '0'});
        ++i;
      } else if (source[i] == '\\' && next == '&') {
        pieces.push_back({{}, 0});
        ++i;
      } else {
        if (pieces.empty() || pieces.back().group >= 0) pieces.push_back({});
        pieces.back().text += source[i];
        if (sign && next == source[i]) ++i;  // $$ and \\ are one sign
      }
    }
  }
};

class Replacer {
 public:
  Replacer(Pattern pattern, Replacement replacement, bool global)
      : pattern_(std::move(pattern)), replacement_(std::move(replacement)), global_(global) {}

  std::string_view operator()(EvalCounters& counters, std::string_view text) {
    out_.clear();
    std::size_t copied = 0;
    std::size_t start = 0;
    while (start <= text.size() && finds(pattern_, counters, text, start)) {
      const std::size_t begin = pattern_.ovector()[0];
      const std::size_t end = std::max(begin, pattern_.ovector()[1]);
      out_ += text.substr(copied, begin - copied);
      append_replacement(text);
      copied = end;
      if (!global_ || end >= text.size()) break;
      start = end > begin ? end : next_character(text, end);  // an empty match moves on by one character
    }
    out_ += text.substr(std::min(copied, text.size()));
    return out_;
  }

 private:
  void append_replacement(std::string_view text) {
    for (const Replacement::Piece& piece : replacement_.pieces) {
      if (piece.group < 0) {
        out_ += piece.text;
      } else if (const auto group = group_of(pattern_, text, static_cast<std::size_t>(piece.group))) {
        out_ += *group;
      }
    }
  }

  Pattern pattern_;
  Replacement replacement_;
  bool global_;
  std::string out_;
};

void check_groups(const Operand& operand, const Replacement& replacement, const Pattern& pattern) {
  for (const auto& piece : replacement.pieces) {
    if (piece.group > static_cast<int>(pattern.group_count())) {
      Binder::fail(*operand.tree, fmt::format("the replacement names group {}, but the pattern has {}", piece.group,
                                              pattern.group_count()));
    }
  }
}

}  // namespace

NodePtr regex_match_node(NodePtr text, const Operand& operand, bool caseless) {
  if (is_null_pattern(operand)) return null_of(ValueType::kBool);
  Pattern pattern = compile(operand, caseless);
  bool whole = false;
  std::string literal = caseless ? std::string() : required_text(pattern.text(), whole);
  if (whole) {
    return row_node(nodes_of(std::move(text)), [literal](std::string_view t) { return contains_bytes(t, literal); });
  }
  return cached_node<bool>(
      std::move(text),
      [pattern = std::move(pattern), literal = std::move(literal)](EvalCounters& counters, std::string_view t) mutable {
        if (!literal.empty() && !contains_bytes(t, literal)) return false;
        return finds(pattern, counters, t);
      },
      CacheUse::kRepeats);
}

NodePtr regex_group_node(NodePtr text, const Operand& operand, std::size_t group) {
  if (is_null_pattern(operand)) return null_of(ValueType::kString);
  Pattern pattern = compile(operand, false);
  if (group > pattern.group_count()) {
    Binder::fail(*operand.tree, fmt::format("the pattern has {} group(s), not {}", pattern.group_count(), group));
  }
  return cached_node<std::string_view>(
      std::move(text),
      [pattern = std::move(pattern), group](EvalCounters& counters,
                                            std::string_view t) mutable -> std::optional<std::string_view> {
        if (!finds(pattern, counters, t)) return std::nullopt;
        return group_of(pattern, t, group);
      },
      CacheUse::kRepeats);
}

NodePtr regex_first_node(NodePtr text, const Operand& operand) {
  if (is_null_pattern(operand)) return null_of(ValueType::kString);
  const std::size_t group = compile(operand, false).group_count() > 0 ? 1 : 0;
  return regex_group_node(std::move(text), operand, group);
}

NodePtr regex_count_node(NodePtr text, const Operand& operand) {
  if (is_null_pattern(operand)) return null_of(ValueType::kInt64);
  return cached_node<std::int64_t>(
      std::move(text),
      [pattern = compile(operand, false)](EvalCounters& counters, std::string_view t) mutable {
        std::int64_t count = 0;
        for (std::size_t start = 0; start <= t.size() && finds(pattern, counters, t, start); ++count) {
          const std::size_t end = pattern.ovector()[1];
          if (end >= t.size()) return count + 1;
          start = end > pattern.ovector()[0] ? end : next_character(t, end);
        }
        return count;
      },
      CacheUse::kRepeats);
}

NodePtr regex_replace_node(NodePtr text, const Operand& operand, const Operand& replacement, bool global,
                           bool caseless) {
  if (is_null_pattern(operand) || is_null_pattern(replacement)) return null_of(ValueType::kString);
  Pattern pattern = compile(operand, caseless);
  const auto with = replacement.literal_text();
  if (!with) Binder::fail(*replacement.tree, "the replacement must be a constant text");
  Replacement pieces(*with);
  check_groups(replacement, pieces, pattern);
  return cached_node<std::string_view>(std::move(text), Replacer(std::move(pattern), std::move(pieces), global),
                                       CacheUse::kRepeats);
}

namespace {

/// Walks a pattern's top level and collects runs of plain characters.
class LiteralFinder {
 public:
  explicit LiteralFinder(std::string_view pattern) : pattern_(pattern) {}

  std::string find(bool& whole) {
    whole = false;
    bool plain = true;
    for (at_ = 0; at_ < pattern_.size(); ++at_) {
      const char c = pattern_[at_];
      if (c == '|') return {};
      if (c == '(') {
        // Inline options such as (?i) change what follows; no literal is certain then.
        if (at_ + 1 < pattern_.size() && (pattern_[at_ + 1] == '?' || pattern_[at_ + 1] == '*')) return {};
        skip_group();
      } else if (c == '[') {
        skip_class();
      } else if (c == '{' && !skip_bounds()) {
        return {};
      } else if (c == '?' || c == '*' || c == '{' || c == '}') {
        drop_last();
      } else if (c == '\\' && at_ + 1 < pattern_.size() &&
                 std::ispunct(static_cast<unsigned char>(pattern_[at_ + 1]))) {
        run_ += pattern_[++at_];
        continue;
      } else if (c == '\\') {
        if (at_ + 1 < pattern_.size() && (pattern_[at_ + 1] == 'Q' || pattern_[at_ + 1] == 'E')) return {};
        ++at_;
        while (at_ + 1 < pattern_.size() && std::isalnum(static_cast<unsigned char>(pattern_[at_ + 1]))) ++at_;
      } else if (std::string_view(".^$+)]}").find(c) == std::string_view::npos) {
        run_ += c;
        continue;
      }
      plain = false;
      end_run();
    }
    end_run();
    whole = plain && !best_.empty();
    return best_;
  }

 private:
  void end_run() {
    if (run_.size() > best_.size()) best_ = run_;
    run_.clear();
  }
  /// A quantifier may take away the last character.
  void drop_last() {
    while (!run_.empty() && is_continuation(run_.back())) run_.pop_back();
    if (!run_.empty()) run_.pop_back();
  }
  /// {2,3} to its closing brace; false when it is none of a quantifier's.
  bool skip_bounds() {
    const std::size_t end = pattern_.find_first_not_of("0123456789,", at_ + 1);
    if (end == std::string_view::npos || pattern_[end] != '}') return false;
    at_ = end;
    return true;
  }
  void skip_class() {
    ++at_;
    if (at_ < pattern_.size() && pattern_[at_] == '^') ++at_;
    if (at_ < pattern_.size() && pattern_[at_] == ']') ++at_;
    while (at_ < pattern_.size() && pattern_[at_] != ']') {
      const bool named = pattern_.substr(at_).starts_with("[:");
      const std::size_t close = named ? pattern_.find(":]", at_ + 2) : std::string_view::npos;
      at_ = close != std::string_view::npos ? close + 2 : at_ + (pattern_[at_] == '\\' ? 2 : 1);
    }
  }
  void skip_group() {
    int depth = 0;
    for (; at_ < pattern_.size(); ++at_) {
      const char c = pattern_[at_];
      if (c == '\\')
        ++at_;
      else if (c == '[')
        skip_class();
      else if (c == '(')
        ++depth;
      else if (c == ')' && --depth == 0)
        return;
    }
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::string run_;
  std::string best_;
};

}  // namespace

std::string required_text(std::string_view pattern, bool& whole) { return LiteralFinder(pattern).find(whole); }

}  // namespace evclean::sql
