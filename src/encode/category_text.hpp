// SPDX-License-Identifier: Apache-2.0
// Values as categories: their CSV text, numbers as the type has them that the column had when it was fitted, so that 1
// and 1.0 are the same. Local.
#pragma once

#include <arrow/api.h>

#include <string>
#include <string_view>

#include "evclean/value_type.hpp"

namespace evclean {

class CategoryText {
 public:
  CategoryText(const arrow::Array& array, ValueType fitted) : array_(array), fitted_(fitted) {}

  bool missing(std::int64_t row) const { return array_.IsNull(row); }
  /// Lifetime: to the next call.
  std::string_view at(std::int64_t row);

 private:
  const arrow::Array& array_;
  ValueType fitted_;
  std::string text_;
};

/// A category as written in a job, as CategoryText gives it for a column of that type.
std::string category_of(const std::string& written, ValueType type);

}  // namespace evclean
