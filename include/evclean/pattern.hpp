// SPDX-License-Identifier: Apache-2.0
// PCRE2 patterns: compiled once, JIT where possible, with match limits so that no text can make them run away.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace evclean {

struct PatternOptions {
  bool caseless = false;
  std::uint32_t match_limit = 200'000;
};

enum class MatchOutcome : std::uint8_t { kMatch, kNoMatch, kLimit };

/// One compiled pattern: UTF, \d \w \s ASCII, `.` stops at a line end, (?P<n>..) accepted. Searches unless anchored.
/// Not shared between threads. Text given to match() must be valid UTF-8 (the source room sees to it).
class Pattern {
 public:
  /// Errors: user Error with the compiler's words and a caret under the place.
  explicit Pattern(std::string text, const PatternOptions& options = {});
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  const std::string& text() const;
  /// Named groups in order of their number; the same name may stand several times with (?J).
  struct Group {
    std::string name;
    std::uint32_t number;
  };
  const std::vector<Group>& groups() const;
  std::uint32_t group_count() const;

  /// Matches from `start`; on kMatch the offsets are in ovector(): pairs of begin, end; ~0 where unset.
  MatchOutcome match(std::string_view subject, std::size_t start = 0);
  const std::size_t* ovector() const;
  /// How far into `subject` the pattern can get: the longest prefix that a partial match accepts (for carets).
  std::size_t reach(std::string_view subject);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evclean
