// SPDX-License-Identifier: Apache-2.0
// Sessions against a plain loop over random events, for any budget.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tables.hpp"

namespace evclean {
namespace {

using namespace testing_tables;

constexpr int kWord = 0, kNumber = 1, kAmount = 2, kDay = 4, kMoment = 5;

unsigned common_seed() {
  const Comm comm = Comm::world();
  return static_cast<unsigned>(std::stoul(comm.broadcast(std::to_string(std::random_device()()))));
}

std::int64_t time_of(const Batch& table, int column, std::int64_t row) {
  const arrow::Array& array = *table.array(column);
  switch (array.type_id()) {
    case arrow::Type::DATE32:
      return static_cast<const arrow::Date32Array&>(array).Value(row) * std::int64_t{86'400'000'000};
    case arrow::Type::DOUBLE:
      return std::llround(static_cast<const arrow::DoubleArray&>(array).Value(row) * 1e6);
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Array&>(array).Value(row) * 1'000'000;
    default:
      return static_cast<const arrow::TimestampArray&>(array).Value(row);
  }
}

struct Session {
  std::int64_t least_row = 0;
  std::vector<std::int64_t> rows;
};

std::vector<std::string> expected_lines(const Batch& table, const SessionSpec& spec) {
  std::map<std::string, std::vector<std::pair<std::int64_t, std::int64_t>>> keys;
  for (std::int64_t row = 0; row < table.num_rows; ++row) {
    std::string key;
    bool missing = table.array(spec.time)->IsNull(row);
    for (const int column : spec.by) {
      missing = missing || table.array(column)->IsNull(row);
      key += cell(table, column, row) + "|";
    }
    if (!missing) keys[key].emplace_back(time_of(table, spec.time, row), row);
  }
  std::vector<Session> sessions;
  for (auto& [key, events] : keys) {
    std::sort(events.begin(), events.end());
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (i == 0 || events[i].first - events[i - 1].first >= spec.gap_us) sessions.push_back({INT64_MAX, {}});
      sessions.back().rows.push_back(events[i].second);
      sessions.back().least_row = std::min(sessions.back().least_row, events[i].second);
    }
  }
  std::sort(sessions.begin(), sessions.end(),
            [](const Session& a, const Session& b) { return a.least_row < b.least_row; });
  std::vector<std::string> all;
  for (std::int64_t row = 0; row < table.num_rows; ++row) all.push_back(line(table, row) + "~|~|");
  for (std::size_t s = 0; s < sessions.size(); ++s) {
    for (std::size_t i = 0; i < sessions[s].rows.size(); ++i) {
      const std::int64_t row = sessions[s].rows[i];
      all[static_cast<std::size_t>(row)] = line(table, row) + fmt::format("{}|{}|", s + 1, i + 1);
    }
  }
  return all;
}

void check(const Batch& table, const SessionSpec& spec, std::int64_t memory_bytes, const std::string& what) {
  SCOPED_TRACE(what);
  Scene scene(memory_bytes);
  const DatasetPtr data = spread(table, table_fields(), scene.workspace, 211);
  OperatorReport report;
  const DatasetPtr result = sessionize(*data, spec, scene.workspace, report);
  EXPECT_EQ(lines(*result, scene.workspace), expected_lines(table, spec));
  EXPECT_EQ(report.rows_out, table.num_rows);
  ASSERT_EQ(result->parts().size(), data->parts().size());
  for (std::size_t part = 0; part < data->parts().size(); ++part) {
    EXPECT_EQ(result->parts()[part].owner, data->parts()[part].owner);
  }
}

TEST(Sessionize, EveryKindOfTime) {
  const unsigned seed = common_seed();
  const Batch table = make_table(seed, {.rows = 3000, .keys = 15, .long_words = true});
  const std::string what = "seed " + std::to_string(seed);
  check(table, {{kWord}, kMoment, 20'000'000}, 1 << 30, what);
  check(table, {{kWord, kNumber}, kMoment, 300'000'000}, 1 << 30, what);
  check(table, {{kWord}, kDay, 86'400'000'001}, 1 << 30, "dates, " + what);
  check(table, {{kWord}, kNumber, 1'000'001}, 1 << 30, "whole seconds, " + what);
  check(table, {{kNumber}, kAmount, 5'000'000}, 1 << 30, "seconds, " + what);
}

TEST(Sessionize, ExactlyTheGapApartIsANewSession) {
  const Batch table = make_table(9, {.rows = 500, .keys = 3, .missing = 0});
  check(table, {{kWord}, kDay, 86'400'000'000}, 1 << 30, "days in a row are a day apart");
}

TEST(Sessionize, AHotKeyAndATinyBudget) {
  const unsigned seed = common_seed();
  const Batch table = make_table(seed, {.rows = 30'000, .keys = 2000, .missing = 0.05, .hot = 0.5});
  check(table, {{kWord}, kMoment, 400'000}, 100'000, "seed " + std::to_string(seed));
  check(table, {{kWord}, kMoment, 4'000'000'000}, 100'000, "one session over all ranks");
}

TEST(Sessionize, NothingAndOneRow) {
  for (const std::int64_t rows : {0, 1})
    check(make_table(1, {.rows = rows}), {{kWord}, kMoment, 1}, 1 << 30, "few rows");
}

TEST(Sessionize, SaysWhatItCannotDo) {
  Scene scene;
  const DatasetPtr data = spread(make_table(1, {.rows = 10}), table_fields(), scene.workspace);
  OperatorReport report;
  EXPECT_THROW(sessionize(*data, {{kNumber}, kWord, 1000}, scene.workspace, report), Error);
  EXPECT_THROW(sessionize(*data, {{kNumber}, kMoment, 0}, scene.workspace, report), Error);
}

}  // namespace
}  // namespace evclean
