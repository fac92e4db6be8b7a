// SPDX-License-Identifier: Apache-2.0
// evclean test: a job's own tests, in memory, no file read.
#include <arrow/array.h>

#include <algorithm>

#include "evclean/engine.hpp"
#include "guess.hpp"
#include "split_record.hpp"

namespace evclean {
namespace {

/// Decodes text as the job's format reads it.
void decode_text(const TableInput& input, const std::string& text, Stepwise& stepwise) {
  auto decoder = make_decoder(input.format_spec(), input.format);
  InputFile file;
  file.shown = file.path = "test input";
  decoder->begin_file(file, text);
  auto block = std::make_shared<TextBlock>(text.size());
  block->append(text);
  std::vector<Appearance> appearances;
  std::int64_t line = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    DecodeResult result = decoder->decode({block, begin, text.size(), text.size() + 1, true, {0, 0, line, 0}});
    stepwise.rejects.insert(stepwise.rejects.end(), result.rejects.begin(), result.rejects.end());
    if (result.batch.num_rows > 0) stepwise.batches.push_back(std::move(result.batch));
    if (result.consumed <= begin) break;
    begin = result.consumed;
  }
  const auto& columns = decoder->columns();
  for (std::size_t c = 0; c < columns.size(); ++c) appearances.push_back({0, static_cast<std::int64_t>(c), columns[c]});
  stepwise.guess.input = merge_columns(std::move(appearances));
  add_source_columns(input, stepwise.guess.input);
  for (Batch& batch : stepwise.batches) add_source_columns(input, 0, batch);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

/// With `format: auto` the test's own text decides; otherwise the job does.
std::string test_format(const TableSpec& spec, const std::string& text) {
  const auto& formats = spec.input->format.formats;
  if (formats.size() == 1 && formats[0] != "auto") return formats[0];
  if (formats.size() > 1) return {};
  return choose_format(spec.input->format, {text}, {"test input"}).format;
}

std::string expected_text(const InlineValue& value) {
  return value.kind == InlineValue::Kind::kNull ? std::string() : value.text;
}

/// A missing value equals both None and null.
bool same_value(const InlineValue& expected, const Batch& batch, int column, std::int64_t row, std::string& actual) {
  bool missing = false;
  if (batch.is_raw(column)) {
    missing = batch.raw(column).spans[static_cast<std::size_t>(row)].missing();
    actual = missing ? "" : std::string(batch.raw(column).view(row));
  } else {
    missing = batch.array(column)->IsNull(row);
    actual = value_text(*batch.array(column), row);
  }
  const bool none_expected = expected.kind == InlineValue::Kind::kNull ||
                             (expected.kind == InlineValue::Kind::kText && expected.text == "None");
  if (missing || actual == "None") {
    if (missing) actual = "null";
    return none_expected;
  }
  const std::string wanted = expected_text(expected);
  if (actual == wanted) return true;
  // 3 and 3.0, 1e3 and 1000.0 are the same number.
  double a = 0, b = 0;
  return expected.kind == InlineValue::Kind::kNumber && parse_float64(actual, a) && parse_float64(wanted, b) && a == b;
}

struct Located {
  const Batch* batch;
  std::int64_t row;
};

std::vector<Located> all_rows(const std::vector<Batch>& batches) {
  std::vector<Located> rows;
  for (const Batch& batch : batches) {
    for (std::int64_t row = 0; row < batch.num_rows; ++row) rows.push_back({&batch, row});
  }
  return rows;
}

std::string compare_rows(const TestSpec& test, const Stepwise& stepwise) {
  const std::vector<Located> rows = all_rows(stepwise.batches);
  std::string difference;
  if (rows.size() != test.expect.size()) {
    difference +=
        fmt::format("  expected {} row{}, got {}", test.expect.size(), test.expect.size() == 1 ? "" : "s", rows.size());
    if (rows.empty() && !stepwise.rejects.empty())
      difference += fmt::format(" (rejected: {})", stepwise.rejects[0].reason);
    if (rows.empty() && stepwise.rejects.empty()) difference += " (filtered)";
    return difference + "\n";
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const auto& [name, expected] : test.expect[r]) {
      const int column = rows[r].batch->find(name);
      const std::string where = rows.size() > 1 ? fmt::format("row {}, ", r + 1) : std::string();
      if (column < 0) {
        difference += fmt::format("  {}column {}: not there\n", where, name);
        continue;
      }
      std::string actual;
      if (same_value(expected, *rows[r].batch, column, rows[r].row, actual)) continue;
      const std::string wanted = expected.kind == InlineValue::Kind::kNull ? "null" : expected.text;
      difference += fmt::format("  {}column {}:\n    - {}\n    + {}\n", where, name, wanted, actual);
    }
  }
  return difference;
}

std::string compare(const TestSpec& test, const Stepwise& stepwise) {
  const std::size_t rows = all_rows(stepwise.batches).size();
  if (test.expect_reject) {
    if (stepwise.rejects.empty())
      return fmt::format("  expected a reject, got {}\n",
                         rows == 0 ? "a filtered row" : fmt::format("{} row(s)", rows));
    const auto says = [&](const Reject& reject) { return reject.reason.find(test.reject_reason) != std::string::npos; };
    if (std::any_of(stepwise.rejects.begin(), stepwise.rejects.end(), says)) return {};
    return fmt::format("  expected a reject that says '{}', got '{}'\n", test.reject_reason,
                       stepwise.rejects[0].reason);
  }
  if (test.expect_filtered) {
    if (!stepwise.rejects.empty())
      return fmt::format("  expected the row to be filtered, it was rejected: {}\n", stepwise.rejects[0].reason);
    return rows == 0 ? std::string() : fmt::format("  expected the row to be filtered, got {} row(s)\n", rows);
  }
  return compare_rows(test, stepwise);
}

/// A row stands for a record of the format: a preset's columns are all there, missing where the row does not name them.
void add_preset_columns(const TableSpec& events, std::vector<InputColumn>& columns) {
  if (!events.input || events.input->format.formats.size() != 1) return;
  const std::string& format = events.input->format.formats[0];
  for (const FormatInfo& info : known_formats()) {
    if (info.name != format) continue;
    for (const InputColumn& column : info.columns) columns.push_back({column.name, false, ValueType::kString});
  }
}

std::string run_test(const Job& job, const TestSpec& test) {
  const auto named =
      std::find_if(job.tables.begin(), job.tables.end(), [](const TableSpec& t) { return t.name == "events"; });
  if (named == job.tables.end()) return "  the job has no table events (input: at the top level)\n";
  const TableSpec& events = *named;
  TableInput input;
  input.job = &job;
  input.spec = &events;
  TableSpec inline_spec = events;
  Stepwise stepwise;
  if (test.rows) {
    inline_spec.rows = test.rows;
    input.spec = &inline_spec;
    input.nulls = events.input ? nulls_for(*events.input, events.input->format.formats[0]) : NullWords::standard();
    stepwise.batches.push_back(inline_batch(*test.rows));
    add_preset_columns(events, stepwise.guess.input);
    for (const std::string& name : stepwise.batches[0].names) {
      const auto same = [&](const InputColumn& column) { return column.name == name; };
      auto& known = stepwise.guess.input;
      if (std::none_of(known.begin(), known.end(), same)) known.push_back({name, false, ValueType::kString});
    }
  } else {
    if (!events.input) return "  input is text, but the table has no input\n";
    const std::string text = joined(test.lines);
    input.format = test_format(events, text);
    input.nulls = nulls_for(*events.input, input.format);
    input.closed = is_closed(input.format);
    decode_text(input, text, stepwise);
  }
  stepwise.whole = true;
  stepwise.lenient = !input.closed;
  std::vector<Reject> decoded = std::move(stepwise.rejects);
  stepwise.run(input, true);
  stepwise.rejects.insert(stepwise.rejects.begin(), decoded.begin(), decoded.end());
  return compare(test, stepwise);
}

}  // namespace

std::vector<JobTestResult> run_job_tests(const Job& job) {
  std::vector<JobTestResult> results;
  for (const TestSpec& test : job.tests) {
    JobTestResult result{test.name, false, {}};
    try {
      result.difference = run_test(job, test);
    } catch (const Error& error) {
      result.difference = fmt::format("  {}\n", error.what());
    }
    result.passed = result.difference.empty();
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace evclean
