// SPDX-License-Identifier: Apache-2.0
#include "slow_reference.hpp"

#include <cmath>
#include <cstdlib>
#include <regex>
#include <vector>

namespace evclean::reference {
namespace {

bool leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

const std::vector<std::int64_t>& days_before_year() {
  static const std::vector<std::int64_t> table = [] {
    std::vector<std::int64_t> days(10001);
    for (int year = 1; year < 10000; ++year) days[year + 1] = days[year] + (leap(year) ? 366 : 365);
    return days;
  }();
  return table;
}

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(" \t");
  return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

int to_int(const std::ssub_match& match) { return std::atoi(match.str().c_str()); }

constexpr std::int64_t kSecond = 1'000'000;

std::optional<std::int64_t> offset_of(const std::string& zone) {
  static const std::map<std::string, int> names = {{"", 0},     {"Z", 0},    {"UT", 0},   {"UTC", 0},  {"GMT", 0},
                                                   {"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5}, {"MST", -7},
                                                   {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
  if (const auto found = names.find(zone); found != names.end()) return found->second * 3600 * kSecond;
  const int hours = std::atoi(zone.substr(1, 2).c_str());
  const int minutes = zone.size() > 3 ? std::atoi(zone.substr(zone.size() - 2).c_str()) : 0;
  if (hours > 23 || minutes > 59) return std::nullopt;
  return (zone[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60) * kSecond;
}

/// Microseconds of H:M[:S[.f]] from four groups, 60 seconds allowed.
std::optional<std::int64_t> clock_of(const std::smatch& m, std::size_t first, bool& leap_second) {
  const int hour = to_int(m[first]), minute = to_int(m[first + 1]), second = to_int(m[first + 2]);
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  leap_second = second == 60;
  const std::string fraction = (m[first + 3].str() + "000000").substr(0, 6);
  return (hour * 3600 + minute * 60 + second) * kSecond + std::atoi(fraction.c_str());
}

std::optional<std::int64_t> instant(int year, int month, int day, std::int64_t clock, std::int64_t offset,
                                    bool leap_second) {
  const auto days = count_days(year, month, day);
  if (!days) return std::nullopt;
  const std::int64_t us = *days * 86400 * kSecond + clock - offset;
  const std::int64_t first = *count_days(1, 1, 1) * 86400 * kSecond;
  if (us < first || us >= (*count_days(9999, 12, 31) + 1) * 86400 * kSecond) return std::nullopt;
  if (leap_second && (us - first) % (86400 * kSecond) / kSecond != 0) return std::nullopt;
  return us;
}

int month_number(std::string name) {
  static const std::string months = "janfebmaraprmayjunjulaugsepoctnovdec";
  for (char& c : name) c = static_cast<char>(std::tolower(c));
  const auto at = months.find(name);
  return at == std::string::npos || at % 3 != 0 ? 0 : static_cast<int>(at / 3) + 1;
}

Value settled(std::optional<std::int64_t> us) { return us ? Value{ValueKind::kTimestamp, *us, *us} : Value{}; }

const std::string kClock = "([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?";
const std::string kClock2 = "([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?";
const std::string kZone = "(?: ?(Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?";

std::optional<Value> named_month(const std::string& text) {
  static const std::regex clf("([0-9]{2})/([A-Za-z]{3})/([0-9]{4}):" + kClock2 + kZone);
  static const std::regex mail(
      "(?:(?:mon|tue|wed|thu|fri|sat|sun),[ \t]*)?([0-9]{1,2})[ \t]+([a-z]{3})[ \t]+([0-9]{4})[ \t]+" + kClock2 +
          "[ \t]+([+-][0-9]{4}|UTC?|GMT|Z|[ECMP][SD]T)[ \t]*(?:[(].*[)])?",
      std::regex::icase);
  std::smatch m;
  if (!std::regex_match(text, m, clf) && !std::regex_match(text, m, mail)) return std::nullopt;
  bool leap_second = false;
  const auto clock = clock_of(m, 4, leap_second);
  const std::string zone = m[8].str();
  for (const char c : zone) {
    if (std::islower(static_cast<unsigned char>(c))) return Value{};
  }
  const auto offset = offset_of(zone);
  if (!clock || !offset) return Value{};
  return settled(instant(to_int(m[3]), month_number(m[2]), to_int(m[1]), *clock, *offset, leap_second));
}

Value numbered(const std::string& text) {
  static const std::regex year_first("([0-9]{4})([-/])([0-9]{1,2})\\2([0-9]{1,2})(?:[T ]" + kClock + kZone + ")?");
  static const std::regex year_last("([0-9]{1,2})([-/.])([0-9]{1,2})\\2([0-9]{4})(?:[T ]" + kClock + kZone + ")?");
  std::smatch m;
  const bool known = std::regex_match(text, m, year_first);
  if (!known && !std::regex_match(text, m, year_last)) return {};
  bool leap_second = false;
  const bool has_clock = m[5].matched;
  const auto clock = clock_of(m, 5, leap_second);
  const auto offset = offset_of(m[9].str());
  if (!clock || !offset) return {};
  const auto at = [&](int year, int month, int day) { return instant(year, month, day, *clock, *offset, leap_second); };
  if (known) {
    Value value = settled(at(to_int(m[1]), to_int(m[3]), to_int(m[4])));
    if (value.kind != ValueKind::kString && !has_clock) value.kind = ValueKind::kDate;
    return value;
  }
  const auto day_first = at(to_int(m[4]), to_int(m[3]), to_int(m[1]));
  const auto month_first = at(to_int(m[4]), to_int(m[1]), to_int(m[3]));
  Value value{ValueKind::kString, day_first.value_or(0), month_first.value_or(0)};
  if (day_first && month_first && to_int(m[1]) == to_int(m[3]))
    value.kind = has_clock ? ValueKind::kTimestamp : ValueKind::kDate;
  else if (day_first && month_first)
    value.kind = has_clock ? ValueKind::kTimestampEither : ValueKind::kDateEither;
  else if (day_first)
    value.kind = has_clock ? ValueKind::kTimestampDayFirst : ValueKind::kDateDayFirst;
  else if (month_first)
    value.kind = has_clock ? ValueKind::kTimestampMonthFirst : ValueKind::kDateMonthFirst;
  return value;
}

ValueKind scalar_kind(const std::string& text) {
  static const std::regex truth("true|True|TRUE|false|False|FALSE");
  static const std::regex integer("-?(0|[1-9][0-9]*)");
  static const std::regex number("-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?");
  if (std::regex_match(text, truth)) return ValueKind::kBool;
  if (std::regex_match(text, integer)) {
    errno = 0;
    const long long value = std::strtoll(text.c_str(), nullptr, 10);
    if (errno == ERANGE) return ValueKind::kString;
    return value > 9007199254740992 || value < -9007199254740992 ? ValueKind::kBigInt : ValueKind::kInt;
  }
  if (std::regex_match(text, number) && std::isfinite(std::strtod(text.c_str(), nullptr))) return ValueKind::kFloat;
  return ValueKind::kString;
}

}  // namespace

std::optional<std::int64_t> count_days(int year, int month, int day) {
  static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const auto length = [&](int m) { return lengths[m - 1] + (m == 2 && leap(year) ? 1 : 0); };
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > length(month)) return std::nullopt;
  std::int64_t days = days_before_year()[year] - days_before_year()[1970];
  for (int m = 1; m < month; ++m) days += length(m);
  return days + day - 1;
}

Value read(const std::string& text, bool json_string) {
  const std::string inner = trimmed(text);
  const ValueKind kind = json_string ? ValueKind::kString : scalar_kind(inner);
  if (kind != ValueKind::kString) return {kind, 0, 0};
  if (const auto value = named_month(inner)) return *value;
  return numbered(inner);
}

}  // namespace evclean::reference
