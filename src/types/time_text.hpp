// SPDX-License-Identifier: Apache-2.0
// Dates and timestamps as text (job contract, 2.5). Chosen where the contract is silent: month, day and hour may have
// one digit; the fraction may follow a comma, as in Java's and Python's logs, and is cut to microseconds; a blank may
// stand before an offset, and UTC or GMT may stand for Z; second 60 reads only where a leap second can be (23:59:60 in
// UTC, or in the local time of a text without offset) and is the next second; an RFC 2822 weekday need not match.
#pragma once

#include <cstdint>
#include <string_view>

#include "calendar.hpp"
#include "evclean/types.hpp"

namespace evclean {

/// A date or timestamp taken apart. Only the form has been checked, and the ranges of the clock and the offset.
struct TimeReading {
  std::int32_t year = 0;
  std::int32_t first = 0;   ///< month when the order is known, else the number that stands first
  std::int32_t second = 0;  ///< day when the order is known
  bool order_known = false;
  bool has_clock = false;
  bool has_offset = false;
  bool leap_second = false;
  std::int64_t clock_us = 0;   ///< since local midnight
  std::int64_t offset_us = 0;  ///< east of Greenwich
};

/// Takes apart a text without edge blanks.
bool read_time(std::string_view text, TimeReading& reading) noexcept;

/// What a reading is, calendar checked; kString when no order gives a day.
ValueKind time_kind(const TimeReading& reading) noexcept;

/// Months 1 to 12 by their first three letters in any case, else 0.
std::int32_t month_of(const char* name) noexcept;

/// Reads Z, UTC, GMT or ±HH, ±HHMM, ±HH:MM up to `end`.
bool read_offset(const char* at, const char* end, std::int64_t& offset_us) noexcept;

// Fixed forms, at the speed of the decoder. Each says no to whatever it does not know; the text may be good still.

/// 2026-11-01 or 2026/11/01.
bool read_plain_date(const char* text, std::uint32_t length, std::int32_t& days) noexcept;

/// 2026-11-01 06:52:16 with T or blank and whatever fraction and offset.
/// `local` (out): no offset was given.
bool read_plain_timestamp(const char* text, std::uint32_t length, std::int64_t& us, bool& local) noexcept;

/// 01/11/2026 (or with - or .), ten bytes, both numbers of two digits: kDateDayFirst, kDateMonthFirst, kDateEither, or
/// kDate (11/11/2026),
/// and the day under `order`, if it is one. kString for "look closer".
ValueKind read_ordered_date(const char* text, DateOrder order, std::int32_t& days) noexcept;

/// The same with a time of day, as read_plain_timestamp takes it; kinds of timestamps.
ValueKind read_ordered_timestamp(const char* text, std::uint32_t length, DateOrder order, std::int64_t& us,
                                 bool& local) noexcept;

/// 01/Nov/2026:06:52:16 +0000, 26 bytes.
bool read_plain_clf(const char* text, std::int64_t& us) noexcept;

}  // namespace evclean
