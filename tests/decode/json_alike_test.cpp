// SPDX-License-Identifier: Apache-2.0
// What a decoder expects of a record, because of those before it, changes nothing of what it reads.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "structured_run.hpp"

namespace evclean::test {
namespace {

Decoded decode(std::string_view text, std::size_t piece = 1 << 20) {
  return decode_text(*make_json_decoder(FormatSpec{}), text, piece);
}

/// All lines together are read as each alone.
void expect_as_alone(const std::vector<std::string>& lines, std::size_t piece, const std::string& line_end) {
  std::string text;
  for (const std::string& line : lines) text += line + line_end;
  const Decoded all = decode(text, piece);
  std::size_t row = 0, reject = 0;
  std::int64_t duplicate_keys = 0, lone_surrogates = 0;
  for (const std::string& line : lines) {
    // The first line: nothing is expected of it.
    const Decoded alone = decode(line + line_end + "{\"z\":0}\n{\"z\":0}\n");
    duplicate_keys += alone.duplicate_keys;
    lone_surrogates += alone.lone_surrogates;
    if (alone.rows.size() == 2) {
      ASSERT_LT(reject, all.rejects.size());
      EXPECT_EQ(all.rejects[reject].text, line);
      EXPECT_EQ(all.rejects[reject++].reason, alone.rejects.at(0).reason) << line;
      continue;
    }
    for (std::size_t own = 0; own + 2 < alone.rows.size(); ++own, ++row) {
      ASSERT_LT(row, all.rows.size());
      EXPECT_EQ(all.records[row], alone.records[own]);
      for (std::size_t c = 0; c < all.names.size(); ++c) {
        const Cell cell = c < all.rows[row].size() ? all.rows[row][c] : Cell{};
        const auto known = std::find(alone.names.begin(), alone.names.end(), all.names[c]);
        const Cell wanted = known == alone.names.end()
                                ? Cell{}
                                : alone.rows[own][static_cast<std::size_t>(known - alone.names.begin())];
        EXPECT_TRUE(cell == wanted) << all.names[c] << " of " << line;
      }
    }
  }
  EXPECT_EQ(row, all.rows.size());
  EXPECT_EQ(reject, all.rejects.size());
  EXPECT_EQ(all.duplicate_keys, duplicate_keys);
  EXPECT_EQ(all.lone_surrogates, lone_surrogates);
  EXPECT_EQ(all.newlines, static_cast<std::int64_t>(lines.size()));
}

/// One in so many lines is another one.
void check_alike(const std::string& usual, unsigned one_in, std::size_t piece, const std::string& line_end) {
  const std::vector<std::string> others = {
      R"({"key":"abc","id":17})",
      R"({"id":17,"key":"abc"})",
      R"({"id":17,"key":"abc","new":1,"ok":false})",
      R"({"id":17,"id":18,"key":"abc","key":"d"})",
      R"({"id" :17,"key": "abc" ,"ok":true})",
      R"({"id":"17","key":12,"a_key_that_is_longer_than_others":"x","ok":"","none":"n"})",
      R"({"id":-1,"key":"a\"b","a_key_that_is_longer_than_others":1e5,"ok":null,"none":[1,{"a":2}]})",
      R"({"id":{"a":1},"key":"abc","none":{}})",
      R"({"id":17,"key":"abc","a_key_that_is_longer_than_otherz":2.5,"ok":true})",
      R"({"id":12345678901234567,"key":"}{","ok":true})",
      R"({"id":017,"key":"abc"})",
      R"({"id":17,"key":"abc",})",
      R"({"id":17,"key":"abc","ok":truex})",
      R"({"id":17,"key":"abc","ok":nul})",
      R"({"id":17 18,"key":"abc"})",
      R"({"id":17,"key":"abc";"ok":true})",
      R"({"id":17,"key":"abc","a_key_that_is_longer_than_others":2.5,"ok":true,"none":null} x)",
      R"({"id":17,"key":"abc","a_key_that_is_longer_than_others":2.5,"ok":true,"none":null)",
      R"({"id":17,"key":"abc","a_key_that_is_longer_than_others":2.5,"ok")",
      R"({"id":17,"key")",
      R"({"id":-,"key":"abc"})",
      R"({"id":,"key":"abc"})",
      R"({})",
      R"({"id":17,"key":"straße","ok":true})",
      R"({"id":17,"key":"abc","a_key_that_is_longer_than_others":2.5,"ok":true,"none":"日本"})",
      R"({"id":17,"key":"a	b","a_key_that_is_longer_than_others":2.5,"ok":true,"none":null})",
      R"({"id":17,"key":"abc","a_key_that_is_longer_than_others":2.5,"ok":true,"none":nul})",
      R"({"id":17,"key":"abc","a_key_that_is_longer_than_others":2.5.1,"ok":true,"none":null})",
      R"({"id":017,"key":"abc","a_key_that_is_longer_than_others":2.5,"ok":true,"none":null})",
      R"({"id":123456789012345678901234567890,"key":"","a_key_that_is_longer_than_others":-0.5e-7,"ok":false,"none":0})",
      R"({"id":17,"key":"a text of more than sixteen bytes, and of more than thirty-two","ok":true})",
      R"({"id":17,"key":"abc","a_key_that_is_longer_than_others":2.5,"ok":true,"none":null}})",
      R"({"id":17,"key":"abc","a_key_that_is_longer_than_others":2.5,"ok":true,"none":null} )",
      R"( {"id":17,"key":"abc","a_key_that_is_longer_than_others":2.5,"ok":true,"none":null})",
      R"({"id":17,"key":"abc","a_key_that_is_longer_than_others":2.5,"ok":true,"none":null}{"id":18})",
      R"({"id":17,"in":{"key":"abc","deep":{"x":1}},"ok":true})",
      R"({"id":17,"in":{"key":"abc","deep":{"x":{"y":1}}},"ok":true})",
      R"({"id":17,"in":{"key":"abc","deep":{}},"ok":true})",
      R"({"id":17,"in":{"key":"abc"},"deep":{"x":1},"ok":true})",
      R"({"id":17,"in.key":"def","ok":true})"};
  std::mt19937 draw(one_in);
  std::vector<std::string> lines(2, usual);
  for (int i = 0; i < 2000; ++i) lines.push_back(draw() % one_in == 0 ? others[draw() % others.size()] : usual);
  expect_as_alone(lines, piece, line_end);
}

/// An object of some of a few keys, mostly in one order; objects may hold each other.
std::string some_object(std::mt19937& draw, int depth) {
  const std::vector<std::string> values = {"1",
                                           "-2.5e3",
                                           "true",
                                           "null",
                                           R"("plain")",
                                           R"("")",
                                           R"("a\"b\\")",
                                           R"("\u00e9")",
                                           R"("größer")",
                                           R"("\ud800")",
                                           "[1,2]",
                                           R"([1, "a" , {"b":[null]} ])",
                                           "[1,]",
                                           R"(["\u00e9"])",
                                           "[[[[[[[[[[1]]]]]]]]]]",
                                           "[]",
                                           R"([{"k":1,"k":2}])",
                                           "[1 2]",
                                           "[tru]",
                                           R"([{"k" : 1 , "l":"]"},-0.5])",
                                           R"("bad \x")",
                                           "017",
                                           "{}",
                                           R"("}{,:")"};
  std::vector<std::string> keys = {"p", "q", "a", "b", "c", "x"};
  if (draw() % 6 == 0) std::shuffle(keys.begin(), keys.end(), draw);
  if (draw() % 24 == 0) keys.push_back("p");
  std::string object = "{";
  for (const std::string& key : keys) {
    if (draw() % 3 == 0) continue;
    const bool deeper = depth > 0 && (key == "p" || key == "x") && draw() % 4 != 0;
    const std::size_t kind = draw() % 8 == 0 ? draw() % values.size() : draw() % 5;
    if (object.size() > 1) object += ',';
    object += '"' + key + "\":" + (deeper ? some_object(draw, depth - 1) : values[kind]);
  }
  return object + '}';
}

TEST(JsonAlike, KindsOfRecordsThatTakeTurnsAreReadAsEachAlone) {
  for (unsigned seed = 0; seed < 12; ++seed) {
    std::mt19937 draw(seed);
    std::vector<std::string> lines;
    for (int i = 0; i < 1500; ++i) lines.push_back(some_object(draw, static_cast<int>(seed % 3)));
    expect_as_alone(lines, seed % 2 == 0 ? std::size_t{1} << 20 : 777, "\n");
  }
}

/// A path through what was seen that no record may take: `p` twice, its values in different columns.
TEST(JsonAlike, AnObjectThatComesTwiceIsSeenWhereEachStepWasSeenBefore) {
  const std::vector<std::string> kinds = {R"({"x":{"y":0}})",
                                          R"({"p":{"a":1},"q":2})",
                                          R"({"x":{"y":0},"q":1,"p":{"c":2}})",
                                          R"({"p":{"a":1},"q":1,"p":{"c":2}})",
                                          R"({"p":{},"p":1})",
                                          R"({"q":1,"p":{},"p":{"a":3}})"};
  std::vector<std::string> lines;
  for (int i = 0; i < 50; ++i) lines.insert(lines.end(), kinds.begin(), kinds.end());
  expect_as_alone(lines, std::size_t{1} << 20, "\n");
}

/// What a decoder expects of a record changes nothing.
TEST(JsonAlike, RecordsReadAlikeAmongOthersAndAlone) {
  const std::string flat = R"({"id":17,"key":"abc","a_key_that_is_longer_than_others":2.5,"ok":true,"none":null})";
  const std::string nested = R"({"id": 17, "in": {"key": "abc", "deep": {"x": 1}}, "ok": true})";
  for (const std::string& usual : {flat, nested}) {
    for (const unsigned one_in : {3u, 40u}) {
      for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{1000}}) {
        check_alike(usual, one_in, piece, "\n");
        check_alike(usual, one_in, piece, "\r\n");
      }
    }
  }
}

}  // namespace
}  // namespace evclean::test
