// SPDX-License-Identifier: Apache-2.0
// The proleptic Gregorian calendar in days and microseconds since 1970-01-01.
#pragma once

#include <cstdint>

namespace evclean {

inline constexpr std::int64_t kSecondUs = 1'000'000;
inline constexpr std::int64_t kMinuteUs = 60 * kSecondUs;
inline constexpr std::int64_t kDayUs = 86'400 * kSecondUs;
inline constexpr std::int32_t kFirstDay = -719'162;  ///< 0001-01-01
inline constexpr std::int32_t kLastDay = 2'932'896;  ///< 9999-12-31

/// Quotient rounded towards the past; `divisor` is positive.
constexpr std::int64_t floor_div(std::int64_t value, std::int64_t divisor) noexcept {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

struct CivilDay {
  std::int32_t year;
  std::int32_t month;
  std::int32_t day;
};

constexpr bool is_leap_year(std::int32_t year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr std::int32_t days_in_month(std::int32_t year, std::int32_t month) noexcept {
  if (month == 2) return is_leap_year(year) ? 29 : 28;
  return 30 + ((month + (month >> 3)) & 1);
}

constexpr bool is_civil_day(std::int32_t year, std::int32_t month, std::int32_t day) noexcept {
  return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month);
}

/// Days since 1970-01-01. Years are counted from March in eras of 400 years, so that a leap day ends its year.
constexpr std::int32_t days_from_civil(std::int32_t year, std::int32_t month, std::int32_t day) noexcept {
  const std::int32_t shifted = month <= 2 ? year - 1 : year;
  const std::int32_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  const std::int32_t of_era = shifted - era * 400;
  const std::int32_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

constexpr CivilDay civil_from_days(std::int32_t days) noexcept {
  const std::int64_t shifted = std::int64_t{days} + 719'468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const auto of_era = static_cast<std::int32_t>(shifted - era * 146'097);
  const std::int32_t year_of_era = (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int32_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int32_t march_month = (5 * of_year + 2) / 153;
  const std::int32_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  const std::int32_t day = of_year - (153 * march_month + 2) / 5 + 1;
  return {static_cast<std::int32_t>(year_of_era + era * 400) + (month <= 2 ? 1 : 0), month, day};
}

/// Whether an instant stands in the years 0001 to 9999.
constexpr bool in_calendar(std::int64_t us) noexcept {
  return us >= kFirstDay * kDayUs && us < (std::int64_t{kLastDay} + 1) * kDayUs;
}

}  // namespace evclean
