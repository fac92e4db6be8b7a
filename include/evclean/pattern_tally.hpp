// SPDX-License-Identifier: Apache-2.0
// How the patterns of a series do: tried, hit, given up at the limit. Time, and what an earlier pattern takes away from
// a later one, are measured on some of the texts only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evclean/pattern.hpp"

namespace evclean {

struct PatternTally {
  std::string pattern;
  std::int64_t tried = 0;
  std::int64_t hit = 0;
  std::int64_t limit = 0;     ///< gave up at the match limit
  std::int64_t timed = 0;     ///< tries that were timed
  double timed_seconds = 0;   ///< of those
  std::int64_t compared = 0;  ///< texts that an earlier pattern took, and that it was shown all the same
  std::int64_t shadowed = 0;  ///< and would have matched

  void merge(const PatternTally& other);
};

/// Adds tallies of the same patterns; into nothing: copies them.
void merge_tallies(std::vector<PatternTally>& into, const std::vector<PatternTally>& from);

/// Matches for a series and keeps its tallies. Texts count from take() to take(), so that what is measured does not
/// depend on who reads what.
class SeriesTally {
 public:
  void add(const std::string& pattern) { tallies_.emplace_back().pattern = pattern; }
  /// A next text.
  void begin() noexcept {
    measures_ = texts_ < kFirstTexts || texts_ % kEvery == 0;
    ++texts_;
  }
  bool measures() const noexcept { return measures_; }
  MatchOutcome match(std::size_t number, Pattern& pattern, std::string_view text);
  /// Shows a text that has been taken to a later pattern.
  void compare(std::size_t number, Pattern& pattern, std::string_view text);
  /// What has been counted since the last call.
  std::vector<PatternTally> take();

 private:
  static constexpr std::int64_t kFirstTexts = 32;
  static constexpr std::int64_t kEvery = 64;

  std::vector<PatternTally> tallies_;
  std::int64_t texts_ = 0;
  bool measures_ = false;
};

}  // namespace evclean
