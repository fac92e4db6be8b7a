// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "evclean/error.hpp"
#include "evclean/types.hpp"

namespace evclean {
namespace {

std::string read(std::string_view text, std::string_view format, const TimeZone& zone = {}) {
  std::int64_t us = 0;
  if (!parse_time_format(text, format, zone, us)) return "no";
  std::string out;
  append_timestamp(out, us);
  return out;
}

TEST(TimeFormat, EveryDirectiveReads) {
  EXPECT_EQ(read("01/11/2026", "%d/%m/%Y"), "2026-11-01 00:00:00");
  EXPECT_EQ(read("1/Nov/2026 6:52:16", "%d/%b/%Y %H:%M:%S"), "2026-11-01 06:52:16");
  EXPECT_EQ(read("01/Nov/2026:06:52:16 -0130", "%d/%b/%Y:%H:%M:%S %z"), "2026-11-01 08:22:16");
  EXPECT_EQ(read("Sunday 1 NOVEMBER 26 11 pm", "%A %e %B %y %I %p"), "2026-11-01 23:00:00");
  EXPECT_EQ(read("12 AM", "%I %p"), "1970-01-01 00:00:00");
  EXPECT_EQ(read("12 PM", "%I %p"), "1970-01-01 12:00:00");
  EXPECT_EQ(read("Sun Nov  1 06:52:16.123456 2026", "%a %b %e %H:%M:%S.%f %Y"), "2026-11-01 06:52:16.123456");
  EXPECT_EQ(read("2024-060", "%Y-%j"), "2024-02-29 00:00:00");
  EXPECT_EQ(read("2023-366", "%Y-%j"), "no");
  EXPECT_EQ(read("2026-11-01 06:52:16", "%F %T"), "2026-11-01 06:52:16");
  EXPECT_EQ(read("11/01/26 06:52", "%D %R"), "2026-11-01 06:52:00");
  EXPECT_EQ(read("1793516000", "%s"), "2026-11-01 06:53:20");
  EXPECT_EQ(read("1793516000.25", "%s.%f"), "2026-11-01 06:53:20.25");
  EXPECT_EQ(read("-0.5", "%s.%f"), "1969-12-31 23:59:59.5");
  EXPECT_EQ(read("-1.5", "%s.%f"), "1969-12-31 23:59:58.5");
  EXPECT_EQ(read("1:0652%", "1:%H%M%%"), "1970-01-01 06:52:00");
  EXPECT_EQ(read("06:52 UTC", "%H:%M %Z"), "1970-01-01 06:52:00");
  EXPECT_EQ(read("06:52+02:00", "%H:%M%z"), "1970-01-01 04:52:00");
  EXPECT_EQ(read("[06:52]", "[%H:%M]"), "1970-01-01 06:52:00");
  EXPECT_EQ(read("69", "%y"), "1969-01-01 00:00:00");
  EXPECT_EQ(read("68", "%y"), "2068-01-01 00:00:00");
  EXPECT_EQ(read("20261101T065216", "%Y%m%dT%H%M%S"), "2026-11-01 06:52:16");
}

TEST(TimeFormat, TheWholeTextMustMatch) {
  for (const char* text : {"01/11/2026 ", " 01/11/2026"}) EXPECT_EQ(read(text, "%d/%m/%Y"), "2026-11-01 00:00:00");
  for (const char* text : {"01/11/2026x", "01/11/202", "01-11-2026", "32/11/2026", "31/11/2026", "01/13/2026",
                           "00/01/2026", "", "29/02/2023"}) {
    EXPECT_EQ(read(text, "%d/%m/%Y"), "no") << text;
  }
  EXPECT_EQ(read("24:00", "%H:%M"), "no");
  EXPECT_EQ(read("13 pm", "%I %p"), "no");
  EXPECT_EQ(read("06:52", "%H:%M %z"), "no");
  EXPECT_EQ(read("1.1234567890", "%S.%f"), "no");
  EXPECT_EQ(read("9999999999999", "%s"), "no");
  EXPECT_EQ(read("999999999999", "%s"), "no");
}

TEST(TimeFormat, LocalTimesFollowTheZone) {
  EXPECT_EQ(read("01/11/2026 06:52", "%d/%m/%Y %H:%M", TimeZone::named("+02:00")), "2026-11-01 04:52:00");
  EXPECT_EQ(read("01/11/2026 06:52 +0000", "%d/%m/%Y %H:%M %z", TimeZone::named("+02:00")), "2026-11-01 06:52:00");
  EXPECT_EQ(read("86400", "%s", TimeZone::named("+02:00")), "1970-01-02 00:00:00");
}

TEST(TimeFormat, AnUnknownDirectiveIsNamed) {
  EXPECT_EQ(time_format_problem("%d/%m/%Y %H:%M:%S.%f%z %%"), "");
  EXPECT_NE(time_format_problem("%Q").find("%Q"), std::string::npos);
  EXPECT_NE(time_format_problem("100%").find("%%"), std::string::npos);
  try {
    read("x", "%Q");
    FAIL() << "an unknown directive was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kUser);
  }
}

}  // namespace
}  // namespace evclean
