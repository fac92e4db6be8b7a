// SPDX-License-Identifier: Apache-2.0
// Real files, cut at commas by hand: the decoders are another room's business.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "evclean/types.hpp"
#include "span_columns.hpp"

namespace evclean {
namespace {

const std::string kAuto = std::string(EVCLEAN_SHARED_DATA) + "/duckdb_csv/csv/auto/";

/// Types of a plain file's columns, by name.
std::map<std::string, ColumnType> types_of(const std::string& path, char delimiter) {
  std::ifstream file(path);
  std::string line;
  std::vector<std::string> names;
  std::vector<std::vector<Cell>> columns;
  while (std::getline(file, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::istringstream fields(line);
    std::string field;
    for (std::size_t i = 0; std::getline(fields, field, delimiter); ++i) {
      const std::uint32_t flags = !field.empty() && field.front() == '"' ? Span::kQuoted : 0;
      if (flags != 0) field = field.substr(1, field.size() - 2);
      if (names.size() <= i && columns.empty()) names.push_back(field);
      if (columns.size() > i) columns[i].push_back({field, flags});
    }
    columns.resize(names.size());
  }
  std::map<std::string, ColumnType> types;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    ColumnOfCells made = make_column(columns[i], RawKind::kText);
    Evidence evidence;
    std::int64_t misfits = 0;
    mark_missing(made.column, NullWords::standard(), evidence);
    convert(made.column, {}, PlaceOf{&made.batch}, evidence, misfits);
    types[names[i]] = settle(evidence);
    Evidence again;
    convert(made.column, types[names[i]], PlaceOf{&made.batch}, again, misfits);
    EXPECT_EQ(misfits, 0) << path << " " << names[i];
  }
  return types;
}

bool present() {
  if (std::filesystem::exists(kAuto)) return true;
  std::printf("shared data not present\n");
  return false;
}

TEST(SharedData, DuckDbsDateFilesHaveTheTypesAPersonWouldSay) {
  if (!present()) return;
  auto types = types_of(kAuto + "time_date_timestamp.csv", ',');
  EXPECT_EQ(types["a"].type, ValueType::kInt64);
  EXPECT_EQ(types["b"].type, ValueType::kString);
  EXPECT_EQ(types["t"].type, ValueType::kString) << "a time of day is no type";
  EXPECT_EQ(types["d"].type, ValueType::kDate);
  EXPECT_EQ(types["ts"].type, ValueType::kTimestamp);
  types = types_of(kAuto + "time_date_timestamp_dd-mm-yyyy.csv", ',');
  EXPECT_EQ(types["d"], (ColumnType{ValueType::kDate, DateOrder::kDayFirst}));
  EXPECT_EQ(types["ts"], (ColumnType{ValueType::kTimestamp, DateOrder::kDayFirst}));
  types = types_of(kAuto + "time_date_timestamp_mm-dd-yyyy.csv", ',');
  EXPECT_EQ(types["d"], (ColumnType{ValueType::kDate, DateOrder::kMonthFirst}));
  EXPECT_EQ(types["ts"].type, ValueType::kString) << "12-hour clocks are not among the forms";
  types = types_of(kAuto + "time_date_timestamp_yyyy.mm.dd.csv", ',');
  EXPECT_EQ(types["d"].type, ValueType::kString) << "points only with the year last";
  types = types_of(kAuto + "time_date_timestamp_trailing.csv", ',');
  EXPECT_EQ(types["d"].type, ValueType::kDate) << "edge blanks do not count";
  EXPECT_EQ(types["df"].type, ValueType::kString);
  types = types_of(kAuto + "int_bol.csv", ',');
  EXPECT_EQ(types["i"].type, ValueType::kInt64);
  EXPECT_EQ(types["b"].type, ValueType::kBool);
}

TEST(SharedData, EveryFileSettlesAndConvertsWithoutMisfits) {
  if (!present()) return;
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kAuto)) {
    if (entry.path().extension() != ".csv") continue;
    for (const char delimiter : {',', ';', '|', '\t'}) types_of(entry.path(), delimiter);
    ++files;
  }
  EXPECT_GT(files, 50);
}

}  // namespace
}  // namespace evclean
