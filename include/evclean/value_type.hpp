// SPDX-License-Identifier: Apache-2.0
// The six types of a column, their names in job files and their Arrow types.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evclean {

enum class ValueType : std::uint8_t { kString, kInt64, kFloat64, kBool, kDate, kTimestamp };

/// Name as in job files and reports: string, int64, float64, bool, date, timestamp.
std::string_view type_name(ValueType type);
/// Reads a type's name; empty when it is none of the six.
std::optional<ValueType> type_from_name(std::string_view name);
/// utf8, int64, float64, boolean, date32, timestamp[us, UTC].
const std::shared_ptr<arrow::DataType>& arrow_type(ValueType type);
/// The reverse of arrow_type; throws a bug Error for any other Arrow type.
ValueType value_type(const arrow::DataType& type);

struct Field {
  std::string name;
  ValueType type = ValueType::kString;
  friend bool operator==(const Field&, const Field&) = default;
};

using Fields = std::vector<Field>;

/// Position of a name in fields, or -1. Names are compared as written.
int find_field(const Fields& fields, std::string_view name);

}  // namespace evclean
