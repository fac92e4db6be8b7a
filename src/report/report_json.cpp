// SPDX-License-Identifier: Apache-2.0
#include "evclean/report.hpp"
#include "json_text.hpp"

namespace evclean {
namespace {

/// Of all tries, from those that were timed.
double pattern_seconds(const PatternTally& n) {
  return n.timed == 0 ? 0.0 : n.timed_seconds / static_cast<double>(n.timed) * static_cast<double>(n.tried);
}

void put_counts(JsonText& json, const LedgerCounts& counts) {
  json.key("ledger").begin_object();
  json.field("lines", counts.lines).field("kept", counts.kept).field("filtered", counts.filtered);
  json.field("rejected", counts.rejected).field("blank", counts.blank).end();
}

void put_files(JsonText& json, const std::vector<FileLedger>& files) {
  json.key("files").begin_array();
  for (const FileLedger& file : files) {
    json.begin_object().field("file", file.file);
    put_counts(json, file.counts);
    if (file.replaced > 0) json.field("replaced", file.replaced);
    if (file.nul_bytes > 0) json.field("nul_bytes", file.nul_bytes);
    if (file.extra_fields > 0) json.field("extra_fields", file.extra_fields);
    if (file.duplicate_keys > 0) json.field("duplicate_keys", file.duplicate_keys);
    if (file.lone_surrogates > 0) json.field("lone_surrogates", file.lone_surrogates);
    if (file.preamble_lines > 0) json.field("preamble_lines", file.preamble_lines);
    if (file.unverified > 0) json.field("unverified", file.unverified);
    if (!file.damage.empty()) json.field("damage", file.damage).field("lost_bytes", file.lost_bytes);
    if (file.skipped) json.field("skipped", true);
    if (file.unclosed) json.field("unclosed", true);
    json.end();
  }
  json.end();
}

void put_columns(JsonText& json, const std::vector<ColumnReport>& columns) {
  json.key("columns").begin_array();
  for (const ColumnReport& column : columns) {
    json.begin_object()
        .field("name", column.name)
        .field("type", type_name(column.type))
        .field("missing", column.missing);
    if (!column.why.empty()) json.field("why", column.why);
    if (column.zero_padded > 0) json.field("zero_padded", column.zero_padded);
    if (!column.dates.empty()) json.field("dates", column.dates);
    if (!column.null_words.empty()) {
      json.key("null_words").begin_object();
      for (const auto& [word, count] : column.null_words) json.field(word, count);
      json.end();
    }
    json.end();
  }
  json.end();
}

void put_patterns(JsonText& json, const std::vector<PatternReport>& patterns) {
  if (patterns.empty()) return;
  json.key("patterns").begin_array();
  for (const PatternReport& pattern : patterns) {
    const PatternTally& n = pattern.tally;
    json.begin_object().field("series", pattern.series).field("pattern", n.pattern);
    json.field("tried", n.tried).field("hit", n.hit);
    json.field("share", n.tried == 0 ? 0.0 : static_cast<double>(n.hit) / static_cast<double>(n.tried));
    json.field("seconds", pattern_seconds(n)).field("limit_hits", n.limit);
    json.field("compared", n.compared).field("shadowed", n.shadowed).end();
  }
  json.end();
}

void put_table(JsonText& json, const TableReport& table) {
  json.key(table.name).begin_object();
  put_counts(json, table.ledger);
  json.field("format", table.format).field("passes", static_cast<std::int64_t>(table.passes));
  json.field("restored_splits", table.restored_splits);
  put_columns(json, table.columns);
  put_files(json, table.files);
  json.key("operators").begin_array();
  for (const OperatorLine& done : table.operators) {
    json.begin_object().field("name", done.name).field("how", done.how).field("rows_in", done.rows_in);
    json.field("rows_right", done.rows_right).field("rows_out", done.rows_out).field("seconds", done.seconds);
    json.end();
  }
  json.end();
  json.key("steps").begin_array();
  for (const StepReport& step : table.steps) {
    json.begin_object().field("name", step.name).field("rows_in", step.rows_in).field("rows_out", step.rows_out);
    json.field("filtered", step.filtered);
    if (!step.how.empty()) json.field("how", step.how);
    json.end();
  }
  json.end();
  put_patterns(json, table.patterns);
  if (table.rejected_rows > 0) json.field("rejected_rows", table.rejected_rows);
  json.field("over_budget", table.over_budget);
  if (!table.rejects_path.empty()) json.field("rejects", table.rejects_path);
  json.key("notes").begin_array();
  for (const std::string& note : table.notes) json.value(note);
  json.end();
  json.key("seconds").begin_object();
  json.field("read", table.read_seconds).field("decode", table.decode_seconds).field("steps", table.steps_seconds);
  json.field("encode", table.encode_seconds).field("write", table.write_seconds).end();
  json.end();
}

}  // namespace

std::string report_json(const RunReport& report) {
  JsonText json;
  json.begin_object().field("job", report.job);
  LedgerCounts all;
  for (const TableReport& table : report.tables) all += table.ledger;
  put_counts(json, all);
  json.key("tables").begin_object();
  for (const TableReport& table : report.tables) put_table(json, table);
  json.end();
  put_columns(json, report.tables.empty() ? std::vector<ColumnReport>{} : report.tables[0].columns);
  json.key("outputs").begin_array();
  for (const WrittenFile& file : report.outputs) {
    json.begin_object()
        .field("path", file.path)
        .field("rows", file.rows)
        .field("bytes", file.bytes)
        .field("sha256", file.sha256)
        .end();
  }
  json.end();
  json.key("notes").begin_array();
  for (const std::string& note : report.notes) json.value(note);
  json.end();
  json.field("published", report.published).field("exit_code", static_cast<std::int64_t>(report.exit_code));
  json.field("seconds", report.seconds).field("ranks", static_cast<std::int64_t>(report.ranks));
  json.field("peak_memory_bytes", report.peak_memory_bytes).end();
  return json.take() + "\n";
}

}  // namespace evclean
