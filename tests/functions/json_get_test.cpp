// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "evclean/function.hpp"

namespace evclean::functions {
namespace {

constexpr std::string_view kEvent = R"( {"a": {"b": [10, {"c": "x"}, null, "two"]}, "a.b": 7, "t": true,
  "s": "q\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00", "e": "", "n": -1.50e+3, "o": { } , "l": [ ]} )";

TEST(JsonGet, FollowsKeysAndIndexes) {
  EXPECT_EQ(json_get(kEvent, "a.b[0]"), "10");
  EXPECT_EQ(json_get(kEvent, "a.b[1].c"), "x");
  EXPECT_EQ(json_get(kEvent, "a.b[3]"), "two");
  EXPECT_EQ(json_get(kEvent, "t"), "true");
  EXPECT_EQ(json_get(kEvent, "n"), "-1.50e+3");
  EXPECT_EQ(json_get(kEvent, R"(["a.b"])"), "7");
  EXPECT_EQ(json_get(kEvent, "['a.b']"), "7");
  EXPECT_EQ(json_get(kEvent, "$.a.b[0]"), "10");
  EXPECT_EQ(json_get("[[1,2],[3]]", "[1][0]"), "3");
}

TEST(JsonGet, GivesNestedValuesAsJsonText) {
  EXPECT_EQ(json_get(kEvent, "a.b"), R"([10, {"c": "x"}, null, "two"])");
  EXPECT_EQ(json_get(kEvent, "o"), "{ }");
  EXPECT_EQ(json_get(kEvent, "l"), "[ ]");
  EXPECT_EQ(json_get(" [1, 2] ", ""), "[1, 2]");
  EXPECT_EQ(json_get("\"x\"", "$"), "x");
}

TEST(JsonGet, UnescapesStrings) {
  EXPECT_EQ(json_get(kEvent, "s"), "q\"\\/\b\f\n\r\té😀");
  EXPECT_EQ(json_get(kEvent, "e"), "");
  EXPECT_EQ(json_get(R"({"\u0061": "b"})", "a"), "b");
  EXPECT_EQ(json_get(R"(["\ud83d", "\ude00x", "\ud83d\u0041", "\ud83d\ud83d\ude00"])", "[0]"), "\uFFFD");
  EXPECT_EQ(json_get(R"(["\ud83d", "\ude00x", "\ud83d\u0041", "\ud83d\ud83d\ude00"])", "[1]"), "\uFFFDx");
  EXPECT_EQ(json_get(R"(["\ud83d", "\ude00x", "\ud83d\u0041", "\ud83d\ud83d\ude00"])", "[2]"), "\uFFFDA");
  EXPECT_EQ(json_get(R"(["\ud83d", "\ude00x", "\ud83d\u0041", "\ud83d\ud83d\ude00"])", "[3]"), "\uFFFD😀");
}

TEST(JsonGet, IsNullWhenAbsentOrNull) {
  for (const char* path : {"x", "a.x", "a.b[9]", "a.b[2]", "a[0]", "a.b.c", "t.x", "n[0]", "A"}) {
    EXPECT_EQ(json_get(kEvent, path), std::nullopt) << path;
  }
}

TEST(JsonGet, IsNullForAPathThatIsNone) {
  for (const char* path : {"a..b", ".a", "a.", "a[", "a[x]", "a[-1]", "a[0]b", "a['b", "a[99999999999999999999999]"}) {
    EXPECT_EQ(json_get(kEvent, path), std::nullopt) << path;
  }
}

TEST(JsonGet, LastOfDuplicateKeysWins) {
  EXPECT_EQ(json_get(R"({"a": 1, "a": 2})", "a"), "2");
  EXPECT_EQ(json_get(R"({"a": {"b": 1}, "a": 5})", "a.b"), std::nullopt);
  EXPECT_EQ(json_get(R"({"a": 5, "a": {"b": 1}})", "a.b"), "1");
}

TEST(JsonGet, IsNullForTextThatIsNotJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{\"a\":1}x",
                           "{\"a\":1",
                           "{a:1}",
                           "{'a':1}",
                           "[1,]",
                           "{\"a\":01}",
                           "{\"a\":1.}",
                           "{\"a\":+1}",
                           "{\"a\":.5}",
                           "{\"a\":1e}",
                           "{\"a\":tru}",
                           "{\"a\":\"\n\"}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":\"\\u12\"}",
                           "{\"a\":\"",
                           "{\"a\":\"\\",
                           "nan",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\" 1}"}) {
    EXPECT_EQ(json_get(text, "a"), std::nullopt) << text;
  }
}

TEST(JsonGet, DepthIsBounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(json_get(nested(256), ""), nested(256));
  EXPECT_EQ(json_get(nested(257), ""), std::nullopt);
  EXPECT_EQ(json_get(nested(5'000'000), ""), std::nullopt);
  EXPECT_EQ(json_get(std::string(5'000'000, '['), "[0]"), std::nullopt);
}

TEST(JsonGet, EveryCutOfATextIsHarmless) {
  for (std::size_t length = 0; length < kEvent.size() - 2; ++length) {
    EXPECT_EQ(json_get(kEvent.substr(0, length), "t"), std::nullopt) << length;
  }
}

TEST(JsonElements, GivesTheRawTextOfEachElement) {
  std::vector<std::string_view> found;
  ASSERT_TRUE(json_elements(" [1, \"a,]\" ,{\"k\": [2]}, null,[] ] ", found));
  EXPECT_EQ(found, (std::vector<std::string_view>{"1", "\"a,]\"", "{\"k\": [2]}", "null", "[]"}));
  found.clear();
  EXPECT_TRUE(json_elements("[]", found));
  EXPECT_TRUE(found.empty());
}

TEST(JsonElements, WhatIsNoArrayGivesNothing) {
  std::vector<std::string_view> found;
  for (const char* text : {"", "1", "{}", "[1", "[1,]", "[,1]", "[1] 2", "[01]", "['a']", "[a]", "[\"\\x\"]"}) {
    EXPECT_FALSE(json_elements(text, found)) << text;
    EXPECT_TRUE(found.empty()) << text;
  }
  EXPECT_FALSE(json_elements(std::string(300, '[') + std::string(300, ']'), found));
}

TEST(JsonElements, TextOfAString) { EXPECT_EQ(json_string_text("\"a\\n\\u00e9\""), "a\n\xc3\xa9"); }

}  // namespace
}  // namespace evclean::functions
