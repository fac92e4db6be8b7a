// SPDX-License-Identifier: Apache-2.0
// Sorting and distinct rows against std::stable_sort and a set, for any budget.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "tables.hpp"

namespace evclean {
namespace {

using namespace testing_tables;

unsigned common_seed() {
  const Comm comm = Comm::world();
  return static_cast<unsigned>(std::stoul(comm.broadcast(std::to_string(std::random_device()()))));
}

std::vector<std::string> sorted_lines(const Batch& table, const std::vector<SortKey>& keys, std::int64_t limit) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(table.num_rows));
  std::iota(rows.begin(), rows.end(), 0);
  std::stable_sort(rows.begin(), rows.end(), [&](std::int64_t a, std::int64_t b) {
    for (const SortKey& key : keys) {
      const arrow::Array& array = *table.array(key.column);
      if (array.IsNull(a) != array.IsNull(b)) return array.IsNull(a) == key.nulls_first;
      const int order = compare(table, key.column, a, b);
      if (order != 0) return key.descending ? order > 0 : order < 0;
    }
    return false;
  });
  if (limit >= 0 && limit < table.num_rows) rows.resize(static_cast<std::size_t>(limit));
  std::vector<std::string> all;
  for (const std::int64_t row : rows) all.push_back(line(table, row));
  return all;
}

void check_sort(const Batch& table, const std::vector<SortKey>& keys, std::int64_t memory_bytes, std::int64_t limit,
                const std::string& what) {
  SCOPED_TRACE(what);
  Scene scene(memory_bytes);
  const DatasetPtr data = spread(table, table_fields(), scene.workspace);
  OperatorReport report;
  const DatasetPtr result = sort(*data, keys, scene.workspace, report, limit);
  EXPECT_EQ(lines(*result, scene.workspace), sorted_lines(table, keys, limit));
  EXPECT_EQ(report.rows_out, result->rows());
}

TEST(Sort, EveryTypeBothWaysIsStable) {
  const unsigned seed = common_seed();
  const Batch table = make_table(seed, {.rows = 2000, .keys = 30, .long_words = true});
  for (int column = 0; column < 7; ++column) {
    check_sort(table, {{column, column % 2 == 1, column % 3 == 0}}, 1 << 30, -1, "seed " + std::to_string(seed));
  }
  check_sort(table, {{1, true, false}, {6, false, true}, {4, true, true}}, 1 << 30, -1, "three keys");
}

TEST(Sort, TinyBudgetsAndEqualKeysGiveTheSame) {
  const unsigned seed = common_seed();
  const Batch table = make_table(seed, {.rows = 30000, .keys = 3, .missing = 0.02, .hot = 0.9});
  check_sort(table, {{0, true, false}}, 100'000, -1, "seed " + std::to_string(seed));
  check_sort(table, {{5, false, false}}, 100'000, -1, "seed " + std::to_string(seed));
}

TEST(Sort, ALimitGivesTheFirstRows) {
  const unsigned seed = common_seed();
  const Batch table = make_table(seed, {.rows = 40'000, .keys = 500});
  for (const std::int64_t limit : {0, 1, 10, 3000, 39'999, 1'000'000}) {
    check_sort(table, {{0, true, false}}, 1 << 30, limit, "limit " + std::to_string(limit));
  }
  check_sort(table, {{2, false, true}}, 1 << 30, 200, "numbers");
}

TEST(Sort, TheFirstRowsByANumberWithoutGaps) {  // rows are told by it alone
  const unsigned seed = common_seed();
  const Batch table = make_table(seed, {.rows = 160'000, .keys = 50'000, .missing = 0});
  for (const int column : {1, 2}) {
    for (const bool descending : {false, true}) {
      check_sort(table, {{column, descending, false}, {0}}, 1 << 30, 50, "column " + std::to_string(column));
    }
  }
}

TEST(Sort, NothingAndOneRow) {
  for (const std::int64_t rows : {0, 1}) check_sort(make_table(1, {.rows = rows}), {{0}}, 1 << 30, -1, "few rows");
}

TEST(Sort, PartsDoNotDependOnRanks) {
  const Comm comm = Comm::world();
  const Batch table = make_table(7, {.rows = kPartRows + 1000, .keys = 100'000, .missing = 0});
  Scene scene;
  const DatasetPtr data = spread(table, table_fields(), scene.workspace, 20'000);
  OperatorReport report;
  const DatasetPtr result = sort(*data, {{1}}, scene.workspace, report);
  ASSERT_EQ(result->parts().size(), 2u);
  EXPECT_EQ(result->parts()[0].rows, kPartRows);
  EXPECT_EQ(result->parts()[1].rows, 1000);
  std::int64_t last = INT64_MIN;
  for (const std::int64_t part : result->mine()) {
    result->visit(part, [&](Batch batch) {
      const auto& values = static_cast<const arrow::Int64Array&>(*batch.array(1));
      for (std::int64_t i = 0; i < batch.num_rows; ++i) {
        ASSERT_GE(values.Value(i), last);
        last = values.Value(i);
      }
    });
  }
}

void check_distinct(const Batch& table, const std::vector<int>& columns, std::int64_t memory_bytes,
                    const std::string& what) {
  SCOPED_TRACE(what);
  std::vector<int> looked_at = columns;
  if (columns.empty()) {
    looked_at.resize(table.columns.size());
    std::iota(looked_at.begin(), looked_at.end(), 0);
  }
  std::set<std::string> seen;
  std::vector<std::string> expected;
  for (std::int64_t row = 0; row < table.num_rows; ++row) {
    std::string key;
    for (const int column : looked_at) key += cell(table, column, row) + "|";
    if (seen.insert(key).second) expected.push_back(line(table, row));
  }
  Scene scene(memory_bytes);
  const DatasetPtr data = spread(table, table_fields(), scene.workspace);
  OperatorReport report;
  const DatasetPtr result = distinct(*data, columns, scene.workspace, report);
  EXPECT_EQ(lines(*result, scene.workspace), expected);
  EXPECT_EQ(report.rows_out, static_cast<std::int64_t>(expected.size()));
}

TEST(Distinct, KeepsTheFirstRowOfEach) {
  const unsigned seed = common_seed();
  const Batch table = make_table(seed, {.rows = 5000, .keys = 40, .hot = 0.1, .long_words = true});
  const std::string what = "seed " + std::to_string(seed);
  for (int column = 0; column < 7; ++column) check_distinct(table, {column}, 1 << 30, what);
  check_distinct(table, {0, 1}, 1 << 30, what);
  check_distinct(table, {}, 1 << 30, what);
}

TEST(Distinct, TinyBudgetsGiveTheSame) {
  const unsigned seed = common_seed();
  const Batch table = make_table(seed, {.rows = 20'000, .keys = 100'000, .missing = 0.01, .hot = 0.1});
  check_distinct(table, {0}, 100'000, "seed " + std::to_string(seed));
  check_distinct(table, {0, 1}, 100'000, "seed " + std::to_string(seed));
}

TEST(Distinct, NothingAndOneRow) {
  for (const std::int64_t rows : {0, 1}) check_distinct(make_table(1, {.rows = rows}), {0}, 1 << 30, "few rows");
}

}  // namespace
}  // namespace evclean
