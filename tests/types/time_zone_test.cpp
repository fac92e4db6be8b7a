// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <random>

#include "evclean/error.hpp"
#include "evclean/types.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::string utc_of(std::string_view local, std::string_view zone) {
  std::int64_t us = 0;
  EXPECT_TRUE(parse_timestamp(local, DateOrder::kNone, TimeZone::named(zone), us)) << local;
  std::string out;
  append_timestamp(out, us);
  return out;
}

bool has_zone_files() {
  if (std::filesystem::exists("/usr/share/zoneinfo/Europe/Berlin")) return true;
  std::printf("no zone files here (package tzdata)\n");
  return false;
}

TEST(TimeZones, FixedOffsetsNeedNoFiles) {
  EXPECT_EQ(utc_of("2026-11-01 06:52:16", "UTC"), "2026-11-01 06:52:16");
  EXPECT_EQ(utc_of("2026-11-01 06:52:16", "Z"), "2026-11-01 06:52:16");
  EXPECT_EQ(utc_of("2026-11-01 06:52:16", "+02:00"), "2026-11-01 04:52:16");
  EXPECT_EQ(utc_of("2026-11-01 06:52:16", "-0930"), "2026-11-01 16:22:16");
}

TEST(TimeZones, ATextsOwnOffsetWins) {
  EXPECT_EQ(utc_of("2026-11-01T06:52:16Z", "+02:00"), "2026-11-01 06:52:16");
  EXPECT_EQ(utc_of("01/Nov/2026:06:52:16 +0100", "+02:00"), "2026-11-01 05:52:16");
}

TEST(TimeZones, AnUnknownNameIsTheUsersError) {
  for (const char* name : {"Mars/Olympus", "../../etc/passwd", "/etc/localtime", "", "CEST2", "Europe", "+25:00"}) {
    try {
      TimeZone::named(name);
      ADD_FAILURE() << name << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUser);
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos);
    }
  }
}

TEST(TimeZones, AnHourShownTwiceIsTheFirstAndASkippedOneMovesForward) {
  if (!has_zone_files()) return;
  EXPECT_EQ(utc_of("2026-10-25 01:59:59", "Europe/Berlin"), "2026-10-24 23:59:59");
  EXPECT_EQ(utc_of("2026-10-25 02:30:00", "Europe/Berlin"), "2026-10-25 00:30:00");
  EXPECT_EQ(utc_of("2026-10-25 03:00:00", "Europe/Berlin"), "2026-10-25 02:00:00");
  EXPECT_EQ(utc_of("2026-03-29 01:59:59", "Europe/Berlin"), "2026-03-29 00:59:59");
  EXPECT_EQ(utc_of("2026-03-29 02:30:00", "Europe/Berlin"), "2026-03-29 01:30:00");
  EXPECT_EQ(utc_of("2026-03-29 03:00:00", "Europe/Berlin"), "2026-03-29 01:00:00");
  EXPECT_EQ(utc_of("2011-12-30 12:00:00", "Pacific/Apia"), "2011-12-30 22:00:00");
}

TEST(TimeZones, TheRuleHoldsAfterTheLastEntryAndForEver) {
  if (!has_zone_files()) return;
  EXPECT_EQ(utc_of("2100-07-01 12:00:00", "Europe/Berlin"), "2100-07-01 10:00:00");
  EXPECT_EQ(utc_of("2100-12-01 12:00:00", "Europe/Berlin"), "2100-12-01 11:00:00");
  EXPECT_EQ(utc_of("9998-07-01 12:00:00", "Europe/Berlin"), "9998-07-01 10:00:00");
  EXPECT_EQ(utc_of("9998-12-01 12:00:00", "Australia/Sydney"), "9998-12-01 01:00:00");
  EXPECT_EQ(utc_of("2100-07-01 12:00:00", "Asia/Tokyo"), "2100-07-01 03:00:00");
}

TEST(TimeZones, AgreeWithTheSystemsOwnClockInEveryZoneTried) {
  if (!has_zone_files()) return;
  std::mt19937_64 random(23);
  for (const char* name : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
                           "Africa/Casablanca", "America/Sao_Paulo", "Pacific/Chatham", "America/St_Johns", "Etc/GMT+5",
                           "Asia/Tehran", "Antarctica/Troll", "Europe/Dublin", "America/Nuuk"}) {
    setenv("TZ", name, 1);
    tzset();
    const TimeZone zone = TimeZone::named(name);
    int doubtful = 0;
    for (int round = 0; round < 20000; ++round) {
      const auto utc_s = static_cast<std::time_t>(random() % 8'000'000'000ull) - 2'000'000'000;
      std::tm local{};
      localtime_r(&utc_s, &local);
      const std::int64_t local_us = (utc_s + local.tm_gmtoff) * kSecond;
      const std::int64_t back = local_us - zone.offset_us(local_us);
      if (back == utc_s * kSecond) continue;
      // Shown twice: ours is the earlier instant, and the clock shows the same there.
      ++doubtful;
      const auto other_s = static_cast<std::time_t>(back / kSecond);
      std::tm other{};
      localtime_r(&other_s, &other);
      ASSERT_LT(other_s, utc_s) << name;
      ASSERT_EQ((other_s + other.tm_gmtoff) * kSecond, local_us) << name << " at " << utc_s;
    }
    EXPECT_LT(doubtful, 40) << name;
  }
  unsetenv("TZ");
  tzset();
}

}  // namespace
}  // namespace evclean
