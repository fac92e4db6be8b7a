// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "dirty_text.hpp"
#include "evclean/types.hpp"
#include "slow_reference.hpp"

namespace evclean {
namespace {

using enum ValueKind;

std::string as_text(std::int64_t us) {
  std::string out;
  append_timestamp(out, us);
  return out;
}

TEST(Times, FormsAreThoseOfTheContract) {
  const std::vector<std::pair<std::string_view, ValueKind>> table = {
      {"2026-11-01", kDate},
      {"2026/11/01", kDate},
      {"2026-1-5", kDate},
      {"0001-01-01", kDate},
      {"9999-12-31", kDate},
      {"2026.11.01", kString},
      {"2026-11/01", kString},
      {"26-11-01", kString},
      {"2026-13-01", kString},
      {"2026-00-10", kString},
      {"2026-11-31", kString},
      {"2026-02-29", kString},
      {"2024-02-29", kDate},
      {"1900-02-29", kString},
      {"2000-02-29", kDate},
      {"0000-01-01", kString},
      {"10000-01-01", kString},
      {"20261101", kInt},
      {"2026-11", kString},
      {"2026-11-001", kString},
      {"-2026-11-01", kString},
      {"13/01/2026", kDateDayFirst},
      {"01/13/2026", kDateMonthFirst},
      {"01/02/2026", kDateEither},
      {"13-01-2026", kDateDayFirst},
      {"01.13.2026", kDateMonthFirst},
      {"1.2.2026", kDateEither},
      {"5/5/2026", kDate},
      {"5/6/2026", kDateEither},
      {"07/07/2014", kDate},
      {"07.07.2014 10:00:00", kTimestamp},
      {"13/13/2026", kString},
      {"31/02/2026", kString},
      {"30.02.2024", kString},
      {"29/02/2024", kDateDayFirst},
      {"02/29/2023", kString},
      {"1/2-2026", kString},
      {"1/2/26", kString},
      {"001/02/2026", kString},
      {"2026-11-01T06:52:16", kTimestamp},
      {"2026-11-01 06:52:16", kTimestamp},
      {"2026-11-01 06:52", kTimestamp},
      {"2026-11-01 6:52", kTimestamp},
      {"2026/11/01 06:52:16", kTimestamp},
      {"2026-11-01T06:52:16Z", kTimestamp},
      {"2026-11-01T06:52Z", kTimestamp},
      {"2026-11-01T06:52:16+02:00", kTimestamp},
      {"2026-11-01T06:52:16+0200", kTimestamp},
      {"2026-11-01T06:52:16+02", kTimestamp},
      {"2026-11-01 06:52:16 +0200", kTimestamp},
      {"2026-11-01 06:52:16 UTC", kTimestamp},
      {"2026-11-01 06:52:16.1", kTimestamp},
      {"2026-11-01 06:52:16.123456789", kTimestamp},
      {"2026-11-01 06:52:16,123", kTimestamp},
      {"2026-11-01 06:52:16.", kString},
      {"2026-11-01 06:52:16.1234567890", kString},
      {"2026-11-01 24:00:00", kString},
      {"2026-11-01 06:60:00", kString},
      {"2026-11-01 06:5", kString},
      {"2026-11-01 06", kString},
      {"2026-11-01T", kString},
      {"2026-11-01  06:52:16", kString},
      {"2026-11-01 06:52:16 CET", kString},
      {"2026-11-01 06:52.5", kString},
      {"2026-11-01T06:52:16+24:00", kString},
      {"2026-11-01T06:52:16+02:60", kString},
      {"2026-11-01T06:52:16+2", kString},
      {"2026-11-01 06:52:16 PM", kString},
      {"06:52:16", kString},
      {"2026-11-01 +0200", kString},
      {"13/01/2026 06:52:16", kTimestampDayFirst},
      {"01/13/2026 6:52", kTimestampMonthFirst},
      {"01.02.2026T06:52Z", kTimestampEither},
      {"2016-12-31T23:59:60Z", kTimestamp},
      {"2016-12-31T23:59:60.5Z", kTimestamp},
      {"2017-01-01T01:59:60+02:00", kTimestamp},
      {"2016-12-31T12:00:60Z", kString},
      {"2016-12-31T23:59:61Z", kString},
      {"2016-12-31T23:59:60+02:00", kString},
      {"01/Nov/2026:06:52:16 +0000", kTimestamp},
      {"01/nov/2026:06:52:16 -0130", kTimestamp},
      {"1/Nov/2026:06:52:16 +0000", kString},
      {"31/Nov/2026:06:52:16 +0000", kString},
      {"01/Foo/2026:06:52:16 +0000", kString},
      {"01/Nov/2026:06:52:16 +2400", kString},
      {"Sun, 01 Nov 2026 06:52:16 +0000", kTimestamp},
      {"1 Nov 2026 06:52 GMT", kTimestamp},
      {"Sun, 1 Nov 2026 06:52:16 EST", kTimestamp},
      {"Sun,1 Nov 2026 06:52:16 UT", kTimestamp},
      {"Sun, 01 Nov 2026 06:52:16 +0000 (UTC)", kTimestamp},
      {"Sux, 01 Nov 2026 06:52:16 +0000", kString},
      {"Sun 01 Nov 2026 06:52:16 +0000", kString},
      {"Sun, 01 Nov 2026 06:52:16", kString},
      {"Sun, 32 Nov 2026 06:52:16 +0000", kString},
      {"Sun, 01 Nov 26 06:52:16 +0000", kString},
      {"Sun, 01 Nov 2026 06:52:16 CEST", kString},
      {"0001-01-01T00:00:00+00:01", kString},
      {"0001-01-01T00:01:00+00:01", kTimestamp},
      {"9999-12-31T23:59:59-00:01", kString},
      {" 2026-11-01 ", kDate},
      {"\t2026-11-01T06:52:16Z ", kTimestamp},
      {"2026-11-01\n", kString}};
  for (const auto& [text, kind] : table) EXPECT_EQ(classify(text), kind) << "'" << text << "'";
}

TEST(Times, BecomeUtcMicroseconds) {
  const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {"2026-11-01", "2026-11-01 00:00:00"},
      {"2026-11-01T06:52:16+02:00", "2026-11-01 04:52:16"},
      {"2026-11-01T06:52:16.5-0730", "2026-11-01 14:22:16.5"},
      {"2026-11-01 06:52", "2026-11-01 06:52:00"},
      {"2026-11-01 06:52:16.123456789", "2026-11-01 06:52:16.123456"},
      {"2026-11-01 06:52:16,120000", "2026-11-01 06:52:16.12"},
      {"01/Nov/2026:06:52:16 -0100", "2026-11-01 07:52:16"},
      {"Sun, 01 Nov 2026 23:52:16 EST", "2026-11-02 04:52:16"},
      {"2016-12-31T23:59:60.25Z", "2017-01-01 00:00:00.25"},
      {"1969-12-31T23:59:59.999999", "1969-12-31 23:59:59.999999"},
      {"0099-03-01 00:00:01", "0099-03-01 00:00:01"},
      {"13/01/2026 06:52:16", "2026-01-13 06:52:16"}};
  for (const auto& [text, expected] : table) {
    std::int64_t us = 0;
    ASSERT_TRUE(parse_timestamp(text, DateOrder::kDayFirst, TimeZone::utc(), us)) << text;
    EXPECT_EQ(as_text(us), expected) << text;
  }
}

TEST(Times, AnOrderIsNeededForAmbiguousDates) {
  std::int32_t days = 0;
  EXPECT_FALSE(parse_date("01/02/2026", DateOrder::kNone, days));
  EXPECT_FALSE(parse_date("13/02/2026", DateOrder::kNone, days));
  ASSERT_TRUE(parse_date("01/02/2026", DateOrder::kDayFirst, days));
  EXPECT_EQ(days, *reference::count_days(2026, 2, 1));
  ASSERT_TRUE(parse_date("01/02/2026", DateOrder::kMonthFirst, days));
  EXPECT_EQ(days, *reference::count_days(2026, 1, 2));
  EXPECT_FALSE(parse_date("13/02/2026", DateOrder::kMonthFirst, days));
  EXPECT_FALSE(parse_date("2026-02-01 00:00", DateOrder::kNone, days));
}

TEST(Times, EveryDayOfNineThousandYearsComesBack) {
  std::int32_t days = 0;
  std::int64_t expected = *reference::count_days(1, 1, 1);
  EXPECT_EQ(expected, -719162);
  for (int year = 1; year <= 9999; ++year) {
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= 31; ++day) {
        char text[16];
        std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
        const bool exists = reference::count_days(year, month, day).has_value();
        ASSERT_EQ(parse_date(text, DateOrder::kNone, days), exists) << text;
        if (!exists) continue;
        ASSERT_EQ(days, expected++) << text;
        char back[40];
        ASSERT_EQ(std::string_view(back, static_cast<std::size_t>(write_date(back, days) - back)), text);
      }
    }
  }
}

TEST(Times, TimestampsComeBackFromTheirText) {
  DirtyText dirty(17);
  const std::int64_t first = *reference::count_days(1, 1, 1) * 86'400'000'000;
  for (int round = 0; round < 300000; ++round) {
    const std::int64_t us = first + dirty.below(9999ll * 365 * 86'400'000'000);
    const std::int64_t cut = dirty.once_in(2) ? us : us / 1'000'000 * 1'000'000;
    std::string text;
    append_timestamp(text, cut, dirty.once_in(2) ? ' ' : 'T', dirty.once_in(2));
    std::int64_t back = 0;
    ASSERT_TRUE(parse_timestamp(text, DateOrder::kNone, TimeZone::utc(), back)) << text;
    ASSERT_EQ(back, cut) << text;
  }
}

TEST(Times, AccessLogTimesAgreeWithTheSlowReferenceWhateverByteIsWrong) {
  DirtyText dirty(19);
  for (int round = 0; round < 60000; ++round) {
    std::string text = fmt::format("{:02}/{}/{:04}:{:02}:{:02}:{:02} {}{:02}{:02}", dirty.below(34), dirty.month(),
                                   1960 + dirty.below(90), dirty.below(25), dirty.below(61), dirty.below(62),
                                   dirty.once_in(2) ? '+' : '-', dirty.below(25), dirty.below(61));
    if (dirty.once_in(2)) text[static_cast<std::size_t>(dirty.below(26))] = "0:/ +-9aN\xB9\x3A"[dirty.below(11)];
    const reference::Value expected = reference::read(text, false);
    std::int64_t us = 0;
    const bool reads = parse_clf_time(text.data(), text.size(), us);
    // Digits may turn it into another form, which is not the access log's.
    const bool same_form =
        text[2] == '/' && std::isalpha(static_cast<unsigned char>(text[3])) && (text[21] == '+' || text[21] == '-');
    ASSERT_EQ(reads, expected.kind == kTimestamp && same_form) << text;
    if (reads) {
      ASSERT_EQ(us, expected.day_first_us) << text;
    }
  }
}

TEST(Times, EveryDirtyTextIsWhatTheSlowReferenceSays) {
  const std::uint64_t seed = std::random_device()();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  DirtyText dirty(seed);
  for (int round = 0; round < 60000; ++round) {
    const std::string text = dirty.value();
    const bool json = dirty.once_in(4);
    const reference::Value expected = reference::read(text, json);
    ASSERT_EQ(classify(text, json), expected.kind) << "seed " << seed << ": '" << text << "'";
    for (const DateOrder order : {DateOrder::kDayFirst, DateOrder::kMonthFirst}) {
      std::int64_t us = 0;
      if (!parse_timestamp(text, order, TimeZone::utc(), us)) continue;
      ASSERT_EQ(us, order == DateOrder::kDayFirst ? expected.day_first_us : expected.month_first_us)
          << "seed " << seed << ": '" << text << "'";
    }
  }
}

TEST(Times, YearsOutsideTheCalendarAreStillWritten) {
  char text[40];
  const auto written = [&](std::int32_t days) {
    return std::string(text, static_cast<std::size_t>(write_date(text, days) - text));
  };
  EXPECT_EQ(written(-719163), "0000-12-31");
  EXPECT_EQ(written(-719163 - 366), "-0001-12-31");
  EXPECT_EQ(written(2932897), "10000-01-01");
  EXPECT_LE(write_timestamp(text, INT64_MIN, ' ', true) - text, 40);
  EXPECT_LE(write_timestamp(text, INT64_MAX, ' ', true) - text, 40);
}

}  // namespace
}  // namespace evclean
