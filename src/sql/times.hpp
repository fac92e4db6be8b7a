// SPDX-License-Identifier: Apache-2.0
// Calendar arithmetic on days and microseconds since 1970 (UTC), by the Gregorian calendar in both directions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "interval.hpp"
#include "value.hpp"

namespace evclean::sql {

inline constexpr std::int64_t kSecondUs = 1'000'000;
inline constexpr std::int64_t kDayUs = 86'400 * kSecondUs;

/// What extract and date_trunc can name.
enum class TimeField : std::uint8_t {
  kMicroseconds,
  kMilliseconds,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kDow,
  kIsoDow,
  kDoy,
  kWeek,
  kMonth,
  kQuarter,
  kYear,
  kIsoYear,
  kDecade,
  kCentury,
  kMillennium,
  kEpoch,
  kJulian,
};
/// Reads a field's name, in any case, singular or plural; empty when it is none.
std::optional<TimeField> time_field(std::string_view name);

/// A field as int64. second and epoch are given by extract_float.
std::int64_t extract_field(TimeField field, Timestamp time);
/// second with its fraction, epoch in seconds.
double extract_float(TimeField field, Timestamp time);
/// Cuts to the begin of a microsecond … millennium; weeks begin on Monday.
Timestamp truncate(TimeField field, Timestamp time);
bool can_truncate(TimeField field);

/// The time, or nothing outside the years 0001 to 9999: what is written there could not be read back.
std::optional<Timestamp> in_range(Timestamp time);

/// Adds an interval: months first (the day clamped to the month's length), then days, then the rest. Empty on overflow.
std::optional<Timestamp> shift(Timestamp time, const Interval& interval, int sign);

}  // namespace evclean::sql
