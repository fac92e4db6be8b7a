// SPDX-License-Identifier: Apache-2.0
// Columns of every kind and shape as Parquet pages, read back by Arrow's reader; the same bytes however they came.
#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "evclean/arrow_status.hpp"
#include "evclean/hash.hpp"
#include "evclean/record_batch.hpp"
#include "row_groups.hpp"

namespace evclean {
namespace {

using Value = std::function<std::int64_t(std::int64_t)>;

struct Shape {
  std::string name;
  std::int64_t rows;
  Value value;
  int missing_of_8;  ///< how many rows in eight have no value
};

std::int64_t random_bits(std::int64_t row) { return static_cast<std::int64_t>(mix64(static_cast<std::uint64_t>(row))); }

std::vector<Shape> shapes() {
  const std::vector<std::pair<std::string, Value>> values = {
      {"one value", [](std::int64_t) { return std::int64_t{7}; }},
      {"few values", [](std::int64_t row) { return random_bits(row) & 7; }},
      {"runs", [](std::int64_t row) { return random_bits(row / 300) & 1023; }},
      {"ascending", [](std::int64_t row) { return row * 1'000'003; }},
      {"many values that repeat", [](std::int64_t row) { return (random_bits(row) & 0xfff) * 1'000'003; }},
      {"all differ", random_bits},
      {"extremes", [](std::int64_t row) { return row % 3 == 0   ? INT64_MIN
                                                 : row % 3 == 1 ? INT64_MAX
                                                                : row; }}};
  std::vector<Shape> shapes;
  for (const auto& [name, value] : values) {
    for (const std::int64_t rows : {1, 7, 8, 9, 32, 33, 129, 4095, 5000, 40'001}) {
      for (const int missing : {0, 3, 8}) shapes.push_back({name, rows, value, missing});
    }
  }
  shapes.push_back({"several pages", 600'001, values[1].second, 1});
  shapes.push_back({"several pages, all differ", 600'001, values[5].second, 0});
  return shapes;
}

std::string text_of(std::int64_t value) {
  std::string text = std::to_string(value);
  const std::size_t longer = static_cast<std::size_t>(value & 3) * 17;
  return (value & 15) == 5 ? "" : text + std::string(longer, 'x');
}

bool is_missing(const Shape& shape, std::int64_t row) {
  return static_cast<int>(mix64(static_cast<std::uint64_t>(row) + 99) & 7) < shape.missing_of_8;
}

const Fields kFields = {{"raw", ValueType::kString},     {"text", ValueType::kString}, {"number", ValueType::kInt64},
                        {"ratio", ValueType::kFloat64},  {"flag", ValueType::kBool},   {"day", ValueType::kDate},
                        {"time", ValueType::kTimestamp}, {"other", ValueType::kInt64}};

SpanColumn raw_column(const Shape& shape) {
  auto block = std::make_shared<TextBlock>();
  SpanColumn column;
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    const std::string text = text_of(shape.value(row));
    const auto size = static_cast<std::uint32_t>(text.size());
    column.spans.push_back(is_missing(shape, row) ? Span{} : Span::of(block->append(text), size));
  }
  column.text = block;
  column.nulls_marked = true;
  return column;
}

template <typename Builder, typename Make>
std::shared_ptr<arrow::Array> typed_column(const Shape& shape, Builder&& builder, const Make& make) {
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    check_arrow(is_missing(shape, row) ? builder.AppendNull() : builder.Append(make(shape.value(row))), "test");
  }
  return take_arrow(builder.Finish(), "test");
}

Batch batch_of(const Shape& shape) {
  Batch batch;
  batch.num_rows = shape.rows;
  for (const Field& field : kFields) batch.names.push_back(field.name);
  batch.columns.emplace_back(raw_column(shape));
  batch.columns.emplace_back(typed_column(shape, arrow::StringBuilder(), text_of));
  batch.columns.emplace_back(typed_column(shape, arrow::Int64Builder(), [](std::int64_t v) { return v; }));
  batch.columns.emplace_back(
      typed_column(shape, arrow::DoubleBuilder(), [](std::int64_t v) { return static_cast<double>(v) / 8; }));
  batch.columns.emplace_back(typed_column(shape, arrow::BooleanBuilder(), [](std::int64_t v) { return v % 2 == 0; }));
  batch.columns.emplace_back(typed_column(shape, arrow::Date32Builder(),
                                          [](std::int64_t v) { return static_cast<std::int32_t>(v % 2'932'896); }));
  arrow::TimestampBuilder times(arrow_type(ValueType::kTimestamp), arrow::default_memory_pool());
  batch.columns.emplace_back(typed_column(shape, times, [](std::int64_t v) { return v; }));
  batch.columns.emplace_back(typed_column(shape, arrow::Int64Builder(), [](std::int64_t v) { return v & 0xffff; }));
  return batch;
}

/// Appends the batch in pieces of `step` rows.
EncodedGroup encode(const GroupFormat& format, const Batch& batch, std::int64_t step) {
  const auto group = format.make_group();
  const auto columns = value_columns(batch, batch.columns.size());
  for (std::int64_t row = 0; row < batch.num_rows; row += step) {
    group->append(batch, columns, row, std::min(batch.num_rows, row + step));
  }
  return group->encode();
}

std::unique_ptr<parquet::arrow::FileReader> open_file(const GroupFormat& format, const EncodedGroup& group,
                                                      std::int64_t rows) {
  const auto begin = static_cast<std::int64_t>(format.head().size());
  const std::string file = format.head() + group.bytes + format.tail({{begin, group.metadata}}, rows);
  auto in = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(file));
  return take_arrow(parquet::arrow::OpenFile(in, arrow::default_memory_pool()), "test");
}

TEST(ParquetColumn, ValuesOfEveryShapeAreReadBack) {
  const auto format = make_parquet_format(kFields, std::nullopt);
  for (const Shape& shape : shapes()) {
    const Batch batch = batch_of(shape);
    const EncodedGroup group = encode(*format, batch, shape.rows);
    const auto table = take_arrow(open_file(*format, group, shape.rows)->ReadTable(), "test");
    const auto expected =
        take_arrow(arrow::Table::FromRecordBatches({to_record_batch(batch, arrow_schema(kFields))}), "test");
    ASSERT_TRUE(table->Equals(*expected)) << shape.name << ", " << shape.rows << " rows, " << shape.missing_of_8;
  }
}

TEST(ParquetColumn, BytesDoNotDependOnHowRowsCame) {
  const auto format = make_parquet_format(kFields, std::nullopt);
  for (const Shape& shape : shapes()) {
    if (shape.rows < 4000 || shape.rows > 100'000) continue;
    const Batch batch = batch_of(shape);
    const EncodedGroup whole = encode(*format, batch, shape.rows);
    for (const std::int64_t step : {1, 333}) {
      const EncodedGroup pieces = encode(*format, batch, step);
      ASSERT_EQ(whole.bytes == pieces.bytes && whole.metadata == pieces.metadata, true) << shape.name << " " << step;
    }
  }
}

/// The texts of a shape with one word where values are missing: in spans as `fill` leaves them, all pointing to one
/// copy of the word behind the others, or each on its own.
Batch filled_batch(const Shape& shape, bool as_fill_leaves_it) {
  SpanColumn column = raw_column(shape);
  auto block = std::make_shared<TextBlock>();
  block->append({column.text->data(), column.text->size()});
  const Span word = Span::of(block->append("None"), 4);
  for (Span& span : column.spans) {
    if (span.missing()) span = as_fill_leaves_it ? word : Span::of(block->append("None"), 4);
  }
  column.text = block;
  Batch batch;
  batch.num_rows = shape.rows;
  batch.names = {"text"};
  batch.columns.emplace_back(std::move(column));
  return batch;
}

TEST(ParquetColumn, TextsThatAreKnownToBeTheSameAreWrittenLikeOthers) {
  const auto format = make_parquet_format({{"text", ValueType::kString}}, std::nullopt);
  for (const Shape& shape : shapes()) {
    if (shape.rows > 100'000) continue;
    const std::string expected = encode(*format, filled_batch(shape, false), shape.rows).bytes;
    const Batch filled = filled_batch(shape, true);
    for (const std::int64_t step : {std::int64_t{7}, std::int64_t{64}, std::int64_t{1000}, shape.rows}) {
      ASSERT_EQ(encode(*format, filled, step).bytes, expected) << shape.name << ", " << shape.rows << " rows, " << step;
    }
  }
}

TEST(ParquetColumn, RowsComeBackAsTheyWere) {
  const auto format = make_parquet_format(kFields, std::nullopt);
  for (const Shape& shape : shapes()) {
    const Batch batch = batch_of(shape);
    const auto group = format->make_group();
    group->append(batch, value_columns(batch, batch.columns.size()), 0, shape.rows);
    ASSERT_TRUE(group->rows()->Equals(*to_record_batch(batch, arrow_schema(kFields)))) << shape.name << shape.rows;
  }
}

/// The number that mix64 makes `mixed` of.
std::int64_t unmix64(std::uint64_t mixed) {
  const auto unshift = [](std::uint64_t x, int by) {
    std::uint64_t whole = x;
    for (int done = by; done < 64; done += by) whole = x ^ (whole >> by);
    return whole;
  };
  const auto inverse = [](std::uint64_t odd) {  // Newton's iteration modulo 2^64
    std::uint64_t x = odd;
    for (int i = 0; i < 6; ++i) x *= 2 - odd * x;
    return x;
  };
  std::uint64_t x = unshift(mixed, 31) * inverse(0x94d049bb133111ebULL);
  x = unshift(x, 27) * inverse(0xbf58476d1ce4e5b9ULL);
  return static_cast<std::int64_t>(unshift(x, 30) - 0x9e3779b97f4a7c15ULL);
}

TEST(ParquetColumn, NumbersMadeToCollideAreWrittenInTime) {
  ASSERT_EQ(mix64(static_cast<std::uint64_t>(unmix64(12345))), 12345u);
  const Fields fields = {{"number", ValueType::kInt64}};
  arrow::Int64Builder builder;
  for (std::uint64_t i = 0; i < 4'000'000; ++i) check_arrow(builder.Append(unmix64(i % 100'000)), "test");
  Batch batch;
  batch.num_rows = 4'000'000;
  batch.names = {"number"};
  batch.columns.emplace_back(take_arrow(builder.Finish(), "test"));
  const auto format = make_parquet_format(fields, std::nullopt);
  const auto table =
      take_arrow(open_file(*format, encode(*format, batch, batch.num_rows), batch.num_rows)->ReadTable(), "test");
  EXPECT_TRUE(table->Equals(
      *take_arrow(arrow::Table::FromRecordBatches({to_record_batch(batch, arrow_schema(fields))}), "test")));
}

/// One column of texts as a row group.
std::unique_ptr<parquet::arrow::FileReader> texts_file(const std::vector<std::string>& texts) {
  const Fields fields = {{"text", ValueType::kString}};
  arrow::StringBuilder builder;
  check_arrow(builder.AppendValues(texts), "test");
  Batch batch;
  batch.num_rows = static_cast<std::int64_t>(texts.size());
  batch.names = {"text"};
  batch.columns.emplace_back(take_arrow(builder.Finish(), "test"));
  const auto format = make_parquet_format(fields, std::nullopt);
  return open_file(*format, encode(*format, batch, batch.num_rows), batch.num_rows);
}

std::vector<std::string> read_texts(parquet::arrow::FileReader& reader) {
  const auto table = take_arrow(reader.ReadTable(), "test");
  const auto column = take_arrow(arrow::Concatenate(table->column(0)->chunks()), "test");
  std::vector<std::string> texts;
  for (std::int64_t row = 0; row < column->length(); ++row) {
    texts.emplace_back(static_cast<const arrow::StringArray&>(*column).GetView(row));
  }
  return texts;
}

TEST(ParquetColumn, LongTextsAndDictionariesThatGrowTooLarge) {
  std::vector<std::string> texts;
  for (int i = 0; i < 12'000; ++i)
    texts.push_back(std::string(900, static_cast<char>('a' + i % 20)) + std::to_string(i / 2));
  texts.push_back(std::string(3 << 20, 'z'));
  texts.insert(texts.end(), texts.begin(), texts.begin() + 100);
  const auto reader = texts_file(texts);
  EXPECT_EQ(read_texts(*reader), texts);
}

TEST(ParquetColumn, TextsThatDifferInOneByteOrInLengthStayApart) {
  std::vector<std::string> differing;
  for (std::size_t size = 0; size < 200; ++size) {
    differing.emplace_back(size, 'x');
    differing.emplace_back(size, '\0');
    for (std::size_t at = 0; at < size; at += size < 40 ? 1 : 13) {
      differing.emplace_back(size, 'x');
      differing.back()[at] = 'y';
    }
  }
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < 60'000; ++i) {
    // Some come again soon, some late, some at once; few new ones at first, so that there is a dictionary.
    const std::uint64_t random = mix64(i);
    const std::uint64_t known = i < 5000 ? 300 : differing.size();
    texts.push_back(random % 3 == 0 && i > 0 ? texts[i - 1 - random / 3 % std::min<std::uint64_t>(i, 50)]
                                             : differing[random / 3 % known]);
  }
  const auto reader = texts_file(texts);
  EXPECT_EQ(read_texts(*reader), texts);
}

TEST(ParquetColumn, BoundsAreThoseOfAllTextsByteByByte) {
  const std::vector<std::string> texts = {"b",         "b\xC3\xA9", std::string("a\0b", 3), "a", "\xC3\xA9", "b",
                                          "aaaaaaaaZ", "aaaaaaaaa"};
  const auto reader = texts_file(texts);
  const auto statistics = reader->parquet_reader()->metadata()->RowGroup(0)->ColumnChunk(0)->statistics();
  ASSERT_TRUE(statistics && statistics->HasMinMax());
  EXPECT_EQ(statistics->EncodeMin(), "a");
  EXPECT_EQ(statistics->EncodeMax(), "\xC3\xA9");
  EXPECT_EQ(statistics->null_count(), 0);
}

TEST(ParquetColumn, BoundsOfTextsOfEveryLength) {
  std::mt19937 random(20261124);
  for (std::size_t length = 0; length <= 140; ++length) {
    std::vector<std::string> texts;
    for (int i = 0; i < 50; ++i) {
      std::string text(length + random() % 3, '\0');
      for (char& c : text) c = static_cast<char>('a' + random() % 3);
      texts.push_back(std::move(text));
    }
    const auto reader = texts_file(texts);
    const auto statistics = reader->parquet_reader()->metadata()->RowGroup(0)->ColumnChunk(0)->statistics();
    ASSERT_TRUE(statistics && statistics->HasMinMax()) << length;
    EXPECT_EQ(statistics->EncodeMin(), *std::min_element(texts.begin(), texts.end())) << length;
    EXPECT_EQ(statistics->EncodeMax(), *std::max_element(texts.begin(), texts.end())) << length;
  }
}

TEST(ParquetColumn, NoBoundsWhereANumberIsNone) {
  const Fields fields = {{"ratio", ValueType::kFloat64}};
  for (const bool with_nan : {false, true}) {
    arrow::DoubleBuilder builder;
    check_arrow(builder.AppendValues({1.5, 0.0, with_nan ? std::nan("") : 0.25}), "test");
    Batch batch;
    batch.num_rows = 3;
    batch.names = {"ratio"};
    batch.columns.emplace_back(take_arrow(builder.Finish(), "test"));
    const auto format = make_parquet_format(fields, std::nullopt);
    const auto reader = open_file(*format, encode(*format, batch, 3), 3);
    const auto statistics = reader->parquet_reader()->metadata()->RowGroup(0)->ColumnChunk(0)->statistics();
    ASSERT_TRUE(statistics);
    EXPECT_EQ(statistics->HasMinMax(), !with_nan);
  }
}

}  // namespace
}  // namespace evclean
