// SPDX-License-Identifier: Apache-2.0
// The POSIX TZ rule that ends a zone file: CET-1CEST,M3.5.0,M10.5.0/3. West is positive there.
#include <optional>

#include "calendar.hpp"
#include "digits.hpp"
#include "tzif.hpp"

namespace evclean {
namespace {

/// When a rule's day begins or ends summer time.
struct RuleDay {
  char form = 'M';  ///< M: month.week.weekday, J: day 1 to 365 without leap days, 0: day 0 to 365
  std::int32_t month = 0, week = 0, weekday = 0, day = 0;
  std::int32_t time_s = 7200;
};

class RuleText {
 public:
  explicit RuleText(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// A zone's abbreviation: letters, or anything in angle brackets.
  bool take_name() {
    const bool bracket = take('<');
    std::size_t length = 0;
    while (length < text_.size() && (bracket ? text_[length] != '>' : is_letter(text_[length]))) ++length;
    if (length == 0) return false;
    text_.remove_prefix(length);
    return !bracket || take('>');
  }
  std::optional<std::int32_t> take_number() {
    std::int32_t value = 0;
    std::size_t digits = 0;
    for (; digits < text_.size() && digits < 4 && is_digit(text_[digits]); ++digits) {
      value = value * 10 + text_[digits] - '0';
    }
    if (digits == 0) return std::nullopt;
    text_.remove_prefix(digits);
    return value;
  }
  /// [+-]h[:m[:s]] in seconds.
  std::optional<std::int32_t> take_time() {
    const bool negative = take('-');
    if (!negative) take('+');
    std::int32_t seconds = 0;
    for (std::int32_t unit = 3600; unit >= 1; unit /= 60) {
      const std::optional<std::int32_t> number = take_number();
      if (!number) return std::nullopt;
      seconds += *number * unit;
      if (unit == 1 || !take(':')) break;
    }
    return negative ? -seconds : seconds;
  }
  std::optional<RuleDay> take_day() {
    RuleDay day;
    day.form = take('M') ? 'M' : take('J') ? 'J' : '0';
    const std::optional<std::int32_t> first = take_number();
    if (!first) return std::nullopt;
    if (day.form == 'M') {
      day.month = *first;
      if (!take_part(day.week) || !take_part(day.weekday)) return std::nullopt;
    } else {
      day.day = *first;
    }
    if (!take('/')) return day;
    const std::optional<std::int32_t> time = take_time();
    if (!time) return std::nullopt;
    day.time_s = *time;
    return day;
  }

 private:
  bool take_part(std::int32_t& part) {
    if (!take('.')) return false;
    const std::optional<std::int32_t> number = take_number();
    part = number.value_or(-1);
    return number.has_value();
  }
  std::string_view text_;
};

bool sensible(const RuleDay& day) {
  if (day.form != 'M') return day.day <= 365;
  return day.month >= 1 && day.month <= 12 && day.week >= 1 && day.week <= 5 && day.weekday <= 6;
}

/// Local seconds since 1970 at which a rule's day strikes in a year.
std::int64_t strike_s(const RuleDay& rule, std::int32_t year) {
  std::int32_t day = days_from_civil(year, 1, 1);
  if (rule.form == 'J') {
    day += rule.day - 1 + (rule.day >= 60 && is_leap_year(year) ? 1 : 0);
  } else if (rule.form == '0') {
    day += rule.day;
  } else {
    const std::int32_t first = days_from_civil(year, rule.month, 1);
    const auto weekday_of_first = static_cast<std::int32_t>(((first + 4) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
    std::int32_t of_month = (rule.weekday - weekday_of_first + 7) % 7 + (rule.week - 1) * 7;
    if (of_month >= days_in_month(year, rule.month)) of_month -= 7;
    day = first + of_month;
  }
  return std::int64_t{day} * 86'400 + rule.time_s;
}

}  // namespace

bool append_rule_changes(std::string_view rule, std::int32_t first_year, std::int32_t last_year, std::int64_t after_s,
                         std::vector<ZoneChange>& changes) {
  RuleText text(rule);
  if (!text.take_name()) return false;
  const std::optional<std::int32_t> west = text.take_time();
  if (!west) return false;
  if (text.done()) return true;
  const std::int32_t standard_s = -*west;
  std::int32_t summer_s = standard_s + 3600;
  if (!text.take_name()) return false;
  if (!text.take(',')) {
    const std::optional<std::int32_t> summer_west = text.take_time();
    if (!summer_west || !text.take(',')) return false;
    summer_s = -*summer_west;
  }
  const std::optional<RuleDay> begin = text.take_day();
  if (!begin || !text.take(',')) return false;
  const std::optional<RuleDay> end = text.take_day();
  if (!end || !text.done() || !sensible(*begin) || !sensible(*end)) return false;
  for (std::int32_t year = first_year; year <= last_year; ++year) {
    ZoneChange to_summer{strike_s(*begin, year) - standard_s, summer_s};
    ZoneChange to_standard{strike_s(*end, year) - summer_s, standard_s};
    if (to_standard.utc_s < to_summer.utc_s) std::swap(to_summer, to_standard);
    for (const ZoneChange& change : {to_summer, to_standard}) {
      if (change.utc_s > after_s) changes.push_back(change);
    }
  }
  return true;
}

}  // namespace evclean
