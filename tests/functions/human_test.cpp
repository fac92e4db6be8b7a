// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "evclean/function.hpp"

namespace evclean::functions {
namespace {

constexpr std::int64_t kKib = 1024;

TEST(HumanBytes, UsesBinaryUnitsWithOneDecimal) {
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1), "1 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1024), "1.0 KiB");
  EXPECT_EQ(human_bytes(10 * kKib * kKib), "10.0 MiB");
  EXPECT_EQ(human_bytes(3 * kKib * kKib * kKib / 2), "1.5 GiB");
  EXPECT_EQ(human_bytes(kKib * kKib * kKib * kKib), "1.0 TiB");
}

TEST(HumanBytes, NeverShows1024OfAUnit) {
  EXPECT_EQ(human_bytes(kKib * kKib - 1), "1.0 MiB");
  EXPECT_EQ(human_bytes(kKib * kKib - 103), "1023.9 KiB");
  EXPECT_EQ(human_bytes(kKib * kKib * kKib - 1), "1.0 GiB");
}

TEST(HumanBytes, CoversAllOfInt64) {
  EXPECT_EQ(human_bytes(-1536), "-1.5 KiB");
  EXPECT_EQ(human_bytes(std::numeric_limits<std::int64_t>::max()), "8.0 EiB");
  EXPECT_EQ(human_bytes(std::numeric_limits<std::int64_t>::min()), "-8.0 EiB");
}

TEST(HumanDuration, NamesDaysHoursMinutesSeconds) {
  EXPECT_EQ(human_duration(3661), "1h 1m 1s");
  EXPECT_EQ(human_duration(90061), "1d 1h 1m 1s");
  EXPECT_EQ(human_duration(3600), "1h");
  EXPECT_EQ(human_duration(3601), "1h 1s");
  EXPECT_EQ(human_duration(60), "1m");
  EXPECT_EQ(human_duration(59), "59s");
  EXPECT_EQ(human_duration(0), "0s");
  EXPECT_EQ(human_duration(-3661), "-1h 1m 1s");
  EXPECT_EQ(human_duration(86400.0 * 1000), "1000d");
}

TEST(HumanDuration, ShowsFractionsOnlyBelowAMinute) {
  EXPECT_EQ(human_duration(0.5), "500ms");
  EXPECT_EQ(human_duration(0.0234), "23.4ms");
  EXPECT_EQ(human_duration(0.000001), "0.001ms");
  EXPECT_EQ(human_duration(1.5), "1.5s");
  EXPECT_EQ(human_duration(1.23456), "1.235s");
  EXPECT_EQ(human_duration(61.4), "1m 1s");
  EXPECT_EQ(human_duration(3660.6), "1h 1m 1s");
}

TEST(HumanDuration, RoundsUpIntoTheNextUnit) {
  EXPECT_EQ(human_duration(0.9999), "1s");
  EXPECT_EQ(human_duration(59.9999), "1m");
  EXPECT_EQ(human_duration(3599.9), "1h");
  EXPECT_EQ(human_duration(86399.9), "1d");
}

TEST(HumanDuration, CoversAllOfInt64ToTheLastSecond) {
  EXPECT_EQ(human_seconds(3661), "1h 1m 1s");
  EXPECT_EQ(human_seconds(0), "0s");
  EXPECT_EQ(human_seconds(-1), "-1s");
  EXPECT_EQ(human_seconds(1'000'000'000'000'000'001), "11574074074074d 1h 46m 41s");
  EXPECT_EQ(human_seconds(std::numeric_limits<std::int64_t>::max()), "106751991167300d 15h 30m 7s");
  EXPECT_EQ(human_seconds(std::numeric_limits<std::int64_t>::min()), "-106751991167300d 15h 30m 8s");
  EXPECT_EQ(human_duration(9223372036854774784.0), "106751991167300d 15h 13m 4s");
  EXPECT_EQ(human_duration(9223372036854775808.0), "9.223372036854776e+18s");
  EXPECT_EQ(human_duration(-1e300), "-1e+300s");
}

TEST(HumanDuration, LessThanItWritesIsNothing) {
  EXPECT_EQ(human_duration(0.0000004), "0s");
  EXPECT_EQ(human_duration(-0.0000001), "0s");
}

TEST(HumanDuration, HasWordsForWhatIsNoNumber) {
  EXPECT_EQ(human_duration(std::nan("")), "nan");
  EXPECT_EQ(human_duration(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(HttpStatusText, NamesRegisteredCodes) {
  EXPECT_EQ(http_status_text(404), "Not Found");
  EXPECT_EQ(http_status_text(200), "OK");
  EXPECT_EQ(http_status_text(304), "Not Modified");
  EXPECT_EQ(http_status_text(413), "Content Too Large");
  EXPECT_EQ(http_status_text(511), "Network Authentication Required");
  EXPECT_EQ(http_status_text(499), "Client Closed Request");
}

TEST(HttpStatusText, IsNullForOthers) {
  for (const std::int64_t code : {0, -404, 99, 199, 306, 599, 600, 4040}) {
    EXPECT_EQ(http_status_text(code), std::nullopt) << code;
  }
}

TEST(HttpStatusText, HasEveryCodeOfTheRegistry) {
  const std::pair<int, int> ranges[] = {{100, 104}, {200, 208}, {226, 226}, {300, 305}, {307, 308}, {400, 418},
                                        {421, 426}, {428, 429}, {431, 431}, {451, 451}, {500, 508}, {510, 511}};
  for (const auto& [first, last] : ranges) {
    for (int code = first; code <= last; ++code) EXPECT_TRUE(http_status_text(code).has_value()) << code;
  }
}

}  // namespace
}  // namespace evclean::functions
