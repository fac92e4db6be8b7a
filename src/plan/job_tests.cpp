// SPDX-License-Identifier: Apache-2.0
// evclean test: a job's own tests, in memory, no file read.
#include <arrow/array.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "evclean/engine.hpp"
#include "evclean/suggest.hpp"
#include "local_table.hpp"
#include "split_record.hpp"

namespace evclean {
namespace {

/// A test's rows behind the steps, and all rejects.
struct Outcome {
  std::vector<Batch> batches;
  std::vector<Reject> rejects;
  bool nameless = false;  ///< a table without rows was joined, and nobody knows its columns
};

/// What times without a year are read by: the first input file that is there, else the job file. Nothing is read of it.
std::int64_t modified_s(const TableInput& input) {
  std::vector<std::string> paths;
  const std::filesystem::path folder(input.job->base_dir);
  for (const Text& path : input.spec->input->paths) paths.push_back((folder / path.value).string());
  paths.push_back(input.job->path);
  for (const std::string& path : paths) {
    struct stat status {};
    if (stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) return status.st_mtime;
  }
  return 0;
}

/// Decodes text as the job's format reads it.
void decode_text(const TableInput& input, const std::string& text, LocalRows& rows, std::vector<Reject>& rejects) {
  auto decoder = make_decoder(input.format_spec(), input.format);
  InputFile file;
  file.shown = file.path = "test input";
  file.modified_s = modified_s(input);
  decoder->begin_file(file, text);
  auto block = std::make_shared<TextBlock>(text.size());
  block->append(text);
  std::vector<Appearance> appearances;
  std::int64_t line = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    DecodeResult result = decoder->decode({block, begin, text.size(), text.size() + 1, true, {0, 0, line, 0}});
    rejects.insert(rejects.end(), result.rejects.begin(), result.rejects.end());
    if (result.batch.num_rows > 0) rows.batches.push_back(std::move(result.batch));
    if (result.consumed <= begin) break;
    begin = result.consumed;
  }
  const auto& columns = decoder->columns();
  for (std::size_t c = 0; c < columns.size(); ++c) appearances.push_back({0, static_cast<std::int64_t>(c), columns[c]});
  rows.columns = merge_columns(std::move(appearances));
  add_source_columns(input, rows.columns);
  for (Batch& batch : rows.batches) add_source_columns(input, 0, batch);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

/// With `format: auto` the test's own text decides, named as the input's files are; otherwise the job does.
std::string test_format(const TableSpec& spec, const std::string& text) {
  const auto& formats = spec.input->format.formats;
  if (formats.size() == 1 && formats[0] != "auto") return formats[0];
  if (formats.size() > 1) return {};
  const auto& paths = spec.input->paths;
  return choose_format(spec.input->format, {text}, {paths.empty() ? std::string() : paths[0].value}).format;
}

std::string expected_text(const InlineValue& value) {
  return value.kind == InlineValue::Kind::kNull ? std::string() : value.text;
}

/// A missing value equals both None and null.
bool is_missing(const InlineValue& expected) {
  return expected.kind == InlineValue::Kind::kNull ||
         (expected.kind == InlineValue::Kind::kText && expected.text == "None");
}

bool same_value(const InlineValue& expected, const Batch& batch, int column, std::int64_t row, std::string& actual) {
  bool missing = false;
  if (batch.is_raw(column)) {
    missing = batch.raw(column).spans[static_cast<std::size_t>(row)].missing();
    actual = missing ? "" : std::string(batch.raw(column).view(row));
  } else {
    missing = batch.array(column)->IsNull(row);
    actual = value_text(*batch.array(column), row);
  }
  if (missing || actual == "None") {
    if (missing) actual = "null";
    return is_missing(expected);
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

/// A value in one line of the difference, whatever is in it.
std::string shown(const std::string& value) { return printable(value, 4000); }

std::string compare_rows(const TestSpec& test, const Outcome& outcome) {
  const std::vector<Located> rows = all_rows(outcome.batches);
  std::string difference;
  if (rows.size() != test.expect.size()) {
    difference +=
        fmt::format("  expected {} row{}, got {}", test.expect.size(), test.expect.size() == 1 ? "" : "s", rows.size());
    if (rows.empty() && !outcome.rejects.empty())
      difference += fmt::format(" (rejected: {})", shown(outcome.rejects[0].reason));
    if (rows.empty() && outcome.rejects.empty()) difference += " (filtered)";
    return difference + "\n";
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const auto& [name, expected] : test.expect[r]) {
      const int column = rows[r].batch->find(name);
      const std::string where = rows.size() > 1 ? fmt::format("row {}, ", r + 1) : std::string();
      if (column < 0 && outcome.nameless && is_missing(expected)) continue;
      if (column < 0) {
        difference += fmt::format("  {}column {}: not there\n", where, shown(name));
        continue;
      }
      std::string actual;
      if (same_value(expected, *rows[r].batch, column, rows[r].row, actual)) continue;
      const std::string wanted = expected.kind == InlineValue::Kind::kNull ? "null" : expected.text;
      difference +=
          fmt::format("  {}column {}:\n    - {}\n    + {}\n", where, shown(name), shown(wanted), shown(actual));
    }
  }
  return difference;
}

std::string compare(const TestSpec& test, const Outcome& outcome) {
  const std::size_t rows = all_rows(outcome.batches).size();
  if (test.expect_reject) {
    if (outcome.rejects.empty())
      return fmt::format("  expected a reject, got {}\n",
                         rows == 0 ? "a filtered row" : fmt::format("{} row(s)", rows));
    const auto says = [&](const Reject& reject) { return reject.reason.find(test.reject_reason) != std::string::npos; };
    if (std::any_of(outcome.rejects.begin(), outcome.rejects.end(), says)) return {};
    return fmt::format("  expected a reject that says '{}', got '{}'\n", shown(test.reject_reason),
                       shown(outcome.rejects[0].reason));
  }
  if (test.expect_filtered) {
    if (!outcome.rejects.empty())
      return fmt::format("  expected the row to be filtered, it was rejected: {}\n", shown(outcome.rejects[0].reason));
    return rows == 0 ? std::string() : fmt::format("  expected the row to be filtered, got {} row(s)\n", rows);
  }
  return compare_rows(test, outcome);
}

void add_column(const std::string& name, std::vector<InputColumn>& columns) {
  const auto same = [&](const InputColumn& column) { return column.name == name; };
  if (std::none_of(columns.begin(), columns.end(), same)) columns.push_back({name, false, ValueType::kString});
}

/// A row stands for a record of the format: the columns of presets and the groups of patterns are all there, missing
/// where the row does not name them.
void add_format_columns(const TableSpec& events, std::vector<InputColumn>& columns) {
  if (!events.input) return;
  const FormatSpec& spec = events.input->format;
  for (const std::string& format : spec.formats) {
    if (format == "regex") {
      const auto decoder = make_decoder(spec, format);
      for (const InputColumn& column : decoder->columns()) add_column(column.name, columns);
    }
    for (const FormatInfo& info : known_formats()) {
      if (info.name != format) continue;
      for (const InputColumn& column : info.columns) add_column(column.name, columns);
    }
  }
}

/// Rows written in a test stand for records of a table.
LocalRows rows_of(const Job& job, const TableSpec& table, const std::vector<InlineRow>& given) {
  LocalRows rows;
  rows.input.job = &job;
  rows.input.spec = &table;
  rows.input.nulls = table.input ? nulls_for(*table.input, table.input->format.formats[0]) : NullWords::standard();
  rows.lenient = true;
  rows.batches.push_back(inline_batch(given));
  add_format_columns(table, rows.columns);
  for (const std::string& name : rows.batches[0].names) add_column(name, rows.columns);
  return rows;
}

LocalRows text_rows(const Job& job, const TableSpec& events, const TestSpec& test, std::vector<Reject>& rejects) {
  if (!events.input) fail_user("input is text, but the table has no input");
  LocalRows rows;
  rows.input.job = &job;
  rows.input.spec = &events;
  const std::string text = joined(test.lines);
  rows.input.format = test_format(events, text);
  rows.input.nulls = nulls_for(*events.input, rows.input.format);
  rows.input.closed = is_closed(rows.input.format);
  rows.lenient = !rows.input.closed;
  decode_text(rows.input, text, rows, rejects);
  return rows;
}

/// A table of the test's own: its rows, or no row at all; what is written in the job stands as it is.
LocalRows other_rows(const Job& job, const TestSpec& test, const TableSpec& table) {
  const auto given = test.tables.find(table.name);
  if (given != test.tables.end()) return rows_of(job, table, given->second);
  return rows_of(job, table, table.rows ? *table.rows : std::vector<InlineRow>());
}

/// A query is replaced by the rows that a test gives for its table.
Job with_given_tables(const Job& job, const TestSpec& test) {
  Job changed = job;
  for (TableSpec& table : changed.tables) {
    const auto given = test.tables.find(table.name);
    if (given == test.tables.end() || !table.sql) continue;
    table.sql.reset();
    table.rows = given->second;
  }
  return changed;
}

std::string run_test(const Job& given, const TestSpec& test) {
  const Job job = with_given_tables(given, test);
  const auto named =
      std::find_if(job.tables.begin(), job.tables.end(), [](const TableSpec& t) { return t.name == "events"; });
  if (named == job.tables.end()) return "  the job has no table events (input: at the top level)\n";
  Outcome outcome;
  LocalRows rows = test.rows ? rows_of(job, *named, *test.rows) : text_rows(job, *named, test, outcome.rejects);
  LocalTables tables(
      job, [&](const TableSpec& table) { return other_rows(job, test, table); }, false);
  LocalResult result = tables.run(*named, std::move(rows));
  outcome.batches = std::move(result.batches);
  outcome.nameless = result.nameless;
  outcome.rejects.insert(outcome.rejects.end(), result.rejects.begin(), result.rejects.end());
  return compare(test, outcome);
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
