// SPDX-License-Identifier: Apache-2.0
#include <arrow/builder.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "evclean/types.hpp"

namespace evclean {
namespace {

using enum ValueKind;

std::string text_of(double value) {
  std::string out;
  append_float64(out, value);
  return out;
}

TEST(Numbers, RulesOfTheContractHoldWordByWord) {
  const std::vector<std::pair<std::string_view, ValueKind>> table = {{"0", kInt},
                                                                     {"7", kInt},
                                                                     {"-7", kInt},
                                                                     {"-0", kInt},
                                                                     {"10", kInt},
                                                                     {"12345678", kInt},
                                                                     {"123456789", kInt},
                                                                     {"9007199254740992", kInt},
                                                                     {"-9007199254740992", kInt},
                                                                     {"9007199254740993", kBigInt},
                                                                     {"-9007199254740993", kBigInt},
                                                                     {"9223372036854775807", kBigInt},
                                                                     {"-9223372036854775808", kBigInt},
                                                                     {"9223372036854775808", kString},
                                                                     {"-9223372036854775809", kString},
                                                                     {"18446744073709551616", kString},
                                                                     {"007", kString},
                                                                     {"00", kString},
                                                                     {"-01", kString},
                                                                     {"+5", kString},
                                                                     {"--5", kString},
                                                                     {"-", kString},
                                                                     {"5-", kString},
                                                                     {"1 2", kString},
                                                                     {"1,234", kString},
                                                                     {"0x1F", kString},
                                                                     {"1_000", kString},
                                                                     {"1e", kString},
                                                                     {"0.5", kFloat},
                                                                     {"-0.0", kFloat},
                                                                     {"1.50", kFloat},
                                                                     {"1e5", kFloat},
                                                                     {"1E5", kFloat},
                                                                     {"1e+5", kFloat},
                                                                     {"1.5e-300", kFloat},
                                                                     {"0e0", kFloat},
                                                                     {"1e308", kFloat},
                                                                     {"1e-400", kFloat},
                                                                     {"0e999999999999999999999", kFloat},
                                                                     {".5", kString},
                                                                     {"5.", kString},
                                                                     {"-.5", kString},
                                                                     {"1e400", kString},
                                                                     {"-1e400", kString},
                                                                     {"1.e5", kString},
                                                                     {"01.5", kString},
                                                                     {"1e5.5", kString},
                                                                     {"1e++5", kString},
                                                                     {"1.2.3", kString},
                                                                     {"10.0.0.1", kString},
                                                                     {"1e99999999999999999999", kString},
                                                                     {"1e-99999999999999999999", kFloat},
                                                                     {"nan", kString},
                                                                     {"NaN", kString},
                                                                     {"inf", kString},
                                                                     {"Infinity", kString},
                                                                     {"-inf", kString},
                                                                     {"true", kBool},
                                                                     {"True", kBool},
                                                                     {"TRUE", kBool},
                                                                     {"false", kBool},
                                                                     {"False", kBool},
                                                                     {"FALSE", kBool},
                                                                     {"tRUE", kString},
                                                                     {"truE", kString},
                                                                     {"t", kString},
                                                                     {"yes", kString},
                                                                     {"no", kString},
                                                                     {"truex", kString},
                                                                     {"fALSE", kString},
                                                                     {"1", kInt},
                                                                     {"", kString},
                                                                     {" ", kString},
                                                                     {"\t", kString},
                                                                     {"x", kString},
                                                                     {" 5", kInt},
                                                                     {"5\t", kInt},
                                                                     {" \t 5.5 ", kFloat},
                                                                     {" true ", kBool},
                                                                     {"- 5", kString},
                                                                     {"\n5", kString},
                                                                     {"5\r", kString},
                                                                     {std::string_view("5\0", 2), kString},
                                                                     {"\xC2\xA0"
                                                                      "5",
                                                                      kString},
                                                                     {"\xEF\xBC\x95", kString}};
  for (const auto& [text, kind] : table) EXPECT_EQ(classify(text), kind) << "'" << text << "'";
}

TEST(Numbers, JsonStringsAreNeverNumbersOrBooleans) {
  for (const char* text : {"5", "5.5", "true", "false", "-1", "9007199254740993"}) {
    EXPECT_EQ(classify(text, true), kString) << text;
  }
  EXPECT_EQ(classify("2026-11-01", true), kDate);
  EXPECT_EQ(classify("2026-11-01T06:52:16Z", true), kTimestamp);
}

TEST(Numbers, IntegersReadAtEveryLength) {
  std::mt19937_64 random(7);
  for (int length = 1; length <= 21; ++length) {
    for (int round = 0; round < 2000; ++round) {
      std::string text;
      for (int digit = 0; digit < length; ++digit) text.push_back(static_cast<char>('0' + random() % 10));
      if (round % 5 == 0) text[random() % text.size()] = static_cast<char>(random() % 256);
      if (round % 3 == 0) text = "-" + text;
      std::int64_t value = 0;
      const bool reads = parse_int64(text, value);
      const std::size_t sign = text[0] == '-' ? 1 : 0;
      std::string_view core = text;
      while (!core.empty() && (core.back() == ' ' || core.back() == '\t')) core.remove_suffix(1);
      while (!core.empty() && (core.front() == ' ' || core.front() == '\t')) core.remove_prefix(1);
      if (reads) {
        EXPECT_EQ(fmt::format("{}{}", value == 0 && core.size() == 2 ? "-" : "", value), core);
      } else if (length <= 18 && text.size() > sign &&
                 text.find_first_not_of("0123456789", sign) == std::string::npos) {
        EXPECT_TRUE(text[sign] == '0' && text.size() - sign > 1) << text;
      }
    }
  }
}

TEST(Numbers, MinusZeroIsZeroWhateverTheType) {
  std::int64_t integer = 1;
  double number = 1;
  EXPECT_TRUE(parse_int64("-0", integer));
  EXPECT_EQ(integer, 0);
  EXPECT_TRUE(parse_float64("-0", number));
  EXPECT_FALSE(std::signbit(number));
  EXPECT_TRUE(parse_float64("-0.0", number));
  EXPECT_TRUE(std::signbit(number));
}

TEST(Numbers, FloatsAreReadToTheNearestDouble) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 200000; ++round) {
    std::string text = fmt::format("{}", random() >> (random() % 64));
    if (round % 2) text.insert(1 + random() % text.size(), 1, '.');
    if (text.back() == '.') text += '0';
    if (text[0] == '0' && text.size() > 1 && text[1] != '.') continue;
    if (round % 3 == 0) text.append(fmt::format("e{}", static_cast<int>(random() % 660) - 330));
    double value = 0;
    const double expected = std::strtod(text.c_str(), nullptr);
    ASSERT_EQ(parse_float64(text, value), std::isfinite(expected)) << text;
    if (!std::isfinite(expected)) continue;
    if (std::fabs(expected) >= std::numeric_limits<double>::min()) {
      EXPECT_EQ(value, expected) << text;
    } else {
      EXPECT_NEAR(value, expected, 1e-307) << text;
    }
  }
}

TEST(Numbers, FloatsAreWrittenWithPointOrExponent) {
  const std::vector<std::pair<double, std::string_view>> table = {{0.0, "0.0"},
                                                                  {-0.0, "-0.0"},
                                                                  {1.0, "1.0"},
                                                                  {-1.5, "-1.5"},
                                                                  {0.1, "0.1"},
                                                                  {100000.0, "100000.0"},
                                                                  {123456.789, "123456.789"},
                                                                  {1e15, "1000000000000000.0"},
                                                                  {1e16, "1e+16"},
                                                                  {1e22, "1e+22"},
                                                                  {1.5e300, "1.5e+300"},
                                                                  {0.0001, "0.0001"},
                                                                  {0.00001, "1e-05"},
                                                                  {1.25e-7, "1.25e-07"},
                                                                  {9007199254740993.0, "9007199254740992.0"},
                                                                  {1.7976931348623157e308, "1.7976931348623157e+308"},
                                                                  {5e-324, "5e-324"},
                                                                  {2.5, "2.5"},
                                                                  {1234567890123456.7, "1234567890123456.8"},
                                                                  {12345678901234567.0, "1.2345678901234568e+16"},
                                                                  {std::nan(""), "nan"},
                                                                  {INFINITY, "inf"},
                                                                  {-INFINITY, "-inf"}};
  for (const auto& [value, text] : table) EXPECT_EQ(text_of(value), text);
}

TEST(Numbers, EveryFloatWrittenReadsBackAndStaysAFloat) {
  std::mt19937_64 random(13);
  for (int round = 0; round < 200000; ++round) {
    const double value = round % 2 ? std::bit_cast<double>(random())
                                   : static_cast<double>(static_cast<std::int64_t>(random()) >> (random() % 60)) / 1000;
    if (!std::isfinite(value)) continue;
    const std::string text = text_of(value);
    double back = 0;
    ASSERT_LE(text.size(), 26u);
    ASSERT_EQ(classify(text), kFloat) << text;
    ASSERT_TRUE(parse_float64(text, back)) << text;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(value)) << text;
  }
}

TEST(Numbers, ValueTextServesAllSixTypes) {
  const auto text = [](auto builder, auto value) {
    EXPECT_TRUE(builder.Append(value).ok());
    EXPECT_TRUE(builder.AppendNull().ok());
    const auto array = builder.Finish().ValueOrDie();
    EXPECT_EQ(value_text(*array, 1), "");
    return value_text(*array, 0);
  };
  arrow::MemoryPool* const pool = arrow::default_memory_pool();
  EXPECT_EQ(text(arrow::StringBuilder(), "ä b"), "ä b");
  EXPECT_EQ(text(arrow::Int64Builder(), INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(text(arrow::DoubleBuilder(), 2.0), "2.0");
  EXPECT_EQ(text(arrow::BooleanBuilder(), true), "true");
  EXPECT_EQ(text(arrow::BooleanBuilder(), false), "false");
  EXPECT_EQ(text(arrow::Date32Builder(), -1), "1969-12-31");
  EXPECT_EQ(text(arrow::TimestampBuilder(arrow_type(ValueType::kTimestamp), pool), -1), "1969-12-31 23:59:59.999999");
}

}  // namespace
}  // namespace evclean
