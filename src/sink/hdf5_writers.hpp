// SPDX-License-Identifier: Apache-2.0
// Which ranks write an HDF5 file. Parallel HDF5 wants a folder that all who write see: where the ranks share none (an
// output for S3, several machines), those beside the first rank write, and the others send them their rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "evclean/comm.hpp"

namespace evclean {

class Hdf5Writers {
 public:
  /// `ranks` ascending, the first rank among them; `all` outlives this. Collective over `all`.
  Hdf5Writers(const Comm& all, std::vector<int> ranks) : all_(all), ranks_(std::move(ranks)) {
    const auto found = std::find(ranks_.begin(), ranks_.end(), all.rank());
    if (found != ranks_.end()) index_ = found - ranks_.begin();
    if (count() < all.size()) own_.emplace(all.split(writes()));
  }

  bool writes() const noexcept { return index_ >= 0; }
  /// For HDF5's own calls, where this rank writes.
  const Comm& comm() const noexcept { return own_ ? *own_ : all_; }
  std::int64_t count() const noexcept { return static_cast<std::int64_t>(ranks_.size()); }
  /// This rank's number among them; -1: it does not write.
  std::int64_t index() const noexcept { return index_; }
  int rank_of(std::int64_t index) const { return ranks_[static_cast<std::size_t>(index)]; }

 private:
  const Comm& all_;
  std::vector<int> ranks_;
  std::int64_t index_ = -1;
  std::optional<Comm> own_;
};

/// Rows that are written together, the same number by each writer.
struct Hdf5Round {
  std::int64_t begin = 0;
  std::int64_t share = 0;  ///< of a writer
  std::int64_t end = 0;    ///< of all rows

  /// Rows of a writer; none for index -1.
  std::int64_t begin_of(std::int64_t index) const { return index < 0 ? end : std::min(begin + share * index, end); }
  std::int64_t end_of(std::int64_t index) const { return index < 0 ? end : std::min(begin + share * (index + 1), end); }
};

}  // namespace evclean
