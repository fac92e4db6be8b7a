// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "structured_run.hpp"

namespace evclean::test {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Decoded decode(std::string_view text, FormatSpec spec = {}, std::size_t piece = 1 << 20) {
  return decode_text(*make_csv_decoder(spec, false), text, piece);
}

Rows values(const Decoded& decoded) {
  Rows rows;
  for (const auto& row : decoded.rows) {
    auto& cells = rows.emplace_back();
    for (const Cell& cell : row) cells.push_back(cell.text.value_or("<missing>"));
  }
  return rows;
}

TEST(CsvDecoder, PlainRows) {
  const Decoded d = decode("a,b,c\n1,2,3\n4,,6\n");
  EXPECT_EQ(d.names, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(values(d), (Rows{{"1", "2", "3"}, {"4", "", "6"}}));
  EXPECT_EQ(d.lines, 3);
  EXPECT_EQ(d.blank, 1);
  EXPECT_EQ(d.newlines, 3);
  EXPECT_EQ(d.records, (std::vector<std::string>{"1,2,3", "4,,6"}));
}

TEST(CsvDecoder, LastLineWithoutNewline) { EXPECT_EQ(values(decode("a,b\n1,2")), (Rows{{"1", "2"}})); }

TEST(CsvDecoder, QuotesAreFlaggedAndDoubledQuotesMadeSingle) {
  const Decoded d = decode("a,b\n\"x,1\",\"say \"\"hi\"\"\"\n\"\",\n");
  EXPECT_EQ(values(d), (Rows{{"x,1", "say \"hi\""}, {"", ""}}));
  EXPECT_TRUE(d.rows[0][0].quoted && d.rows[0][1].quoted && d.rows[1][0].quoted);
  EXPECT_FALSE(d.rows[1][1].quoted);
}

TEST(CsvDecoder, QuotedNewlineCrossesBlocks) {
  const std::string text = "a,b\n1,\"x\ny\r\nz\"\n2,w\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const Decoded d = decode(text, {}, piece);
    EXPECT_EQ(values(d), (Rows{{"1", "x\ny\r\nz"}, {"2", "w"}})) << piece;
    EXPECT_EQ(d.newlines, 5);
  }
}

TEST(CsvDecoder, LineEndsCrLfAndLoneCr) {
  EXPECT_EQ(values(decode("a,b\r\n1,\"2\"\r\n3,4\r\n")), (Rows{{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(values(decode("a,b\r1,2\r3,\"4\"\r")), (Rows{{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(values(decode("a,b\r1,2\n3,4\r\n5,6\r\r\n7,8")), (Rows{{"1", "2"}, {"3", "4"}, {"5", "6"}, {"7", "8"}}));
}

TEST(CsvDecoder, LoneCrInAFieldIsTextWhenLinesEndWithLf) {
  const Decoded d = decode("a,b\n1,x\ry\n3,4\n");
  EXPECT_EQ(values(d), (Rows{{"1", "x\ry"}, {"3", "4"}}));
}

TEST(CsvDecoder, ShortRowsAreSquaredUpAndLongRowsRejected) {
  const Decoded d = decode("a,b,c\n1\n1,2,3,4\n1,2,3,\n5,6,7\n");
  EXPECT_EQ(values(d), (Rows{{"1", "<missing>", "<missing>"}, {"1", "2", "3"}, {"5", "6", "7"}}));
  ASSERT_EQ(d.rejects.size(), 1u);
  EXPECT_EQ(d.rejects[0].reason, "4 fields, there are 3 columns");
  EXPECT_EQ(d.rejects[0].text, "1,2,3,4");
  EXPECT_EQ(d.rejects[0].line, 2);
  EXPECT_EQ(d.rejects[0].byte_offset, 8);
  EXPECT_EQ(d.lines, 5);
}

TEST(CsvDecoder, BlankLinesAndRepeatedHeadersAreBlank) {
  const Decoded d = decode("name,n\nx,1\n\n   \nname,n\n\"name\",\"n\"\nname,2\nnames,3\r\n\r\n");
  EXPECT_EQ(values(d), (Rows{{"x", "1"}, {"name", "2"}, {"names", "3"}}));
  EXPECT_EQ(d.blank, 6);
  EXPECT_EQ(d.lines, 9);
}

TEST(CsvDecoder, OneColumnKeepsItsRows) {
  const Decoded d = decode("name\nx\n\ny z\n\"\"\n w\n");
  EXPECT_EQ(values(d), (Rows{{"x"}, {"y z"}, {""}, {" w"}}));
}

TEST(CsvDecoder, WithoutHeaderColumnsAreNumbered) {
  FormatSpec spec;
  spec.header = false;
  const Decoded d = decode("1,2\n3,4\n", spec);
  EXPECT_EQ(d.names, (std::vector<std::string>{"column1", "column2"}));
  EXPECT_EQ(values(d), (Rows{{"1", "2"}, {"3", "4"}}));
}

TEST(CsvDecoder, TextBehindAClosingQuoteRejectsThatLineOnly) {
  const Decoded d = decode("a,b\n1,\"x\"y\n2,\"z\"\n3,5\" disk\n");
  EXPECT_EQ(values(d), (Rows{{"2", "z"}, {"3", "5\" disk"}}));
  ASSERT_EQ(d.rejects.size(), 1u);
  EXPECT_EQ(d.rejects[0].reason, "text behind the closing quote of field 2");
  EXPECT_EQ(d.rejects[0].text, "1,\"x\"y");
}

TEST(CsvDecoder, AnOpenQuoteEatsNoNeighbours) {
  for (std::size_t piece : {1u, 7u, 1000u}) {
    const Decoded d = decode("a,b\n1,\"open\n2,x\n3,\"y\"\n4,z\n", {}, piece);
    EXPECT_EQ(values(d), (Rows{{"2", "x"}, {"3", "y"}, {"4", "z"}})) << piece;
    ASSERT_EQ(d.rejects.size(), 1u);
    EXPECT_EQ(d.rejects[0].text, "1,\"open");
  }
  const Decoded last = decode("a,b\n1,2\n3,\"open\n5,6");
  EXPECT_EQ(values(last), (Rows{{"1", "2"}, {"5", "6"}}));
  EXPECT_EQ(last.rejects.at(0).reason, "the quote that opens field 2 is not closed");
}

TEST(CsvDecoder, AnOpenQuoteIsBoundedByMaxLine) {
  FormatSpec spec;
  spec.max_line_bytes = 100;
  std::string text = "a,b\n1,\"open\n";
  for (int i = 0; i < 40; ++i) text += "22,xx\n";
  for (std::size_t piece : {3u, 64u, 5000u}) {
    const Decoded d = decode(text, spec, piece);
    EXPECT_EQ(d.rows.size(), 40u) << piece;
    ASSERT_EQ(d.rejects.size(), 1u);
    EXPECT_EQ(d.rejects[0].text, "1,\"open");
  }
}

TEST(CsvDecoder, AnOverlongLineIsOneRejectInPiecesOfAnySize) {
  FormatSpec spec;
  spec.max_line_bytes = 50;
  const std::string text = "a,b\n1,2\n" + std::string(500, 'x') + ",y\n3,4\n";
  for (std::size_t piece : {1u, 10u, 60u, 5000u}) {
    const Decoded d = decode(text, spec, piece);
    EXPECT_EQ(values(d), (Rows{{"1", "2"}, {"3", "4"}})) << piece;
    ASSERT_EQ(d.rejects.size(), 1u) << piece;
    EXPECT_EQ(d.rejects[0].reason, "longer than max_line (50 bytes)");
    EXPECT_EQ(d.lines, 4);
    EXPECT_EQ(d.newlines, 4);
  }
}

TEST(CsvDecoder, HostileQuotesTakeLinearTime) {
  std::string text = "a,b\n";
  for (int i = 0; i < 300'000; ++i) text += "x\",\"y\n";
  const Decoded d = decode(text);
  EXPECT_EQ(d.lines, 300'001);
  EXPECT_EQ(d.rows.size() + d.rejects.size(), 300'000u);
}

TEST(CsvDecoder, NoQuotingWhenQuoteIsNone) {
  FormatSpec spec;
  spec.quote = "none";
  EXPECT_EQ(values(decode("a,b\n\"1,2\n3,\"\"x\n", spec)), (Rows{{"\"1", "2"}, {"3", "\"\"x"}}));
}

TEST(CsvDecoder, CommentsAndSkippedLinesAreBlank) {
  FormatSpec spec;
  spec.comment = "#";
  spec.skip = 1;
  const Decoded d = decode("junk, with, commas\na,b\n# \"x, open\n1,2\n#3,4\n5,6\n", spec);
  EXPECT_EQ(values(d), (Rows{{"1", "2"}, {"5", "6"}}));
  EXPECT_EQ(d.blank, 4);
}

TEST(CsvDecoder, WideRowsBeyondTheWindow) {
  std::string text = "a,b\n1,\"" + std::string(200'000, 'q') + "\n\"\n";
  for (int i = 0; i < 30'000; ++i) text += "k,\"v \"\"" + std::to_string(i) + "\"\"\"\n";
  const Decoded d = decode(text);
  ASSERT_EQ(d.rows.size(), 30'001u);
  EXPECT_EQ(d.rows[0][1].text->size(), 200'001u);
  EXPECT_EQ(d.value(30'000, "b"), "v \"29999\"");
}

TEST(CsvDecoder, TooManyColumnsIsAUserError) {
  FormatSpec spec;
  spec.max_columns = 3;
  EXPECT_THROW(decode("a,b,c,d\n", spec), Error);
  EXPECT_EQ(decode("a,b,c\n1,2,3\n", spec).rows.size(), 1u);
}

TEST(CsvDecoder, ManyColumnsWithShortRowsComeInSeveralBatches) {
  std::string text = "c0";
  for (int i = 1; i < 5'000; ++i) text += ",c" + std::to_string(i);
  text += "\n";
  for (int i = 0; i < 5'000; ++i) text += "1\n";
  auto decoder = make_csv_decoder({}, false);
  decoder->begin_file({}, text);
  auto block = std::make_shared<TextBlock>();
  block->append(text);
  const DecodeResult result = decoder->decode({block, 0, text.size(), text.size(), true, {}});
  EXPECT_LT(result.batch.num_rows, 2'000);
  EXPECT_LT(result.consumed, text.size());
  EXPECT_EQ(decode(text).rows.size(), 5'000u);
}

TEST(CsvDecoder, ALongDelimiterIsAUserError) {
  FormatSpec spec;
  spec.delimiter = "||";
  EXPECT_THROW(make_csv_decoder(spec, false), Error);
}

TEST(CsvDecoder, AnEmptyFileHasNoColumns) {
  const Decoded d = decode("");
  EXPECT_TRUE(d.names.empty());
  EXPECT_EQ(d.lines, 0);
  EXPECT_EQ(decode("\n\n").blank, 2);
}

}  // namespace
}  // namespace evclean::test
