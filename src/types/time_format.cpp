// SPDX-License-Identifier: Apache-2.0
// strptime of our own: the same on every system and in every locale, to the microsecond, and the whole text must match.
// Numbers may have fewer digits than usual, but not %Y and %f's nine at most; a blank in the format is one blank or
// more in the text; names of months and days match in full or by three letters, in any case. What a format does not
// name is taken from 1970-01-01 00:00:00. %y is 1969 to 2068.
#include <algorithm>
#include <array>
#include <optional>

#include "calendar.hpp"
#include "digits.hpp"
#include "evclean/error.hpp"
#include "evclean/types.hpp"
#include "time_text.hpp"

namespace evclean {
namespace {

constexpr std::array<std::string_view, 12> kMonthNames = {"january",   "february", "march",    "april",
                                                          "may",       "june",     "july",     "august",
                                                          "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> kDayNames = {"monday", "tuesday",  "wednesday", "thursday",
                                                       "friday", "saturday", "sunday"};

constexpr std::string_view kDirectives = "YmdeHIMSyBbhAajpfzZsTDFRnt%";

/// What the text has said so far.
struct Parts {
  std::int32_t year = 1970, month = 1, day = 1;
  std::int32_t day_of_year = 0;
  std::int32_t hour = 0, minute = 0, second = 0, fraction_us = 0;
  std::int32_t hour12 = 0;
  bool afternoon = false;
  bool has_offset = false;
  std::int64_t offset_us = 0;
  std::optional<std::int64_t> epoch_s;
  bool before_epoch = false;  ///< the epoch has a minus: -0.5 is half a second before 1970
};

bool starts_with_letters(std::string_view text, std::string_view lower) noexcept {
  if (text.size() < lower.size()) return false;
  return std::equal(lower.begin(), lower.end(), text.begin(),
                    [](char want, char have) { return want == (have | 0x20); });
}

class FormatReader {
 public:
  explicit FormatReader(std::string_view text) : text_(text) {}

  bool read(std::string_view format, Parts& parts);
  bool done() const { return text_.empty(); }

 private:
  bool directive(char code, Parts& parts);
  bool date_directive(char code, Parts& parts);
  bool clock_directive(char code, Parts& parts);
  bool zone_directive(char code, Parts& parts);

  bool literal(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  bool blanks() {
    const std::size_t before = text_.size();
    while (!text_.empty() && (is_blank(text_.front()) || text_.front() == '\n' || text_.front() == '\r')) {
      text_.remove_prefix(1);
    }
    return text_.size() != before;
  }

  bool number(int least, int most, std::int32_t low, std::int32_t high, std::int32_t& value) {
    std::int32_t read = 0;
    int digits = 0;
    for (; digits < most && !text_.empty() && is_digit(text_.front()); ++digits) {
      read = read * 10 + text_.front() - '0';
      text_.remove_prefix(1);
    }
    value = read;
    return digits >= least && read >= low && read <= high;
  }

  template <std::size_t N>
  bool name(const std::array<std::string_view, N>& names, std::int32_t& position) {
    for (std::size_t i = 0; i < N; ++i) {
      const bool full = starts_with_letters(text_, names[i]);
      if (!full && !starts_with_letters(text_, names[i].substr(0, 3))) continue;
      text_.remove_prefix(full ? names[i].size() : 3);
      position = static_cast<std::int32_t>(i) + 1;
      return true;
    }
    return false;
  }

  bool half_day(Parts& parts) {
    parts.afternoon = starts_with_letters(text_, "pm");
    if (!parts.afternoon && !starts_with_letters(text_, "am")) return false;
    text_.remove_prefix(2);
    return true;
  }

  bool fraction(Parts& parts) {
    int digits = 0;
    for (; digits < 9 && !text_.empty() && is_digit(text_.front()); ++digits) {
      if (digits < 6) parts.fraction_us = parts.fraction_us * 10 + text_.front() - '0';
      text_.remove_prefix(1);
    }
    for (int missing = digits; missing < 6; ++missing) parts.fraction_us *= 10;
    return digits > 0;
  }

  /// Takes the longest piece that reads as an offset.
  bool offset(Parts& parts) {
    for (const std::size_t size : {6, 5, 3, 1}) {
      if (text_.size() < size || !read_offset(text_.data(), text_.data() + size, parts.offset_us)) continue;
      text_.remove_prefix(size);
      return parts.has_offset = true;
    }
    return false;
  }

  /// UTC, GMT, UT and Z are known; other names are not unique in the world and do not read.
  bool zone_name(Parts& parts) {
    for (const std::string_view known : {"utc", "gmt", "ut", "z"}) {
      if (!starts_with_letters(text_, known)) continue;
      text_.remove_prefix(known.size());
      return parts.has_offset = true;
    }
    return false;
  }

  bool epoch(Parts& parts) {
    parts.before_epoch = literal('-');
    std::int64_t seconds = 0;
    int digits = 0;
    for (; digits < 12 && !text_.empty() && is_digit(text_.front()); ++digits) {
      seconds = seconds * 10 + text_.front() - '0';
      text_.remove_prefix(1);
    }
    parts.epoch_s = parts.before_epoch ? -seconds : seconds;
    return digits > 0;
  }

  std::string_view text_;
};

bool FormatReader::date_directive(char code, Parts& parts) {
  std::int32_t ignored = 0;
  switch (code) {
    case 'Y':
      return number(4, 4, 1, 9999, parts.year);
    case 'm':
      return number(1, 2, 1, 12, parts.month);
    case 'e':
      blanks();
      [[fallthrough]];
    case 'd':
      return number(1, 2, 1, 31, parts.day);
    case 'y':
      if (!number(2, 2, 0, 99, parts.year)) return false;
      parts.year += parts.year < 69 ? 2000 : 1900;
      return true;
    case 'b':
    case 'B':
    case 'h':
      return name(kMonthNames, parts.month);
    case 'a':
    case 'A':
      return name(kDayNames, ignored);
    case 'j':
      return number(1, 3, 1, 366, parts.day_of_year);
    case 'D':
      return read("%m/%d/%y", parts);
    default:
      return read("%Y-%m-%d", parts);
  }
}

bool FormatReader::clock_directive(char code, Parts& parts) {
  switch (code) {
    case 'H':
      return number(1, 2, 0, 23, parts.hour);
    case 'I':
      return number(1, 2, 1, 12, parts.hour12);
    case 'M':
      return number(1, 2, 0, 59, parts.minute);
    case 'S':
      return number(1, 2, 0, 60, parts.second);
    case 'p':
      return half_day(parts);
    case 'f':
      return fraction(parts);
    case 'T':
      return read("%H:%M:%S", parts);
    default:
      return read("%H:%M", parts);
  }
}

bool FormatReader::zone_directive(char code, Parts& parts) {
  if (code == 'z') return offset(parts);
  return code == 'Z' ? zone_name(parts) : epoch(parts);
}

bool FormatReader::directive(char code, Parts& parts) {
  if (code == '%') return literal('%');
  if (code == 'n' || code == 't') return blanks();
  if (std::string_view("YmdeyBbhAajDF").find(code) != std::string_view::npos) return date_directive(code, parts);
  if (std::string_view("HIMSpfTR").find(code) != std::string_view::npos) return clock_directive(code, parts);
  return zone_directive(code, parts);
}

bool FormatReader::read(std::string_view format, Parts& parts) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    if (c == '%') {
      if (!directive(format[++i], parts)) return false;
    } else if (is_blank(c) || c == '\n') {
      while (i + 1 < format.size() && (is_blank(format[i + 1]) || format[i + 1] == '\n')) ++i;
      if (!blanks()) return false;
    } else if (!literal(c)) {
      return false;
    }
  }
  return true;
}

/// Local microseconds, or UTC when the parts name an offset or an epoch.
bool add_up(Parts& parts, std::int64_t& us) {
  if (parts.epoch_s) {
    parts.has_offset = true;
    us = *parts.epoch_s * kSecondUs + (parts.before_epoch ? -parts.fraction_us : parts.fraction_us);
    return in_calendar(us);
  }
  if (parts.day_of_year > 365 + is_leap_year(parts.year)) return false;
  if (!is_civil_day(parts.year, parts.month, parts.day)) return false;
  const std::int32_t days = parts.day_of_year > 0 ? days_from_civil(parts.year, 1, 1) + parts.day_of_year - 1
                                                  : days_from_civil(parts.year, parts.month, parts.day);
  if (parts.hour12 > 0) parts.hour = parts.hour12 % 12 + (parts.afternoon ? 12 : 0);
  us = days * kDayUs + (parts.hour * 60 + parts.minute) * kMinuteUs + parts.second * kSecondUs + parts.fraction_us -
       parts.offset_us;
  if (parts.second == 60 && us - floor_div(us, kDayUs) * kDayUs >= kSecondUs) return false;
  return in_calendar(us);
}

}  // namespace

std::string time_format_problem(std::string_view format) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    if (++i == format.size()) return "ends in a lone %: write %% for a percent sign";
    if (kDirectives.find(format[i]) != std::string_view::npos) continue;
    return fmt::format(
        "has the unknown directive %{}: known are %Y %m %d %e %H %I %M %S %y %b %B %a %A %j %p %f %z "
        "%Z %s %T %D %F %R %%",
        format[i]);
  }
  return {};
}

bool parse_time_format(std::string_view text, std::string_view format, const TimeZone& zone, std::int64_t& us) {
  if (const std::string problem = time_format_problem(format); !problem.empty()) {
    fail_user("time format '{}' {}", format, problem);
  }
  FormatReader reader(trim_blanks(text));
  Parts parts;
  if (!reader.read(format, parts) || !reader.done() || !add_up(parts, us)) return false;
  if (!parts.has_offset) us -= zone.offset_us(us);
  return true;
}

}  // namespace evclean
