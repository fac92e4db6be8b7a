// SPDX-License-Identifier: Apache-2.0
// Turns values of one column into the arrays of its features, a batch at a time. Local.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mapping.hpp"

namespace evclean {

/// Numbers of categories by their text.
class CategoryNumbers {
 public:
  explicit CategoryNumbers(const std::vector<std::string>& categories);
  /// -1: none of them.
  std::int64_t find(std::string_view text) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> numbers_;
};

/// What was met while encoding, for the report.
struct EncodeCounts {
  std::int64_t missing = 0;
  std::int64_t unknown = 0;  ///< in no category
};

class ColumnEncoder {
 public:
  /// `type`: of the column in the table that is encoded. The mapping outlives the encoder.
  ColumnEncoder(const FittedColumn& fitted, ValueType type);

  /// Type of its features.
  ValueType feature_type() const;
  /// Appends an array for each feature.
  void encode(const arrow::Array& values, std::vector<std::shared_ptr<arrow::Array>>& out);
  const EncodeCounts& counts() const { return counts_; }

 private:
  using Codes = std::vector<std::int64_t>;

  Codes codes_of(const arrow::Array& values);
  std::shared_ptr<arrow::Array> standardise(const arrow::Array& values);

  const FittedColumn& fitted_;
  ValueType type_;
  CategoryNumbers categories_;
  EncodeCounts counts_;
};

/// Numbers as they are; a bool as 0 or 1, a column without any value as missing numbers.
std::shared_ptr<arrow::Array> as_numbers(const std::shared_ptr<arrow::Array>& values);
ValueType number_type(ValueType type);

}  // namespace evclean
