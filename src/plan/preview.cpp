// SPDX-License-Identifier: Apache-2.0
#include <arrow/array.h>

#include <algorithm>

#include "evclean/engine.hpp"
#include "guess.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kMostRecords = 200'000;  // a filter may keep few: stop looking then

std::string cell(const Batch& batch, int column, std::int64_t row) {
  if (batch.is_raw(column)) {
    const SpanColumn& raw = batch.raw(column);
    return raw.spans[static_cast<std::size_t>(row)].missing() ? "" : std::string(raw.view(row));
  }
  return value_text(*batch.array(column), row);
}

std::string rows_table(const std::vector<Batch>& batches, const std::vector<std::string>& header, std::int64_t most) {
  std::vector<std::vector<std::string>> rows;
  for (const Batch& batch : batches) {
    for (std::int64_t row = 0; row < batch.num_rows && static_cast<std::int64_t>(rows.size()) < most; ++row) {
      std::vector<std::string> line;
      for (std::size_t c = 0; c < batch.columns.size(); ++c) line.push_back(cell(batch, static_cast<int>(c), row));
      rows.push_back(std::move(line));
    }
  }
  return text_table(header, rows, 32);
}

std::int64_t rows_in(const std::vector<Batch>& batches) {
  std::int64_t rows = 0;
  for (const Batch& batch : batches) rows += batch.num_rows;
  return rows;
}

std::string preview_table(const Job& job, const TableSpec& spec, std::int64_t wanted) {
  const TableInput input = open_table(job, spec);
  std::string before;
  Stepwise stepwise;
  std::vector<Reject> rejects;
  std::int64_t read = 0;
  for (std::int64_t records = std::max<std::int64_t>(1000, wanted); records <= kMostRecords; records *= 8) {
    stepwise = Stepwise();
    rejects.clear();
    std::vector<InputColumn> columns;
    stepwise.batches = first_batches(input, records, columns, &rejects);
    stepwise.guess.input = columns;
    for (Batch& batch : stepwise.batches) align_columns(batch, columns);
    std::vector<std::string> names;
    for (const InputColumn& column : columns) names.push_back(column.name);
    before = rows_table(stepwise.batches, names, wanted);
    read = rows_in(stepwise.batches);
    stepwise.run(input, true);
    if (rows_in(stepwise.batches) >= wanted || read < records) break;
  }
  std::vector<std::string> header;
  for (const Field& field : stepwise.program.fields)
    header.push_back(fmt::format("{}:{}", field.name, type_name(field.type)));
  std::string text = fmt::format("== {} before{} ==\n{}", spec.name,
                                 input.format.empty() ? std::string() : fmt::format(" ({})", input.format), before);
  text +=
      fmt::format("\n== {} after {} step{} (types as the first {} rows have them) ==\n{}", spec.name, spec.steps.size(),
                  spec.steps.size() == 1 ? "" : "s", read, rows_table(stepwise.batches, header, wanted));
  if (rows_in(stepwise.batches) == 0) text += fmt::format("no row of the first {} is left after the steps\n", read);
  if (!rejects.empty()) {
    text += fmt::format("{} records do not fit the format, the first: line {}: {}\n", rejects.size(),
                        rejects[0].line + 1, rejects[0].reason);
  }
  for (const std::string& note : input.notes) text += fmt::format("note: {}\n", note);
  return text;
}

}  // namespace

std::string preview_job(const Job& job, std::int64_t rows) {
  std::string text;
  for (const TableSpec& table : job.tables) {
    const bool wanted =
        table.name == "events" ||
        std::any_of(job.outputs.begin(), job.outputs.end(), [&](const OutputSpec& o) { return o.table == table.name; });
    if (wanted && (table.input || table.rows)) {
      if (!text.empty()) text += '\n';
      text += preview_table(job, table, rows);
    }
  }
  return text;
}

}  // namespace evclean
