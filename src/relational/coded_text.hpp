// SPDX-License-Identifier: Apache-2.0
// A text column of few different values as one byte a row: picked at random it stays in the near caches, where offsets
// and text do not. Local.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace evclean {

class CodedText {
 public:
  /// Nothing when the column is no text, has too many different values, or long ones.
  static std::optional<CodedText> of(const arrow::Array& column);
  /// As gather(): -1 gives null.
  std::shared_ptr<arrow::Array> gather(const std::vector<std::int32_t>& rows) const;

 private:
  static constexpr std::size_t kMostValues = 255;
  static constexpr std::size_t kLongest = 16;
  struct Value {
    std::uint64_t low = 0, high = 0;  ///< its text as it lies in memory, zeros behind it
    std::int32_t length = 0;
    bool operator==(const Value& other) const {
      return ((low ^ other.low) | (high ^ other.high) | static_cast<std::uint64_t>(length ^ other.length)) == 0;
    }
  };
  class Codes;
  std::vector<std::uint8_t> codes_ = std::vector<std::uint8_t>(1, 0);  ///< of row -1, then of all rows; 0: null
  std::vector<Value> values_ = std::vector<Value>(1);                  ///< of a code
};

}  // namespace evclean
