// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "evclean/error.hpp"
#include "row_encoder.hpp"
#include "sample_table.hpp"

namespace evclean {
namespace {

Batch text_batch(const std::vector<std::vector<std::optional<std::string>>>& columns) {
  Batch batch;
  batch.num_rows = static_cast<std::int64_t>(columns.front().size());
  for (const auto& values : columns) {
    auto block = std::make_shared<TextBlock>();
    SpanColumn column;
    for (const auto& value : values) {
      column.spans.push_back(value ? Span::of(block->append(*value), static_cast<std::uint32_t>(value->size()))
                                   : Span{});
    }
    column.text = block;
    batch.names.push_back("c" + std::to_string(batch.names.size()));
    batch.columns.emplace_back(std::move(column));
  }
  return batch;
}

std::string encode(RowEncoder& encoder, const Batch& batch) {
  TextBuffer out;
  std::int64_t row = 0;
  while (row < batch.num_rows) row = encoder.encode(batch, row, SIZE_MAX, out);
  return std::string(out.view());
}

std::string csv_of(const std::string& value, char delimiter = ',', const std::string& missing = "") {
  const Fields fields = {{"a", ValueType::kString}, {"b", ValueType::kString}};
  auto encoder = make_csv_encoder(fields, delimiter, missing);
  return encode(*encoder, text_batch({{value}, {std::nullopt}}));
}

TEST(CsvEncoder, PlainTextHasNoQuotes) { EXPECT_EQ(csv_of("plain text"), "plain text,\n"); }
TEST(CsvEncoder, DelimiterQuoteAndLineEndsAreQuoted) {
  EXPECT_EQ(csv_of("a,b"), "\"a,b\",\n");
  EXPECT_EQ(csv_of("say \"hi\""), "\"say \"\"hi\"\"\",\n");
  EXPECT_EQ(csv_of("a\nb"), "\"a\nb\",\n");
  EXPECT_EQ(csv_of("a\rb"), "\"a\rb\",\n");
}
TEST(CsvEncoder, EdgeBlanksAreQuoted) {
  EXPECT_EQ(csv_of(" a"), "\" a\",\n");
  EXPECT_EQ(csv_of("a\t"), "\"a\t\",\n");
  EXPECT_EQ(csv_of(" "), "\" \",\n");
}
TEST(CsvEncoder, EmptyTextIsQuotedAndMissingIsNot) { EXPECT_EQ(csv_of(""), "\"\",\n"); }
TEST(CsvEncoder, TextThatEqualsTheMissingTextIsQuoted) {
  EXPECT_EQ(csv_of("None", ',', "None"), "\"None\",None\n");
  EXPECT_EQ(csv_of("none", ',', "None"), "none,None\n");
}
TEST(CsvEncoder, TabSeparatedQuotesTabsNotCommas) {
  EXPECT_EQ(csv_of("a,b", '\t'), "a,b\t\n");
  EXPECT_EQ(csv_of("a\tb", '\t'), "\"a\tb\"\t\n");
}
TEST(CsvEncoder, SpecialByteIsFoundAtEveryPlace) {
  for (std::size_t size = 1; size < 140; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      text[at] = ',';
      ASSERT_EQ(csv_of(text), "\"" + text + "\",\n") << size << " " << at;
    }
  }
}
TEST(CsvEncoder, BytesBehindTheTextDoNotCount) {
  auto block = std::make_shared<TextBlock>();
  block->append("ab,\"\n");
  SpanColumn column;
  column.spans = {Span::of(0, 2)};
  column.text = block;
  Batch batch;
  batch.num_rows = 1;
  batch.columns.emplace_back(column);
  EXPECT_EQ(encode(*make_csv_encoder({{"a", ValueType::kString}}, ',', ""), batch), "ab\n");
}
TEST(CsvEncoder, LoneMissingValueDoesNotMakeABlankLine) {
  auto encoder = make_csv_encoder({{"a", ValueType::kString}}, ',', "");
  EXPECT_EQ(encode(*encoder, text_batch({{std::nullopt, "x"}})), "\"\"\nx\n");
}
TEST(CsvEncoder, HeaderIsQuotedLikeValues) {
  EXPECT_EQ(make_csv_encoder(testing::sample_fields(), ',', "")->header(),
            "text,\"odd, \"\"name\"\"\",count,ratio,flag,day,time\n");
}
TEST(CsvEncoder, TypedValuesReadAsTheContractSays) {
  Batch batch;
  batch.num_rows = 2;
  arrow::Int64Builder ints;
  arrow::DoubleBuilder floats;
  arrow::BooleanBuilder bools;
  arrow::Date32Builder dates;
  arrow::TimestampBuilder times(arrow_type(ValueType::kTimestamp), arrow::default_memory_pool());
  check_arrow(ints.AppendValues({-7, 0}, {true, false}), "test");
  check_arrow(floats.AppendValues({2, 0.1}), "test");
  check_arrow(bools.AppendValues(std::vector<bool>{true, false}), "test");
  check_arrow(dates.AppendValues({20758, -1}), "test");
  check_arrow(times.AppendValues({1793515936000000, -500000}), "test");
  for (arrow::ArrayBuilder* builder :
       std::initializer_list<arrow::ArrayBuilder*>{&ints, &floats, &bools, &dates, &times}) {
    batch.columns.emplace_back(take_arrow(builder->Finish(), "test"));
  }
  const Fields fields = {{"i", ValueType::kInt64},
                         {"f", ValueType::kFloat64},
                         {"b", ValueType::kBool},
                         {"d", ValueType::kDate},
                         {"t", ValueType::kTimestamp}};
  EXPECT_EQ(encode(*make_csv_encoder(fields, ',', ""), batch),
            "-7,2.0,true,2026-11-01,2026-11-01 06:52:16\n,0.1,false,1969-12-31,1969-12-31 23:59:59.5\n");
  EXPECT_EQ(encode(*make_csv_encoder(fields, ',', "2.0"), batch).substr(0, 14), "-7,\"2.0\",true,");
  EXPECT_EQ(encode(*make_json_encoder(fields), batch),
            "{\"i\":-7,\"f\":2.0,\"b\":true,\"d\":\"2026-11-01\",\"t\":\"2026-11-01T06:52:16Z\"}\n"
            "{\"i\":null,\"f\":0.1,\"b\":false,\"d\":\"1969-12-31\",\"t\":\"1969-12-31T23:59:59.5Z\"}\n");
}
TEST(CsvEncoder, SlicedArraysGiveTheirOwnRows) {
  Batch whole = testing::sample_batch(0, 100);
  Batch slice = testing::sample_batch(0, 100);
  slice.num_rows = 37;
  for (Column& column : slice.columns) {
    if (auto* raw = std::get_if<SpanColumn>(&column)) {
      raw->spans = {raw->spans.begin() + 13, raw->spans.begin() + 50};
    } else {
      column = std::get<1>(column)->Slice(13, 37);
    }
  }
  auto encoder = make_csv_encoder(testing::sample_fields(), ',', "");
  EXPECT_EQ(encode(*encoder, slice), encode(*encoder, testing::sample_batch(13, 37)));
}
// The writer visits the values that are there, 64 rows by 64 columns at a time.
TEST(CsvEncoder, MissingValuesAnywhereInManyColumnsKeepTheirPlace) {
  std::mt19937 random(7);
  for (const std::size_t width : {1u, 31u, 33u, 64u, 65u, 130u, 200u}) {
    for (const int share : {0, 3, 50, 97, 100}) {
      for (const std::string missing : {"", "NULL"}) {
        const std::size_t rows = 1 + random() % 150;
        std::vector<std::vector<std::optional<std::string>>> columns(width);
        std::string expected;
        Fields fields;
        for (std::size_t c = 0; c < width; ++c) fields.push_back({"c", ValueType::kString});
        for (std::size_t row = 0; row < rows; ++row) {
          for (auto& column : columns) {
            const bool there = static_cast<int>(random() % 100) < share;
            column.push_back(there ? std::optional(std::to_string(random())) : std::nullopt);
            expected += there ? *column.back() : width == 1 && missing.empty() ? "\"\"" : missing;
            expected += ',';
          }
          expected.back() = '\n';
        }
        ASSERT_EQ(encode(*make_csv_encoder(fields, ',', missing), text_batch(columns)), expected)
            << width << " " << share;
      }
    }
  }
}
TEST(CsvEncoder, ValidityOfSlicesIsReadAtAnyBit) {
  arrow::Int64Builder builder;
  std::vector<bool> there;
  std::mt19937 random(8);
  for (int i = 0; i < 400; ++i) {
    there.push_back(random() % 3 != 0);
    check_arrow(there.back() ? builder.Append(i) : builder.AppendNull(), "test");
  }
  const auto whole = take_arrow(builder.Finish(), "test");
  for (const std::int64_t begin : {0, 1, 7, 8, 63, 64, 65, 200, 399}) {
    for (const std::int64_t count : {1, 2, 63, 64, 65, 130, 200}) {
      if (begin + count > 400) continue;
      Batch batch;
      batch.num_rows = count;
      batch.columns.emplace_back(whole->Slice(begin, count));
      batch.columns.emplace_back(whole->Slice(begin, count));
      std::string expected;
      for (std::int64_t i = begin; i < begin + count; ++i) {
        const std::string value = there[static_cast<std::size_t>(i)] ? std::to_string(i) : "";
        expected += value + "," + value + "\n";
      }
      const Fields fields = {{"a", ValueType::kInt64}, {"b", ValueType::kInt64}};
      ASSERT_EQ(encode(*make_csv_encoder(fields, ',', ""), batch), expected) << begin << " " << count;
    }
  }
}
TEST(CsvEncoder, StopsAfterTheRowThatFillsTheBuffer) {
  auto encoder = make_csv_encoder({{"a", ValueType::kString}}, ',', "");
  TextBuffer out;
  const Batch batch = text_batch({{"0123456789", "0123456789", "x"}});
  EXPECT_EQ(encoder->encode(batch, 0, 12, out), 2);
  EXPECT_EQ(out.size(), 22u);
}
TEST(CsvEncoder, MissingTextThatNeedsQuotesIsRefused) {
  EXPECT_THROW(make_csv_encoder({{"a", ValueType::kString}}, ',', "N,A"), Error);
}
TEST(JsonEncoder, ControlBytesQuotesAndBackslashesAreEscaped) {
  auto encoder = make_json_encoder({{"a\"", ValueType::kString}, {"b", ValueType::kString}});
  EXPECT_EQ(encode(*encoder, text_batch({{"q\" b\\ n\n t\t z\x01 h\xC3\xA9"}, {std::nullopt}})),
            "{\"a\\\"\":\"q\\\" b\\\\ n\\n t\\t z\\u0001 h\xC3\xA9\",\"b\":null}\n");
}

}  // namespace
}  // namespace evclean
