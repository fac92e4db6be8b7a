// SPDX-License-Identifier: Apache-2.0
#include "times.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <string>
#include <utility>

#include "kernels.hpp"
#include "row_node.hpp"

namespace evclean::sql {
namespace {

constexpr std::int64_t kFirstUs = -62'135'596'800'000'000;  ///< 0001-01-01
constexpr std::int64_t kEndUs = 253'402'300'800'000'000;    ///< 10000-01-01

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

struct Split {
  std::int64_t days;
  std::int64_t us;  ///< of the day
};
Split split(Timestamp time) {
  const std::int64_t days = floor_div(time.us, kDayUs);
  return {days, time.us - days * kDayUs};
}

/// A date of the calendar. std::chrono's years are 16-bit, ours are not.
struct Civil {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

constexpr std::int64_t kEraDays = 146'097;  ///< 400 years

Civil civil(std::int64_t days) {
  const std::int64_t eras = floor_div(days, kEraDays);
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(days - eras * kEraDays)}}};
  return {int{date.year()} + eras * 400, unsigned{date.month()}, unsigned{date.day()}};
}

std::int64_t days_of(std::int64_t year, unsigned month, unsigned day) {
  const std::int64_t eras = floor_div(year - 1970, 400);
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year - eras * 400)},
                                         std::chrono::month{month}, std::chrono::day{day}};
  return std::chrono::sys_days{date}.time_since_epoch().count() + eras * kEraDays;
}

unsigned month_length(std::int64_t year, unsigned month) {
  const std::int64_t next = month == 12 ? days_of(year + 1, 1, 1) : days_of(year, month + 1, 1);
  return static_cast<unsigned>(next - days_of(year, month, 1));
}

/// 0 for Monday.
std::int64_t weekday(std::int64_t days) { return ((days + 3) % 7 + 7) % 7; }

/// The ISO year of a day, and the Monday that begins it (of the week that holds January 4th).
std::pair<std::int64_t, std::int64_t> iso_year(std::int64_t days) {
  const std::int64_t year = civil(days - weekday(days) + 3).year;  // the week's Thursday
  const std::int64_t fourth = days_of(year, 1, 4);
  return {year, fourth - weekday(fourth)};
}

constexpr auto kFields = std::to_array<std::pair<std::string_view, TimeField>>({
    {"microsecond", TimeField::kMicroseconds},
    {"us", TimeField::kMicroseconds},
    {"millisecond", TimeField::kMilliseconds},
    {"ms", TimeField::kMilliseconds},
    {"second", TimeField::kSecond},
    {"sec", TimeField::kSecond},
    {"minute", TimeField::kMinute},
    {"min", TimeField::kMinute},
    {"hour", TimeField::kHour},
    {"day", TimeField::kDay},
    {"dow", TimeField::kDow},
    {"isodow", TimeField::kIsoDow},
    {"dayofweek", TimeField::kDow},
    {"dayofyear", TimeField::kDoy},
    {"doy", TimeField::kDoy},
    {"week", TimeField::kWeek},
    {"month", TimeField::kMonth},
    {"mon", TimeField::kMonth},
    {"quarter", TimeField::kQuarter},
    {"year", TimeField::kYear},
    {"isoyear", TimeField::kIsoYear},
    {"decade", TimeField::kDecade},
    {"century", TimeField::kCentury},
    {"centuries", TimeField::kCentury},
    {"millennium", TimeField::kMillennium},
    {"epoch", TimeField::kEpoch},
    {"julian", TimeField::kJulian},
});

/// The year that ends a period of `length` years, counted from 1, divided by it: 2001 is in century 21.
std::int64_t period(std::int64_t year, std::int64_t length) { return floor_div(year - 1, length) + 1; }

Timestamp at_year(std::int64_t year) { return {days_of(year, 1, 1) * kDayUs}; }

}  // namespace

std::optional<TimeField> time_field(std::string_view name) {
  std::string word(name);
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const auto& [text, field] : kFields) {
    if (word == text || word == std::string(text) + "s") return field;
  }
  return std::nullopt;
}

std::int64_t extract_field(TimeField field, Timestamp time) {
  const auto [days, us] = split(time);
  switch (field) {
    case TimeField::kMicroseconds:
      return us % (60 * kSecondUs);
    case TimeField::kMilliseconds:
      return us % (60 * kSecondUs) / 1000;
    case TimeField::kSecond:
      return us / kSecondUs % 60;
    case TimeField::kMinute:
      return us / (60 * kSecondUs) % 60;
    case TimeField::kHour:
      return us / (3600 * kSecondUs);
    case TimeField::kDay:
      return civil(days).day;
    case TimeField::kDow:
      return (weekday(days) + 1) % 7;
    case TimeField::kIsoDow:
      return weekday(days) + 1;
    case TimeField::kDoy:
      return days - days_of(civil(days).year, 1, 1) + 1;
    case TimeField::kWeek:
      return (days - iso_year(days).second) / 7 + 1;
    case TimeField::kMonth:
      return civil(days).month;
    case TimeField::kQuarter:
      return (civil(days).month - 1) / 3 + 1;
    case TimeField::kYear:
      return civil(days).year;
    case TimeField::kIsoYear:
      return iso_year(days).first;
    case TimeField::kDecade:
      return floor_div(civil(days).year, 10);
    case TimeField::kCentury:
      return period(civil(days).year, 100);
    case TimeField::kMillennium:
      return period(civil(days).year, 1000);
    case TimeField::kEpoch:
      return floor_div(time.us, kSecondUs);
    case TimeField::kJulian:
      return days + 2'440'588;
  }
  return 0;
}

double extract_float(TimeField field, Timestamp time) {
  if (field == TimeField::kEpoch) return static_cast<double>(time.us) / kSecondUs;
  return static_cast<double>(split(time).us % (60 * kSecondUs)) / kSecondUs;
}

bool can_truncate(TimeField field) {
  return field != TimeField::kDow && field != TimeField::kIsoDow && field != TimeField::kDoy &&
         field != TimeField::kEpoch && field != TimeField::kJulian && field != TimeField::kIsoYear;
}

Timestamp truncate(TimeField field, Timestamp time) {
  const auto [days, us] = split(time);
  const auto cut = [&](std::int64_t unit) { return Timestamp{days * kDayUs + us / unit * unit}; };
  switch (field) {
    case TimeField::kMicroseconds:
      return time;
    case TimeField::kMilliseconds:
      return cut(1000);
    case TimeField::kSecond:
      return cut(kSecondUs);
    case TimeField::kMinute:
      return cut(60 * kSecondUs);
    case TimeField::kHour:
      return cut(3600 * kSecondUs);
    case TimeField::kWeek:
      return {(days - weekday(days)) * kDayUs};
    case TimeField::kMonth:
      return {(days - (civil(days).day - 1)) * kDayUs};
    case TimeField::kQuarter: {
      const Civil date = civil(days);
      return {days_of(date.year, (date.month - 1) / 3 * 3 + 1, 1) * kDayUs};
    }
    case TimeField::kYear:
      return at_year(civil(days).year);
    case TimeField::kDecade:
      return at_year(floor_div(civil(days).year, 10) * 10);
    case TimeField::kCentury:
      return at_year((period(civil(days).year, 100) - 1) * 100 + 1);
    case TimeField::kMillennium:
      return at_year((period(civil(days).year, 1000) - 1) * 1000 + 1);
    default:
      return {days * kDayUs};
  }
}

std::optional<Timestamp> in_range(Timestamp time) {
  return time.us >= kFirstUs && time.us < kEndUs ? std::optional(time) : std::nullopt;
}

std::optional<Timestamp> shift(Timestamp time, const Interval& interval, int sign) {
  auto [days, us] = split(time);
  if (interval.months != 0) {
    const Civil date = civil(days);
    const std::int64_t months = date.year * 12 + date.month - 1 + sign * interval.months;
    const std::int64_t year = floor_div(months, 12);
    const auto month = static_cast<unsigned>(months - year * 12 + 1);
    days = days_of(year, month, std::min(date.day, month_length(year, month)));
  }
  days += sign * interval.days;
  std::int64_t result;
  if (__builtin_mul_overflow(days, kDayUs, &result) || __builtin_add_overflow(result, us, &result) ||
      __builtin_add_overflow(result, sign * interval.us, &result)) {
    return std::nullopt;
  }
  return in_range(Timestamp{result});
}

NodePtr shift_node(NodePtr time, const Interval& interval, int sign) {
  return row_node(nodes_of(cast_node(std::move(time), ValueType::kTimestamp)),
                  [interval, sign](EvalCounters& counters, Timestamp t) {
                    const auto result = shift(t, interval, sign);
                    counters.int_overflow += !result;
                    return result;
                  });
}

NodePtr shift_days_node(NodePtr date, NodePtr days, int sign) {
  return row_node(nodes_of(std::move(date), std::move(days)),
                  [sign](EvalCounters& counters, Date d, std::int64_t n) -> std::optional<Date> {
                    std::int64_t sum = 0;
                    const bool overflow = sign < 0 ? __builtin_sub_overflow(std::int64_t{d.days}, n, &sum)
                                                   : __builtin_add_overflow(std::int64_t{d.days}, n, &sum);
                    const bool fits = !overflow && sum >= kFirstUs / kDayUs && sum < kEndUs / kDayUs;
                    counters.int_overflow += !fits;
                    if (!fits) return std::nullopt;
                    return Date{static_cast<std::int32_t>(sum)};
                  });
}

NodePtr time_difference_node(NodePtr left, NodePtr right) {
  Nodes args = nodes_of(std::move(left), std::move(right));
  if (args[0]->type == ValueType::kDate) {
    return row_node(std::move(args), [](Date a, Date b) { return std::int64_t{a.days} - b.days; });
  }
  return row_node(std::move(args), [](Timestamp a, Timestamp b) {
    std::int64_t us;
    const bool overflow = __builtin_sub_overflow(a.us, b.us, &us);
    return overflow ? (static_cast<double>(a.us) - static_cast<double>(b.us)) / kSecondUs
                    : static_cast<double>(us) / kSecondUs;
  });
}

}  // namespace evclean::sql
