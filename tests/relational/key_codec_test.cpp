// SPDX-License-Identifier: Apache-2.0
// Keys as bytes: their order and equality are those of the rows, whatever the padding, and they read back.
#include "key_codec.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "group_table.hpp"
#include "key_ranges.hpp"
#include "key_sort.hpp"
#include "quantile_sketch.hpp"
#include "tables.hpp"

namespace evclean {
namespace {

using namespace testing_tables;

int sign(int value) { return (value > 0) - (value < 0); }

TEST(KeyCodec, BytesOrderAsRowsDo) {
  const Batch table = make_table(1, {.rows = 300, .keys = 40, .long_words = true});
  for (int column = 0; column < 7; ++column) {
    for (const bool exact : {false, true}) {
      const KeyCodec codec(table_fields(), {column});
      KeyRows keys;
      codec.encode(table, 0, table.num_rows, keys, 8, exact);
      for (std::int64_t a = 0; a < 100; ++a) {
        for (std::int64_t b = 100; b < 200; ++b) {
          const int bytes =
              sign(compare_keys(keys.view(static_cast<std::size_t>(a)), keys.view(static_cast<std::size_t>(b))));
          ASSERT_EQ(bytes, compare(table, column, a, b))
              << table.names[static_cast<std::size_t>(column)] << a << " " << b;
        }
      }
    }
  }
}

TEST(KeyCodec, SeveralColumnsReadBack) {
  const Batch table = make_table(2, {.rows = 200, .keys = 30, .long_words = true});
  std::vector<int> columns(table.columns.size());
  std::iota(columns.begin(), columns.end(), 0);
  const KeyCodec codec(table_fields(), columns);
  KeyRows keys;
  codec.encode(table, 50, 100, keys);
  std::vector<const char*> begins;
  for (std::size_t i = 0; i < keys.rows; ++i) {
    begins.push_back(keys.key(i));
    EXPECT_EQ(codec.padded_size(keys.key(i)), keys.size(i));
  }
  Batch back;
  back.num_rows = 100;
  back.columns = codec.decode(begins);
  for (std::int64_t row = 0; row < 100; ++row) ASSERT_EQ(line(back, row), line(table, 50 + row));
}

TEST(KeyCodec, DescendingTurnsValuesAndNullsStayWhereTheyAreToldTo) {
  const Batch table = make_table(3, {.rows = 200, .keys = 10});
  for (int column = 0; column < 7; ++column) {
    const KeyCodec codec({{column, table_fields()[static_cast<std::size_t>(column)].type, true, true}});
    KeyRows keys;
    codec.encode(table, 0, table.num_rows, keys);
    for (std::size_t i = 1; i < keys.rows; ++i) {
      const int order = compare(table, column, 0, static_cast<std::int64_t>(i));
      EXPECT_EQ(sign(compare_keys(keys.view(0), keys.view(i))), -order);  // nulls were last, turned they are first
    }
  }
}

TEST(KeyCodec, ZeroHasOneSignAndNanOneFace) {
  arrow::DoubleBuilder builder;
  const std::vector<double> values = {0.0, -0.0, std::nan(""), -std::nan("7"), -INFINITY, INFINITY, -1, 1};
  ASSERT_TRUE(builder.AppendValues(values).ok());
  Batch batch;
  batch.num_rows = static_cast<std::int64_t>(values.size());
  batch.put("x", builder.Finish().ValueOrDie());
  const KeyCodec codec({{0, ValueType::kFloat64}});
  KeyRows keys;
  codec.encode(batch, 0, batch.num_rows, keys);
  EXPECT_EQ(keys.view(0), keys.view(1));
  EXPECT_EQ(keys.view(2), keys.view(3));
  std::vector<std::size_t> order = {4, 6, 0, 7, 5, 2};
  for (std::size_t i = 1; i < order.size(); ++i)
    EXPECT_LT(compare_keys(keys.view(order[i - 1]), keys.view(order[i])), 0);
}

TEST(GroupTable, KeysKeepTheirNumbersWhenTheyGrowLonger) {
  const KeyCodec codec(table_fields(), {0, 1});
  GroupTable table(codec);
  std::map<std::string, std::uint32_t> known;
  std::vector<std::uint32_t> groups;
  KeyRows keys;
  for (int step = 0; step < 12; ++step) {  // short keys, long keys, short ones again
    const Batch batch =
        make_table(static_cast<unsigned>(step % 7), {.rows = 3000, .keys = 900, .long_words = step % 4 == 3});
    table.encode(batch, 0, batch.num_rows, keys);
    table.find_or_add(keys, groups);
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      const std::string text = cell(batch, 0, row) + "|" + cell(batch, 1, row);
      ASSERT_EQ(known.emplace(text, known.size()).first->second, groups[static_cast<std::size_t>(row)]);
    }
  }
  ASSERT_EQ(table.size(), known.size());
  for (std::uint32_t group = 0; group < table.size(); ++group) {
    Batch back;
    back.columns = codec.decode({table.key(group).data()});
    ASSERT_EQ(known.at(cell(back, 0, 0) + "|" + cell(back, 1, 0)), group);
  }
}

TEST(KeySort, SortsLikeComparing) {
  const Batch table = make_table(5, {.rows = 20000, .keys = 5000, .long_words = true});
  const KeyCodec codec(table_fields(), {0, 6, 1});
  KeyRows keys;
  codec.encode(table, 0, table.num_rows, keys);
  std::vector<KeyRef> refs;
  for (std::size_t i = 0; i < keys.rows; ++i) {
    refs.push_back({0, keys.key(i), static_cast<std::uint32_t>(keys.size(i)), static_cast<std::uint32_t>(i)});
  }
  sort_keys(refs);
  std::vector<bool> seen(refs.size());
  for (std::size_t i = 0; i < refs.size(); ++i) {
    EXPECT_FALSE(seen[refs[i].index]);
    seen[refs[i].index] = true;
    if (i > 0) {
      ASSERT_LE(compare_keys(refs[i - 1].view(), refs[i].view()), 0);
    }
  }
}

TEST(KeyRanges, KeysFindTheRangeTheyLieIn) {
  const Batch table = make_table(6, {.rows = 4000, .keys = 800});
  const KeyCodec codec(table_fields(), {0, 6});
  KeyRows keys;
  codec.encode(table, 0, table.num_rows, keys);
  std::vector<std::string> sample;
  for (std::size_t i = 0; i < keys.rows; i += 3) sample.emplace_back(keys.view(i));
  const KeyRanges ranges = KeyRanges::cut(sample, 50);
  EXPECT_GT(ranges.size(), 30u);
  std::vector<std::size_t> counts(ranges.size());
  for (std::size_t i = 0; i < keys.rows; ++i) {
    ++counts[ranges.find(keys.view(i))];
    if (i > 0 && compare_keys(keys.view(i - 1), keys.view(i)) < 0) {
      ASSERT_LE(ranges.find(keys.view(i - 1)), ranges.find(keys.view(i)));
    }
  }
  EXPECT_LT(*std::max_element(counts.begin(), counts.end()), keys.rows / 8);
}

TEST(QuantileSketch, FewValuesAreExactAndManyWithinOnePercent) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (const std::size_t count : {1u, 2u, 5u, 2048u, 2049u, 50000u}) {
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i) values.push_back(std::exp(std::normal_distribution<>(0, 3)(random)) - 0.5);
    QuantileSketch one, left, right;
    for (std::size_t i = 0; i < count; ++i) {
      one.add(values[i]);
      (i % 3 == 0 ? left : right).add(values[count - 1 - i]);
    }
    std::string bytes;
    right.write(bytes);
    ByteReader reader{bytes.data()};
    left.merge(reader);
    std::sort(values.begin(), values.end());
    for (const double share : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 1.0}) {
      const double place = share * static_cast<double>(count - 1);
      const auto below = static_cast<std::size_t>(place);
      const double low = values[below], high = values[std::min(below + 1, count - 1)];
      const double part = place - static_cast<double>(below);
      const double expected = part == 0 ? low : low + (high - low) * part;
      EXPECT_EQ(one.quantile(share), left.quantile(share));
      if (count <= QuantileSketch::kExactValues) {
        EXPECT_EQ(one.quantile(share), expected);
      } else {
        EXPECT_LE(std::fabs(one.quantile(share) - expected), 0.01 * std::max(std::fabs(low), std::fabs(high)));
      }
    }
  }
}

}  // namespace
}  // namespace evclean
