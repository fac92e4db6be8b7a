// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "evclean/report.hpp"
#include "evclean/suggest.hpp"

namespace evclean {
namespace {

constexpr std::size_t kFilesShown = 12;
constexpr std::size_t kNotesShown = 20;

/// 1234567 as 1,234,567.
std::string grouped(std::int64_t value) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  if (value < 0) digits.insert(0, 1, '-');
  return digits;
}

std::string sized(std::int64_t bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit < 4; ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, units[unit]);
}

std::vector<std::string> ledger_row(const std::string& name, const LedgerCounts& n, const std::string& remark) {
  return {name, grouped(n.lines), grouped(n.kept), grouped(n.filtered), grouped(n.rejected), grouped(n.blank), remark};
}

std::string remark(const FileLedger& file) {
  if (file.skipped) return "skipped: damaged";
  if (!file.damage.empty()) return "damaged";
  if (file.unclosed) return "not closed";
  return {};
}

std::string ledger_text(const TableReport& table) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t f = 0; f < table.files.size() && f < kFilesShown; ++f) {
    rows.push_back(ledger_row(table.files[f].file, table.files[f].counts, remark(table.files[f])));
  }
  if (table.files.size() > kFilesShown)
    rows.push_back({fmt::format("… {} more files", table.files.size() - kFilesShown), "", "", "", "", "", ""});
  if (table.files.size() != 1) rows.push_back(ledger_row("all", table.ledger, ""));
  std::string text = text_table({"file", "lines", "kept", "filtered", "rejected", "blank", ""}, rows, 60);
  std::string filters;
  for (std::size_t s = 0; s < table.steps.size(); ++s) {
    if (table.steps[s].filtered > 0 && !table.steps[s].off_records) {
      filters += fmt::format("{}step {} ({}) {}", filters.empty() ? "" : ", ", s + 1, table.steps[s].name,
                             grouped(table.steps[s].filtered));
    }
  }
  if (table.files.empty()) text.clear();  // made by a query, not from records
  if (!filters.empty()) text += fmt::format("filtered by: {}\n", filters);
  for (std::size_t s = 0; s < table.steps.size(); ++s) {
    const StepReport& step = table.steps[s];
    if (!step.off_records || (step.rows_in == step.rows_out && step.how.empty())) continue;
    text += fmt::format("step {} ({}{}{}): {} rows in, {} out\n", s + 1, step.name, step.how.empty() ? "" : ", ",
                        step.how, grouped(step.rows_in), grouped(step.rows_out));
  }
  for (const OperatorLine& done : table.operators) {
    const std::string right = done.rows_right > 0 ? fmt::format(" and {}", grouped(done.rows_right)) : std::string();
    text += fmt::format("{}{}: {}{} rows in, {} out, {:.2f} s\n", done.name,
                        done.how.empty() ? "" : fmt::format(" ({})", done.how), grouped(done.rows_in), right,
                        grouped(done.rows_out), done.seconds);
  }
  return text;
}

std::string column_text(const TableReport& table) {
  std::vector<std::vector<std::string>> rows;
  for (const ColumnReport& column : table.columns) {
    std::string note = column.why;
    if (!column.dates.empty()) note += fmt::format("{}{}", note.empty() ? "" : "; ", column.dates);
    if (column.zero_padded > 0)
      note += fmt::format("{}{} with leading zeros", note.empty() ? "" : "; ", grouped(column.zero_padded));
    for (const auto& [word, count] : column.null_words) {
      note += fmt::format("{}{} x '{}' is missing", note.empty() ? "" : "; ", grouped(count), word);
    }
    rows.push_back({column.name, std::string(type_name(column.type)), grouped(column.missing), note});
  }
  return text_table({"column", "type", "missing", ""}, rows, 90);
}

/// Further lines about a reject, under it.
std::string indented(const std::string& detail) {
  std::string text;
  for (std::size_t at = 0; at < detail.size();) {
    const std::size_t end = std::min(detail.find('\n', at), detail.size());
    text += fmt::format("    {}\n", detail.substr(at, end - at));
    at = end + 1;
  }
  return text;
}

/// "2 rows behind explode", or nothing: they are judged apart from records.
std::string rejected_rows(const TableReport& table) {
  if (table.rejected_rows == 0) return {};
  const auto off =
      std::find_if(table.steps.begin(), table.steps.end(), [](const StepReport& step) { return step.off_records; });
  return fmt::format("{} row{} behind {}", grouped(table.rejected_rows), table.rejected_rows == 1 ? "" : "s",
                     off == table.steps.end() ? "the records" : off->name);
}

/// "2 of 10 records", and rows that were no record any more.
std::string over_what(const TableReport& table) {
  const std::string rows = rejected_rows(table);
  return fmt::format("{} of {} records{}{}", grouped(table.ledger.rejected),
                     grouped(table.ledger.lines - table.ledger.blank), rows.empty() ? "" : " and ", rows);
}

std::string rejects_text(const TableReport& table) {
  if (table.first_rejects.empty()) return {};
  const std::string rows = rejected_rows(table);
  std::string text = fmt::format(
      "{}{} rejected{}{}:\n", grouped(table.ledger.rejected),
      rows.empty() ? "" : fmt::format(" record{} and {}", table.ledger.rejected == 1 ? "" : "s", rows),
      table.budget.empty() ? "" : fmt::format(" (budget {})", table.budget),
      table.rejects_path.empty() ? ", the first" : fmt::format(", all in {}, the first", table.rejects_path));
  for (const Reject& reject : table.first_rejects) {
    const std::string file = reject.file >= 0 && static_cast<std::size_t>(reject.file) < table.files.size()
                                 ? table.files[static_cast<std::size_t>(reject.file)].file
                                 : "rows";
    text += fmt::format("  {}:{}: {}\n    {}\n", printable(file, 400), reject.line, printable(reject.reason, 400),
                        printable(reject.text, 100));
    text += indented(reject.detail);
  }
  return text;
}

std::string stage_text(const TableReport& table) {
  const double total =
      table.read_seconds + table.decode_seconds + table.steps_seconds + table.encode_seconds + table.write_seconds;
  if (total <= 0) return {};
  return fmt::format(
      "seconds (slowest rank): read {:.2f}, decode {:.2f}, steps {:.2f}, encode {:.2f}, write {:.2f}{}\n",
      table.read_seconds, table.decode_seconds, table.steps_seconds, table.encode_seconds, table.write_seconds,
      table.passes > 1 ? fmt::format("; {} passes over the input", table.passes) : "");
}

}  // namespace

namespace {

std::string outputs_text(const std::vector<WrittenFile>& files) {
  constexpr std::size_t kFilesShown = 20;
  std::string text;
  std::int64_t rows = 0, bytes = 0;
  for (std::size_t f = 0; f < files.size(); ++f) {
    if (f < kFilesShown) {
      text += fmt::format("wrote {}  {} rows, {}\n", printable(files[f].path, 400), grouped(files[f].rows),
                          sized(files[f].bytes));
    } else {
      rows += files[f].rows;
      bytes += files[f].bytes;
    }
  }
  if (files.size() > kFilesShown) {
    text += fmt::format("wrote {} more files  {} rows, {}\n",
                        grouped(static_cast<std::int64_t>(files.size() - kFilesShown)), grouped(rows), sized(bytes));
  }
  return text;
}

}  // namespace

std::string report_text(const RunReport& report) {
  std::string text;
  for (const TableReport& table : report.tables) {
    text += fmt::format("\n== {}{} ==\n", table.name,
                        table.format.empty() ? std::string() : fmt::format(" ({})", table.format));
    text += fmt::format("{}\n{}{}{}", ledger_text(table), column_text(table), rejects_text(table), stage_text(table));
    for (std::size_t n = 0; n < table.notes.size() && n < kNotesShown; ++n)
      text += fmt::format("note: {}\n", printable(table.notes[n], 400));
    if (table.notes.size() > kNotesShown) text += fmt::format("note: … {} more\n", table.notes.size() - kNotesShown);
    if (!table.over_file.empty()) {
      text += fmt::format("over the reject budget: {}; the outputs were not published\n", table.over_file);
    } else if (table.over_budget) {
      text += fmt::format("over the reject budget: {} rejected, {} allowed; the outputs were not published\n",
                          over_what(table), table.budget);
    }
  }
  text += "\n";
  for (const std::string& note : report.notes) text += fmt::format("note: {}\n", printable(note, 400));
  text += outputs_text(report.outputs);
  std::int64_t bytes = 0, lines = 0;
  for (const TableReport& table : report.tables) {
    bytes += table.stored_bytes;
    lines += table.ledger.lines;
  }
  const double seconds = std::max(report.seconds, 1e-9);
  text += fmt::format("{} lines, {} in {:.2f} s ({} lines/s, {}/s) on {} rank{}, peak memory {}\n", grouped(lines),
                      sized(bytes), report.seconds,
                      grouped(static_cast<std::int64_t>(static_cast<double>(lines) / seconds)),
                      sized(static_cast<std::int64_t>(static_cast<double>(bytes) / seconds)), report.ranks,
                      report.ranks == 1 ? "" : "s", sized(report.peak_memory_bytes));
  return text;
}

}  // namespace evclean
