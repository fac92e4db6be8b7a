// SPDX-License-Identifier: Apache-2.0
#include <arrow/array.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "dirty_text.hpp"
#include "evclean/types.hpp"
#include "slow_reference.hpp"
#include "span_columns.hpp"

namespace evclean {
namespace {

using enum ValueKind;

constexpr std::int64_t kDay = 86'400'000'000;

bool fits(ValueKind kind, ColumnType guess) {
  const bool day = guess.order == DateOrder::kDayFirst, month = guess.order == DateOrder::kMonthFirst;
  const bool date = kind == kDate || (day && (kind == kDateDayFirst || kind == kDateEither)) ||
                    (month && (kind == kDateMonthFirst || kind == kDateEither));
  const bool clock = kind == kTimestamp || (day && (kind == kTimestampDayFirst || kind == kTimestampEither)) ||
                     (month && (kind == kTimestampMonthFirst || kind == kTimestampEither));
  switch (guess.type) {
    case ValueType::kString:
      return true;
    case ValueType::kBool:
      return kind == kBool;
    case ValueType::kInt64:
      return kind == kInt || kind == kBigInt;
    case ValueType::kFloat64:
      return kind == kInt || kind == kFloat;
    case ValueType::kDate:
      return date;
    case ValueType::kTimestamp:
      return date || clock;
  }
  return false;
}

/// The CSV text that the reference expects of a value that fits.
std::string expected_text(const std::string& text, const reference::Value& value, ColumnType guess) {
  const std::int64_t us = guess.order == DateOrder::kMonthFirst ? value.month_first_us : value.day_first_us;
  std::string out;
  switch (guess.type) {
    case ValueType::kString:
      return text;
    case ValueType::kBool:
      return text.find_first_of("tT") < text.find_first_of("fF") ? "true" : "false";
    case ValueType::kInt64:
      return std::to_string(std::strtoll(text.c_str(), nullptr, 10));
    case ValueType::kFloat64:
      append_float64(
          out, value.kind == kInt ? std::strtod(text.c_str(), nullptr) + 0.0 : std::strtod(text.c_str(), nullptr));
      return out;
    case ValueType::kDate:
      append_date(out, static_cast<std::int32_t>(us / kDay));
      return out;
    case ValueType::kTimestamp:
      append_timestamp(out, us);
      return out;
  }
  return out;
}

std::vector<Cell> random_cells(DirtyText& dirty, std::size_t rows, bool json) {
  std::vector<Cell> cells(rows);
  const int flavour = static_cast<int>(dirty.below(5));
  for (Cell& cell : cells) {
    cell.text = flavour == 0   ? dirty.number()
                : flavour == 1 ? dirty.date()
                : flavour == 2 ? dirty.timestamp()
                : flavour == 3 ? dirty.word()
                               : dirty.value();
    if (dirty.once_in(50)) cell.text = dirty.value();
    if (dirty.once_in(10)) cell.flags = Span::kMissing;
    if (dirty.once_in(json ? 2 : 20)) cell.flags |= Span::kQuoted;
  }
  return cells;
}

constexpr ColumnType kGuesses[] = {
    {ValueType::kString, DateOrder::kNone},        {ValueType::kBool, DateOrder::kNone},
    {ValueType::kInt64, DateOrder::kNone},         {ValueType::kFloat64, DateOrder::kNone},
    {ValueType::kDate, DateOrder::kNone},          {ValueType::kDate, DateOrder::kDayFirst},
    {ValueType::kDate, DateOrder::kMonthFirst},    {ValueType::kTimestamp, DateOrder::kNone},
    {ValueType::kTimestamp, DateOrder::kDayFirst}, {ValueType::kTimestamp, DateOrder::kMonthFirst}};

TEST(Convert, RandomDirtyColumnsAreWhatTheSlowReferenceSays) {
  const std::uint64_t seed = std::random_device()();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  DirtyText dirty(seed);
  for (int round = 0; round < 60; ++round) {
    const bool json = dirty.once_in(3);
    const std::vector<Cell> cells = random_cells(dirty, static_cast<std::size_t>(dirty.below(300)), json);
    const ColumnOfCells made = make_column(cells, json ? RawKind::kJson : RawKind::kText, 2, 1000);
    std::vector<reference::Value> values;
    Evidence expected;
    for (std::size_t row = 0; row < cells.size(); ++row) {
      const bool quoted = (cells[row].flags & Span::kQuoted) != 0;
      values.push_back(reference::read(cells[row].text, json && quoted));
      if ((cells[row].flags & Span::kMissing) != 0) continue;
      auto& seen = expected.kinds[static_cast<std::size_t>(values.back().kind)];
      if (seen.count++ > 0) continue;
      seen.first = {2, 1000 + made.batch.records[row].offset};
      seen.sample = cells[row].text;
    }
    for (const ColumnType guess : kGuesses) {
      Evidence evidence;
      std::int64_t misfits = -1, expected_misfits = 0;
      const auto array = convert(made.column, guess, PlaceOf{&made.batch}, evidence, misfits);
      ASSERT_EQ(array == nullptr, guess.type == ValueType::kString);
      for (std::size_t row = 0; row < cells.size(); ++row) {
        const bool missing = (cells[row].flags & Span::kMissing) != 0;
        const bool fit = !missing && fits(values[row].kind, guess);
        expected_misfits += !missing && !fit;
        if (array == nullptr) continue;
        const auto at = static_cast<std::int64_t>(row);
        const bool nearest = guess.type == ValueType::kFloat64 && !missing && values[row].kind == kBigInt;
        ASSERT_EQ(array->IsValid(at), fit || nearest) << "seed " << seed << " '" << cells[row].text << "'";
        if (!fit) continue;
        ASSERT_EQ(value_text(*array, at), expected_text(cells[row].text, values[row], guess))
            << "seed " << seed << " '" << cells[row].text << "'";
      }
      if (array != nullptr) {
        ASSERT_TRUE(array->ValidateFull().ok());
        ASSERT_EQ(array->length(), static_cast<std::int64_t>(cells.size()));
        ASSERT_TRUE(array->type()->Equals(arrow_type(guess.type)));
      }
      ASSERT_EQ(misfits, expected_misfits) << "seed " << seed;
      for (std::size_t kind = 0; kind < kValueKinds; ++kind) {
        ASSERT_EQ(evidence.kinds[kind].count, expected.kinds[kind].count) << "seed " << seed << " kind " << kind;
        ASSERT_EQ(evidence.kinds[kind].first, expected.kinds[kind].first) << "seed " << seed << " kind " << kind;
        ASSERT_EQ(evidence.kinds[kind].sample, expected.kinds[kind].sample) << "seed " << seed << " kind " << kind;
      }
      ASSERT_EQ(evidence.missing, std::count_if(cells.begin(), cells.end(),
                                                [](const Cell& cell) { return (cell.flags & Span::kMissing) != 0; }));
      const ColumnType settled_type = settle(evidence);
      if (misfits == 0 && guess == settled_type) continue;
      ASSERT_EQ(settle(expected), settled_type);
    }
  }
}

TEST(Convert, EvidenceDoesNotDependOnBatchesOrTheirOrderOrTheGuess) {
  DirtyText dirty(37);
  for (int round = 0; round < 40; ++round) {
    const std::vector<Cell> cells = random_cells(dirty, 200, false);
    const ColumnOfCells whole = make_column(cells, RawKind::kText, 1, 0);
    Evidence expected;
    std::int64_t misfits = 0;
    convert(whole.column, {}, PlaceOf{&whole.batch}, expected, misfits);
    std::vector<std::size_t> cuts = {0, 200};
    for (int i = 0; i < 6; ++i) cuts.push_back(static_cast<std::size_t>(dirty.below(201)));
    std::sort(cuts.begin(), cuts.end());
    std::vector<std::size_t> order(cuts.size() - 1);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), std::mt19937_64(static_cast<std::uint64_t>(round)));
    Evidence ranks[3];
    for (const std::size_t piece : order) {
      const auto first = cells.begin() + static_cast<std::ptrdiff_t>(cuts[piece]);
      const auto last = cells.begin() + static_cast<std::ptrdiff_t>(cuts[piece + 1]);
      const std::int64_t offset = cuts[piece] < cells.size() ? whole.batch.records[cuts[piece]].offset : 0;
      const ColumnOfCells part = make_column({first, last}, RawKind::kText, 1, offset);
      convert(part.column, kGuesses[dirty.below(10)], PlaceOf{&part.batch}, ranks[dirty.below(3)], misfits);
    }
    ranks[2].merge(ranks[0]);
    ranks[1].merge(ranks[2]);
    ASSERT_EQ(ranks[1].serialize(), expected.serialize());
  }
}

TEST(Convert, ValuesOfOneRecordShareItsPlaceAndTheSmallestIsTheSample) {
  ColumnOfCells made = make_column({{"b"}, {"a"}, {"5"}, {"0"}}, RawKind::kText);
  made.batch.records.assign(4, RecordRef{100, 1});
  Evidence evidence;
  std::int64_t misfits = 0;
  convert(made.column, {}, PlaceOf{&made.batch}, evidence, misfits);
  EXPECT_EQ(evidence.kinds[static_cast<std::size_t>(kString)].sample, "a");
  EXPECT_EQ(evidence.kinds[static_cast<std::size_t>(kInt)].sample, "0");
  EXPECT_EQ(evidence.kinds[static_cast<std::size_t>(kInt)].first, (Place{0, 100}));
}

TEST(Convert, RowsWithoutRecordsStandAtTheirNumber) {
  ColumnOfCells made = make_column({{"1"}, {"x"}}, RawKind::kText);
  made.batch.records.clear();
  EXPECT_EQ((PlaceOf{&made.batch}(1)), (Place{-1, 1}));
}

TEST(Convert, SamplesEndBetweenCharacters) {
  for (std::size_t before = 74; before < 84; ++before) {
    const ColumnOfCells made = make_column({{std::string(before, 'x') + "€€€"}}, RawKind::kText);
    Evidence evidence;
    std::int64_t misfits = 0;
    convert(made.column, {}, PlaceOf{&made.batch}, evidence, misfits);
    const std::string& sample = evidence.kinds[static_cast<std::size_t>(kString)].sample;
    EXPECT_LE(sample.size(), 80u);
    EXPECT_GE(sample.size(), 78u);
    EXPECT_EQ((sample.size() - std::min(before, sample.size())) % 3, 0u) << before;
  }
  const ColumnOfCells broken = make_column({{std::string(100, '\x80')}}, RawKind::kText);
  Evidence evidence;
  std::int64_t misfits = 0;
  convert(broken.column, {}, PlaceOf{&broken.batch}, evidence, misfits);
  EXPECT_EQ(evidence.kinds[static_cast<std::size_t>(kString)].sample.size(), 80u);
}

TEST(Convert, ZeroPaddedIdsAreCounted) {
  const ColumnOfCells made = make_column({{"007"}, {"7"}, {" 00 "}, {"0"}, {"0.5"}, {"01x"}}, RawKind::kText);
  for (const ColumnType guess : {ColumnType{}, ColumnType{ValueType::kInt64, DateOrder::kNone}}) {
    Evidence evidence;
    std::int64_t misfits = 0;
    convert(made.column, guess, PlaceOf{&made.batch}, evidence, misfits);
    EXPECT_EQ(evidence.zero_padded, 2);
  }
}

TEST(Convert, TimesWithoutOffsetFollowTheZone) {
  const ColumnOfCells made = make_column(
      {{"2026-11-01 06:52:16"}, {"2026-11-01T06:52:16Z"}, {"2026-11-01"}, {"2026-11-1 6:52"}}, RawKind::kText);
  Evidence evidence;
  std::int64_t misfits = 0;
  const auto array = convert(made.column, {ValueType::kTimestamp, DateOrder::kNone}, PlaceOf{&made.batch}, evidence,
                             misfits, TimeZone::named("+02:00"));
  EXPECT_EQ(value_text(*array, 0), "2026-11-01 04:52:16");
  EXPECT_EQ(value_text(*array, 1), "2026-11-01 06:52:16");
  EXPECT_EQ(value_text(*array, 2), "2026-10-31 22:00:00");
  EXPECT_EQ(value_text(*array, 3), "2026-11-01 04:52:00");
}

TEST(Convert, AnEmptyColumnIsAnEmptyArray) {
  const SpanColumn column;
  const Batch batch;
  for (const ColumnType guess : kGuesses) {
    Evidence evidence;
    std::int64_t misfits = 0;
    const auto array = convert(column, guess, PlaceOf{&batch}, evidence, misfits);
    if (guess.type != ValueType::kString) {
      ASSERT_NE(array, nullptr);
      EXPECT_EQ(array->length(), 0);
    }
    EXPECT_EQ(settle(evidence), ColumnType{});
  }
}

}  // namespace
}  // namespace evclean
