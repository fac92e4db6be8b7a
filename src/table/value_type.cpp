// SPDX-License-Identifier: Apache-2.0
#include "evclean/value_type.hpp"

#include <arrow/type.h>

#include <array>

#include "evclean/error.hpp"

namespace evclean {
namespace {

constexpr std::array<std::string_view, 6> kNames = {"string", "int64", "float64", "bool", "date", "timestamp"};

std::array<std::shared_ptr<arrow::DataType>, 6> make_arrow_types() {
  return {arrow::utf8(),    arrow::int64(),  arrow::float64(),
          arrow::boolean(), arrow::date32(), arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")};
}

}  // namespace

std::string_view type_name(ValueType type) { return kNames[static_cast<std::size_t>(type)]; }

std::optional<ValueType> type_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<ValueType>(i);
  }
  return std::nullopt;
}

const std::shared_ptr<arrow::DataType>& arrow_type(ValueType type) {
  static const auto types = make_arrow_types();
  return types[static_cast<std::size_t>(type)];
}

ValueType value_type(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
      return ValueType::kString;
    case arrow::Type::INT64:
      return ValueType::kInt64;
    case arrow::Type::DOUBLE:
      return ValueType::kFloat64;
    case arrow::Type::BOOL:
      return ValueType::kBool;
    case arrow::Type::DATE32:
      return ValueType::kDate;
    case arrow::Type::TIMESTAMP:
      return ValueType::kTimestamp;
    default:
      fail_bug("no column type for Arrow type {}", type.ToString());
  }
}

int find_field(const Fields& fields, std::string_view name) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace evclean
