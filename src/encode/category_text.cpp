// SPDX-License-Identifier: Apache-2.0
#include "category_text.hpp"

#include <cmath>

#include "evclean/types.hpp"

namespace evclean {
namespace {

constexpr double kExactInts = 9007199254740992.0;  // 2^53

}  // namespace

std::string_view CategoryText::at(std::int64_t row) {
  if (array_.type_id() == arrow::Type::STRING) return static_cast<const arrow::StringArray&>(array_).GetView(row);
  text_.clear();
  if (array_.type_id() == arrow::Type::INT64 && fitted_ == ValueType::kFloat64) {
    append_float64(text_, static_cast<double>(static_cast<const arrow::Int64Array&>(array_).Value(row)));
    return text_;
  }
  if (array_.type_id() == arrow::Type::DOUBLE && fitted_ == ValueType::kInt64) {
    const double value = static_cast<const arrow::DoubleArray&>(array_).Value(row);
    if (std::trunc(value) == value && std::fabs(value) <= kExactInts) {
      append_int64(text_, static_cast<std::int64_t>(value));
      return text_;
    }
  }
  return text_ = value_text(array_, row);
}

std::string category_of(const std::string& written, ValueType type) {
  std::string text;
  std::int64_t whole = 0;
  double number = 0;
  bool flag = false;
  if (type == ValueType::kInt64 && parse_int64(written, whole)) {
    append_int64(text, whole);
  } else if (type == ValueType::kFloat64 && parse_float64(written, number)) {
    append_float64(text, number);
  } else if (type == ValueType::kBool && parse_bool(written, flag)) {
    text = flag ? "true" : "false";
  } else {
    text = written;
  }
  return text;
}

}  // namespace evclean
