// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "evclean/unordered_rows.hpp"
#include "join_oracle.hpp"

namespace evclean {
namespace {

using testing::all_rows;
using testing::ColumnShape;
using testing::oracle_join;
using testing::OracleSpec;
using testing::Parts;
using testing::parts_of;
using testing::Random;
using testing::random_table;
using testing::spread;
using testing::Table;

constexpr JoinHow kHows[] = {JoinHow::kInner, JoinHow::kLeft, JoinHow::kRight,
                             JoinHow::kFull,  JoinHow::kSemi, JoinHow::kAnti};
constexpr JoinStrategy kStrategies[] = {JoinStrategy::kBroadcast, JoinStrategy::kKeys, JoinStrategy::kRows};
constexpr std::int64_t kPlenty = 64 << 20;

class JoinTest : public ::testing::Test {
 protected:
  const Comm comm = Comm::world();
  Random random{testing::test_seed()};

  Workspace workspace(std::int64_t memory_bytes = kPlenty) const {
    return {comm, std::make_shared<MemoryBudget>(memory_bytes), "/tmp"};
  }

  static JoinSpec spec_of(const OracleSpec& oracle, JoinStrategy strategy) {
    JoinSpec spec;
    spec.how = oracle.how;
    spec.left_keys = oracle.left_keys;
    spec.right_keys = oracle.right_keys;
    spec.payload = oracle.payload;
    for (const int column : oracle.payload) spec.payload_names.push_back(fmt::format("p{}", column));
    spec.coalesce_keys = oracle.coalesce;
    spec.strategy = strategy;
    return spec;
  }

  /// Joins by one strategy and compares every row, and which part it is in.
  OperatorReport check(const Table& left, const Table& right, const OracleSpec& oracle, const JoinSpec& spec,
                       const Parts& expected, std::int64_t memory_bytes) {
    const Workspace space = workspace(memory_bytes);
    const DatasetPtr left_data = spread(left, space, 1), right_data = spread(right, space, 2);
    OperatorReport report;
    const DatasetPtr result = join(*left_data, *right_data, spec, space, report);
    const Parts found = all_rows(*result, comm);
    EXPECT_TRUE(!comm.is_root() || found == expected)
        << "how " << static_cast<int>(oracle.how) << ", strategy " << static_cast<int>(spec.strategy) << " ("
        << report.how << "), memory " << memory_bytes << ", seed " << testing::test_seed();
    EXPECT_EQ(report.rows_in, left_data->rows());
    EXPECT_EQ(report.rows_right, right_data->rows());
    EXPECT_EQ(report.rows_out, result->rows());
    return report;
  }

  /// The rows of an inner join taken where they meet are those of the join, in whatever order.
  void check_unordered(const Table& left, const Table& right, const JoinSpec& spec, const Parts& expected,
                       std::int64_t memory_bytes) {
    const Workspace space = workspace(memory_bytes);
    Fields fields = left.fields;
    std::vector<int> all(fields.size());
    for (std::size_t column = 0; column < all.size(); ++column) all[column] = static_cast<int>(column);
    for (std::size_t i = 0; i < spec.payload.size(); ++i) {
      fields.push_back({spec.payload_names[i], right.fields[static_cast<std::size_t>(spec.payload[i])].type});
    }
    for (const bool shared : {true, false}) {  // a side that the join alone holds is let go while it is read
      DatasetPtr left_data = spread(left, space, 1), right_data = spread(right, space, 2);
      const std::vector<DatasetPtr> held =
          shared ? std::vector<DatasetPtr>{left_data, right_data} : std::vector<DatasetPtr>{};
      Dataset taken(fields, workspace());
      OperatorReport report;
      join_unordered(std::move(left_data), std::move(right_data), spec, all, space, report,
                     [&](const Batch& rows) { taken.append(comm.rank(), rows); });
      taken.finish();
      EXPECT_EQ(report.rows_out, taken.rows());
      const Parts found = all_rows(taken, comm);
      EXPECT_TRUE(!comm.is_root() || sorted(found) == sorted(expected))
          << "strategy " << static_cast<int>(spec.strategy) << " (" << report.how << "), memory " << memory_bytes
          << ", seed " << testing::test_seed();
    }
  }
  static testing::Rows sorted(const Parts& parts) {
    testing::Rows rows;
    for (const auto& part : parts) rows.insert(rows.end(), part.begin(), part.end());
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  /// Every kind of join by every strategy, with plenty of memory and with next to none. (Ranks that share two cores by
  /// eights are slow: they try less.)
  void check_all(const Table& left, const Table& right, OracleSpec oracle,
                 const std::function<std::vector<std::int32_t>(const Batch&)>& residual = {},
                 const std::vector<JoinHow>& hows = {kHows, kHows + 6}) {
    const Parts left_parts = parts_of(left), right_parts = parts_of(right);
    for (const JoinHow how : hows) {
      oracle.how = how;
      Parts expected;
      if (comm.is_root()) expected = oracle_join(left_parts, right_parts, left.fields.size(), oracle);
      if (comm.size() > 4 && how != JoinHow::kFull) continue;
      for (const JoinStrategy strategy : kStrategies) {
        JoinSpec spec = spec_of(oracle, strategy);
        spec.residual = residual;
        for (const std::int64_t memory_bytes : {kPlenty, std::int64_t{16} << 10}) {
          if (memory_bytes != kPlenty && strategy != JoinStrategy::kKeys) continue;
          check(left, right, oracle, spec, expected, memory_bytes);
          if (how == JoinHow::kInner && !oracle.left_keys.empty())
            check_unordered(left, right, spec, expected, memory_bytes);
        }
      }
    }
  }
};

const std::vector<ColumnShape> kLeft = {
    {{"name", ValueType::kString}, 40, 0.1},   {{"number", ValueType::kInt64}, 30, 0.1},
    {{"share", ValueType::kFloat64}, 30, 0.1}, {{"day", ValueType::kDate}, 20, 0.1},
    {{"flag", ValueType::kBool}, 2, 0.2},      {{"hits", ValueType::kInt64}, 1000, 0}};
const std::vector<ColumnShape> kRight = {
    {{"name", ValueType::kString}, 60, 0.1},  {{"share", ValueType::kFloat64}, 50, 0.1},
    {{"number", ValueType::kInt64}, 40, 0.1}, {{"time", ValueType::kTimestamp}, 30, 0.1},
    {{"flag", ValueType::kBool}, 2, 0.2},     {{"plan", ValueType::kString}, 500, 0.2}};

TEST_F(JoinTest, OneTextKeyEveryKindAndStrategy) {
  check_all(random_table(random, kLeft, 300), random_table(random, kRight, 150), {{}, {0}, {0}, {5, 3}, true, {}});
}

TEST_F(JoinTest, IntegersMatchFloatsByValue) {
  check_all(random_table(random, kLeft, 150), random_table(random, kRight, 100), {{}, {1}, {1}, {5}, false, {}});
  check_all(random_table(random, kLeft, 150), random_table(random, kRight, 100), {{}, {2}, {2}, {}, false, {}});
}

TEST_F(JoinTest, DatesMatchTimestampsByMoment) {
  check_all(random_table(random, kLeft, 150), random_table(random, kRight, 80), {{}, {3}, {3}, {0, 5}, false, {}});
}

TEST_F(JoinTest, SeveralKeysOfMixedTypes) {
  check_all(random_table(random, kLeft, 150), random_table(random, kRight, 100), {{}, {0, 4}, {0, 4}, {5}, true, {}});
  check_all(random_table(random, kLeft, 150), random_table(random, kRight, 100), {{}, {1, 2}, {2, 1}, {5}, true, {}});
  check_all(random_table(random, kLeft, 150), random_table(random, kRight, 100),
            {{}, {4, 1, 0}, {4, 2, 0}, {5, 0}, true, {}});
}

TEST_F(JoinTest, AResidualConditionDecidesEveryKind) {
  OracleSpec oracle{{}, {1}, {2}, {2, 5}, true, {}};
  // hits (left 5) is even or the right number is positive
  oracle.residual = [](const auto& left, const auto& right) {
    return std::stoll(left[5]) % 2 == 0 || (right[2] != "NULL" && std::stoll(right[2]) > 0);
  };
  const auto residual = [](const Batch& candidates) {
    std::vector<std::int32_t> rows;
    const auto& hits = *candidates.array(5);
    const auto& number = *candidates.array(6);
    for (std::int32_t row = 0; row < candidates.num_rows; ++row) {
      const bool positive = number.IsValid(row) && std::stoll(testing::value_text(number, row)) > 0;
      if (std::stoll(testing::value_text(hits, row)) % 2 == 0 || positive) rows.push_back(row);
    }
    return rows;
  };
  check_all(random_table(random, kLeft, 150), random_table(random, kRight, 100), oracle, residual);
}

TEST_F(JoinTest, WithoutKeysEveryRowMeetsEveryRow) {
  OracleSpec oracle{{}, {}, {}, {5, 1}, true, {}};
  check_all(random_table(random, kLeft, 60), random_table(random, kRight, 50), oracle);
  oracle.residual = [](const auto& left, const auto& right) { return left[1] < right[1]; };
  check_all(random_table(random, kLeft, 60), random_table(random, kRight, 50), oracle, [](const Batch& candidates) {
    std::vector<std::int32_t> rows;
    for (std::int32_t row = 0; row < candidates.num_rows; ++row) {
      if (testing::value_text(*candidates.array(1), row) < testing::value_text(*candidates.array(7), row)) {
        rows.push_back(row);
      }
    }
    return rows;
  });
}

TEST_F(JoinTest, EmptySidesAndKeysThatAreAllNull) {
  const std::vector<ColumnShape> nulls = {{{"name", ValueType::kString}, 5, 1.0}, {{"x", ValueType::kInt64}, 5, 0}};
  const OracleSpec oracle{{}, {0}, {0}, {1}, true, {}};
  const Table some = random_table(random, kRight, 80), none{fields_of(kRight), {}},
              null = random_table(random, nulls, 70);
  check_all(some, none, oracle, {}, {JoinHow::kFull, JoinHow::kAnti});
  check_all(none, some, oracle, {}, {JoinHow::kFull, JoinHow::kAnti});
  check_all(none, none, oracle, {}, {JoinHow::kFull, JoinHow::kAnti});
  check_all(null, some, oracle, {}, {JoinHow::kFull, JoinHow::kAnti});
  check_all(some, null, oracle, {}, {JoinHow::kFull, JoinHow::kAnti});
}

/// A share of the rows has one key.
Table hot_table(Random& random, const std::vector<ColumnShape>& columns, std::int64_t rows, double share) {
  Table table = random_table(random, columns, rows);
  for (auto& part : table.parts) {
    for (Batch& batch : part) {
      std::vector<std::vector<std::string>> names;
      for (std::int64_t row = 0; row < batch.num_rows; ++row) {
        const bool hot = std::uniform_real_distribution<>(0, 1)(random) < share;
        names.push_back({hot ? "the hot key of this table" : testing::value_text(*batch.array(0), row)});
      }
      batch.put("name", testing::batch_of({{"name", ValueType::kString}}, names).columns[0]);
    }
  }
  return table;
}

TEST_F(JoinTest, HotKeysOnEitherSideOrBoth) {
  const OracleSpec oracle{{}, {0}, {0}, {5}, true, {}};
  const std::vector<ColumnShape> wide = {{{"name", ValueType::kString}, 4000, 0.1}, {{"x", ValueType::kInt64}, 5, 0}};
  check_all(hot_table(random, wide, 600, 0.5), random_table(random, kRight, 100), oracle);
  check_all(hot_table(random, wide, 300, 0.3), hot_table(random, kRight, 100, 0.2), oracle);
  check_all(random_table(random, kLeft, 200), hot_table(random, kRight, 300, 0.9), oracle);
}

TEST_F(JoinTest, TheHotPathIsTakenAndMovesLess) {
  if (comm.size() == 1) return;
  const std::vector<ColumnShape> wide = {{{"name", ValueType::kString}, 4000, 0}, {{"x", ValueType::kInt64}, 5, 0}};
  const Table hot = hot_table(random, wide, 8000, 0.9), right = hot_table(random, kRight, 300, 0.01);
  const Table even = random_table(random, wide, 8000);
  const OracleSpec oracle{JoinHow::kLeft, {0}, {0}, {5}, true, {}};
  const JoinSpec spec = spec_of(oracle, JoinStrategy::kKeys);
  std::int64_t sent[2];
  int at = 0;
  for (const Table* left : {&hot, &even}) {
    const Workspace space = workspace();
    OperatorReport report;
    join(*spread(*left, space, 1), *spread(right, space, 2), spec, space, report);
    sent[at++] = report.bytes_sent;
  }
  EXPECT_LT(sent[0], sent[1]) << "nine rows in ten stay where they are";
}

TEST_F(JoinTest, ABuildSideOfTenTimesTheMemorySpillsAndGivesTheSameRows) {
  const std::vector<ColumnShape> columns = {{{"name", ValueType::kString}, 1500, 0.02},
                                            {{"x", ValueType::kInt64}, 900, 0}};
  Table left{fields_of(columns), {}}, right{fields_of(columns), {}};
  for (int part = 0; part < 4; ++part) {
    left.parts.push_back({random_batch(random, columns, 400)});
    right.parts.push_back({random_batch(random, columns, 400)});
  }
  const OracleSpec oracle{JoinHow::kFull, {0}, {0}, {1}, true, {}};
  const Parts expected = oracle_join(parts_of(left), parts_of(right), 2, oracle);
  for (const JoinStrategy strategy : {JoinStrategy::kAuto, JoinStrategy::kBroadcast, JoinStrategy::kRows}) {
    const OperatorReport report = check(left, right, oracle, spec_of(oracle, strategy), expected, 6 << 10);
    EXPECT_GT(report.spilled_bytes, 0);
  }
}

TEST_F(JoinTest, TablesThatAreDealtIntoManyPilesGiveTheSameRows) {
  if (comm.size() > 4) return;
  const std::vector<ColumnShape> left_columns = {{{"name", ValueType::kString}, 90'000, 0.02},
                                                 {{"x", ValueType::kInt64}, 9, 0}};
  const std::vector<ColumnShape> right_columns = {{{"name", ValueType::kString}, 90'000, 0},
                                                  {{"plan", ValueType::kString}, 500, 0.1}};
  const Table left = random_table(random, left_columns, 12'000), right = random_table(random, right_columns, 150'000);
  const OracleSpec oracle{JoinHow::kInner, {0}, {0}, {1}, true, {}};
  const Workspace space = workspace();
  OperatorReport report;
  const DatasetPtr by_broadcast =
      join(*spread(left, space, 1), *spread(right, space, 2), spec_of(oracle, JoinStrategy::kBroadcast), space, report);
  const Parts expected = all_rows(*by_broadcast, comm);
  check(left, right, oracle, spec_of(oracle, JoinStrategy::kKeys), expected, kPlenty);
  check_unordered(left, right, spec_of(oracle, JoinStrategy::kRows), expected, kPlenty);
}

TEST_F(JoinTest, KeysThatCannotCompareAreRefusedByName) {
  const Workspace space = workspace();
  const DatasetPtr left = spread({fields_of(kLeft), {}}, space, 1), right = spread({fields_of(kRight), {}}, space, 2);
  OperatorReport report;
  report.name = "join users";
  const auto message = [&](int left_key, int right_key) -> std::string {
    JoinSpec spec;
    spec.left_keys = {left_key};
    spec.right_keys = {right_key};
    try {
      join(*left, *right, spec, space, report);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUser);
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message(0, 2),
            "name is string in this table and number is int64 in the other table: they cannot be compared; give both "
            "the same "
            "type first, for example cast: {number: string} in the other table");
}

TEST_F(JoinTest, AFrequentNoneKeyIsReported) {
  const Fields fields = {{"user", ValueType::kString}, {"n", ValueType::kInt64}};
  Table left{fields, {{testing::batch_of(fields, {{"a", "1"}, {"None", "2"}, {"None", "3"}, {"NULL", "4"}})}}};
  Table right{fields, {{testing::batch_of(fields, {{"a", "1"}, {"b", "2"}})}}};
  for (const JoinStrategy strategy : kStrategies) {
    const Workspace space = workspace();
    OperatorReport report;
    join(*spread(left, space, 1), *spread(right, space, 2), spec_of({{}, {0}, {0}, {1}, true, {}}, strategy), space,
         report);
    ASSERT_EQ(report.notes.size(), 1u);
    EXPECT_NE(report.notes[0].find("the text 'None' is a frequent join key: 66.7 % of user (left side)"),
              std::string::npos)
        << report.notes[0];
  }
}

TEST_F(JoinTest, FullScratchIsASystemErrorOnAllRanks) {
  Workspace space = workspace(8 << 10);
  const Table left = random_table(random, kLeft, 2000), right = random_table(random, kRight, 2000);
  const DatasetPtr left_data = spread(left, space, 1), right_data = spread(right, space, 2);
  space.scratch_dir = "/nowhere/to/be/found";
  for (const JoinStrategy strategy : {JoinStrategy::kKeys, JoinStrategy::kRows}) {
    OperatorReport report;
    try {
      join(*left_data, *right_data, spec_of({{}, {0}, {0}, {1}, true, {}}, strategy), space, report);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kSystem);
      EXPECT_NE(std::string(error.what()).find("/nowhere/to/be/found"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace evclean
