// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/api.h>

#include <cmath>
#include <cstdint>

#include "evclean/batch.hpp"

namespace evclean {

/// Reads dates, timestamps and seconds (int64, float64) as microseconds; a time out of range is missing.
class EventTimes {
 public:
  EventTimes(const Batch& batch, int column) : array_(*batch.array(column)) {}
  bool read(std::int64_t row, std::int64_t& us) const {
    if (array_.IsNull(row)) return false;
    switch (array_.type_id()) {
      case arrow::Type::DATE32:
        us = kDayUs * static_cast<const arrow::Date32Array&>(array_).Value(row);
        return true;
      case arrow::Type::DOUBLE: {
        const double seconds = static_cast<const arrow::DoubleArray&>(array_).Value(row);
        if (!(std::fabs(seconds) < 9.2e12)) return false;
        us = std::llround(seconds * static_cast<double>(kSecondUs));
        return true;
      }
      case arrow::Type::INT64:
        return !__builtin_mul_overflow(static_cast<const arrow::Int64Array&>(array_).Value(row), kSecondUs, &us);
      default:
        us = static_cast<const arrow::TimestampArray&>(array_).Value(row);
        return true;
    }
  }

 private:
  static constexpr std::int64_t kSecondUs = 1'000'000;
  static constexpr std::int64_t kDayUs = 86'400 * kSecondUs;
  const arrow::Array& array_;
};

}  // namespace evclean
