// SPDX-License-Identifier: Apache-2.0
#include "interval.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace evclean::sql {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t months;
  std::int64_t us;
};

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;

constexpr std::array kUnits = std::to_array<Unit>({
    {"us", 0, 1},
    {"microsecond", 0, 1},
    {"ms", 0, 1000},
    {"millisecond", 0, 1000},
    {"s", 0, kSecond},
    {"sec", 0, kSecond},
    {"second", 0, kSecond},
    {"m", 0, 60 * kSecond},
    {"min", 0, 60 * kSecond},
    {"minute", 0, 60 * kSecond},
    {"h", 0, 3600 * kSecond},
    {"hr", 0, 3600 * kSecond},
    {"hour", 0, 3600 * kSecond},
    {"d", 0, kDay},
    {"day", 0, kDay},
    {"w", 0, 7 * kDay},
    {"week", 0, 7 * kDay},
    {"mon", 1, 0},
    {"month", 1, 0},
    {"quarter", 3, 0},
    {"y", 12, 0},
    {"yr", 12, 0},
    {"year", 12, 0},
});

const Unit* find_unit(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const Unit& unit : kUnits) {
    if (lower == unit.name || lower == std::string(unit.name) + "s") return &unit;
  }
  return nullptr;
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

std::string_view take_word(std::string_view& text) {
  const auto end = std::find_if(text.begin(), text.end(), [](unsigned char c) { return !std::isalpha(c); });
  const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(word.size());
  return word;
}

bool take_number(std::string_view& text, double& value) {
  std::string_view digits = text;
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed);
  if (error != std::errc() || std::abs(value) > 1e15) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

/// H:MM[:SS[.fraction]] after the hours have been read.
bool take_clock(std::string_view& text, double hours, bool negative, Interval& interval) {
  double minutes = 0;
  double seconds = 0;
  text.remove_prefix(1);
  if (!take_number(text, minutes) || minutes < 0 || minutes >= 60) return false;
  if (!text.empty() && text.front() == ':') {
    text.remove_prefix(1);
    if (!take_number(text, seconds) || seconds < 0 || seconds >= 60) return false;
  }
  const double us = ((std::abs(hours) * 60 + minutes) * 60 + seconds) * kSecond;
  interval.us += std::llround(negative ? -us : us);
  return true;
}

bool add_unit(const Unit& unit, double amount, Interval& interval) {
  const bool whole = amount == std::floor(amount);
  if (unit.months != 0) {
    interval.months += static_cast<std::int64_t>(amount) * unit.months;
    return whole && std::abs(amount) < 1e6;
  }
  const double us = amount * static_cast<double>(unit.us);
  if (std::abs(us) > 9e18) return false;
  if (unit.us % kDay == 0 && whole) {
    interval.days += static_cast<std::int64_t>(amount) * (unit.us / kDay);
  } else {
    interval.us += std::llround(us);
  }
  return std::abs(interval.days) < 4'000'000;
}

}  // namespace

std::optional<Interval> parse_interval(std::string_view text, std::string_view unit_of_bare, std::string& why) {
  const std::string whole(text);
  const auto fail = [&](std::string_view reason) {
    why =
        fmt::format("'{}' is not an interval: {}; write for example interval '1 day' or interval '2 hours 30 minutes'",
                    whole, reason);
    return std::nullopt;
  };
  Interval interval;
  bool any = false;
  for (skip_blanks(text); !text.empty(); skip_blanks(text)) {
    double amount = 0;
    const bool negative = text.front() == '-';
    if (!take_number(text, amount)) {
      const std::string word(take_word(text));
      skip_blanks(text);
      if (word != "ago" || !any || !text.empty()) return fail("a number is missing");
      return Interval{-interval.months, -interval.days, -interval.us};
    }
    any = true;
    if (!text.empty() && text.front() == ':') {
      if (!take_clock(text, amount, negative, interval)) return fail("the time of day does not read");
      continue;
    }
    skip_blanks(text);
    std::string_view word = take_word(text);
    if (word.empty()) word = unit_of_bare;
    if (word.empty()) return fail("a unit is missing");
    const Unit* unit = find_unit(word);
    if (unit == nullptr) return fail(fmt::format("'{}' is no unit", word));
    if (!add_unit(*unit, amount, interval)) return fail("it is too long, or a month or year in fractions");
  }
  if (!any) return fail("it is empty");
  return interval;
}

}  // namespace evclean::sql
