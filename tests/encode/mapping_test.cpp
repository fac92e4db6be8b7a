// SPDX-License-Identifier: Apache-2.0
#include "mapping.hpp"

#include <gtest/gtest.h>

#include <random>

#include "evclean/error.hpp"
#include "json_value.hpp"

namespace evclean {
namespace {

using Kind = EncodedColumn::Kind;

FittedColumn column(Kind kind, const std::string& name, ValueType type, std::vector<std::string> features) {
  FittedColumn made;
  made.kind = kind;
  made.column = name;
  made.type = type;
  made.features = std::move(features);
  return made;
}

Mapping sample() {
  Mapping mapping;
  mapping.rows = 123'456'789'012;
  mapping.split = FittedSplit{{"user", "day \"x\""}, 0.1, 7};
  mapping.label = FittedLabel{"bought", ValueType::kString, {"no", "yes"}};
  mapping.columns.push_back(column(Kind::kOneHot, "device", ValueType::kString, {"device_a\n", "device_é"}));
  mapping.columns.back().categories = {"a\n", "é"};
  mapping.columns.push_back(column(Kind::kOrdinal, "plan", ValueType::kInt64, {"plan"}));
  mapping.columns.back().categories = {"1", "2", "3"};
  mapping.columns.push_back(column(Kind::kHash, "path", ValueType::kString, {"h0", "h1"}));
  mapping.columns.back().buckets = 2;
  mapping.columns.push_back(column(Kind::kStandardise, "ms", ValueType::kFloat64, {"ms"}));
  mapping.columns.back().mean = 0.1 + 0.2;
  mapping.columns.back().scale = 1.0 / 3;
  mapping.columns.push_back(column(Kind::kKeep, "n", ValueType::kInt64, {"n"}));
  mapping.columns.push_back(column(Kind::kMissing, "ms", ValueType::kFloat64, {"ms_missing"}));
  return mapping;
}

std::string message_of(const std::string& json) {
  try {
    parse_mapping(json, "'m.json'");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kUser);
    return error.what();
  }
  return "";
}

std::string with(std::string json, const std::string& old, const std::string& text) {
  const std::size_t at = json.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return json.replace(at, old.size(), text);
}

TEST(Mapping, WhatIsWrittenReadsBackToTheSameBits) {
  const Mapping mapping = sample();
  const std::string json = mapping_json(mapping);
  const Mapping again = parse_mapping(json, "m");
  EXPECT_EQ(mapping_json(again), json);
  EXPECT_EQ(again.rows, mapping.rows);
  EXPECT_EQ(again.split->by, mapping.split->by);
  EXPECT_EQ(again.label->classes, mapping.label->classes);
  EXPECT_EQ(again.columns[0].categories, mapping.columns[0].categories);
  EXPECT_EQ(again.columns[0].features, mapping.columns[0].features);
  EXPECT_EQ(again.columns[2].buckets, 2);
  EXPECT_EQ(again.columns[3].mean, 0.1 + 0.2);
  EXPECT_EQ(again.columns[3].scale, 1.0 / 3);
  EXPECT_EQ(again.features(), 8U);
}

TEST(Mapping, AnotherVersionSaysSo) {
  const std::string text = message_of(with(mapping_json(sample()), "\"version\": 1", "\"version\": 2"));
  EXPECT_NE(text.find("version 2"), std::string::npos) << text;
  EXPECT_NE(text.find("reads version 1"), std::string::npos) << text;
}

TEST(Mapping, WhatIsNoMappingSaysSo) {
  EXPECT_NE(message_of("{}").find("is not the mapping"), std::string::npos);
  EXPECT_NE(message_of("[1, 2]").find("is not the mapping"), std::string::npos);
  EXPECT_NE(message_of("a,b\n1,2\n").find("is not JSON"), std::string::npos);
  EXPECT_NE(message_of("").find("is not JSON"), std::string::npos);
  EXPECT_NE(message_of("{\"evclean\": \"\xff\"}").find("is not JSON"), std::string::npos);
  EXPECT_NE(message_of(std::string(100'000, '[')).find("is not JSON"), std::string::npos);
}

TEST(Mapping, DamageIsFound) {
  const std::string json = mapping_json(sample());
  const std::vector<std::pair<std::string, std::string>> changes = {{"\"scale\": 0.3", "\"scale\": -0.3"},
                                                                    {"\"mean\": 0", "\"mean\": \"x\", \"was\": 0"},
                                                                    {"\"buckets\": 2", "\"buckets\": 3"},
                                                                    {"\"buckets\": 2", "\"buckets\": -2"},
                                                                    {"\"encode\": \"keep\"", "\"encode\": \"kept\""},
                                                                    {"\"type\": \"float64\"", "\"type\": \"decimal\""},
                                                                    {"[\"n\"]", "[\"ms\"]"},
                                                                    {"\"device_a\\u000a\", ", ""},
                                                                    {"\"columns\"", "\"column\""},
                                                                    {"\"rows\": 123", "\"rows\": -123"}};
  for (const auto& [old, text] : changes) {
    EXPECT_NE(message_of(with(json, old, text)).find("fit it again"), std::string::npos) << text;
  }
}

TEST(Mapping, BytesThatChangeAreAMappingOrAMistakeOfTheUser) {
  const std::string json = mapping_json(sample());
  std::mt19937 random(20261123);
  int mistakes = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string changed = json;
    const std::size_t at = random() % changed.size();
    if (i % 3 == 0) changed[at] = static_cast<char>(random() % 256);
    if (i % 3 == 1) changed.erase(at, 1 + random() % 20);
    if (i % 3 == 2) changed.insert(at, changed.substr(random() % changed.size(), random() % 40));
    try {
      parse_mapping(changed, "m");
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ExitCode::kUser) << error.what() << "\n" << changed;
      ++mistakes;
    }
  }
  EXPECT_GT(mistakes, 2000);
}

TEST(Json, TextsAndEscapesAreRead) {
  const auto value = parse_json(R"( {"a\u00e9\ud83d\ude00\n": [1, -2.5e3, true, null, {}, []]} )");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->keys.at(0), "aé😀\n");
  EXPECT_EQ(value->items.at(0).items.size(), 6U);
  for (const char* bad :
       {R"("\ud83d")", R"("\ude00")", R"("\x")", "\"a", "[1,]", "{1: 2}", "1 2", "nul", "\"\n\"", "{\"a\" 1}"}) {
    EXPECT_FALSE(parse_json(bad)) << bad;
  }
}

}  // namespace
}  // namespace evclean
