// SPDX-License-Identifier: Apache-2.0
#include "evclean/encode.hpp"

#include <fmt/ranges.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "apply.hpp"
#include "earlier.hpp"
#include "fit.hpp"

namespace evclean {
namespace {

namespace fs = std::filesystem;
using Kind = EncodedColumn::Kind;

std::string read_whole(const std::string& path, const EncodeStep& step, const EncodeContext& context) {
  std::error_code unknown;
  const std::string shown = step.fitted->value;
  if (is_s3_path(shown)) {
    if (auto text = context.read_remote(shown)) return *std::move(text);
    fail_encode(context, step.fitted->place,
                fmt::format("there is no mapping {}: run the job that fits it first", shown));
  }
  if (!fs::is_regular_file(path, unknown)) {
    fail_encode(context, step.fitted->place,
                fmt::format("there is no mapping '{}': run the job that fits it first; a relative path is relative to "
                            "the job file ({})",
                            shown, path));
  }
  if (fs::file_size(path, unknown) > static_cast<std::uintmax_t>(kLargestMapping)) {
    fail_encode(context, step.fitted->place, fmt::format("'{}' is too large for a mapping", shown));
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) fail_system("cannot read {}", path);
  return text.str();
}

/// The mapping's file as it stands, read once. Collective.
std::string read_fitted(const EncodeStep& step, const EncodeContext& context) {
  const Comm& comm = context.workspace.comm;
  const fs::path given(step.fitted->value);
  const std::string path =
      given.is_absolute() || context.base_dir.empty() ? given.string() : (fs::path(context.base_dir) / given).string();
  std::string text;
  comm.agree([&] {
    if (comm.is_root()) text = read_whole(path, step, context);
  });
  return comm.broadcast(text);
}

Mapping parse_fitted(const std::string& text, const EncodeStep& step, const EncodeContext& context) {
  try {
    return parse_mapping(text, fmt::format("'{}'", step.fitted->value));
  } catch (const Error& error) {
    if (error.code() != ExitCode::kUser || step.fitted->place.line <= 0) throw;
    const JobPlace place = step.fitted->place;
    fail_user("{}: {}", place.in(context.job_path), error.what());
  }
}

/// A table without rows may lack columns (nobody wrote them down).
DatasetPtr with_columns(const Dataset& data, const Mapping& mapping, const EncodeContext& context) {
  Fields fields = data.fields();
  std::vector<std::string> lacking;
  for (const FittedColumn& column : mapping.columns) {
    if (find_field(fields, column.column) >= 0) continue;
    fields.push_back({column.column, column.type});
    lacking.push_back(fmt::format("'{}'", column.column));
  }
  if (lacking.empty()) return nullptr;
  if (data.rows() > 0) {
    fail_user("the mapping was fitted on the column{} {}, which the table here lacks", lacking.size() == 1 ? "" : "s",
              fmt::join(lacking, ", "));
  }
  auto wider = std::make_shared<Dataset>(std::move(fields), context.workspace);
  wider->finish();
  return wider;
}

/// What a mapping wants of a table that it was not fitted on.
void check_fits(const Dataset& data, const Mapping& mapping, bool label, const EncodeStep& step,
                const EncodeContext& context) {
  std::vector<NumberColumn> numbers;
  for (const FittedColumn& column : mapping.columns) {
    if (column.kind == Kind::kStandardise || column.kind == Kind::kKeep) {
      NumberColumn& number = numbers.emplace_back();
      number.column.value = column.column;
      number.column.place = step.fitted->place;
      number.word = kind_word(column.kind);
    }
  }
  Text y;
  y.place = step.fitted->place;
  if (label) y.value = mapping.label->column;
  if (label && mapping.label->classes.empty()) {
    numbers.emplace_back().column = y;
    numbers.back().word = "label";
  }
  check_numbers(data, numbers, context);
  if (label) check_label(data, y, context);
}

/// Applies a mapping and says what the table's columns are now.
EncodeOutcome outcome_of(const Dataset& data, const ApplySpec& spec, const EncodeContext& context,
                         OperatorReport& report) {
  EncodeOutcome outcome;
  outcome.data = apply_mapping(data, spec, context, report);
  if (spec.step.split) outcome.split = "split";
  if (spec.earlier.split >= 0) outcome.split = context.before->split;
  if (spec.earlier.label >= 0) outcome.label = context.before->label;
  if (spec.label) outcome.label = spec.mapping.label->column;
  for (const int column : spec.earlier.features) {
    outcome.features.push_back(data.fields()[static_cast<std::size_t>(column)].name);
  }
  for (const FittedColumn& column : spec.mapping.columns) {
    outcome.features.insert(outcome.features.end(), column.features.begin(), column.features.end());
  }
  return outcome;
}

EncodeOutcome apply_fitted(const Dataset& data, const EncodeStep& step, const EncodeContext& context,
                           OperatorReport& report) {
  std::string text = read_fitted(step, context);
  const Mapping mapping = parse_fitted(text, step, context);
  DatasetPtr wider;
  try {
    wider = with_columns(data, mapping, context);
  } catch (const Error& error) {
    if (error.code() != ExitCode::kUser) throw;
    fail_encode(context, step.fitted->place, error.what());
  }
  const Dataset& rows = wider ? *wider : data;
  const bool label = mapping.label && rows.find(mapping.label->column) >= 0;
  if (mapping.label && !label) {
    report.notes.push_back(
        fmt::format("the table has no column '{}', the label: no y is written", mapping.label->column));
  }
  check_fits(rows, mapping, label, step, context);
  const EarlierColumns earlier = earlier_columns(rows, step, columns_named(step, mapping), context);
  if (label && earlier.label >= 0) {
    fail_encode(
        context, step.fitted->place,
        fmt::format("the mapping has the label '{}', and an earlier encode has made '{}' the label: a table has one",
                    mapping.label->column, context.before->label));
  }
  EncodeOutcome outcome = outcome_of(rows, {mapping, step, label, earlier}, context, report);
  outcome.mapping = std::move(text);
  return outcome;
}

EncodeOutcome fit_and_apply(const Dataset& data, const EncodeStep& step, const EncodeContext& context,
                            OperatorReport& report) {
  const EarlierColumns earlier = earlier_columns(data, step, columns_named(step), context);
  const Mapping mapping = fit_mapping(data, step, earlier, context, report);
  EncodeOutcome outcome = outcome_of(data, {mapping, step, mapping.label.has_value(), earlier}, context, report);
  outcome.mapping = mapping_json(mapping);
  return outcome;
}

}  // namespace

EncodeOutcome encode(const Dataset& data, const EncodeStep& step, const EncodeContext& context,
                     OperatorReport& report) {
  const auto begin = std::chrono::steady_clock::now();
  report.rows_in = data.rows();
  report.how = step.fitted ? "a mapping from a file, rows stay" : "fitted over all ranks, rows stay";
  EncodeOutcome outcome =
      step.fitted ? apply_fitted(data, step, context, report) : fit_and_apply(data, step, context, report);
  report.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return outcome;
}

std::optional<std::vector<Text>> encode_columns(const EncodeStep& step) {
  if (step.fitted) return std::nullopt;
  std::vector<Text> columns = step.id;
  if (step.split) columns.insert(columns.end(), step.split->by.begin(), step.split->by.end());
  if (step.label) columns.push_back(*step.label);
  for (const EncodedColumn& column : step.columns) columns.push_back(column.column);
  return columns;
}

}  // namespace evclean
