// SPDX-License-Identifier: Apache-2.0
#include "time_text.hpp"

#include "digits.hpp"

namespace evclean {
namespace {

/// A cursor over one text; each take_ gives false, or -1, when something else stands there.
class Cursor {
 public:
  explicit Cursor(std::string_view text) noexcept : at_(text.data()), end_(text.data() + text.size()) {}

  bool done() const noexcept { return at_ == end_; }
  bool sees(char c) const noexcept { return at_ != end_ && *at_ == c; }
  bool sees_digit() const noexcept { return at_ != end_ && is_digit(*at_); }
  bool sees_letter() const noexcept { return at_ != end_ && is_letter(*at_); }
  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  std::string_view rest() const noexcept { return {at_, left()}; }
  void skip(std::size_t bytes) noexcept { at_ += bytes; }

  bool take(char c) noexcept {
    if (!sees(c)) return false;
    ++at_;
    return true;
  }

  /// Number of exactly `digits` digits that no further digit follows.
  std::int32_t take_number(int least, int most) noexcept {
    std::int32_t value = 0;
    int digits = 0;
    for (; digits < most && sees_digit(); ++digits) value = value * 10 + *at_++ - '0';
    return digits < least || sees_digit() ? -1 : value;
  }

  int digits_ahead() const noexcept {
    int count = 0;
    while (count < 5 && static_cast<std::size_t>(count) < left() && is_digit(at_[count])) ++count;
    return count;
  }

  /// Blanks of an RFC 2822 text; at least one.
  bool take_blanks() noexcept {
    const char* const before = at_;
    while (at_ != end_ && is_blank(*at_)) ++at_;
    return at_ != before;
  }

  std::int32_t take_month() noexcept {
    if (left() < 3) return 0;
    const std::int32_t month = month_of(at_);
    at_ += 3;
    return month;
  }

 private:
  const char* at_;
  const char* end_;
};

constexpr std::uint32_t letters3(const char* name) noexcept {
  return (static_cast<std::uint32_t>(name[0] | 0x20) << 16) | (static_cast<std::uint32_t>(name[1] | 0x20) << 8) |
         static_cast<std::uint32_t>(name[2] | 0x20);
}

bool is_weekday(const char* name) noexcept {
  for (const char* known : {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}) {
    if (letters3(name) == letters3(known)) return true;
  }
  return false;
}

/// Digits after the point: one to nine, microseconds kept.
bool take_fraction(Cursor& cursor, std::int64_t& fraction_us) noexcept {
  const char* at = cursor.rest().data();
  std::size_t digits = 0;
  fraction_us = 0;
  for (; digits < cursor.left() && is_digit(at[digits]); ++digits) {
    if (digits < 6) fraction_us = fraction_us * 10 + at[digits] - '0';
  }
  for (std::size_t missing = digits; missing < 6; ++missing) fraction_us *= 10;
  cursor.skip(digits);
  return digits >= 1 && digits <= 9;
}

/// H:M[:S[.fraction]], hours of one digit unless `two_digit_hours`.
bool take_clock(Cursor& cursor, bool two_digit_hours, TimeReading& reading) noexcept {
  const std::int32_t hour = cursor.take_number(two_digit_hours ? 2 : 1, 2);
  if (hour < 0 || hour > 23 || !cursor.take(':')) return false;
  const std::int32_t minute = cursor.take_number(2, 2);
  if (minute < 0 || minute > 59) return false;
  reading.has_clock = true;
  reading.clock_us = (hour * 60 + minute) * kMinuteUs;
  if (!cursor.take(':')) return true;
  const std::int32_t second = cursor.take_number(2, 2);
  if (second < 0 || second > 60) return false;
  reading.leap_second = second == 60;
  reading.clock_us += second * kSecondUs;
  if (!cursor.take('.') && !cursor.take(',')) return true;
  std::int64_t fraction_us = 0;
  if (!take_fraction(cursor, fraction_us)) return false;
  reading.clock_us += fraction_us;
  return true;
}

/// The offset, or nothing, up to the end; a blank may stand before it.
bool take_tail(Cursor& cursor, TimeReading& reading) noexcept {
  if (cursor.done()) return true;
  cursor.take(' ');
  const std::string_view rest = cursor.rest();
  reading.has_offset = read_offset(rest.data(), rest.data() + rest.size(), reading.offset_us);
  return reading.has_offset;
}

bool take_clock_and_tail(Cursor& cursor, TimeReading& reading) noexcept {
  if (cursor.done()) return true;
  return (cursor.take('T') || cursor.take(' ')) && take_clock(cursor, false, reading) && take_tail(cursor, reading);
}

/// Y-m-d and Y/m/d.
bool read_year_first(Cursor& cursor, TimeReading& reading) noexcept {
  reading.order_known = true;
  reading.year = cursor.take_number(4, 4);
  const char separator = cursor.sees('/') ? '/' : '-';
  if (!cursor.take(separator)) return false;
  reading.first = cursor.take_number(1, 2);
  if (!cursor.take(separator)) return false;
  reading.second = cursor.take_number(1, 2);
  return take_clock_and_tail(cursor, reading);
}

/// Nov/2026:06:52:16 +0000, the day being read.
bool read_clf_after_day(Cursor& cursor, TimeReading& reading) noexcept {
  reading.order_known = true;
  reading.first = cursor.take_month();
  if (!cursor.take('/')) return false;
  reading.year = cursor.take_number(4, 4);
  return cursor.take(':') && take_clock(cursor, true, reading) && take_tail(cursor, reading);
}

/// The zones RFC 2822 still reads by name.
bool read_obsolete_zone(std::string_view name, std::int64_t& offset_us) noexcept {
  struct Zone {
    std::string_view name;
    std::int32_t hours;
  };
  constexpr Zone kZones[] = {{"UT", 0},   {"GMT", 0},  {"UTC", 0},  {"Z", 0},    {"EST", -5}, {"EDT", -4},
                             {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
  for (const Zone& zone : kZones) {
    if (zone.name != name) continue;
    offset_us = zone.hours * 60 * kMinuteUs;
    return true;
  }
  return false;
}

/// The zone of an RFC 2822 time: ±HHMM or a name, then perhaps a comment in parentheses.
bool take_mail_zone(Cursor& cursor, TimeReading& reading) noexcept {
  std::string_view zone = cursor.rest();
  if (const std::size_t comment = zone.find('('); comment != std::string_view::npos && zone.back() == ')') {
    zone = trim_blanks(zone.substr(0, comment));
  }
  reading.has_offset = true;
  if (read_obsolete_zone(zone, reading.offset_us)) return true;
  return zone.size() == 5 && read_offset(zone.data(), zone.data() + 5, reading.offset_us);
}

/// [Sun,] 1 Nov 2026 06:52[:16] +0000, from the day on.
bool read_mail_time(Cursor& cursor, TimeReading& reading) noexcept {
  reading.order_known = true;
  reading.second = cursor.take_number(1, 2);
  if (!cursor.take_blanks()) return false;
  reading.first = cursor.take_month();
  if (!cursor.take_blanks()) return false;
  reading.year = cursor.take_number(4, 4);
  if (!cursor.take_blanks() || !take_clock(cursor, true, reading)) return false;
  return cursor.take_blanks() && take_mail_zone(cursor, reading);
}

bool read_weekday_time(Cursor& cursor, TimeReading& reading) noexcept {
  if (cursor.left() < 4 || !is_weekday(cursor.rest().data())) return false;
  cursor.skip(3);
  if (!cursor.take(',')) return false;
  cursor.take_blanks();
  return read_mail_time(cursor, reading);
}

/// Texts that begin with one or two digits.
bool read_day_or_month_first(Cursor cursor, TimeReading& reading) noexcept {
  const Cursor start = cursor;
  reading.first = cursor.take_number(1, 2);
  if (cursor.sees(' ')) {
    cursor = start;
    return read_mail_time(cursor, reading);
  }
  const char separator = cursor.done() ? '\0' : cursor.rest().front();
  if (separator != '/' && separator != '-' && separator != '.') return false;
  cursor.skip(1);
  if (separator == '/' && cursor.sees_letter() && start.digits_ahead() == 2) {
    reading.second = reading.first;
    return read_clf_after_day(cursor, reading);
  }
  reading.second = cursor.take_number(1, 2);
  if (!cursor.take(separator)) return false;
  reading.year = cursor.take_number(4, 4);
  return take_clock_and_tail(cursor, reading);
}

/// The instant (or local time) of a reading under one order; false when that is no day or not in the calendar.
bool instant_of(const TimeReading& reading, DateOrder order, std::int64_t& us) noexcept {
  const bool swap = !reading.order_known && order == DateOrder::kDayFirst;
  const std::int32_t month = swap ? reading.second : reading.first;
  const std::int32_t day = swap ? reading.first : reading.second;
  if (!is_civil_day(reading.year, month, day)) return false;
  us = days_from_civil(reading.year, month, day) * kDayUs + reading.clock_us - reading.offset_us;
  if (reading.leap_second && us - floor_div(us, kDayUs) * kDayUs >= kSecondUs) return false;
  return in_calendar(us);
}

/// 07/07/2014 is one day in either order.
bool needs_order(const TimeReading& reading) noexcept {
  return !reading.order_known && reading.first != reading.second;
}

bool reads_under(const TimeReading& reading, DateOrder order, std::int64_t& us) noexcept {
  if (needs_order(reading) && order == DateOrder::kNone) return false;
  return instant_of(reading, order, us);
}

}  // namespace

std::int32_t month_of(const char* name) noexcept {
  constexpr std::uint32_t kMonths[] = {letters3("jan"), letters3("feb"), letters3("mar"), letters3("apr"),
                                       letters3("may"), letters3("jun"), letters3("jul"), letters3("aug"),
                                       letters3("sep"), letters3("oct"), letters3("nov"), letters3("dec")};
  if (!is_letter(name[0]) || !is_letter(name[1]) || !is_letter(name[2])) return 0;
  const std::uint32_t letters = letters3(name);
  for (std::int32_t month = 0; month < 12; ++month) {
    if (kMonths[month] == letters) return month + 1;
  }
  return 0;
}

bool read_offset(const char* at, const char* end, std::int64_t& offset_us) noexcept {
  const std::string_view text(at, static_cast<std::size_t>(end - at));
  offset_us = 0;
  if (text == "Z" || text == "UTC" || text == "GMT") return true;
  if (text.size() < 3 || (*at != '+' && *at != '-')) return false;
  const std::int32_t hours = two_digits(at + 1);
  const bool colon = text.size() == 6 && at[3] == ':';
  if (text.size() != 3 && text.size() != 5 && !colon) return false;
  const std::int32_t minutes = text.size() == 3 ? 0 : two_digits(end - 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
  offset_us = (*at == '-' ? -1 : 1) * (hours * 60 + minutes) * kMinuteUs;
  return true;
}

bool read_time(std::string_view text, TimeReading& reading) noexcept {
  if (text.size() < 8 || text.size() > 200) return false;
  Cursor cursor(text);
  if (cursor.sees_letter()) return read_weekday_time(cursor, reading);
  const int digits = cursor.digits_ahead();
  if (digits == 4) return read_year_first(cursor, reading);
  return (digits == 1 || digits == 2) && read_day_or_month_first(cursor, reading);
}

ValueKind time_kind(const TimeReading& reading) noexcept {
  std::int64_t us = 0;
  const bool clock = reading.has_clock;
  if (!needs_order(reading)) {
    if (!instant_of(reading, DateOrder::kNone, us)) return ValueKind::kString;
    return clock ? ValueKind::kTimestamp : ValueKind::kDate;
  }
  const bool day_first = instant_of(reading, DateOrder::kDayFirst, us);
  const bool month_first = instant_of(reading, DateOrder::kMonthFirst, us);
  if (day_first && month_first) return clock ? ValueKind::kTimestampEither : ValueKind::kDateEither;
  if (day_first) return clock ? ValueKind::kTimestampDayFirst : ValueKind::kDateDayFirst;
  if (month_first) return clock ? ValueKind::kTimestampMonthFirst : ValueKind::kDateMonthFirst;
  return ValueKind::kString;
}

bool parse_date(std::string_view text, DateOrder order, std::int32_t& days) noexcept {
  text = trim_blanks(text);
  if (read_plain_date(text.data(), static_cast<std::uint32_t>(text.size()), days)) return true;
  TimeReading reading;
  std::int64_t us = 0;
  if (!read_time(text, reading) || reading.has_clock || !reads_under(reading, order, us)) return false;
  days = static_cast<std::int32_t>(us / kDayUs);
  return true;
}

bool parse_timestamp(std::string_view text, DateOrder order, const TimeZone& zone, std::int64_t& us) noexcept {
  text = trim_blanks(text);
  bool local = false;
  if (!read_plain_timestamp(text.data(), static_cast<std::uint32_t>(text.size()), us, local)) {
    TimeReading reading;
    if (!read_time(text, reading) || !reads_under(reading, order, us)) return false;
    local = !reading.has_offset;
  }
  if (local) us -= zone.offset_us(us);
  return true;
}

bool parse_clf_time(const char* text, std::size_t length, std::int64_t& us) noexcept {
  if (length == 26 && read_plain_clf(text, us)) return true;
  TimeReading reading;
  if (!read_time({text, length}, reading) || length < 7 || text[2] != '/' || !is_letter(text[3])) return false;
  return reading.has_offset && instant_of(reading, DateOrder::kNone, us);
}

}  // namespace evclean
