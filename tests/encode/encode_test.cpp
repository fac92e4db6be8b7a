// SPDX-License-Identifier: Apache-2.0
// Encoding random tables spread over the ranks, against plain loops over the whole table.
#include "evclean/encode.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "evclean/hash.hpp"
#include "tables.hpp"

namespace evclean {
namespace {

using namespace testing_tables;
using Kind = EncodedColumn::Kind;

enum Column { kWord, kNumber, kAmount, kWanted, kDay, kMoment, kNote };

Text text(const std::string& value) { return {value, {3, 5}}; }

EncodeStep all_kinds() {
  EncodeStep step;
  step.place = {3, 5};
  step.columns = {{Kind::kOneHot, text("word"), std::nullopt, 0},
                  {Kind::kOrdinal, text("number"), std::nullopt, 0},
                  {Kind::kHash, text("note"), std::nullopt, 5},
                  {Kind::kStandardise, text("amount"), std::nullopt, 0},
                  {Kind::kKeep, text("wanted"), std::nullopt, 0}};
  step.all_missing = true;
  step.id = {text("moment")};
  return step;
}

bool is_test(const Batch& table, std::int64_t row, const EncodeSplit& split) {
  const std::string key = cell(table, kNote, row);
  if (key == "~") return false;
  return static_cast<double>(hash_bytes(key, static_cast<std::uint64_t>(split.seed)) >> 11) * 0x1p-53 < split.test;
}

/// What is fitted, by plain loops over the rows to train with.
struct Plain {
  std::set<std::string> words;
  std::set<std::int64_t> numbers;
  double mean = 0, scale = 1;

  Plain(const Batch& table, const std::optional<EncodeSplit>& split) {
    double sum = 0, count = 0;  // the tables' amounts add up exactly
    std::vector<double> amounts;
    for (std::int64_t row = 0; row < table.num_rows; ++row) {
      if (split && is_test(table, row, *split)) continue;
      if (cell(table, kWord, row) != "~") words.insert(cell(table, kWord, row));
      if (cell(table, kNumber, row) != "~") numbers.insert(std::stoll(cell(table, kNumber, row)));
      if (cell(table, kAmount, row) == "~") continue;
      amounts.push_back(std::stod(cell(table, kAmount, row)));
      sum += amounts.back();
      ++count;
    }
    mean = sum / count;
    double squares = 0;
    for (const double amount : amounts) squares += (amount - mean) * (amount - mean);
    scale = std::sqrt(squares / count);
  }
};

/// The columns of a row that are whole numbers or texts; the standardised one apart.
std::string expected_line(const Batch& table, std::int64_t row, const Plain& plain, const EncodeStep& step) {
  std::string out = cell(table, kMoment, row) + "|";
  if (step.split) out += is_test(table, row, *step.split) ? "test|" : "train|";
  for (const std::string& word : plain.words) out += cell(table, kWord, row) == word ? "1|" : "0|";
  const std::string number = cell(table, kNumber, row);
  std::int64_t code = -1, next = 0;
  for (const std::int64_t known : plain.numbers) {
    if (number == std::to_string(known)) code = next;
    ++next;
  }
  out += fmt::format("{}|", code);
  const std::string note = cell(table, kNote, row);
  for (std::uint64_t bucket = 0; bucket < 5; ++bucket) {
    out += note != "~" && hash_bytes(note) % 5 == bucket ? "1|" : "0|";
  }
  const std::string wanted = cell(table, kWanted, row);
  out += wanted == "~" ? "~|" : wanted == "true" ? "1|" : "0|";
  for (const int column : {kWord, kNumber, kNote, kAmount, kWanted})
    out += cell(table, column, row) == "~" ? "1|" : "0|";
  return out;
}

EncodeOutcome run(const Batch& table, const EncodeStep& step, const Scene& scene, OperatorReport& report,
                  bool sample = false) {
  const DatasetPtr data = spread(table, table_fields(), scene.workspace);
  return encode(*data, step, {scene.workspace, "job.yml", "", {}, sample}, report);
}

void expect_as_plain(const Batch& table, const EncodeStep& step, std::int64_t memory_bytes) {
  const Scene scene(memory_bytes);
  OperatorReport report;
  const EncodeOutcome outcome = run(table, step, scene, report);
  const Plain plain(table, step.split);
  const int amount = outcome.data->find("amount");
  std::int64_t row = 0;
  for (Batch batch : gather_everywhere(*outcome.data, scene.workspace)) {
    const auto amounts = std::static_pointer_cast<arrow::DoubleArray>(batch.array(amount));
    batch.erase(amount);
    for (std::int64_t i = 0; i < batch.num_rows; ++i, ++row) {
      ASSERT_EQ(line(batch, i), expected_line(table, row, plain, step)) << "row " << row;
      const std::string written = cell(table, kAmount, row);
      const double standard = written == "~" ? 0 : (std::stod(written) - plain.mean) / plain.scale;
      ASSERT_NEAR(amounts->Value(i), standard, 1e-12) << "row " << row;
    }
  }
  EXPECT_EQ(row, table.num_rows);
}

std::string failure(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kUser) << error.what();
    return error.what();
  }
  return "no error";
}

TEST(Encode, AllKindsAreAsPlainLoopsHaveThem) {
  expect_as_plain(make_table(1, {1500, 12, 0.1}), all_kinds(), 1 << 30);
  expect_as_plain(make_table(2, {700, 40, 0.3}), all_kinds(), 20'000);
}

TEST(Encode, ASplitFitsOnTheRowsToTrainWith) {
  EncodeStep step = all_kinds();
  step.split = EncodeSplit{{text("note")}, 0.3, 11};
  expect_as_plain(make_table(3, {1200, 12, 0.1}), step, 1 << 30);
}

TEST(Encode, TheMappingIsTheSameForAnyDealOfRows) {
  const Scene scene;
  const Batch table = make_table(4, {2000, 30, 0.1});
  OperatorReport report;
  const std::string mapping = run(table, all_kinds(), scene, report).mapping;
  auto alone = std::make_shared<Dataset>(table_fields(), scene.workspace);
  if (scene.comm.is_root()) alone->append(0, table);
  alone->finish();
  EXPECT_EQ(encode(*alone, all_kinds(), {scene.workspace, "job.yml", ""}, report).mapping, mapping);
  for (const std::string& of_rank : scene.comm.all_gather(mapping)) EXPECT_EQ(of_rank, mapping);
}

TEST(Encode, AFittedMappingGivesTheSameRowsAndIsHandedOn) {
  const Scene scene;
  const std::string path = scene.comm.broadcast(
      (std::filesystem::temp_directory_path() / fmt::format("evclean-mapping-{}.json", ::getpid())).string());
  const Batch table = make_table(5, {900, 12, 0.1});
  OperatorReport report;
  const EncodeOutcome fitted = run(table, all_kinds(), scene, report);
  if (scene.comm.is_root()) std::ofstream(path) << fitted.mapping;
  scene.comm.barrier();
  EncodeStep step;
  step.fitted = text(path);
  step.id = {text("moment")};
  const EncodeOutcome again = run(table, step, scene, report);
  EXPECT_EQ(again.mapping, fitted.mapping);
  EXPECT_EQ(again.data->fields(), fitted.data->fields());
  EXPECT_EQ(lines(*again.data, scene.workspace), lines(*fitted.data, scene.workspace));
  scene.comm.barrier();
  if (scene.comm.is_root()) std::filesystem::remove(path);
}

TEST(Encode, MistakesNameTheColumnAndThePlace) {
  const Scene scene;
  const Batch table = make_table(6, {300, 12, 0.1});
  OperatorReport report;
  const auto with = [&](Kind kind, const std::string& column) {
    EncodeStep step;
    step.columns = {{kind, text(column), std::nullopt, 3}};
    return step;
  };
  const auto message = [&](const EncodeStep& step) { return failure([&] { run(table, step, scene, report); }); };
  EXPECT_NE(message(with(Kind::kOneHot, "wort")).find("job.yml:3:5: encode: no column 'wort' (did you mean 'word'?)"),
            std::string::npos)
      << message(with(Kind::kOneHot, "wort"));
  EXPECT_NE(message(with(Kind::kStandardise, "word")).find("column 'word' is text"), std::string::npos);
  EXPECT_NE(message(with(Kind::kKeep, "day")).find("column 'day' is a date"), std::string::npos);
  EncodeStep few = with(Kind::kOneHot, "note");
  few.max_categories = 49;
  EXPECT_NE(message(few).find("has 50 categories, more than 49"), std::string::npos) << message(few);
  few.max_categories = 50;
  EXPECT_EQ(message(few), "no error");
  EncodeStep label = with(Kind::kKeep, "amount");
  label.label = text("number");
  EXPECT_NE(message(label).find("the label 'number' is missing in"), std::string::npos) << message(label);
}

TEST(Encode, NoRowsToFitOnIsAMistakeButOfASampleItIsNone) {
  const Scene scene;
  const Batch none = make_table(7, {0, 12, 0.1});
  OperatorReport report;
  EXPECT_NE(failure([&] { run(none, all_kinds(), scene, report); }).find("no rows to fit on"), std::string::npos);
  EXPECT_EQ(run(none, all_kinds(), scene, report, true).data->rows(), 0);
}

}  // namespace
}  // namespace evclean
