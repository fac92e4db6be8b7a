// SPDX-License-Identifier: Apache-2.0
// Quantiles of many values in little memory, the same whatever the order of adding and merging. Up to kExactValues
// values are kept as they are and the quantile is exact. Then they are counted in buckets whose ends are less than 0.8
// % apart (a binade has 128), each with its smallest and largest value, so the error stays below 1 % of the value (and
// a bucket with one distinct value has none). Local.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "byte_io.hpp"

namespace evclean {

class QuantileSketch {
 public:
  static constexpr std::size_t kExactValues = 2048;

  /// NaN counts as larger than all.
  void add(double value) {
    if (values_.size() == values_.capacity()) make_room();
    values_.push_back(value);
  }
  /// The quantile between 0 and 1, between two values in proportion (as pandas and percentile_cont). Needs a value.
  double quantile(double share) const;
  void write(std::string& out) const;
  void merge(ByteReader& in);
  std::int64_t memory_bytes() const {
    return static_cast<std::int64_t>(values_.capacity() * sizeof(double) + buckets_.capacity() * sizeof(Bucket));
  }

 private:
  struct Bucket {
    std::int32_t number = 0;  ///< ascending with the values
    std::int64_t count = 0;
    double least = 0, most = 0;
  };

  void make_room();
  void fold();
  void merge(const std::vector<Bucket>& other);
  double at(std::int64_t rank) const;

  std::vector<double> values_;   ///< not in buckets yet
  std::vector<Bucket> buckets_;  ///< ascending
};

}  // namespace evclean
