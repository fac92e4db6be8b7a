// SPDX-License-Identifier: Apache-2.0
// The system's time zone files (RFC 8536) and the rule for the years after their last entry (POSIX TZ).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evclean {

/// From `utc_s` on, local time is `offset_s` east of Greenwich.
struct ZoneChange {
  std::int64_t utc_s = 0;
  std::int32_t offset_s = 0;
};

/// A zone's offset before its first change, its changes in order, and its rule afterwards.
struct ZoneHistory {
  std::int32_t first_offset_s = 0;
  std::vector<ZoneChange> changes;
  std::string rule;  ///< such as CET-1CEST,M3.5.0,M10.5.0/3; empty: the last offset stays
};

/// Reads the bytes of a zone file. Errors: false when they are none.
bool parse_tzif(std::string_view bytes, ZoneHistory& history);

/// Appends the changes that `rule` makes in the years `first_year` to `last_year`, those after `after_s` only.
/// Errors: false when the rule does not read.
bool append_rule_changes(std::string_view rule, std::int32_t first_year, std::int32_t last_year, std::int64_t after_s,
                         std::vector<ZoneChange>& changes);

}  // namespace evclean
