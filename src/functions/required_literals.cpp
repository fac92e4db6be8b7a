// SPDX-License-Identifier: Apache-2.0
#include "required_literals.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace evclean::functions {
namespace {

constexpr std::size_t kMaxExactStrings = 128;   // of a product of neighbours
constexpr std::size_t kMaxClauseStrings = 600;  // of an alternation of names
constexpr std::size_t kMaxClassBytes = 16;
constexpr std::size_t kMaxRepeat = 64;

struct NotUnderstood {};

/// What is known of a part of a regex: all the strings it can match, or only clauses that its matches fulfil.
struct Known {
  bool exact = true;
  LiteralClause strings{""};
  std::vector<LiteralClause> clauses;

  static Known anything() { return {false, {}, {}}; }
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

LiteralClause product(const LiteralClause& left, const LiteralClause& right) {
  LiteralClause all;
  for (const auto& a : left) {
    for (const auto& b : right) all.insert(a + b);
  }
  return all;
}

/// Drops strings that contain another one: if the longer occurs, the shorter does.
LiteralClause without_redundant(const LiteralClause& clause) {
  LiteralClause kept;
  for (const auto& text : clause) {
    const bool redundant = std::any_of(clause.begin(), clause.end(), [&](const std::string& other) {
      return other.size() < text.size() && text.find(other) != std::string::npos;
    });
    if (!redundant) kept.insert(text);
  }
  return kept;
}

bool usable(const LiteralClause& clause) {
  return !clause.empty() && clause.size() <= kMaxClauseStrings &&
         std::all_of(clause.begin(), clause.end(), [](const auto& s) { return s.size() >= kMinLiteralBytes; });
}

/// Smaller is more selective.
using Score = std::pair<int, int>;

Score score(const LiteralClause& clause, const Commonness& commonness) {
  int common = 0;
  std::size_t shortest = 1000;
  for (const auto& text : clause) {
    common += commonness(text);
    shortest = std::min(shortest, text.size());
  }
  return {common, -static_cast<int>(shortest)};
}

/// A sequence under construction: the product of the exact parts since the last part that was not exact.
class Sequence {
 public:
  void add(const Known& part) {
    if (part.exact && current_.size() * part.strings.size() <= kMaxExactStrings) {
      current_ = product(current_, part.strings);
    } else if (part.exact) {
      flush(part.strings);
    } else {
      flush({""});
      clauses_.insert(clauses_.end(), part.clauses.begin(), part.clauses.end());
    }
  }

  /// `part` once or more: what stands before meets its first occurrence, what follows meets its last.
  void add_repeated(const Known& part) {
    add(part);
    if (part.exact) flush(part.strings);
  }

  Known finish() {
    if (exact_) return {true, std::move(current_), {}};
    flush({""});
    return {false, {}, std::move(clauses_)};
  }

 private:
  void flush(LiteralClause next) {
    clauses_.push_back(std::move(current_));
    current_ = std::move(next);
    exact_ = false;
  }

  bool exact_ = true;
  LiteralClause current_{""};
  std::vector<LiteralClause> clauses_;
};

class Reader {
 public:
  Reader(std::string_view regex, const Commonness& commonness) : text_(regex), commonness_(commonness) {}

  Known whole() {
    Known known = alternation();
    if (at_ != text_.size()) throw NotUnderstood{};
    return known;
  }

 private:
  bool more() const { return at_ < text_.size(); }
  char peek() const { return text_[at_]; }
  char take() {
    if (!more()) throw NotUnderstood{};
    return text_[at_++];
  }
  bool accept(std::string_view token) {
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }

  Known alternation() {
    std::vector<Known> branches{sequence()};
    while (accept("|")) branches.push_back(sequence());
    return branches.size() == 1 ? std::move(branches.front()) : united(branches);
  }

  Known united(const std::vector<Known>& branches) const {
    bool exact = true;
    LiteralClause all;
    for (const Known& branch : branches) {
      exact = exact && branch.exact;
      const auto best = best_clause(branch);
      if (!best) return Known::anything();
      all.insert(best->begin(), best->end());
    }
    if (exact && all.size() <= kMaxExactStrings) return {true, std::move(all), {}};
    return {false, {}, {std::move(all)}};
  }

  std::optional<LiteralClause> best_clause(const Known& branch) const {
    if (branch.exact) return branch.strings;
    std::optional<LiteralClause> best;
    for (const auto& clause : branch.clauses) {
      const auto lean = without_redundant(clause);
      if (usable(lean) && (!best || score(lean, commonness_) < score(*best, commonness_))) best = lean;
    }
    return best;
  }

  Known sequence() {
    Sequence parts;
    while (more() && peek() != '|' && peek() != ')') add_quantified(parts, atom());
    return parts.finish();
  }

  struct Repeat {
    std::size_t least = 1, most = 1;
  };

  Repeat repeat() {
    Repeat times;
    if (accept("*")) {
      times = {0, kMaxRepeat};
    } else if (accept("+")) {
      times = {1, kMaxRepeat};
    } else if (accept("?")) {
      times = {0, 1};
    } else if (more() && peek() == '{') {
      times = braces();
    } else {
      return times;
    }
    if (!accept("?")) accept("+");  // lazy and possessive match no other texts
    return times;
  }

  Repeat braces() {
    take();
    Repeat times;
    times.least = times.most = number();
    if (accept(",")) times.most = more() && peek() == '}' ? kMaxRepeat : number();
    if (!accept("}")) throw NotUnderstood{};
    return times;
  }

  std::size_t number() {
    std::size_t value = 0;
    bool any = false;
    while (more() && peek() >= '0' && peek() <= '9') {
      value = std::min<std::size_t>(value * 10 + static_cast<std::size_t>(take() - '0'), 100'000);
      any = true;
    }
    if (!any) throw NotUnderstood{};
    return value;
  }

  void add_quantified(Sequence& parts, const Known& part) {
    const Repeat times = repeat();
    if (times.most < times.least) throw NotUnderstood{};
    if (times.most <= 3 && part.exact) {
      add_each(parts, part, times);
    } else if (times.least == 0) {
      parts.add(Known::anything());
    } else {
      parts.add_repeated(part);
    }
  }

  /// A few repetitions: all their lengths stay exact.
  static void add_each(Sequence& parts, const Known& part, Repeat times) {
    for (std::size_t i = 0; i < times.least; ++i) parts.add(part);
    Known optional = part;
    optional.strings.insert("");
    for (std::size_t i = times.least; i < times.most; ++i) parts.add(optional);
  }

  Known atom() {
    const char c = take();
    if (c == '(') return group();
    if (c == '[') return byte_class();
    if (c == '.') return Known::anything();
    if (c == '^' || c == '$') return {};
    if (c == '\\') return escape();
    if (c == '*' || c == '+' || c == '?') throw NotUnderstood{};
    if (static_cast<unsigned char>(c) >= 0x80) return rest_of_character();
    return {true, {std::string(1, lower(c))}, {}};
  }

  /// A character of several bytes is one atom for a quantifier, and case folding of it is not known here.
  Known rest_of_character() {
    while (more() && (static_cast<unsigned char>(peek()) & 0xC0) == 0x80) take();
    return Known::anything();
  }

  Known group() {
    bool zero_width = false;
    if (accept("?")) {
      if (accept("=") || accept("!") || accept("<=") || accept("<!")) {
        zero_width = true;
      } else if (accept("P<") || accept("<")) {
        while (take() != '>') continue;
      } else if (!accept(":")) {
        throw NotUnderstood{};  // inline flags and the like
      }
    }
    Known inside = alternation();
    if (!accept(")")) throw NotUnderstood{};
    return zero_width ? Known{} : inside;
  }

  static Known one_of(const std::set<char>& bytes) {
    if (bytes.empty() || bytes.size() > kMaxClassBytes) return Known::anything();
    Known known;
    known.strings.clear();
    for (const char c : bytes) known.strings.insert(std::string(1, c));
    return known;
  }

  static std::set<char> digits() { return {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9'}; }

  Known escape() {
    const char c = take();
    if (c == 'd') return one_of(digits());
    if (c == 'b' || c == 'B') return {};
    if (std::string_view("wWsSD").find(c) != std::string_view::npos) return Known::anything();
    if ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z')) throw NotUnderstood{};
    return {true, {std::string(1, c)}, {}};
  }

  Known byte_class() {
    const bool negated = accept("^");
    std::set<char> bytes;
    bool wide = negated;
    for (bool first = true; first || peek() != ']'; first = false) {
      const int from = class_member(bytes, wide);
      if (from < 0 || text_.substr(at_, 1) != "-" || text_.substr(at_, 2) == "-]") continue;
      take();
      add_range(static_cast<char>(from), class_member(bytes, wide), bytes, wide);
      if (!more()) throw NotUnderstood{};
    }
    take();
    return wide ? Known::anything() : one_of(bytes);
  }

  /// Takes one member into `bytes`; a plain byte is also returned, -1 stands for a set such as \d.
  int class_member(std::set<char>& bytes, bool& wide) {
    char c = take();
    if (c == '\\') {
      c = take();
      if (c == 'd') return bytes.merge(digits()), -1;
      if ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z')) return wide = true, -1;
    }
    if (static_cast<unsigned char>(c) >= 0x80) wide = true;
    bytes.insert(lower(c));
    if (!more()) throw NotUnderstood{};
    return static_cast<unsigned char>(c);
  }

  static void add_range(char from, int to, std::set<char>& bytes, bool& wide) {
    if (to < from) throw NotUnderstood{};
    if (to - from > 64) wide = true;
    for (int c = from; c <= to && !wide; ++c) bytes.insert(lower(static_cast<char>(c)));
  }

  std::string_view text_;
  const Commonness& commonness_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<LiteralClause> required_literals(std::string_view regex, const Commonness& commonness) {
  Known known;
  try {
    known = Reader(regex, commonness).whole();
  } catch (const NotUnderstood&) {
    return {};
  }
  if (known.exact) known.clauses.push_back(known.strings);
  std::vector<LiteralClause> clauses;
  for (const auto& clause : known.clauses) {
    const auto lean = without_redundant(clause);
    if (usable(lean) && std::find(clauses.begin(), clauses.end(), lean) == clauses.end()) clauses.push_back(lean);
  }
  std::stable_sort(clauses.begin(), clauses.end(),
                   [&](const auto& a, const auto& b) { return score(a, commonness) < score(b, commonness); });
  if (clauses.size() > kMaxClauses) clauses.resize(kMaxClauses);
  return clauses;
}

}  // namespace evclean::functions
