// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "csv_layout.hpp"

namespace evclean {

namespace {

constexpr std::size_t kTrialRecords = 2'000;
constexpr std::size_t kPreambleLines = 50;
constexpr int kRowsBelowNames = 10;

bool blank_text(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

/// The number of fields most rows have, of at least two; 0 when there is none. Comments tell if there is nothing else.
int common_count(const CsvTrial& trial) {
  const bool all_comments =
      std::all_of(trial.comments.begin(), trial.comments.end(), [](bool comment) { return comment; });
  std::map<int, int> rows;
  for (std::size_t i = 0; i < trial.counts.size(); ++i)
    if (trial.counts[i] >= 2 && (all_comments || !trial.comments[i])) ++rows[trial.counts[i]];
  int best = 0;
  for (const auto& [count, times] : rows)
    if (best == 0 || times >= rows[best]) best = count;
  return best;
}

std::vector<std::string_view> row_cells(std::string_view head, const CsvTrial& trial, std::size_t row) {
  std::vector<CsvField> fields;
  scan_csv_record(head.data(), trial.begins[row], head.size(), true, false, trial.dialect, fields);
  std::vector<std::string_view> cells;
  for (const CsvField& field : fields) cells.push_back(head.substr(field.begin, field.end - field.begin));
  return cells;
}

bool all_names(std::vector<std::string_view> cells) {
  if (!std::all_of(cells.begin(), cells.end(), looks_like_name)) return false;
  std::sort(cells.begin(), cells.end());
  return std::adjacent_find(cells.begin(), cells.end()) == cells.end();
}

/// The name of one column, not the title of a table: a word without blanks.
bool is_one_name(const std::vector<std::string_view>& cells) {
  return cells.size() == 1 && looks_like_name(cells[0]) && cells[0].find_first_of(" \t:") == std::string_view::npos;
}

/// In some column no value of the next rows looks like a name: the row above them is no row like them.
bool names_stand_out(std::string_view head, const CsvTrial& trial, std::size_t row) {
  std::vector<bool> values(static_cast<std::size_t>(trial.counts[row]), true);
  int rows = 0;
  for (std::size_t i = row + 1; i < trial.counts.size() && rows < kRowsBelowNames; ++i) {
    if (trial.counts[i] != trial.counts[row]) continue;
    const std::vector<std::string_view> cells = row_cells(head, trial, i);
    for (std::size_t c = 0; c < values.size(); ++c) values[c] = values[c] && !looks_like_name(cells[c]);
    ++rows;
  }
  return rows > 0 && std::find(values.begin(), values.end(), true) != values.end();
}

/// Set apart from what stands above by a blank line, and no prose: commas in prose have a blank behind them.
bool names_stand_apart(std::string_view head, const CsvTrial& trial, std::size_t row,
                       const std::vector<std::string_view>& cells) {
  const std::string_view above = head.substr(0, trial.begins[row]);
  const std::string_view gap = above.substr(above.find_last_not_of(" \t\r\n") + 1);
  const bool blank_line = std::count(gap.begin(), gap.end(), trial.dialect.lone_cr ? '\r' : '\n') >= 2;
  return blank_line && std::none_of(cells.begin(), cells.end(), [](std::string_view cell) { return cell[0] == ' '; });
}

/// Leading lines, the first of one field that is no name of a column, the others narrower than the rows, are a preamble
/// when a row of names follows, behind it one as wide, and the names are told from a first row of values.
std::size_t preamble_lines(std::string_view head, const CsvTrial& trial) {
  const int common = common_count(trial);
  if (common < 2) return 0;
  std::size_t row = 0;
  while (row < trial.counts.size() && row < kPreambleLines && (trial.counts[row] < common || trial.comments[row]))
    ++row;
  if (row == 0 || (trial.counts[0] != 1 && !trial.comments[0])) return 0;
  if (row + 1 >= trial.counts.size() || trial.counts[row] != common) return 0;
  const auto first = std::find(trial.comments.begin(), trial.comments.end(), false) - trial.comments.begin();
  if (static_cast<std::size_t>(first) >= row) return row;  // comments alone
  const bool wide_next = trial.counts[row + 1] == common || trial.comments[row + 1];
  if (!wide_next || is_one_name(row_cells(head, trial, static_cast<std::size_t>(first)))) return 0;
  const std::vector<std::string_view> names = row_cells(head, trial, row);
  if (!all_names(names)) return 0;
  return names_stand_out(head, trial, row) || names_stand_apart(head, trial, row, names) ? row : 0;
}

void value_trial(CsvTrial& trial) {
  if (trial.header_row >= trial.counts.size()) return;
  const int wanted = trial.counts[trial.header_row];
  trial.several = wanted >= 2;
  double fit = 0;
  int rows = 0;
  for (std::size_t i = trial.header_row + 1; i < trial.counts.size(); ++i) {
    const int count = trial.counts[i];
    if (trial.comments[i] && count != wanted) continue;
    ++rows;
    if (count == wanted || count == wanted + 1) fit += count == wanted ? 1.0 : 0.5;
    if (count > 1 && count < wanted) fit += 0.25;
  }
  trial.value = rows == 0 ? 1.0 : fit / rows;
  if (wanted < 0) trial.value = 0;
  if (trial.header_row > 0) trial.value *= 0.95;
  if (trial.quoted >= 2 && trial.bad == 0) trial.value += 0.01;
}

}  // namespace

bool looks_like_name(std::string_view cell) {
  while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
  if (cell.empty() || (cell.front() >= '0' && cell.front() <= '9')) return false;
  if ((cell.front() == '-' || cell.front() == '+') && cell.size() > 1 && cell[1] >= '0' && cell[1] <= '9') return false;
  for (const char* word : {"true", "True", "TRUE", "false", "False", "FALSE"})
    if (cell == word) return false;
  return std::any_of(cell.begin(), cell.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte | 0x20) >= 'a' ? (byte | 0x20) <= 'z' || byte >= 0x80 : false;
  });
}

CsvTrial try_dialect(std::string_view head, bool at_end, const CsvDialect& dialect, bool find_preamble) {
  CsvTrial trial;
  trial.dialect = dialect;
  std::vector<CsvField> fields;
  std::size_t at = 0;
  while (at < head.size() && trial.counts.size() < kTrialRecords) {
    CsvLine line;
    const bool whole = find_csv_line(head.data(), at, head.size(), at_end, dialect.lone_cr, line);
    if (whole && (blank_text(head.substr(at, line.end - at)) || (dialect.comment && head[at] == dialect.comment))) {
      at = line.next;
      continue;
    }
    const bool comment = head[at] == '#';
    CsvRecord record = scan_csv_record(head.data(), at, head.size(), at_end, comment, dialect, fields);
    // A value that begins with # is no comment when only a record reads it (a quoted line end behind it).
    if (comment && record.scan != CsvScan::kRecord)
      record = scan_csv_record(head.data(), at, head.size(), at_end, false, dialect, fields);
    if (record.scan == CsvScan::kIncomplete) break;
    const bool good = record.scan == CsvScan::kRecord;
    if (!good && !whole) break;
    trial.begins.push_back(at);
    trial.counts.push_back(good ? static_cast<int>(fields.size()) : -1);
    trial.comments.push_back(comment);
    trial.bad += !good;
    for (const CsvField& field : fields) trial.quoted += field.quoted;
    at = good ? record.next : line.next;
  }
  if (find_preamble) trial.header_row = preamble_lines(head, trial);
  value_trial(trial);
  return trial;
}

}  // namespace evclean
