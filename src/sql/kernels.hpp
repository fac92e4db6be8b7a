// SPDX-License-Identifier: Apache-2.0
// The nodes that operators become. Types are settled before: each takes what its comment says and nothing else.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/cast_text.hpp"
#include "interval.hpp"
#include "node.hpp"

namespace evclean::sql {

// cast.cpp
/// Converts. A text that does not read is null; a float outside int64 is null, counted as overflow.
NodePtr cast_node(NodePtr arg, ValueType to);
/// int64 to float64; an integer that it would change is an Error.
NodePtr exact_float_node(NodePtr arg);
/// True when values of one type can be cast to the other at all.
bool can_cast(ValueType from, ValueType to);
// One text; empty when it does not read. Blanks around it, a plus sign and leading zeros are allowed.
std::optional<Date> text_to_date(std::string_view text);
std::optional<Timestamp> text_to_timestamp(std::string_view text);

/// A float that is not finite cannot be written or read back: it is null.
inline std::optional<double> finite(double value) { return std::isfinite(value) ? std::optional(value) : std::nullopt; }

// arithmetic.cpp
/// + - * / % ^ and div of two int64 or two float64. `/` and `^` take float64 only.
NodePtr arithmetic_node(std::string_view sign, NodePtr left, NodePtr right);
NodePtr negate_node(NodePtr arg);

// times.cpp
/// date or timestamp plus (sign 1) or minus (-1) an interval: a timestamp.
NodePtr shift_node(NodePtr time, const Interval& interval, int sign);
/// date ± int64 days: a date.
NodePtr shift_days_node(NodePtr date, NodePtr days, int sign);
/// timestamp - timestamp in float64 seconds, or date - date in int64 days.
NodePtr time_difference_node(NodePtr left, NodePtr right);

// compare.cpp
/// = <> < <= > >= of two values of one type.
NodePtr compare_node(std::string_view sign, NodePtr left, NodePtr right);
/// is [not] distinct from.
NodePtr distinct_node(bool negated, NodePtr left, NodePtr right);

// in_list.cpp
/// Text in a list of constants; `has_null`: the list held null too.
NodePtr text_in_node(NodePtr arg, std::vector<std::string> items, bool has_null);
/// A value in a list of constants of its type.
NodePtr in_node(NodePtr arg, Nodes items);

// logic.cpp
NodePtr and_node(Nodes args);
NodePtr or_node(Nodes args);
NodePtr not_node(NodePtr arg);
NodePtr is_null_node(NodePtr arg, bool negated);
/// is [not] true, is [not] false: never null.
NodePtr is_bool_node(NodePtr arg, bool wanted, bool negated);

// choose.cpp
/// conditions and results alternate, the last is else. Each result is evaluated only for the rows that take it.
NodePtr case_node(Nodes conditions, Nodes results, NodePtr otherwise);
/// The first that is not null; later ones are evaluated only for the rows that need them.
NodePtr coalesce_node(Nodes args);
/// The greatest or least of those that are not null.
NodePtr extreme_node(Nodes args, bool greatest);

// like.cpp
NodePtr like_node(NodePtr text, NodePtr pattern, char escape, bool caseless);

// texts.cpp
/// concat (skips null) or || (null if any is).
NodePtr concat_node(Nodes args, bool skip_null);

}  // namespace evclean::sql
