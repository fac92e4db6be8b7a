// SPDX-License-Identifier: Apache-2.0
// The rules of section 2.5 written a second time, slowly and by other means (regular expressions, strtod, day
// counting).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "evclean/types.hpp"

namespace evclean::reference {

/// What a value is, and what it is worth under a column type.
struct Value {
  ValueKind kind = ValueKind::kString;
  std::int64_t day_first_us = 0;  ///< of times; equal to month_first_us where the order is known
  std::int64_t month_first_us = 0;
};

Value read(const std::string& text, bool json_string);

/// Days since 1970-01-01, counted month by month.
std::optional<std::int64_t> count_days(int year, int month, int day);

}  // namespace evclean::reference
