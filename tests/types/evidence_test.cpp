// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "evclean/error.hpp"
#include "evclean/types.hpp"

namespace evclean {
namespace {

using enum ValueKind;

Evidence evidence_of(std::initializer_list<std::string_view> values) {
  Evidence evidence;
  for (const std::string_view value : values) ++evidence.kinds[static_cast<std::size_t>(classify(value))].count;
  return evidence;
}

struct Settled {
  ColumnType column;
  bool ambiguous = true;
};

Settled settled(std::initializer_list<std::string_view> values) {
  Settled result;
  result.column = settle(evidence_of(values), &result.ambiguous);
  return result;
}

void expect_type(std::initializer_list<std::string_view> values, ValueType type, DateOrder order = DateOrder::kNone,
                 bool ambiguous = false) {
  const Settled result = settled(values);
  EXPECT_EQ(result.column.type, type) << *values.begin();
  EXPECT_EQ(result.column.order, order) << *values.begin();
  EXPECT_EQ(result.ambiguous, ambiguous) << *values.begin();
}

TEST(Settle, FollowsTheLattice) {
  expect_type({}, ValueType::kString);
  expect_type({"true", "False"}, ValueType::kBool);
  expect_type({"1", "-2"}, ValueType::kInt64);
  expect_type({"1", "9007199254740993"}, ValueType::kInt64);
  expect_type({"1", "2.5"}, ValueType::kFloat64);
  expect_type({"9007199254740992", "2.5"}, ValueType::kFloat64);
  expect_type({"9007199254740993", "2.5"}, ValueType::kString);
  expect_type({"1", "true"}, ValueType::kString);
  expect_type({"0", "1"}, ValueType::kInt64);
  expect_type({"1", "2026-11-01"}, ValueType::kString);
  expect_type({"true", "2026-11-01"}, ValueType::kString);
  expect_type({"1", "007"}, ValueType::kString);
  expect_type({"2026-11-01", "2026/11/02"}, ValueType::kDate);
  expect_type({"2026-11-01", "2026-11-01 06:52"}, ValueType::kTimestamp);
  expect_type({"01/Nov/2026:06:52:16 +0000", "Sun, 01 Nov 2026 06:52:16 GMT"}, ValueType::kTimestamp);
}

TEST(Settle, OneValueDecidesTheOrderOfDates) {
  expect_type({"01/02/2026", "13/02/2026"}, ValueType::kDate, DateOrder::kDayFirst);
  expect_type({"01/02/2026", "02/13/2026"}, ValueType::kDate, DateOrder::kMonthFirst);
  expect_type({"13/02/2026", "02/13/2026"}, ValueType::kString);
  expect_type({"13/02/2026", "02/13/2026 10:00"}, ValueType::kString);
  expect_type({"01/02/2026", "13/02/2026 10:00"}, ValueType::kTimestamp, DateOrder::kDayFirst);
  expect_type({"2026-02-01", "02/13/2026"}, ValueType::kDate, DateOrder::kMonthFirst);
  expect_type({"01/02/2026"}, ValueType::kDate, DateOrder::kDayFirst, true);
  expect_type({"01/02/2026 10:00", "2026-01-01"}, ValueType::kTimestamp, DateOrder::kDayFirst, true);
  expect_type({"01/02/2026", "x"}, ValueType::kString);
  expect_type({"01/02/2026", "5"}, ValueType::kString);
}

/// The lattice as a join of two types at a time, for all sets of kinds.
TEST(Settle, EverySetOfKindsIsTheJoinOfItsMembers) {
  const auto group = [](unsigned kind) { return kind == 0 ? 1 : kind <= 3 ? 2 : kind == 12 ? 8 : 4; };
  for (unsigned set = 0; set < 1u << kValueKinds; ++set) {
    Evidence evidence;
    int groups = 0;
    const auto has = [&](ValueKind kind) { return (set >> static_cast<unsigned>(kind) & 1) != 0; };
    for (unsigned kind = 0; kind < kValueKinds; ++kind) {
      evidence.kinds[kind].count = set >> kind & 1;
      if (set >> kind & 1) groups |= group(kind);
    }
    bool ambiguous = true;
    const ColumnType column = settle(evidence, &ambiguous);
    const bool day = has(kDateDayFirst) || has(kTimestampDayFirst),
               month = has(kDateMonthFirst) || has(kTimestampMonthFirst);
    const bool either = has(kDateEither) || has(kTimestampEither);
    const bool clock = has(kTimestamp) || has(kTimestampDayFirst) || has(kTimestampMonthFirst) || has(kTimestampEither);
    ColumnType expected;
    if (groups == 1) expected.type = ValueType::kBool;
    if (groups == 2 && !has(kFloat)) expected.type = ValueType::kInt64;
    if (groups == 2 && has(kFloat) && !has(kBigInt)) expected.type = ValueType::kFloat64;
    if (groups == 4 && !(day && month)) {
      expected.type = clock ? ValueType::kTimestamp : ValueType::kDate;
      expected.order = month ? DateOrder::kMonthFirst : day || either ? DateOrder::kDayFirst : DateOrder::kNone;
    }
    ASSERT_EQ(column, expected) << "set " << set;
    ASSERT_EQ(ambiguous, groups == 4 && either && !day && !month) << "set " << set;
    ASSERT_EQ(settle(evidence), expected);
  }
}

Evidence random_evidence(std::mt19937_64& random) {
  Evidence evidence;
  for (auto& seen : evidence.kinds) {
    if (random() % 2) continue;
    seen.count = 1 + static_cast<std::int64_t>(random() % 5);
    seen.first = {static_cast<std::int32_t>(random() % 3) - 1, static_cast<std::int64_t>(random() % 4)};
    seen.sample = std::string(random() % 3, static_cast<char>('a' + random() % 3));
  }
  evidence.missing = static_cast<std::int64_t>(random() % 10);
  evidence.zero_padded = static_cast<std::int64_t>(random() % 3);
  if (random() % 2) evidence.null_words["NA"] = 3;
  if (random() % 2) evidence.null_words[""] = static_cast<std::int64_t>(random() % 9);
  return evidence;
}

TEST(Evidence, MergingInAnyOrderAndGroupingGivesTheSameBytes) {
  std::mt19937_64 random(29);
  for (int round = 0; round < 500; ++round) {
    std::vector<Evidence> parts(1 + random() % 8);
    for (Evidence& part : parts) part = random_evidence(random);
    std::string expected;
    for (int order = 0; order < 8; ++order) {
      std::shuffle(parts.begin(), parts.end(), random);
      std::vector<Evidence> left = parts;
      while (left.size() > 1) {
        const std::size_t into = random() % left.size(), from = (into + 1 + random() % (left.size() - 1)) % left.size();
        left[into].merge(Evidence::parse(left[from].serialize()));
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(from));
      }
      const std::string bytes = left[0].serialize();
      if (order == 0) expected = bytes;
      ASSERT_EQ(bytes, expected);
    }
  }
}

TEST(Evidence, ComesBackFromItsBytes) {
  std::mt19937_64 random(31);
  const Evidence evidence = random_evidence(random);
  const std::string bytes = evidence.serialize();
  EXPECT_EQ(Evidence::parse(bytes).serialize(), bytes);
  EXPECT_THROW(Evidence::parse(std::string_view(bytes).substr(0, bytes.size() - 1)), Error);
  EXPECT_THROW(Evidence::parse(bytes + "x"), Error);
}

}  // namespace
}  // namespace evclean
