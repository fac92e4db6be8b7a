// SPDX-License-Identifier: Apache-2.0
// Reads the texts of intervals.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "evclean/sql_tree.hpp"

namespace evclean::sql {

/// Reads '1 day', '2 hours 30 minutes', '1 year 2 mons', '-01:30:00', '3 days ago'. `unit` is what a bare number
/// counts ("day" of interval '1' day). Errors: the reason in `why`, and no value.
std::optional<Interval> parse_interval(std::string_view text, std::string_view unit, std::string& why);

}  // namespace evclean::sql
