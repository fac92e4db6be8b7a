// SPDX-License-Identifier: Apache-2.0
// Train or test by a stable hash of a key: rows of one key are on one side, in every run, on any number of ranks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evclean/batch.hpp"
#include "evclean/job.hpp"

namespace evclean {

class SplitRule {
 public:
  /// `columns`: of the key.
  SplitRule(const EncodeSplit& split, std::vector<int> columns)
      : test_(split.test), seed_(static_cast<std::uint64_t>(split.seed)), columns_(std::move(columns)) {}

  /// One a row: whether it is to test with. A row without any of its key trains, and is counted in `keyless`.
  std::vector<bool> test_rows(const Batch& batch, std::int64_t& keyless) const;

 private:
  double test_;
  std::uint64_t seed_;
  std::vector<int> columns_;
};

}  // namespace evclean
