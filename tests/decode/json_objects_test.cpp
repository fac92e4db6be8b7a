// SPDX-License-Identifier: Apache-2.0
// JSON whose records are not lines: an array over the file, objects one after another.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <random>

#include "structured_run.hpp"

namespace evclean::test {
namespace {

Decoded decode(std::string_view text, FormatSpec spec = {}, std::size_t piece = 1 << 20) {
  return decode_text(*make_json_decoder(spec), text, piece);
}

TEST(JsonObjects, ArrayOverTheFile) {
  for (const char* text : {"[{\"a\":1},{\"a\":2},{\"a\":3}]", "[\n  {\"a\":1},\n  {\"a\":2},\n  {\"a\":3}\n]\n",
                           " [ {\"a\" : 1 } , { \"a\":2}\n,{\"a\":3}]  "}) {
    for (std::size_t piece : {1u, 3u, 1000u}) {
      const Decoded d = decode(text, {}, piece);
      ASSERT_EQ(d.rows.size(), 3u) << text << piece;
      EXPECT_EQ(d.value(0, "a") + d.value(1, "a") + d.value(2, "a"), "123");
      EXPECT_EQ(d.lines, 3);
    }
  }
  EXPECT_EQ(decode("[]").lines, 0);
}

TEST(JsonObjects, OnlyAnArrayHasAByteThatClosesIt) {
  const auto decoder = make_json_decoder({});
  for (const char* array : {"[{\"a\":1},\n{\"a\":2}", " [\n", "[]"}) {
    decoder->begin_file({}, array);
    EXPECT_EQ(decoder->closing_byte(), ']') << array;
  }
  for (const char* other : {"{\"a\":1}\n{\"a\":2}\n", "{\"a\":1} {\"a\":2}", "[1,2]\n", ""}) {
    decoder->begin_file({}, other);
    EXPECT_EQ(decoder->closing_byte(), '\0') << other;
  }
}

TEST(JsonObjects, ObjectsOneAfterAnother) {
  const std::string pretty = "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": [\n      1,\n      2\n    ]\n  }\n}\n";
  for (std::size_t piece : {1u, 7u, 1000u}) {
    const Decoded d = decode(pretty + pretty + pretty, {}, piece);
    ASSERT_EQ(d.rows.size(), 3u) << piece;
    EXPECT_EQ(d.value(2, "b.c"), "[\n      1,\n      2\n    ]");
    EXPECT_EQ(d.newlines, 27);
  }
  EXPECT_EQ(decode("{\"a\":1}{\"a\":2} {\"a\":3}").rows.size(), 3u);
}

TEST(JsonObjects, LinesWithinAnObjectDoNotMakeItLines) {
  EXPECT_EQ(decode("{\"a\":1}\n{\n\"a\":2\n}\n{\n\"a\":3\n}\n").rows.size(), 3u);
  EXPECT_EQ(decode("{\n\"a\":[\n{\"b\":1},\n{\"b\":2}\n],\n\"c\":[\n{\"b\":1}\n]\n}\n").rows.size(), 1u);
  const std::string wide = "{\"a\":[\n" + std::string(70'000, ' ') + "{\"b\":1}\n]}\n";
  EXPECT_EQ(decode(wide + wide).rows.size(), 2u);
}

TEST(JsonObjects, ADamagedObjectOfAnArrayIsOneReject) {
  for (const char* bad :
       {"{\"a\":007}", "{\"a\" 1}", "{\"a\":\"x}", "{\"a\":[1}", "{\"a\":{\"b\":1}", "42", "\"x\"", "[1,2]"}) {
    std::string text = "[";
    for (int i = 0; i < 5; ++i) text += "{\"a\":" + std::to_string(i) + ",\"s\":\"t\"},\n";
    text += std::string(bad) + ",\n";
    for (int i = 5; i < 12; ++i) text += "{\"a\":" + std::to_string(i) + ",\"s\":\"t\"}" + (i < 11 ? ",\n" : "\n]");
    for (std::size_t piece : {1u, 50u, 5000u}) {
      const Decoded d = decode(text, {}, piece);
      ASSERT_EQ(d.rows.size(), 12u) << bad << piece;
      EXPECT_EQ(d.rejects.size(), 1u) << bad << piece;
      EXPECT_EQ(d.rejects[0].text, bad) << piece;
    }
  }
}

TEST(JsonObjects, EachValueThatIsNoObjectIsAReject) {
  const Decoded d = decode("[{\"a\":1,\"b\":2}, 42, \"x\", [1,{\"c\":2}], null,{\"a\":3,\"b\":4}]");
  EXPECT_EQ(d.rows.size(), 2u);
  ASSERT_EQ(d.rejects.size(), 4u);
  EXPECT_EQ(d.rejects[2].text, "[1,{\"c\":2}]");
  EXPECT_EQ(d.rejects[3].reason, "not a JSON object: null (byte 1)");
}

TEST(JsonObjects, DamageAnywhereReadsAlikeInPiecesOfAnySize) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 400; ++round) {
    const char* const gap = round % 3 == 0 ? "\n" : round % 3 == 1 ? ",\n" : ",";
    std::string text = round % 3 == 0 ? "" : "[";
    for (int i = 0; i < 30; ++i)
      text +=
          fmt::format("{}{{\"id\":{},\"s\":\"a\\\"b{{\",\"o\":{{\"k\":[{{\"id\":{}}},[]]}}}}", i == 0 ? "" : gap, i, i);
    if (round % 3 != 0) text += "]";
    const std::string head = text;
    for (unsigned n = random() % 3; n > 0; --n) {
      const std::size_t at = random() % text.size();
      const char byte = "\"\\{}[],:x1\n"[random() % 11];
      if (random() % 2 == 0)
        text.erase(at, 1 + random() % 20);
      else
        text.insert(at, 1, byte);
    }
    auto read = [&](std::size_t piece) {
      auto decoder = make_json_decoder({});
      decoder->begin_file({}, head);
      Decoded decoded;
      EXPECT_EQ(decode_range(*decoder, text, 0, text.size(), piece, decoded), text.size()) << text;
      return decoded;
    };
    const Decoded whole = read(text.size());
    EXPECT_EQ(whole.lines, static_cast<std::int64_t>(whole.rows.size() + whole.rejects.size()) + whole.blank);
    EXPECT_GE(whole.rows.size(), 20u) << text;
    for (const std::size_t piece : {1 + random() % 9, 30 + random() % 400}) {
      const Decoded pieces = read(piece);
      ASSERT_EQ(pieces.squared(), whole.squared()) << "seed " << seed << " piece " << piece << "\n" << text;
      ASSERT_EQ(pieces.rejects.size(), whole.rejects.size()) << "seed " << seed << " piece " << piece << "\n" << text;
    }
  }
}

TEST(JsonObjects, SplitsAnywhereMeetAtTheSameRecords) {
  std::string lines;
  std::string array = "[";
  for (int i = 0; i < 60; ++i) {
    const std::string object =
        "{\"id\":" + std::to_string(i) + ",\"s\":\"},{\\\"id\\\":1}\",\"o\":{\"k\":[{\"id\":1}]}}";
    lines += object + "\n";
    array += (i == 0 ? "" : ",\n ") + object;
  }
  array += "]\n";
  for (const std::string& text : {lines, array}) {
    for (std::size_t cut = 1; cut + 1 < text.size(); cut += 3) {
      auto decoder = make_json_decoder({});
      Decoded left;
      Decoded right;
      decoder->begin_file({}, text);
      const std::size_t end = decode_range(*decoder, text, 0, cut, 4096, left);
      const std::size_t guess = decoder->first_record(std::string_view(text).substr(cut - 1), 1, true);
      if (guess == std::string::npos) {
        EXPECT_EQ(left.rows.size(), 60u) << cut;
        continue;
      }
      EXPECT_EQ(guess + cut - 1, end) << cut;
      decode_range(*decoder, text, guess + cut - 1, text.size(), 4096, right);
      EXPECT_EQ(left.rows.size() + right.rows.size(), 60u) << cut;
    }
  }
}

}  // namespace
}  // namespace evclean::test
