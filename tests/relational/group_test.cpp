// SPDX-License-Identifier: Apache-2.0
// Grouping against plain loops over random tables, for any budget.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "tables.hpp"

namespace evclean {
namespace {

using namespace testing_tables;
using Quad = __float128;

Quad quad_sqrt(Quad value) {
  Quad root = std::sqrt(static_cast<double>(value));
  for (int i = 0; i < 3; ++i) root = (root + value / root) / 2;
  return root;
}

std::string text_of(double value) {
  std::string text;
  append_float64(text, value);
  return text;
}

Quad number(const Batch& table, int column, std::int64_t row) {
  const arrow::Array& array = *table.array(column);
  if (array.type_id() == arrow::Type::DOUBLE) return static_cast<const arrow::DoubleArray&>(array).Value(row);
  if (array.type_id() == arrow::Type::BOOL) return static_cast<const arrow::BooleanArray&>(array).Value(row) ? 1 : 0;
  return static_cast<const arrow::Int64Array&>(array).Value(row);
}

std::string quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const double part = place - static_cast<double>(below);
  const double low = values[below];
  return text_of(part == 0 ? low : low + (values[below + 1] - low) * part);
}

/// One aggregate of some rows (ascending), by plain arithmetic; the tables' values make it exact.
std::string expected_value(const Batch& table, const Aggregate& aggregate, std::vector<std::int64_t> rows) {
  std::erase_if(rows, [&](std::int64_t row) {
    if (aggregate.filter >= 0 && cell(table, aggregate.filter, row) != "true") return true;
    return aggregate.column >= 0 && table.array(aggregate.column)->IsNull(row);
  });
  const auto n = static_cast<std::int64_t>(rows.size());
  const int c = aggregate.column;
  const bool is_float = c >= 0 && table.array(c)->type_id() == arrow::Type::DOUBLE;
  if (aggregate.kind == AggregateKind::kCountRows || aggregate.kind == AggregateKind::kCount) return std::to_string(n);
  if (aggregate.kind == AggregateKind::kCountDistinct) {
    std::set<std::string> values;
    for (const std::int64_t row : rows) values.insert(cell(table, c, row));
    return std::to_string(values.size());
  }
  if (n == 0) return "~";
  const auto least = [&](std::int64_t a, std::int64_t b) { return compare(table, c, a, b) < 0; };
  Quad sum = 0, squares = 0;
  std::vector<double> values;
  switch (aggregate.kind) {
    case AggregateKind::kMin:
      return cell(table, c, *std::min_element(rows.begin(), rows.end(), least));
    case AggregateKind::kMax:
      return cell(table, c, *std::max_element(rows.begin(), rows.end(), least));
    case AggregateKind::kFirst:
      return cell(table, c, rows.front());
    case AggregateKind::kLast:
      return cell(table, c, rows.back());
    default:
      break;
  }
  for (const std::int64_t row : rows) {
    const Quad value = number(table, c, row);
    sum += value;
    squares += value * value;
    values.push_back(static_cast<double>(value));
  }
  if (aggregate.kind == AggregateKind::kQuantile) return quantile(values, aggregate.quantile);
  if (aggregate.kind == AggregateKind::kAvg) return text_of(static_cast<double>(sum / n));
  if (aggregate.kind == AggregateKind::kSum) {
    return is_float ? text_of(static_cast<double>(sum)) : std::to_string(static_cast<std::int64_t>(sum));
  }
  const Quad spread = squares * n - sum * sum;
  if (n < 2) return "~";
  return text_of(spread == 0 ? 0.0 : static_cast<double>(quad_sqrt(spread / n / (n - 1))));
}

std::vector<std::string> expected_lines(const Batch& table, const GroupSpec& spec) {
  std::map<std::vector<std::string>, std::vector<std::int64_t>> groups;
  if (spec.keys.empty()) groups[{}];
  for (std::int64_t row = 0; row < table.num_rows; ++row) {
    std::vector<std::string> key;
    for (const int column : spec.keys) key.push_back(cell(table, column, row));
    groups[key].push_back(row);
  }
  std::vector<std::vector<std::int64_t>> ordered;
  for (const auto& [key, rows] : groups) ordered.push_back(rows);
  std::sort(ordered.begin(), ordered.end(), [&](const auto& a, const auto& b) {
    for (const int column : spec.keys) {
      if (const int order = compare(table, column, a[0], b[0]); order != 0) return order < 0;
    }
    return false;
  });
  std::vector<std::string> all;
  for (const auto& rows : ordered) {
    std::string text;
    for (const int column : spec.keys) text += cell(table, column, rows[0]) + "|";
    for (const Aggregate& aggregate : spec.aggregates) text += expected_value(table, aggregate, rows) + "|";
    all.push_back(text);
  }
  return all;
}

/// Every kind over every column it takes, some with a filter.
std::vector<Aggregate> all_aggregates() {
  std::vector<Aggregate> all = {{AggregateKind::kCountRows, -1, -1, 0, "rows"},
                                {AggregateKind::kCountRows, -1, 3, 0, "wanted rows"}};
  const Fields fields = table_fields();
  for (int column = 0; column < static_cast<int>(fields.size()); ++column) {
    const ValueType type = fields[static_cast<std::size_t>(column)].type;
    const bool is_number = type == ValueType::kInt64 || type == ValueType::kFloat64 || type == ValueType::kBool;
    for (const AggregateKind kind :
         {AggregateKind::kCount, AggregateKind::kCountDistinct, AggregateKind::kSum, AggregateKind::kMin,
          AggregateKind::kMax, AggregateKind::kAvg, AggregateKind::kStddev, AggregateKind::kFirst, AggregateKind::kLast,
          AggregateKind::kQuantile}) {
      const bool numbers_only = kind == AggregateKind::kSum || kind == AggregateKind::kAvg ||
                                kind == AggregateKind::kStddev || kind == AggregateKind::kQuantile;
      if (numbers_only && !is_number) continue;
      if (kind == AggregateKind::kCountDistinct && column % 3 != 0) continue;  // each costs an exchange
      all.push_back({kind, column, -1, 0.5, fmt::format("a{}", all.size())});
      if ((column + static_cast<int>(kind)) % 3 == 0)
        all.push_back({kind, column, 3, 0.9, fmt::format("f{}", all.size())});
    }
  }
  return all;
}

void check(const Batch& table, const GroupSpec& spec, std::int64_t memory_bytes, const std::string& what) {
  SCOPED_TRACE(what);
  Scene scene(memory_bytes);
  const DatasetPtr data = spread(table, table_fields(), scene.workspace);
  OperatorReport report;
  const DatasetPtr result = group(*data, spec, scene.workspace, report);
  const std::vector<std::string> expected = expected_lines(table, spec);
  EXPECT_EQ(lines(*result, scene.workspace), expected);
  EXPECT_EQ(report.rows_in, table.num_rows);
  EXPECT_EQ(report.rows_out, static_cast<std::int64_t>(expected.size()));
}

unsigned common_seed() {
  const Comm comm = Comm::world();
  return static_cast<unsigned>(std::stoul(comm.broadcast(std::to_string(std::random_device()()))));
}

TEST(Group, EveryAggregateOverEveryType) {
  const unsigned seed = common_seed();
  const Batch table = make_table(seed, {.rows = 2000, .keys = 12});
  check(table, {{0}, all_aggregates()}, 1 << 30, "seed " + std::to_string(seed));
  check(table, {{1, 3}, all_aggregates()}, 1 << 30, "two keys, seed " + std::to_string(seed));
  check(table, {{}, all_aggregates()}, 1 << 30, "no key, seed " + std::to_string(seed));
}

TEST(Group, KeysOfEveryType) {
  const unsigned seed = common_seed();
  const Batch table = make_table(seed, {.rows = 2000, .keys = 50, .long_words = true});
  const std::vector<Aggregate> few = {{AggregateKind::kCountRows, -1, -1, 0, "n"},
                                      {AggregateKind::kSum, 2, -1, 0, "s"}};
  for (int key = 0; key < 7; ++key) check(table, {{key}, few}, 1 << 30, "key " + std::to_string(key));
  check(table, {{6, 4, 0}, few}, 1 << 30, "seed " + std::to_string(seed));
}

TEST(Group, EmptyTablesAndOneRow) {
  for (const std::int64_t rows : {0, 1}) {
    const Batch table = make_table(1, {.rows = rows});
    check(table, {{0}, all_aggregates()}, 1 << 30, std::to_string(rows) + " rows, a key");
    check(table, {{}, all_aggregates()}, 1 << 30, std::to_string(rows) + " rows, no key");
  }
}

TEST(Group, TinyBudgetsGiveTheSame) {
  const unsigned seed = common_seed();
  const Batch table = make_table(seed, {.rows = 12000, .keys = 4000, .hot = 0.2, .long_words = true});
  const std::vector<Aggregate> some = {
      {AggregateKind::kCountRows, -1, -1, 0, "n"},  {AggregateKind::kSum, 2, -1, 0, "s"},
      {AggregateKind::kLast, 6, 3, 0, "l"},         {AggregateKind::kStddev, 1, -1, 0, "d"},
      {AggregateKind::kMin, 6, -1, 0, "m"},         {AggregateKind::kCountDistinct, 6, 3, 0, "c"},
      {AggregateKind::kQuantile, 2, -1, 0.25, "q"}, {AggregateKind::kAvg, 2, 3, 0, "a"}};
  check(table, {{0, 1}, some}, 100'000, "seed " + std::to_string(seed));
}

TEST(Group, DifferentValuesOfFewAndOfManyGroups) {
  const unsigned seed = common_seed();
  const std::vector<Aggregate> distinct = {{AggregateKind::kCountDistinct, 1, -1, 0, "a"},
                                           {AggregateKind::kCountDistinct, 6, 3, 0, "b"}};
  for (const int keys : {200, 9000}) {  // a bit for a group and value, or pairs of them
    const Batch table = make_table(seed, {.rows = 15'000, .keys = keys, .long_words = true});
    check(table, {{0}, distinct}, 1 << 30, std::to_string(keys) + " keys, seed " + std::to_string(seed));
  }
}

TEST(Group, ManyGroupsPassTheTableByAndHotKeysDoNot) {
  const unsigned seed = common_seed();
  const Comm comm = Comm::world();
  const Batch table = make_table(seed, {.rows = 60'000 * comm.size(), .keys = 1'000'000, .missing = 0, .hot = 0.3});
  const std::vector<Aggregate> few = {{AggregateKind::kCountRows, -1, -1, 0, "n"},
                                      {AggregateKind::kSum, 1, -1, 0, "s"}};
  Scene scene;
  const DatasetPtr data = spread(table, table_fields(), scene.workspace, 5000);
  OperatorReport report;
  const DatasetPtr result = group(*data, {{0}, few}, scene.workspace, report);
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> expected;
  for (std::int64_t row = 0; row < table.num_rows; ++row) {
    auto& [count, sum] = expected[cell(table, 0, row)];
    ++count;
    sum += static_cast<std::int64_t>(number(table, 1, row));
  }
  const std::vector<std::string> found = lines(*result, scene.workspace);
  ASSERT_EQ(found.size(), expected.size());
  std::size_t at = 0;
  for (const auto& [word, values] : expected) {
    ASSERT_EQ(found[at++], word + "|" + std::to_string(values.first) + "|" + std::to_string(values.second) + "|");
  }
  EXPECT_NE(report.how.find("rows exchanged"), std::string::npos) << report.how;
  for (std::size_t part = 0; part + 1 < result->parts().size(); ++part) {
    EXPECT_EQ(result->parts()[part].rows, kPartRows);
  }
}

// Keys from small ranges have an array; the ranges here grow in both directions, some keys are null, and in the end
// they are too far apart.
TEST(Group, WholeNumbersOfRangesThatGrow) {
  const std::int64_t rows = 64'000 * Comm::world().size();
  arrow::Int64Builder a, b;
  Batch table;
  table.num_rows = rows;
  const auto grown = [&](std::int64_t i) { return 1 + 20 * i / rows; };
  table.put("a", make_column(a, rows, [&](std::int64_t i) {
              return i % 7919 == 5000 ? a.AppendNull() : a.Append(i * 31 % (2 * grown(i)) - grown(i));
            }));
  table.put("b", make_column(b, rows, [&](std::int64_t i) {
              return b.Append(i + 100 > rows ? (i % 2 == 0 ? INT64_MAX : INT64_MIN) : i * 17 % (3 * grown(i)));
            }));
  std::map<std::pair<std::int64_t, std::int64_t>, std::pair<std::int64_t, std::string>> expected;
  for (std::int64_t row = 0; row < rows; ++row) {
    const bool null = table.array(0)->IsNull(row);
    auto& [count, text] = expected[{null ? INT64_MAX : static_cast<std::int64_t>(number(table, 0, row)),
                                    static_cast<const arrow::Int64Array&>(*table.array(1)).Value(row)}];
    ++count;
    text = fmt::format("{}|{}|", cell(table, 0, row), cell(table, 1, row));
  }
  for (const std::int64_t budget : {std::int64_t{1} << 30, std::int64_t{100'000}}) {
    Scene scene(budget);
    const Fields fields = {{"a", ValueType::kInt64}, {"b", ValueType::kInt64}};
    const DatasetPtr data = spread(table, fields, scene.workspace, 1000);
    OperatorReport report;
    const DatasetPtr result =
        group(*data, {{0, 1}, {{AggregateKind::kCountRows, -1, -1, 0, "n"}}}, scene.workspace, report);
    const std::vector<std::string> found = lines(*result, scene.workspace);
    ASSERT_EQ(found.size(), expected.size());
    std::size_t at = 0;
    for (const auto& [key, value] : expected) {
      ASSERT_EQ(found[at++], fmt::format("{}{}|", value.second, value.first));
    }
  }
}

Batch int_table(const std::vector<std::int64_t>& values) {
  arrow::StringBuilder words;
  arrow::Int64Builder numbers;
  Batch table;
  table.num_rows = static_cast<std::int64_t>(values.size());
  table.put("country", make_column(words, table.num_rows, [&](std::int64_t) { return words.Append("DE"); }));
  table.put("bytes", make_column(numbers, table.num_rows,
                                 [&](std::int64_t i) { return numbers.Append(values[static_cast<std::size_t>(i)]); }));
  return table;
}

const Fields kIntFields = {{"country", ValueType::kString}, {"bytes", ValueType::kInt64}};

TEST(Group, AnOverflowNamesTheGroupOnAllRanks) {
  Scene scene;
  const std::vector<Aggregate> sum = {{AggregateKind::kSum, 1, -1, 0, "s"}};
  const DatasetPtr data = spread(int_table({INT64_MAX, 1, 5}), kIntFields, scene.workspace, 1);
  OperatorReport report;
  try {
    group(*data, {{0}, sum}, scene.workspace, report);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kUser);
    EXPECT_NE(std::string(error.what()).find("the sum of bytes does not fit into int64 in the group country 'DE'"),
              std::string::npos)
        << error.what();
  }
  // What only passes by the limit on the way is no overflow, in any order.
  const DatasetPtr fine = spread(int_table({INT64_MAX, 1, 5, -7}), kIntFields, scene.workspace, 1);
  EXPECT_EQ(lines(*group(*fine, {{0}, sum}, scene.workspace, report), scene.workspace),
            std::vector<std::string>{"DE|" + std::to_string(INT64_MAX - 1) + "|"});
}

TEST(Group, SumsOfTextAreRefused) {
  EXPECT_THROW(aggregate_type(AggregateKind::kSum, ValueType::kString), Error);
  EXPECT_THROW(aggregate_type(AggregateKind::kQuantile, ValueType::kTimestamp), Error);
  EXPECT_EQ(aggregate_type(AggregateKind::kSum, ValueType::kBool), ValueType::kInt64);
  EXPECT_EQ(aggregate_type(AggregateKind::kMax, ValueType::kDate), ValueType::kDate);
}

TEST(Group, AnInterruptEndsIt) {
  Scene scene;
  const DatasetPtr data = spread(make_table(1, {.rows = 5000}), table_fields(), scene.workspace);
  scene.workspace.pause = [] { throw Error(ExitCode::kInterrupted, "interrupted"); };
  OperatorReport report;
  EXPECT_THROW(group(*data, {{0}, {{AggregateKind::kCountRows, -1, -1, 0, "n"}}}, scene.workspace, report), Error);
}

}  // namespace
}  // namespace evclean
