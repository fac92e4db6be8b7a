// SPDX-License-Identifier: Apache-2.0
#include <arrow/array.h>

#include <algorithm>

#include "evclean/engine.hpp"
#include "local_table.hpp"
#include "table_order.hpp"

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

/// The first rows of a table's input; some of the rest when it has none.
LocalRows first_rows(const Job& job, const TableSpec& spec, std::int64_t records, std::vector<Reject>* rejects) {
  LocalRows rows;
  rows.input = open_table(job, spec);
  rows.batches = first_batches(rows.input, records, rows.columns, rejects);
  // Later objects may have keys that the first ones lack.
  rows.lenient = !find_more_columns(rows.input, rows.columns) || rows_in(rows.batches) == 0;
  for (Batch& batch : rows.batches) align_columns(batch, rows.columns);
  return rows;
}

std::vector<std::string> typed_names(const Fields& fields) {
  std::vector<std::string> header;
  for (const Field& field : fields) header.push_back(fmt::format("{}:{}", field.name, type_name(field.type)));
  return header;
}

std::string preview_query(LocalTables& tables, const TableSpec& spec, std::int64_t wanted) {
  const LocalResult result = tables.run_query_table(spec);
  return fmt::format("== {} (sql, over the first rows of what it reads) ==\n{}", spec.name,
                     rows_table(result.batches, typed_names(result.fields), wanted));
}

std::string preview_table(const Job& job, LocalTables& tables, const TableSpec& spec, std::int64_t wanted) {
  std::string before;
  std::vector<std::string> notes;
  std::string format;
  std::vector<Reject> rejects;
  LocalResult result;
  std::int64_t read = 0;
  for (std::int64_t records = std::max<std::int64_t>(1000, wanted);; records *= 8) {
    rejects.clear();
    LocalRows rows = first_rows(job, spec, records, &rejects);
    std::vector<std::string> names;
    for (const InputColumn& column : rows.columns) names.push_back(column.name);
    before = rows_table(rows.batches, names, wanted);
    read = rows_in(rows.batches);
    notes = rows.input.notes;
    format = rows.input.format;
    result = tables.run(spec, std::move(rows));
    if (rows_in(result.batches) >= wanted || read < records || records * 8 > kMostRecords) break;
  }
  std::string text = fmt::format("== {} before{} ==\n{}", spec.name,
                                 format.empty() ? std::string() : fmt::format(" ({})", format), before);
  text += fmt::format("\n== {} after {} step{} (types as the first {} rows have them) ==\n{}", spec.name,
                      spec.steps.size(), spec.steps.size() == 1 ? "" : "s", read,
                      rows_table(result.batches, typed_names(result.fields), wanted));
  if (rows_in(result.batches) == 0) text += fmt::format("no row of the first {} is left after the steps\n", read);
  if (!rejects.empty()) {
    text += fmt::format("{} records do not fit the format, the first: line {}: {}\n", rejects.size(),
                        rejects[0].line + 1, rejects[0].reason);
  }
  for (const std::string& note : notes) text += fmt::format("note: {}\n", note);
  return text;
}

}  // namespace

std::string preview_job(const Job& job, std::int64_t rows) {
  LocalTables tables(
      job, [&](const TableSpec& spec) { return first_rows(job, spec, kMostRecords, nullptr); }, true);
  std::string text;
  for (const TableSpec& table : job.tables) {
    const bool wanted =
        table.name == "events" ||
        std::any_of(job.outputs.begin(), job.outputs.end(), [&](const OutputSpec& o) { return o.table == table.name; });
    if (!wanted) continue;
    if (!text.empty()) text += '\n';
    text += table.sql ? preview_query(tables, table, rows) : preview_table(job, tables, table, rows);
  }
  return text;
}

}  // namespace evclean
