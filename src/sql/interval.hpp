// SPDX-License-Identifier: Apache-2.0
// Intervals as PostgreSQL has them: months, days and microseconds are kept apart, since a month has no fixed length.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace evclean::sql {

struct Interval {
  std::int64_t months = 0;
  std::int64_t days = 0;
  std::int64_t us = 0;
};

/// Reads '1 day', '2 hours 30 minutes', '1 year 2 mons', '-01:30:00', '3 days ago'. `unit` is what a bare number
/// counts ("day" of interval '1' day). Errors: the reason in `why`, and no value.
std::optional<Interval> parse_interval(std::string_view text, std::string_view unit, std::string& why);

}  // namespace evclean::sql
