// SPDX-License-Identifier: Apache-2.0
// The report as one page: no script, nothing fetched, every text escaped.
#include <fmt/format.h>

#include "evclean/report.hpp"
#include "evclean/suggest.hpp"

namespace evclean {
namespace {

constexpr std::size_t kMostFiles = 1000;

constexpr std::string_view kHead =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<style>\nbody{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}\n"
    "table{border-collapse:collapse;margin:.6em 0 1.6em;font-variant-numeric:tabular-nums}\n"
    "th,td{border-bottom:1px solid #ddd;padding:.25em .7em;text-align:left;vertical-align:top;overflow-wrap:anywhere}\n"
    "td.n,th.n{text-align:right;white-space:nowrap}\nth{border-bottom:2px solid #999}\n"
    ".bad{color:#a00}\npre{background:#f5f5f5;padding:.6em;overflow-x:auto}\n</style>\n";

std::string escaped(std::string_view raw, std::size_t most = 400) {
  const std::string text = printable(raw, most);
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// A table of cells that are HTML already; columns from `numbers` on hold numbers, but for the last when `remark`.
class HtmlTable {
 public:
  HtmlTable(const std::vector<std::string>& header, std::size_t numbers, std::size_t numbers_end)
      : numbers_(numbers), end_(numbers_end) {
    row(header, "th");
  }
  void add(const std::vector<std::string>& cells) { row(cells, "td"); }
  std::string take() { return fmt::format("<table>\n{}</table>\n", rows_); }

 private:
  void row(const std::vector<std::string>& cells, const char* tag) {
    rows_ += "<tr>";
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const bool number = c >= numbers_ && c < end_;
      rows_ += fmt::format("<{0}{1}>{2}</{0}>", tag, number ? " class=\"n\"" : "", cells[c]);
    }
    rows_ += "</tr>\n";
  }
  std::size_t numbers_, end_;
  std::string rows_;
};

std::string number(std::int64_t value) { return fmt::format("{}", value); }

std::vector<std::string> ledger_cells(const std::string& name, const LedgerCounts& n, const std::string& remark) {
  return {name, number(n.lines), number(n.kept), number(n.filtered), number(n.rejected), number(n.blank), remark};
}

std::string files_html(const TableReport& table) {
  HtmlTable html({"file", "lines", "kept", "filtered", "rejected", "blank", ""}, 1, 6);
  for (std::size_t f = 0; f < table.files.size() && f < kMostFiles; ++f) {
    const FileLedger& file = table.files[f];
    const std::string remark = file.skipped ? "skipped: damaged" : file.unclosed ? "not closed" : escaped(file.damage);
    html.add(ledger_cells(escaped(file.file), file.counts, remark));
  }
  if (table.files.size() > kMostFiles)
    html.add({fmt::format("{} more files", table.files.size() - kMostFiles), "", "", "", "", "", ""});
  html.add(ledger_cells("<b>all</b>", table.ledger, ""));
  return html.take();
}

std::string steps_html(const TableReport& table) {
  if (table.steps.empty()) return {};
  HtmlTable html({"step", "", "rows in", "rows out"}, 2, 4);
  for (std::size_t s = 0; s < table.steps.size(); ++s) {
    const StepReport& step = table.steps[s];
    html.add(
        {number(static_cast<std::int64_t>(s) + 1), escaped(step.name), number(step.rows_in), number(step.rows_out)});
  }
  return "<h3>Steps</h3>\n" + html.take();
}

std::string columns_html(const TableReport& table) {
  HtmlTable html({"column", "type", "missing", ""}, 2, 3);
  for (const ColumnReport& column : table.columns) {
    std::string note = escaped(column.why);
    const auto add = [&](const std::string& text) { note += (note.empty() ? "" : "; ") + text; };
    if (!column.dates.empty()) add(escaped(column.dates));
    if (column.zero_padded > 0) add(fmt::format("{} with leading zeros", column.zero_padded));
    for (const auto& [word, count] : column.null_words) add(fmt::format("{} x '{}' is missing", count, escaped(word)));
    html.add({escaped(column.name), std::string(type_name(column.type)), number(column.missing), note});
  }
  return "<h3>Columns</h3>\n" + html.take();
}

std::string rejects_html(const TableReport& table) {
  if (table.first_rejects.empty()) return {};
  HtmlTable html({"place", "reason", "record"}, 3, 3);
  for (const Reject& reject : table.first_rejects) {
    const bool in_file = reject.file >= 0 && static_cast<std::size_t>(reject.file) < table.files.size();
    const std::string file = in_file ? table.files[static_cast<std::size_t>(reject.file)].file : "rows";
    html.add({fmt::format("{}:{}", escaped(file), reject.line), escaped(reject.reason), escaped(reject.text)});
  }
  return fmt::format("<h3>Rejects</h3>\n<p>{} rejected{}{}; the first:</p>\n{}", table.ledger.rejected,
                     table.budget.empty() ? "" : fmt::format(" (budget {})", escaped(table.budget)),
                     table.rejects_path.empty() ? "" : fmt::format(", all in {}", escaped(table.rejects_path)),
                     html.take());
}

std::string patterns_html(const TableReport& table) {
  if (table.patterns.empty()) return {};
  HtmlTable html({"series", "pattern", "tried", "hit", "limit hits"}, 2, 5);
  for (const PatternReport& pattern : table.patterns) {
    html.add({escaped(pattern.series), escaped(pattern.tally.pattern), number(pattern.tally.tried),
              number(pattern.tally.hit), number(pattern.tally.limit)});
  }
  return "<h3>Patterns</h3>\n" + html.take();
}

std::string notes_html(const std::vector<std::string>& notes) {
  if (notes.empty()) return {};
  std::string text = "<h3>Notes</h3>\n<ul>\n";
  for (const std::string& note : notes) text += fmt::format("<li>{}</li>\n", escaped(note));
  return text + "</ul>\n";
}

std::string outputs_html(const RunReport& report) {
  if (!report.published) return "<p class=\"bad\">Over the reject budget: the outputs were not published.</p>\n";
  HtmlTable html({"output", "rows", "bytes", "sha256"}, 1, 3);
  for (const WrittenFile& file : report.outputs)
    html.add({escaped(file.path), number(file.rows), number(file.bytes), escaped(file.sha256)});
  return "<h2>Outputs</h2>\n" + html.take();
}

}  // namespace

std::string report_html(const RunReport& report) {
  std::string html = fmt::format("{}<title>evclean: {}</title>\n</head>\n<body>\n<h1>{}</h1>\n", kHead,
                                 escaped(report.job), escaped(report.job));
  html += fmt::format("<p>{:.2f} s on {} rank{}, exit code {}</p>\n", report.seconds, report.ranks,
                      report.ranks == 1 ? "" : "s", report.exit_code);
  html += outputs_html(report);
  for (const TableReport& table : report.tables) {
    html += fmt::format("<h2>{}{}</h2>\n", escaped(table.name),
                        table.format.empty() ? "" : fmt::format(" ({})", escaped(table.format)));
    html += files_html(table) + steps_html(table) + columns_html(table) + rejects_html(table) + patterns_html(table);
    html += notes_html(table.notes);
  }
  return html + notes_html(report.notes) + "</body>\n</html>\n";
}

}  // namespace evclean
