// SPDX-License-Identifier: Apache-2.0
// Values as they come from the wild: good ones of every form, and good ones with a wound.
#pragma once

#include <fmt/format.h>

#include <array>
#include <random>
#include <string>

namespace evclean {

class DirtyText {
 public:
  explicit DirtyText(std::uint64_t seed) : random_(seed) {}

  std::int64_t below(std::int64_t bound) { return std::uniform_int_distribution<std::int64_t>(0, bound - 1)(random_); }
  bool once_in(int times) { return below(times) == 0; }

  std::string number() {
    switch (below(8)) {
      case 0:
        return std::to_string(below(10));
      case 1:
        return std::to_string(static_cast<std::int64_t>(random_()) >> below(64));
      case 2:
        return fmt::format("{}.{}", below(1000), below(100000));
      case 3:
        return fmt::format("-{}e{}{}", below(10), once_in(2) ? "-" : "", below(400));
      case 4:
        return fmt::format("{}{}", once_in(3) ? "-" : "", 9007199254740990 + below(6));
      case 5:
        return once_in(2) ? "9223372036854775807" : "-9223372036854775809";
      case 6:
        return fmt::format("{}.{}E+{}", below(100), below(1000000000), below(20));
      default:
        return fmt::format("{}{}", once_in(2) ? "0" : "-", below(100000));
    }
  }

  std::string date() {
    const auto year = once_in(4) ? below(10000) : 1960 + below(80);
    const auto small = 1 + below(once_in(4) ? 33 : 12), other = 1 + below(once_in(2) ? 31 : 13);
    const bool padded = !once_in(3);
    const char mark = "-/."[below(3)];
    const std::string a = padded ? fmt::format("{:02}", small) : std::to_string(small);
    const std::string b = padded ? fmt::format("{:02}", other) : std::to_string(other);
    if (once_in(2)) return fmt::format("{:04}{}{}{}{}", year, mark, a, mark, b);
    return fmt::format("{}{}{}{}{:04}", a, mark, b, mark, year);
  }

  std::string clock() {
    const auto hour = below(25), minute = below(61);
    if (once_in(40)) return "23:59:60";
    if (once_in(5)) return fmt::format("{}:{:02}", hour, minute);
    std::string text = fmt::format("{:02}:{:02}:{:02}", hour, minute, below(61));
    if (once_in(3))
      text += fmt::format("{}{}", once_in(4) ? ',' : '.', std::to_string(below(10000000000)).substr(0, 1 + below(10)));
    return text;
  }

  std::string zone() {
    static const std::array<const char*, 6> names = {"Z", " UTC", "GMT", " EST", "+24:00", "-0060"};
    if (once_in(4)) return names[below(6)];
    const std::string sign = once_in(2) ? "+" : "-";
    const std::string blank = once_in(3) ? " " : "";
    switch (below(4)) {
      case 0:
        return "";
      case 1:
        return fmt::format("{}{}{:02}", blank, sign, below(15));
      case 2:
        return fmt::format("{}{}{:02}{:02}", blank, sign, below(15), below(61));
      default:
        return fmt::format("{}{}{:02}:{:02}", blank, sign, below(15), below(61));
    }
  }

  std::string month() {
    static const std::array<const char*, 13> names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
                                                      "Aug", "Sep", "Oct", "Nov", "Dec", "Foo"};
    return names[below(once_in(9) ? 13 : 12)];
  }

  std::string timestamp() {
    switch (below(4)) {
      case 0:
        return fmt::format("{:02}/{}/{:04}:{:02}:{:02}:{:02} {}{:02}{:02}", below(33), month(), 1960 + below(90),
                           below(25), below(61), below(61), once_in(2) ? '+' : '-', below(25), below(61));
      case 1:
        return fmt::format("{}{} {} {:04} {} {}", once_in(2) ? "Sun, " : "", below(33), month(), 1960 + below(90),
                           clock(),
                           once_in(2)   ? "+0200"
                           : once_in(2) ? "EDT"
                                        : "GMT");
      default:
        return date() + (once_in(2) ? "T" : " ") + clock() + zone();
    }
  }

  std::string word() {
    static const std::array<const char*, 14> words = {"true", "True",     "TRUE", "false", "False", "FALSE", "tRUE",
                                                      "yes",  "10.0.0.1", "0x1F", "1,234", ".5",    "1.",    "+5"};
    return words[below(14)];
  }

  /// One good value in most cases, sometimes with a byte changed, cut off, doubled, or with edge blanks.
  std::string value() {
    std::string text = once_in(5) ? word() : once_in(3) ? number() : once_in(2) ? date() : timestamp();
    if (once_in(6) && !text.empty()) text[below(static_cast<std::int64_t>(text.size()))] = "0:-/.,TZe+ x9"[below(13)];
    if (once_in(12)) text.resize(below(static_cast<std::int64_t>(text.size()) + 1));
    if (once_in(12)) text.insert(0, once_in(2) ? " " : "\t ");
    if (once_in(12)) text += once_in(2) ? " " : " \t";
    return text;
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace evclean
