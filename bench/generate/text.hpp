// SPDX-License-Identifier: Apache-2.0
// Appending numbers and times to a line.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace generate {

inline void append_number(std::string& out, std::int64_t number) {
  char digits[24];
  const char* const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

inline void append_padded(std::string& out, std::int64_t number, int width) {
  char digits[24];
  const char* const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  for (auto written = end - digits; written < width; ++written) out += '0';
  out.append(digits, static_cast<std::size_t>(end - digits));
}

/// 1999 becomes 19.99
inline void append_cents(std::string& out, std::int64_t cents) {
  append_number(out, cents / 100);
  out += '.';
  append_padded(out, cents % 100, 2);
}

inline void append_hex(std::string& out, std::uint64_t number, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += "0123456789abcdef"[(number >> shift) & 15];
}

struct Civil {
  int year, month, day, hour, minute, second;
};

/// Seconds since 1970 as a date and time of day, UTC (days to civil by H. Hinnant's public-domain method).
inline Civil civil_of(std::int64_t seconds) {
  const std::int64_t days = seconds / 86400;
  const int in_day = static_cast<int>(seconds % 86400);
  const std::int64_t shifted = days + 719468;
  const std::int64_t era = shifted / 146097;
  const std::int64_t day_of_era = shifted % 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  Civil civil{};
  civil.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  civil.year = static_cast<int>(year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0));
  civil.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  civil.hour = in_day / 3600;
  civil.minute = in_day / 60 % 60;
  civil.second = in_day % 60;
  return civil;
}

inline void append_date(std::string& out, const Civil& civil) {
  append_number(out, civil.year);
  out += '-';
  append_padded(out, civil.month, 2);
  out += '-';
  append_padded(out, civil.day, 2);
}

inline void append_clock(std::string& out, const Civil& civil) {
  append_padded(out, civil.hour, 2);
  out += ':';
  append_padded(out, civil.minute, 2);
  out += ':';
  append_padded(out, civil.second, 2);
}

/// 2026-11-01 00:00:00 UTC: where all generated data begins.
inline constexpr std::int64_t kStart = 1793491200;

}  // namespace generate
