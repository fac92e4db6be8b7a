// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "csv_layout.hpp"
#include "evclean/error.hpp"

namespace evclean {
namespace {

CsvLayout sniff(std::string_view text, const FormatSpec& spec = {}) { return sniff_csv(spec, false, text, "test"); }

using Names = std::vector<std::string>;

TEST(Dialect, FindsTheDelimiter) {
  EXPECT_EQ(sniff("a,b\n1,2\n").dialect.delimiter, ',');
  EXPECT_EQ(sniff("a;b;c\n1,5;2,5;3,5\n2,5;3,5;4,5\n").dialect.delimiter, ';');
  EXPECT_EQ(sniff("a\tb\nx, y\tz, w\n").dialect.delimiter, '\t');
  EXPECT_EQ(sniff("a|b|c\n1|2|3\n").dialect.delimiter, '|');
  EXPECT_EQ(sniff("a;b;c\n").dialect.delimiter, ';');
  EXPECT_EQ(sniff("name\nfoo\nbar\n").dialect.delimiter, ',');
}

TEST(Dialect, DelimitersInsideQuotesDoNotCount) {
  EXPECT_EQ(sniff("a;b\n\"1,2,3\";x\n\"4,5,6\";y\n").dialect.delimiter, ';');
  EXPECT_EQ(sniff("a,b\n\"x;y\nz;w\",1\n\"q;r\ns;t\",2\n").dialect.delimiter, ',');
}

TEST(Dialect, RaggedRowsStillShowTheDelimiter) {
  const CsvLayout layout = sniff("a,b,c\n1\n1,2\n1,2,3,4\n5,6,7\n");
  EXPECT_EQ(layout.dialect.delimiter, ',');
  EXPECT_EQ(layout.names, (Names{"a", "b", "c"}));
}

TEST(Dialect, FindsSingleQuotesAndBackslashes) {
  const CsvLayout single = sniff("a|b\n'x|y'|'2'\n'z'|'3'\n");
  EXPECT_EQ(single.dialect.quote, '\'');
  EXPECT_EQ(sniff("a,b\nit's,2\n'tis,3\n").dialect.quote, '"');
  const CsvLayout escaped = sniff("a|b\n\"say \\\"hi\\\"\"|1\nx|2\n");
  EXPECT_TRUE(escaped.dialect.backslash);
  EXPECT_FALSE(sniff("a,b\n\"C:\\dir\\\",2\n\"say \"\"hi\"\"\",3\n").dialect.backslash);
}

TEST(Dialect, KeysOfTheJobWin) {
  FormatSpec spec;
  spec.delimiter = ";";
  spec.quote = "'";
  const CsvLayout layout = sniff("a,b;c\n1,2;3\n", spec);
  EXPECT_EQ(layout.dialect.delimiter, ';');
  EXPECT_EQ(layout.dialect.quote, '\'');
  EXPECT_EQ(layout.names, (Names{"a,b", "c"}));
}

TEST(Dialect, TsvIsTabUnlessTheFileSaysSo) {
  EXPECT_EQ(sniff_csv({}, true, "a,b\n1,2\n", "test").names, (Names{"a,b"}));
}

TEST(Dialect, SepLineNamesTheDelimiter) {
  const CsvLayout layout = sniff("sep=;\na;b\n1;2\n");
  EXPECT_EQ(layout.dialect.delimiter, ';');
  EXPECT_EQ(layout.names, (Names{"a", "b"}));
  EXPECT_EQ(layout.front, (std::vector<std::size_t>{0, 6, 10}));
}

TEST(Dialect, PreambleIsPassedOver) {
  const CsvLayout layout = sniff("Report of November\n\nid,name\n1,x\n2,y\n");
  EXPECT_EQ(layout.names, (Names{"id", "name"}));
  EXPECT_EQ(layout.front.size(), 4u);
  EXPECT_EQ(sniff("some notes\nmore, notes\nid,name,day\n1,x,y\n").names, (Names{"id", "name", "day"}));
  EXPECT_EQ(sniff("id\n1,x\n2,y\n").names, (Names{"id"})) << "numbers are no names: the first line is the header";
}

TEST(Dialect, OneColumnWithSignsInItsValuesKeepsItsHeader) {
  using Keys = std::pair<const char*, const char*>;
  for (const auto& [text, name] :
       {Keys{"ua\nMozilla/5.0 (X11; Linux)\nMozilla/5.0 (Win; x64)\nCurl (Mac; y)\n", "ua"},
        Keys{"url\nhttp://x/?a=1;b=2\nhttp://x/?a=2;b=3\n", "url"},
        Keys{"User Agent\nMozilla/5.0 (X11; Linux)\nMozilla/5.0 (Win; x64)\n", "User Agent"},
        Keys{"comment\nGood, but slow\nBad, but fast\n", "comment"}, Keys{"comment\n\nGood|slow\n1|2\n", "comment"},
        Keys{"a comment\n\nGood, but slow\nBad, but fast\n", "a comment"},
        Keys{"# made by x\npath\na\tb\n1\t2\n", "# made by x"}}) {
    const CsvLayout layout = sniff(text);
    EXPECT_EQ(layout.names, (Names{name})) << text;
    EXPECT_EQ(layout.preamble_end, 0u) << text;
    EXPECT_EQ(layout.dialect.delimiter, ',') << text;
  }
  FormatSpec comma;
  comma.delimiter = ",";
  EXPECT_EQ(sniff("comment\nGood, but slow\nBad, but fast\n", comma).names, (Names{"comment"}));
}

TEST(Dialect, APreambleIsToldByWhatStandsBelowIt) {
  const CsvLayout apart = sniff("Report of November\n\nname,city\nann,Rome\nbob,Oslo\n");
  EXPECT_EQ(apart.names, (Names{"name", "city"}));
  EXPECT_EQ(apart.preamble_begin, 0u);
  EXPECT_EQ(apart.preamble_end, 20u);
  EXPECT_EQ(sniff("# by x\nReport: all\nname,age\nann,7\n").preamble_begin, 7u);
  EXPECT_EQ(sniff("Report of November\nname,city\nann,Rome\n").names, (Names{"Report of November"}));
}

TEST(Dialect, CommentLinesAreFound) {
  const CsvLayout layout = sniff("# made by x, y\n# on Monday\na;b\n1;2\n# end\n");
  EXPECT_EQ(layout.dialect.comment, '#');
  EXPECT_EQ(layout.names, (Names{"a", "b"}));
  const CsvLayout header = sniff("#id,name\n1,x\n");
  EXPECT_EQ(header.dialect.comment, '\0');
  EXPECT_EQ(header.names, (Names{"#id", "name"}));
}

TEST(Dialect, AShortRowThatBeginsWithTheSignIsNoComment) {
  EXPECT_EQ(sniff("a,b,c\n#148,2\n1,2,3\n").dialect.comment, '\0');
  EXPECT_EQ(sniff("a,b,c\n# checked, by Ann\n1,2,3\n").dialect.comment, '#');
  EXPECT_EQ(sniff("a,b,c\n#checked\n1,2,3\n").dialect.comment, '#');
  EXPECT_EQ(sniff("#by,Ann\na,b,c\n1,2,3\n").dialect.comment, '#');
}

TEST(Dialect, ZeekNamesItsColumnsInAComment) {
  const std::string zeek = "#separator \\x09\n#path\tconn\n#fields\tts\tid.orig_h\tmsg\n#types\ttime\taddr\tstring\n";
  const CsvLayout layout = sniff(zeek + "1.5\t10.0.0.1\tsay \"hi\n2.5\t10.0.0.2\t\"x\n#close\t2024-04-12\n");
  EXPECT_EQ(layout.names, (Names{"ts", "id.orig_h", "msg"}));
  EXPECT_TRUE(layout.header.empty());
  EXPECT_EQ(layout.dialect.delimiter, '\t');
  EXPECT_EQ(layout.dialect.quote, '\0');
  EXPECT_EQ(layout.dialect.comment, '#');
  EXPECT_FALSE(layout.dialect.comment_sniffed);
  EXPECT_EQ(layout.front.size(), 5u);
  EXPECT_EQ(layout.front.back(), zeek.size());
  EXPECT_EQ(sniff(zeek + "#close\t2024-04-12\n").names, layout.names);  // no row, and columns all the same
  FormatSpec numbered;
  numbered.header = false;
  EXPECT_EQ(sniff(zeek + "1.5\t10.0.0.1\tx\n", numbered).names, (Names{"column1", "column2", "column3"}));
  EXPECT_EQ(sniff("#fields\ta\n1\t2\n3\t4\n").names, (Names{"1", "2"}));  // names for other rows
}

TEST(Dialect, NamesAreUnique) {
  EXPECT_EQ(sniff("a,b,a,,a_2\n1,2,3,4,5\n").names, (Names{"a", "b", "a_3", "column4", "a_2"}));
  EXPECT_EQ(sniff("a,a,a\n1,2,3\n").names, (Names{"a", "a_2", "a_3"}));
  EXPECT_EQ(sniff(",,column2\n1,2,3\n").names, (Names{"column1", "column2_2", "column2"}));
}

TEST(Dialect, AutoHeaderLooksAtTheFirstRow) {
  FormatSpec spec;
  spec.header_auto = true;
  EXPECT_EQ(sniff("id,name\n1,x\n", spec).names, (Names{"id", "name"}));
  EXPECT_EQ(sniff("1,x\n2,y\n", spec).names, (Names{"column1", "column2"}));
  EXPECT_EQ(sniff("x,x\ny,z\n", spec).names, (Names{"column1", "column2"}));
}

TEST(Dialect, AutoHeaderMayHoldNamesThatBeginWithDigits) {
  FormatSpec spec;
  spec.header_auto = true;
  const auto last_name = [&](const char* text) { return sniff(text, spec).names.back(); };
  EXPECT_EQ(last_name("host,2xx,3xx\na,10,0\nb,7,1\n"), "3xx");
  EXPECT_EQ(last_name("id,3d_points\na,\nb,1e5\n"), "3d_points");
  EXPECT_EQ(last_name("3fa9,x\n9bc1,y\n"), "column2");
  EXPECT_EQ(last_name("10MB,x\n12MB,y\n"), "column2");
  EXPECT_EQ(last_name("2026-11-01T06:52:16Z,x\n2026-11-02T06:52:16Z,y\n"), "column2");
  EXPECT_EQ(last_name("2xx,x\n"), "column2");
}

TEST(Dialect, AHeaderLongerThanTheHeadIsAUserError) { EXPECT_THROW(sniff("a,\"" + std::string(70'000, 'x')), Error); }

TEST(Dialect, WideHeaderLongerThanTheSniffedPart) {
  std::string text = "c0";
  for (int i = 1; i < 9'000; ++i) text += ",column_number_" + std::to_string(i);
  ASSERT_GT(text.size(), kCsvSniffBytes);
  EXPECT_EQ(sniff(text + "\n1,2\n").names.size(), 9'000u);
}

}  // namespace
}  // namespace evclean
