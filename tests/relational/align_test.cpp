// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "join_oracle.hpp"

namespace evclean {
namespace {

using testing::all_rows;
using testing::ColumnShape;
using testing::parts_of;
using testing::Random;
using testing::random_table;
using testing::Rows;
using testing::rows_of;
using testing::spread;
using testing::Table;

const std::vector<ColumnShape> kLeft = {{{"id", ValueType::kInt64}, 1000, 0.1},
                                        {{"name", ValueType::kString}, 50, 0.1}};
const std::vector<ColumnShape> kRight = {{{"name", ValueType::kString}, 90, 0.1}, {{"flag", ValueType::kBool}, 2, 0.1}};

class AlignTest : public ::testing::Test {
 protected:
  const Comm comm = Comm::world();
  Random random{testing::test_seed()};
  Workspace workspace(std::int64_t memory_bytes) const {
    return {comm, std::make_shared<MemoryBudget>(memory_bytes), "/tmp"};
  }
  /// A table with as many rows, cut elsewhere.
  Table recut(const Table& like, const std::vector<ColumnShape>& columns) {
    Table table = random_table(random, columns, 3 * static_cast<std::int64_t>(rows_of(like).size()) + 60);
    auto rows = static_cast<std::int64_t>(rows_of(like).size());
    for (auto& part : table.parts) {
      for (Batch& batch : part) {
        const std::int64_t kept = std::min(rows, batch.num_rows);
        std::vector<std::int32_t> first(static_cast<std::size_t>(kept));
        for (std::size_t i = 0; i < first.size(); ++i) first[i] = static_cast<std::int32_t>(i);
        batch.keep(first);
        rows -= kept;
      }
    }
    return table;
  }
};

testing::Parts side_by_side(const Table& left, const Table& right) {
  testing::Parts parts = parts_of(left);
  const Rows others = rows_of(right);
  std::size_t at = 0;
  for (Rows& part : parts) {
    for (auto& row : part) {
      row.insert(row.end(), others[at].begin(), others[at].end());
      ++at;
    }
  }
  return parts;
}

TEST_F(AlignTest, RowsStandSideBySideByNumberWhereverTheyAre) {
  for (const std::int64_t memory_bytes : {std::int64_t{64} << 20, std::int64_t{4} << 10}) {
    for (int salt = 1; salt < 4; ++salt) {
      const Table left = random_table(random, kLeft, 500), right = recut(left, kRight);
      const Workspace space = workspace(memory_bytes);
      OperatorReport report;
      const DatasetPtr result = align(*spread(left, space, salt), *spread(right, space, 9), "tags", space, report);
      EXPECT_EQ(result->fields()[2].name, "name_right");
      const auto found = all_rows(*result, comm);
      EXPECT_TRUE(!comm.is_root() || found == side_by_side(left, right));
      EXPECT_EQ(report.how, "right rows travel");
    }
  }
}

TEST_F(AlignTest, EqualPartsStayInPlaceWhateverTheirBatches) {
  const Table left = random_table(random, kLeft, 500);
  Table right{fields_of(kRight), {}};
  for (const auto& part : left.parts) {
    std::int64_t rows = 0;
    for (const Batch& batch : part) rows += batch.num_rows;
    right.parts.push_back({random_batch(random, kRight, rows / 3), random_batch(random, kRight, rows - rows / 3)});
  }
  const Workspace space = workspace(64 << 20);
  OperatorReport report;
  const DatasetPtr result = align(*spread(left, space, 1), *spread(right, space, 1), "tags", space, report);
  const auto found = all_rows(*result, comm);
  EXPECT_TRUE(!comm.is_root() || found == side_by_side(left, right));
  EXPECT_EQ(report.how, "in place");
  EXPECT_EQ(report.bytes_sent, 0);
}

TEST_F(AlignTest, DifferentLengthsAreTheUsersErrorWithBothNumbers) {
  const Workspace space = workspace(64 << 20);
  const DatasetPtr left = spread(random_table(random, kLeft, 100), space, 1);
  const DatasetPtr right = spread(random_table(random, kRight, 101), space, 2);
  OperatorReport report;
  try {
    align(*left, *right, "tags", space, report);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kUser);
    const std::string message = error.what();
    EXPECT_NE(message.find("has 100 rows and tags has 101"), std::string::npos) << message;
  }
}

TEST_F(AlignTest, TwoTablesWithoutRows) {
  const Workspace space = workspace(64 << 20);
  OperatorReport report;
  const DatasetPtr result = align(*spread({fields_of(kLeft), {}}, space, 1), *spread({fields_of(kRight), {}}, space, 2),
                                  "tags", space, report);
  EXPECT_EQ(result->rows(), 0);
  EXPECT_EQ(result->fields().size(), 4u);
}

TEST_F(AlignTest, ConcatenatesSlicesAndTransforms) {
  const Workspace space = workspace(64 << 20);
  const Table one = random_table(random, kLeft, 200), two = random_table(random, kLeft, 90);
  const DatasetPtr both = concatenate({spread(one, space, 1), spread(two, space, 2), spread(one, space, 3)}, space);
  Rows expected = rows_of(one);
  for (const Table* table : {&two, &one}) {
    const Rows more = rows_of(*table);
    expected.insert(expected.end(), more.begin(), more.end());
  }
  const auto flat = [&](const Dataset& data) {
    Rows rows;
    for (const Rows& part : all_rows(data, comm)) rows.insert(rows.end(), part.begin(), part.end());
    return rows;
  };
  const Rows whole = flat(*both);
  EXPECT_TRUE(!comm.is_root() || whole == expected);
  for (const auto& [first, count] : {std::pair{0, 10}, {150, 120}, {489, 5}, {490, 5}, {700, -1}, {33, -1}, {20, 0}}) {
    const Rows slice = flat(*slice_rows(*both, first, count, space));
    if (!comm.is_root()) continue;
    const auto begin = std::min<std::ptrdiff_t>(first, std::ssize(expected));
    const auto end = count < 0 ? std::ssize(expected) : std::min<std::ptrdiff_t>(begin + count, std::ssize(expected));
    EXPECT_EQ(slice, Rows(expected.begin() + begin, expected.begin() + end)) << first << ", " << count;
  }
  const DatasetPtr turned = transform(*both, {kLeft[1].field, kLeft[0].field}, space, [](Batch batch) {
    std::swap(batch.columns[0], batch.columns[1]);
    return batch;
  });
  const Rows swapped = flat(*turned);
  if (!comm.is_root()) return;
  for (std::size_t row = 0; row < expected.size(); ++row) {
    EXPECT_EQ(swapped[row][0], expected[row][1]);
    EXPECT_EQ(swapped[row][1], expected[row][0]);
  }
}

}  // namespace
}  // namespace evclean
