// SPDX-License-Identifier: Apache-2.0
#include "evclean/batch.hpp"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <random>

namespace evclean {
namespace {

SpanColumn spans_of(const std::vector<std::optional<std::string>>& values) {
  auto text = std::make_shared<TextBlock>();
  SpanColumn column;
  for (const auto& value : values) {
    column.spans.push_back(value ? Span::of(text->append(*value), static_cast<std::uint32_t>(value->size())) : Span{});
  }
  column.text = text;
  return column;
}

TEST(StringArray, HoldsTheSameTextsAsTheSpans) {
  std::mt19937 random(7);
  std::vector<std::optional<std::string>> values;
  for (int i = 0; i < 3000; ++i) {
    values.push_back(random() % 7 == 0
                         ? std::nullopt
                         : std::optional<std::string>(std::string(random() % 90, static_cast<char>('a' + i % 26))));
  }
  const auto array = string_array(spans_of(values));
  ASSERT_TRUE(array->ValidateFull().ok());
  const auto& strings = static_cast<const arrow::StringArray&>(*array);
  ASSERT_EQ(strings.length(), 3000);
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(strings.IsValid(i), values[static_cast<std::size_t>(i)].has_value());
    if (strings.IsValid(i)) {
      ASSERT_EQ(strings.GetString(i), *values[static_cast<std::size_t>(i)]);
    }
  }
}

TEST(StringArray, OfNoRowsIsEmpty) { EXPECT_EQ(string_array(SpanColumn{})->length(), 0); }

TEST(Gather, RepeatsRowsAndGivesNullForMinusOne) {
  arrow::Int64Builder builder;
  ASSERT_TRUE(builder.AppendValues({10, 20, 30}, {true, false, true}).ok());
  const auto array = builder.Finish().ValueOrDie();
  const auto got = gather(*array, {2, 1, -1, 0, 0});
  ASSERT_TRUE(got->ValidateFull().ok());
  EXPECT_EQ(got->ToString(), "[\n  30,\n  null,\n  null,\n  10,\n  10\n]");
}

TEST(Batch, KeepCompactsRawAndTypedColumnsAlike) {
  Batch batch;
  batch.num_rows = 3;
  batch.put("raw", spans_of({"a", std::nullopt, "c"}));
  arrow::BooleanBuilder builder;
  ASSERT_TRUE(builder.AppendValues(std::vector<bool>{true, false, true}).ok());
  batch.put("typed", builder.Finish().ValueOrDie());
  batch.records = {{0, 1}, {1, 1}, {2, 1}};
  batch.keep({0, 2});
  EXPECT_EQ(batch.num_rows, 2);
  EXPECT_EQ(batch.raw(0).view(1), "c");
  EXPECT_EQ(batch.array(1)->length(), 2);
  EXPECT_EQ(batch.records[1].offset, 2u);
}

TEST(TextBlock, KeepsBytesAndPaddingWhenItGrows) {
  TextBlock block(4);
  std::string all;
  for (int i = 0; i < 2000; ++i) {
    const std::string piece = std::to_string(i);
    EXPECT_EQ(block.append(piece), all.size());
    all += piece;
  }
  EXPECT_EQ(std::string(block.data(), block.size()), all);
  EXPECT_GE(block.capacity(), block.size());
}

}  // namespace
}  // namespace evclean
