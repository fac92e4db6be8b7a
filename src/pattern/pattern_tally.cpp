// SPDX-License-Identifier: Apache-2.0
#include "evclean/pattern_tally.hpp"

#include <chrono>

namespace evclean {

void PatternTally::merge(const PatternTally& other) {
  tried += other.tried;
  hit += other.hit;
  limit += other.limit;
  timed += other.timed;
  timed_seconds += other.timed_seconds;
  compared += other.compared;
  shadowed += other.shadowed;
}

void merge_tallies(std::vector<PatternTally>& into, const std::vector<PatternTally>& from) {
  if (into.empty()) {
    into = from;
    return;
  }
  for (std::size_t p = 0; p < std::min(into.size(), from.size()); ++p) into[p].merge(from[p]);
}

MatchOutcome SeriesTally::match(std::size_t number, Pattern& pattern, std::string_view text) {
  PatternTally& tally = tallies_[number];
  ++tally.tried;
  MatchOutcome outcome;
  if (measures_) {
    const auto begin = std::chrono::steady_clock::now();
    outcome = pattern.match(text);
    tally.timed_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    ++tally.timed;
  } else {
    outcome = pattern.match(text);
  }
  tally.hit += outcome == MatchOutcome::kMatch;
  tally.limit += outcome == MatchOutcome::kLimit;
  return outcome;
}

void SeriesTally::compare(std::size_t number, Pattern& pattern, std::string_view text) {
  PatternTally& tally = tallies_[number];
  ++tally.compared;
  tally.shadowed += pattern.match(text) == MatchOutcome::kMatch;
}

std::vector<PatternTally> SeriesTally::take() {
  std::vector<PatternTally> taken = tallies_;
  for (PatternTally& tally : tallies_) tally = {tally.pattern, 0, 0, 0, 0, 0, 0, 0};
  texts_ = 0;
  return taken;
}

}  // namespace evclean
