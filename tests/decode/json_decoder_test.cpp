// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "structured_run.hpp"

namespace evclean::test {
namespace {

using Names = std::vector<std::string>;

Decoded decode(std::string_view text, FormatSpec spec = {}, std::size_t piece = 1 << 20) {
  return decode_text(*make_json_decoder(spec), text, piece);
}

TEST(JsonDecoder, OneObjectALine) {
  const Decoded d = decode("{\"a\":1,\"b\":\"x\"}\n\n{\"b\":\"y\",\"a\":2.50}\r\n");
  EXPECT_EQ(d.names, (Names{"a", "b"}));
  ASSERT_EQ(d.rows.size(), 2u);
  EXPECT_EQ(d.value(0, "a"), "1");
  EXPECT_EQ(d.value(1, "a"), "2.50");
  EXPECT_EQ(d.value(1, "b"), "y");
  EXPECT_TRUE(d.rows[0][1].quoted);
  EXPECT_FALSE(d.rows[0][0].quoted);
  EXPECT_EQ(d.lines, 3);
  EXPECT_EQ(d.blank, 1);
  EXPECT_EQ(d.records[1], "{\"b\":\"y\",\"a\":2.50}");
}

TEST(JsonDecoder, ObjectsOneAfterAnotherOnALineAreRecords) {
  const Decoded d = decode(
      "{\"a\":0}\n{\"a\":0}\n{\"a\":0}\n{\"a\":1}\n{\"a\":2} {\"a\":3}{\"a\":\"} {\"}\n{\"a\":4} x\n{\"a\":5} "
      "{\"a\":}\n{\"a\":6}\n");
  ASSERT_EQ(d.rows.size(), 9u);
  EXPECT_EQ(d.value(4, "a"), "2");
  EXPECT_EQ(d.value(6, "a"), "} {");
  EXPECT_EQ(d.value(7, "a"), "5");
  EXPECT_EQ(d.value(8, "a"), "6");
  EXPECT_EQ(d.records[5], "{\"a\":3}");
  ASSERT_EQ(d.rejects.size(), 2u);  // text behind an object spoils its line; a bad object only itself
  EXPECT_EQ(d.rejects[0].text, "{\"a\":4} x");
  EXPECT_EQ(d.rejects[1].text, "{\"a\":}");
  EXPECT_EQ(d.rejects[1].line, 6);
  EXPECT_EQ(d.lines, 11);
}

TEST(JsonDecoder, NestedObjectsBecomeDottedNamesAndArraysStayText) {
  const Decoded d = decode(R"({"req":{"id":7,"h":{"x":true}},"tags":["a", {"b":[1,2]}],"e":{},"n":null})");
  EXPECT_EQ(d.names, (Names{"req.id", "req.h.x", "tags", "n"}));
  EXPECT_EQ(d.value(0, "req.id"), "7");
  EXPECT_EQ(d.value(0, "req.h.x"), "true");
  EXPECT_EQ(d.value(0, "tags"), R"(["a", {"b":[1,2]}])");
  EXPECT_EQ(d.value(0, "n"), "<missing>");
}

TEST(JsonDecoder, KeysSeenLateAreKeptAndBackfilled) {
  const Decoded d = decode("{\"a\":1}\n{\"b\":2}\n{\"a\":3,\"c\":{\"d\":4}}\n");
  EXPECT_EQ(d.names, (Names{"a", "b", "c.d"}));
  for (const auto& row : d.rows) EXPECT_EQ(row.size(), 3u);
  EXPECT_EQ(d.value(0, "b"), "<missing>");
  EXPECT_EQ(d.value(1, "a"), "<missing>");
  EXPECT_EQ(d.value(2, "c.d"), "4");
}

TEST(JsonDecoder, ObjectAndScalarUnderOneNameAreTwoColumns) {
  const Decoded d = decode("{\"a\":1}\n{\"a\":{\"b\":2}}\n{\"a\":\"x\"}\n");
  EXPECT_EQ(d.names, (Names{"a", "a.b"}));
  EXPECT_EQ(d.value(1, "a"), "<missing>");
  EXPECT_EQ(d.value(1, "a.b"), "2");
  EXPECT_EQ(d.value(2, "a"), "x");
}

TEST(JsonDecoder, TheLastOfRepeatedKeysCounts) {
  const Decoded d = decode("{\"a\":1,\"a\":2}\n{\"a\":{\"b\":1},\"a\":3}\n{\"a\":{\"b\":1,\"c\":2},\"a\":{\"c\":5}}\n");
  EXPECT_EQ(d.duplicate_keys, 3);
  EXPECT_EQ(d.value(0, "a"), "2");
  EXPECT_EQ(d.value(1, "a"), "3");
  EXPECT_EQ(d.value(1, "a.b"), "<missing>");
  EXPECT_EQ(d.value(2, "a.b"), "<missing>");
  EXPECT_EQ(d.value(2, "a.c"), "5");
  const Decoded dotted = decode("{\"a.b\":1,\"a\":{\"b\":2}}\n{\"a.b\":3}\n{\"a\":{\"b\":4}}\n");
  EXPECT_EQ(dotted.names, (Names{"a.b"}));
  EXPECT_EQ(dotted.duplicate_keys, 1);
  EXPECT_EQ(dotted.value(0, "a.b") + dotted.value(1, "a.b") + dotted.value(2, "a.b"), "234");
}

TEST(JsonDecoder, EscapesAreUndone) {
  const Decoded d = decode(R"({"a":"x\"y\\\/\n\t\b\f\r","b":"\u00e9\u20ac\ud83d\ude00","c":"\u0000","k\u0065y":1})");
  EXPECT_EQ(d.value(0, "a"), "x\"y\\/\n\t\b\f\r");
  EXPECT_EQ(d.value(0, "b"), "é€😀");
  EXPECT_EQ(d.value(0, "c"), std::string(1, '\0'));
  EXPECT_EQ(d.value(0, "key"), "1");
}

TEST(JsonDecoder, LoneSurrogatesAreReplacedAndCounted) {
  const Decoded d = decode("{\"a\":\"\\ud800x\",\"b\":\"\\udc00\",\"c\":\"\\ud83d\\u0041\"}\n");
  EXPECT_EQ(d.value(0, "a"), "\xEF\xBF\xBDx");
  EXPECT_EQ(d.value(0, "b"), "\xEF\xBF\xBD");
  EXPECT_EQ(d.value(0, "c"),
            "\xEF\xBF\xBD"
            "A");
  EXPECT_EQ(d.lone_surrogates, 3);
}

TEST(JsonDecoder, ABadLineIsARejectAndItsNeighboursAreUntouched) {
  const char* const bad[] = {"{\"a\":1",
                             "{\"a\" 1}",
                             "{\"a\":1,}",
                             "{a:1}",
                             "{\"a\":007}",
                             "{\"a\":+1}",
                             "{\"a\":.5}",
                             "{\"a\":1.}",
                             "{\"a\":NaN}",
                             "{\"a\":tru}",
                             "{\"a\":\"x}",
                             "{\"a\":\"\\x\"}",
                             "{\"a\":[1,2}",
                             "{\"a\":[1 2]}",
                             "{\"a\":[1,]}",
                             "{\"a\":{\"b\":1}",
                             "{\"a\":1}}",
                             "{\"a\":1} x",
                             "42",
                             "\"x\"",
                             "[1,2]",
                             "null",
                             "{\"a\":1}[{\"a\":2}]",
                             "{\"new\":1,\"a\":}",
                             "{\"a\":\"\t\"}",
                             "{",
                             "}",
                             "{\"a\"}",
                             "{\"a\":1 \"b\":2}",
                             "{\"a\":[{\"b\" 1}]}",
                             "{\"a\":-}",
                             "{\"a\":1e}",
                             "x"};
  for (const char* line : bad) {
    const std::string text = "{\"a\":1}\n{\"a\":2}\n" + std::string(line) + "\n{\"a\":3,\"b\":4}\n";
    const Decoded d = decode(text);
    ASSERT_EQ(d.rows.size(), 3u) << line;
    ASSERT_EQ(d.rejects.size(), 1u) << line;
    EXPECT_EQ(d.names, (Names{"a", "b"})) << line;
    EXPECT_EQ(d.value(2, "a") + d.value(2, "b"), "34") << line;
    EXPECT_EQ(d.rejects[0].text, line);
    EXPECT_EQ(d.rejects[0].line, 2);
    EXPECT_EQ(d.rejects[0].byte_offset, 16);
    EXPECT_FALSE(d.rejects[0].reason.empty());
  }
}

TEST(JsonDecoder, BrokenLinesThatOutnumberSoundOnesAreRejectsOfTheirOwn) {
  const Decoded most = decode("{\"a\":1}\n{\"a\":\n{\"a\":2}\n{\"a\":\"\n{\"a\"\n");
  EXPECT_EQ(most.rows.size(), 2u);
  EXPECT_EQ(most.lines, 5);
  const Decoded behind = decode("{\"a\":1} x\n{\"a\":2} y\n{\"a\":3}\n");
  EXPECT_EQ(behind.rows.size(), 1u);
  EXPECT_EQ(behind.rejects.size(), 2u);
  EXPECT_EQ(decode("{\"a\":1}\n{broken\n{\"x\": 1,\n").lines, 3);
  EXPECT_EQ(decode("{\"a\":\n{\"a\":1}\n{\"a\":2}\n").rows.size(), 2u);
}

TEST(JsonDecoder, SkippedLinesAndCommentsAreBlank) {
  FormatSpec spec;
  spec.skip = 2;
  spec.comment = "#";
  for (const std::size_t piece : {1u, 5u, 1000u}) {
    const Decoded lines = decode("{\"x\n\n# it's \"open\n{\"a\":1}\n#{\"a\":2}\n{\"a\":\"#\"}\n#", spec, piece);
    EXPECT_EQ(lines.rows.size(), 2u) << piece;
    EXPECT_EQ(lines.blank, 5) << piece;
    EXPECT_EQ(lines.rejects.size(), 0u) << piece;
    const Decoded array = decode("a\nb\n# x\n[{\"a\":1},\n# {\"a\":7},\n{\"a\":2}\n# end\n]\n", spec, piece);
    EXPECT_EQ(array.rows.size(), 2u) << piece;
    EXPECT_EQ(array.lines, 4) << piece;
    EXPECT_EQ(array.newlines, 8) << piece;
  }
  EXPECT_EQ(decode("only\nthis", spec).blank, 2);
}

TEST(JsonDecoder, RejectsSayWhereTheyWentWrong) {
  const Decoded d = decode("{\"a\":1}\n{\"a\":007}\n42\n{\"a\":\"x\n");
  ASSERT_EQ(d.rejects.size(), 3u);
  EXPECT_EQ(d.rejects[0].reason, "007 is no JSON value (byte 6)");
  EXPECT_EQ(d.rejects[1].reason, "not a JSON object: a number (byte 1)");
  EXPECT_EQ(d.rejects[2].reason, "a string is not closed (byte 8)");
}

TEST(JsonDecoder, BigNumbersKeepTheirText) {
  const Decoded d = decode("{\"a\":123456789012345678901234567890,\"b\":-0,\"c\":1E+400}");
  EXPECT_EQ(d.value(0, "a"), "123456789012345678901234567890");
  EXPECT_EQ(d.value(0, "b"), "-0");
  EXPECT_EQ(d.value(0, "c"), "1E+400");
}

TEST(JsonDecoder, DepthIsLimited) {
  FormatSpec spec;
  spec.max_depth = 4;
  const Decoded d = decode(
      "{\"a\":{\"b\":{\"c\":{\"d\":1}}}}\n{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}\n{\"a\":[[[1]]]}\n{\"a\":[[[[1]]]]}\n",
      spec);
  EXPECT_EQ(d.rows.size(), 2u);
  ASSERT_EQ(d.rejects.size(), 2u);
  EXPECT_NE(d.rejects[0].reason.find("nested deeper than max_depth (4)"), std::string::npos);
  const std::string deep(100'000, '[');
  EXPECT_EQ(decode("{\"a\":" + deep + "\n{\"a\":1}\n").rows.size(), 1u);
}

TEST(JsonDecoder, TooManyColumnsRejectTheRecordThatBringsThem) {
  FormatSpec spec;
  spec.max_columns = 2;
  const Decoded d = decode("{\"a\":1,\"b\":2}\n{\"a\":1,\"c\":3}\n{\"b\":4}\n", spec);
  EXPECT_EQ(d.rows.size(), 2u);
  EXPECT_EQ(d.rejects.size(), 1u);
  EXPECT_EQ(d.names, (Names{"a", "b"}));
}

TEST(JsonDecoder, ManyColumnsComeInSeveralBatches) {
  std::string text;
  for (int i = 0; i < 9'000; ++i) text += "{\"k" + std::to_string(i) + "\":" + std::to_string(i) + "}\n";
  auto decoder = make_json_decoder({});
  decoder->begin_file({}, text);
  auto block = std::make_shared<TextBlock>();
  block->append(text);
  DecodeResult result = decoder->decode({block, 0, text.size(), text.size(), true, {}});
  EXPECT_LT(result.batch.num_rows, 4'000);
  EXPECT_LT(result.consumed, text.size());
  std::int64_t rows = 0;
  std::size_t at = 0;
  for (result = {}; at < text.size(); at = result.consumed) {
    result = decoder->decode({block, at, text.size(), text.size(), true, {}});
    ASSERT_GT(result.consumed, at);
    rows += result.batch.num_rows;
  }
  EXPECT_EQ(rows, 9'000);
  EXPECT_EQ(decoder->columns().size(), 9'000u);
}

// Batches stay in the cache; calls that go on in a block count its lines from where they begin.
TEST(JsonDecoder, ABlockInSeveralCallsKeepsItsLineNumbers) {
  std::string text;
  std::vector<std::int64_t> bad;
  for (std::int64_t line = 0; line < 9000; ++line) {
    std::string record = "{";
    for (int key = 0; key < 40; ++key) record += fmt::format("{}\"k{}\":{}", key > 0 ? "," : "", key, line * 40 + key);
    if (line % 1000 == 700) bad.push_back(line);
    text += record + (line % 1000 == 700 ? "\n" : "}\n");
  }
  const auto decoder = make_json_decoder({});
  auto block = std::make_shared<TextBlock>(text.size());
  block->append(text);
  decoder->begin_file({}, std::string_view(text).substr(0, 4096));
  Decoded all;
  std::size_t at = 0;
  int calls = 0;
  for (; at < text.size(); ++calls) {
    DecodeResult result = decoder->decode({block, at, text.size(), text.size() + 1, true, {0, 0, 0, 0}});
    ASSERT_GT(result.consumed, at);
    at = result.consumed;
    take(std::move(result), all);
  }
  EXPECT_GT(calls, 3);
  ASSERT_EQ(all.rejects.size(), bad.size());
  for (std::size_t i = 0; i < bad.size(); ++i) EXPECT_EQ(all.rejects[i].line, bad[i]);
  EXPECT_EQ(all.newlines, 9000);
  EXPECT_EQ(all.lines, 9000);
  ASSERT_EQ(all.rows.size(), 9000 - bad.size());
  EXPECT_EQ(all.value(8990, "k39"), std::to_string(8999 * 40 + 39));
}

TEST(JsonDecoder, KeysThatComeInManyOrdersAreFound) {
  std::mt19937 random(3);
  std::string text;
  std::vector<std::vector<std::string>> expected;
  std::vector<std::string> keys;
  for (int i = 0; i < 300; ++i) keys.push_back(fmt::format("{}{}", i % 3 == 0 ? "a_rather_long_key_" : "k", i));
  for (int row = 0; row < 200; ++row) {
    std::shuffle(keys.begin(), keys.end(), random);
    text += "{\"o\":{";
    for (int i = 0; i < 60; ++i) text += fmt::format("{}\"{}\":\"{}-{}\"", i > 0 ? "," : "", keys[i], keys[i], row);
    text += "}}\n";
  }
  const Decoded d = decode(text);
  ASSERT_EQ(d.rows.size(), 200u);
  EXPECT_EQ(d.duplicate_keys, 0);
  for (std::size_t row = 0; row < 200; ++row) {
    int there = 0;
    for (const std::string& name : d.names) {
      const std::string value = d.value(row, name);
      if (value[0] == '<') continue;
      EXPECT_EQ("o." + value, fmt::format("{}-{}", name, row));
      ++there;
    }
    EXPECT_EQ(there, 60);
  }
}

TEST(JsonDecoder, AnOverlongLineIsOneRejectInPiecesOfAnySize) {
  FormatSpec spec;
  spec.max_line_bytes = 40;
  const std::string text = "{\"a\":1}\n{\"a\":\"" + std::string(300, 'x') + "\"}\n{\"a\":2}\n";
  for (std::size_t piece : {1u, 10u, 45u, 5000u}) {
    const Decoded d = decode(text, spec, piece);
    EXPECT_EQ(d.rows.size(), 2u) << piece;
    ASSERT_EQ(d.rejects.size(), 1u) << piece;
    EXPECT_EQ(d.rejects[0].reason, "longer than max_line (40 bytes)");
  }
}

TEST(JsonDecoder, PiecesOfAnySizeGiveTheSameRows) {
  std::string text;
  for (int i = 0; i < 40; ++i)
    text += "{\"id\":" + std::to_string(i) + ",\"s\":\"a\\n\\u00e9" + std::to_string(i) + "\",\"o\":{\"k" +
            std::to_string(i % 3) + "\":[" + std::to_string(i) + "]}}" + (i % 7 == 3 ? "x" : "") + "\n";
  const Decoded whole = decode(text);
  EXPECT_EQ(whole.rows.size() + whole.rejects.size(), 40u);
  for (std::size_t piece = 1; piece < text.size(); piece += 1 + piece / 9) {
    const Decoded d = decode(text, {}, piece);
    EXPECT_EQ(d.squared(), whole.squared()) << piece;
    EXPECT_EQ(d.names, whole.names);
    EXPECT_EQ(d.rejects.size(), whole.rejects.size());
    EXPECT_EQ(d.newlines, whole.newlines);
  }
}

}  // namespace
}  // namespace evclean::test
