// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "decode_run.hpp"
#include "evclean/error.hpp"

namespace evclean {
namespace {

using test::Output;
using test::run;
using test::run_in_splits;

Output lines(std::string_view text, FormatSpec spec = {}) { return run(*make_decoder(spec, "lines"), text); }

FormatSpec with_patterns(std::vector<std::string> patterns) {
  FormatSpec spec;
  spec.patterns = std::move(patterns);
  return spec;
}

TEST(LinesDecoder, BlankLinesCountAndLineEndsGo) {
  const Output out = lines("one\r\n\n  \t\ntwo words\nlast");
  ASSERT_EQ(out.rows.size(), 3u);
  EXPECT_EQ(out.value(0, "line"), "one");
  EXPECT_EQ(out.value(1, "line"), "two words");
  EXPECT_EQ(out.value(2, "line"), "last");
  EXPECT_EQ(out.lines, 5);
  EXPECT_EQ(out.blank, 2);
  EXPECT_EQ(out.newlines, 4);
}

TEST(LinesDecoder, EmptyTextHasNoRecords) {
  EXPECT_EQ(lines("").lines, 0);
  EXPECT_EQ(lines("\n").blank, 1);
}

TEST(LinesDecoder, SkippedLinesAndCommentsAreBlank) {
  FormatSpec spec;
  spec.skip = 2;
  spec.comment = "#";
  const Output out = lines("head\nmore\n# no\nyes\n", spec);
  ASSERT_EQ(out.rows.size(), 1u);
  EXPECT_EQ(out.value(0, "line"), "yes");
  EXPECT_EQ(out.blank, 3);
}

TEST(LinesDecoder, ALineBeyondMaxLineIsOneRejectAndIsNotHeld) {
  FormatSpec spec;
  spec.max_line_bytes = 100;
  const std::string text =
      "short\n" + std::string(5000, 'x') + "\nafter\n" + std::string(101, 'y') + "\n" + std::string(100, 'z');
  for (const std::size_t piece : {7u, 64u, 1000u, 100000u}) {
    const Output out = run(*make_decoder(spec, "lines"), text, piece);
    ASSERT_EQ(out.rows.size(), 3u) << piece;
    EXPECT_EQ(out.value(1, "line"), "after");
    ASSERT_EQ(out.rejects.size(), 2u) << piece;
    EXPECT_EQ(out.rejects[0].reason, "longer than max_line");
    EXPECT_EQ(out.rejects[0].line, 1);
    EXPECT_EQ(out.rejects[0].byte_offset, 6);
    EXPECT_EQ(out.rejects[1].line, 3) << piece;
    EXPECT_EQ(out.lines, 5);
    EXPECT_EQ(out.newlines, 4);
    EXPECT_LE(out.largest_block, std::max<std::size_t>(piece, 300));
  }
}

TEST(LinesDecoder, AnOverlongLastLineWithoutEndIsOneReject) {
  FormatSpec spec;
  spec.max_line_bytes = 10;
  const Output out = run(*make_decoder(spec, "lines"), "a\n" + std::string(200, 'x'), 16);
  EXPECT_EQ(out.rows.size(), 1u);
  EXPECT_EQ(out.rejects.size(), 1u);
  EXPECT_EQ(out.lines, 2);
}

TEST(LinesDecoder, SplitsAndBlocksChangeNothing) {
  FormatSpec spec;
  spec.max_line_bytes = 40;
  std::string text;
  for (int i = 0; i < 60; ++i)
    text += std::string(static_cast<std::size_t>((i * 37) % 60), static_cast<char>('a' + i % 26)) +
            (i % 3 == 0 ? "\r\n" : "\n");
  text += "end";
  const Output whole = run(*make_decoder(spec, "lines"), text);
  for (std::size_t split = 1; split < 200; split += 7) {
    for (const std::size_t piece : {1u, 13u, 4096u}) {
      const Output cut = run_in_splits(*make_decoder(spec, "lines"), text, split, piece);
      ASSERT_EQ(cut.records, whole.records) << split << " " << piece;
      ASSERT_EQ(cut.lines, whole.lines) << split << " " << piece;
      ASSERT_EQ(cut.blank, whole.blank);
      ASSERT_EQ(cut.newlines, whole.newlines) << split << " " << piece;
      ASSERT_EQ(cut.rejects.size(), whole.rejects.size());
      for (std::size_t i = 0; i < cut.rejects.size(); ++i) {
        EXPECT_EQ(cut.rejects[i].line, whole.rejects[i].line) << split << " " << piece;
        EXPECT_EQ(cut.rejects[i].byte_offset, whole.rejects[i].byte_offset);
      }
    }
  }
}

TEST(RegexDecoder, TheFirstPatternThatMatchesWinsAndNamesComeByFirstAppearance) {
  const auto spec =
      with_patterns({R"(^(?<level>[A-Z]+): (?<text>.*)$)", R"(^(?<code>\d+) (?<text>.*?)(?: by (?<user>\w+))?$)"});
  const Output out = run(*make_decoder(spec, "regex"), "WARN: disk\n42 boom by eve\n43 boom\n\n");
  ASSERT_EQ(out.names, (std::vector<std::string>{"level", "text", "code", "user"}));
  EXPECT_EQ(out.value(0, "level"), "WARN");
  EXPECT_EQ(out.value(0, "code"), "<missing>");
  EXPECT_EQ(out.value(1, "text"), "boom");
  EXPECT_EQ(out.value(1, "user"), "eve");
  EXPECT_EQ(out.value(2, "user"), "<missing>");
  EXPECT_EQ(out.blank, 1);
}

TEST(RegexDecoder, ANameTwiceInOnePatternTakesTheGroupThatMatched) {
  const auto spec = with_patterns({"(?J)^(?:a=(?<v>\\d+)|b=(?<v>\\w+))$"});
  const Output out = run(*make_decoder(spec, "regex"), "a=1\nb=x\n");
  EXPECT_EQ(out.names.size(), 1u);
  EXPECT_EQ(out.value(0, "v"), "1");
  EXPECT_EQ(out.value(1, "v"), "x");
}

TEST(RegexDecoder, ALineThatNoneMatchesIsARejectWithACaret) {
  const auto spec = with_patterns({R"(^(?<a>\d+)$)", R"(^(?<ip>\S+) (?<user>\S+) \[)"});
  const Output out = run(*make_decoder(spec, "regex"), "7\n1.2.3.4 - x\n");
  ASSERT_EQ(out.rejects.size(), 1u);
  EXPECT_EQ(out.rejects[0].reason, "no pattern matches");
  EXPECT_EQ(out.rejects[0].line, 1);
  EXPECT_EQ(out.rejects[0].text, "1.2.3.4 - x");
  EXPECT_EQ(out.rejects[0].detail, "pattern 2 of 2 got furthest, to byte 11:\n    1.2.3.4 - x\n              ^");
}

TEST(RegexDecoder, PatternsWithoutNamesOrWithMistakesAreErrors) {
  EXPECT_THROW(make_decoder(with_patterns({"^(\\d+)$"}), "regex"), Error);
  EXPECT_THROW(make_decoder(with_patterns({"^(?<a>\\d+$"}), "regex"), Error);
  EXPECT_THROW(make_decoder(with_patterns({}), "regex"), Error);
}

TEST(RegexDecoder, MultilineEventsKeepTheirLines) {
  auto spec = with_patterns({R"((?s)^(?<time>\d\d:\d\d) (?<text>.*)$)"});
  spec.multiline_start = "^\\d\\d:\\d\\d ";
  const std::string text = "10:00 one\n  at a\n\n  at b\n10:01 two\r\n10:02 three\n  at c";
  const Output whole = run(*make_decoder(spec, "regex"), text);
  ASSERT_EQ(whole.rows.size(), 3u);
  EXPECT_EQ(whole.value(0, "text"), "one\n  at a\n\n  at b");
  EXPECT_EQ(whole.value(1, "text"), "two");
  EXPECT_EQ(whole.value(2, "text"), "three\n  at c");
  EXPECT_EQ(whole.lines, 3);
  EXPECT_EQ(whole.newlines, 6);
  for (std::size_t split = 1; split < text.size() + 2; ++split) {
    const Output cut = run_in_splits(*make_decoder(spec, "regex"), text, split, 5);
    ASSERT_EQ(cut.records, whole.records) << split;
    ASSERT_EQ(cut.newlines, whole.newlines) << split;
  }
}

TEST(RegexDecoder, AnOverlongEventIsOneReject) {
  auto spec = with_patterns({R"((?s)^(?<n>\d+) (?<text>.*)$)"});
  spec.multiline_start = "^\\d+ ";
  spec.max_line_bytes = 50;
  std::string text = "1 a\n2 b\n";
  for (int i = 0; i < 40; ++i) text += "  at line\n";
  text += "3 c\n";
  for (const std::size_t piece : {9u, 64u, 5000u}) {
    const Output out = run(*make_decoder(spec, "regex"), text, piece);
    ASSERT_EQ(out.rows.size(), 2u) << piece;
    EXPECT_EQ(out.value(1, "n"), "3") << piece;
    ASSERT_EQ(out.rejects.size(), 1u) << piece;
    EXPECT_EQ(out.rejects[0].byte_offset, 4);
  }
}

TEST(MakeDecoder, AnUnknownFormatIsAnErrorThatSuggests) {
  try {
    make_decoder({}, "combind");
    FAIL() << "made";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kUser);
    EXPECT_NE(std::string(error.what()).find("combined"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace evclean
