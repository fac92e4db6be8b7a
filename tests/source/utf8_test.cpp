// SPDX-License-Identifier: Apache-2.0
#include "utf8.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace evclean {
namespace {

/// A decoder as in the WHATWG Encoding Standard, byte by byte: the judge.
std::string reference_repair(const std::string& text, std::int64_t* replaced) {
  std::string out, pending;
  unsigned lower = 0x80, upper = 0xbf, needed = 0;
  *replaced = 0;
  const auto replace = [&] {
    out += "\xef\xbf\xbd";
    ++*replaced;
    pending.clear();
    needed = 0;
    lower = 0x80, upper = 0xbf;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned byte = static_cast<unsigned char>(text[i]);
    if (needed == 0) {
      if (byte < 0x80) {
        out += text[i];
      } else if (byte >= 0xc2 && byte <= 0xf4) {
        needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
        if (byte == 0xe0) lower = 0xa0;
        if (byte == 0xed) upper = 0x9f;
        if (byte == 0xf0) lower = 0x90;
        if (byte == 0xf4) upper = 0x8f;
        pending = text[i];
      } else {
        replace();
      }
    } else if (byte < lower || byte > upper) {
      replace();
      --i;
    } else {
      lower = 0x80, upper = 0xbf;
      pending += text[i];
      if (--needed == 0) {
        out += pending;
        pending.clear();
      }
    }
  }
  if (needed > 0) replace();
  return out;
}

std::string repaired(const std::string& text, std::int64_t* replaced) {
  std::string out;
  std::vector<Utf8Repair> repairs;
  EXPECT_EQ(text.size(), repair_utf8(text, true, out, repairs));
  *replaced = static_cast<std::int64_t>(repairs.size());
  return out;
}

std::string random_character(std::mt19937& random) {
  std::string text;
  std::uint32_t value = 0;
  do {
    const std::uint32_t limits[] = {0x80, 0x800, 0x10000, 0x110000};
    value = random() % limits[random() % 4];
  } while (value >= 0xd800 && value < 0xe000);
  append_utf8(value, text);
  return text;
}

TEST(Utf8, EveryCharacterIsWellFormed) {
  std::string all;
  for (std::uint32_t value = 0; value < 0x110000; ++value) {
    if (value < 0xd800 || value >= 0xe000) append_utf8(value, all);
  }
  EXPECT_EQ(all.size(), scan_utf8(all).valid_bytes);
  EXPECT_EQ(all.size(), scalar_prefix(all));
  EXPECT_TRUE(scan_utf8(all).has_nul);
  EXPECT_FALSE(scan_utf8(all.substr(1)).has_nul);
}

TEST(Utf8, ScanAgreesWithTheJudgeOnEveryShortSequenceAnywhere) {
  std::mt19937 random(4);
  // All pairs, and many triples and quadruples of bytes around the limits, at many places in a vector.
  const std::vector<int> edges = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
                                  0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff};
  for (const int a : edges)
    for (const int b : edges)
      for (const int c : edges)
        for (const int d : {0x41, 0x80, 0x90, 0xbf, 0xc2, 0xe1, 0xf4}) {
          const std::size_t before = random() % 300;
          std::string text(before, 'x');
          for (const int byte : {a, b, c, d}) text += static_cast<char>(byte);
          text += std::string(random() % 200, 'y');
          ASSERT_EQ(scalar_prefix(text), scan_utf8(text).valid_bytes) << a << " " << b << " " << c << " " << d;
        }
}

TEST(Utf8, RepairAgreesWithTheReferenceOnRandomBytes) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 4'000; ++round) {
    std::string text;
    const std::size_t size = random() % (round % 50 == 0 ? 20'000 : 400);
    const unsigned bad_share = 1 + random() % 400;
    while (text.size() < size) {
      if (random() % bad_share == 0) {
        text += static_cast<char>(random());
      } else {
        text += random() % 3 == 0 ? random_character(random) : std::string(random() % 9, 'a');
      }
    }
    std::int64_t expected = 0, replaced = 0;
    const std::string reference = reference_repair(text, &expected);
    ASSERT_EQ(reference, repaired(text, &replaced));
    ASSERT_EQ(expected, replaced);
    ASSERT_EQ(scalar_prefix(text), scan_utf8(text).valid_bytes);
    ASSERT_EQ(expected == 0, scan_utf8(text).valid_bytes == text.size());
    if (text.find('\0') < scan_utf8(text).valid_bytes) {
      ASSERT_TRUE(scan_utf8(text).has_nul);
    }
  }
}

TEST(Utf8, ExamplesOfTheUnicodeStandardGiveItsReplacements) {
  std::int64_t replaced = 0;
  // Tables 3-8 to 3-11 of the Unicode Standard.
  EXPECT_EQ("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\x41",
            repaired("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", &replaced));
  EXPECT_EQ(8, replaced);
  repaired("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", &replaced);
  EXPECT_EQ(8, replaced);
  repaired("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", &replaced);
  EXPECT_EQ(7, replaced);
  repaired("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", &replaced);
  EXPECT_EQ(4, replaced);
}

TEST(Utf8, NulIsCounted) {
  EXPECT_EQ(3, count_nul(std::string("a\0b\0\0", 5)));
  EXPECT_TRUE(scan_utf8(std::string(5'000, 'a') + std::string(1, '\0') + std::string(500, 'b')).has_nul);
  EXPECT_FALSE(scan_utf8(std::string(5'000, 'a')).has_nul);
}

}  // namespace
}  // namespace evclean
