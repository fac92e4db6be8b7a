// SPDX-License-Identifier: Apache-2.0
// Keys that many left rows have: their rows stay where they are, and the right rows of those keys go to all ranks.
#pragma once

#include <unordered_map>

#include "join_run.hpp"

namespace evclean {

class HotKeys {
 public:
  HotKeys() = default;
  /// Finds them by a sample of the left rows, the same on all ranks: those with more than a quarter of a rank's fair
  /// share. One rank has none. Collective.
  static HotKeys find(const JoinRun& run);

  bool any() const noexcept { return !hashes_.empty(); }
  bool has(std::uint64_t hash) const { return hashes_.count(hash) > 0; }
  /// Counts a right row's bytes under its hash. Local.
  void count_right(std::uint64_t hash) { ++hashes_.at(hash); }
  /// Keeps the keys whose right rows all ranks can hold: so many in all. Collective.
  void keep_small(std::int64_t right_rows, const Comm& comm);

 private:
  std::unordered_map<std::uint64_t, std::int64_t> hashes_;  ///< with the right rows of this rank
};

}  // namespace evclean
