// SPDX-License-Identifier: Apache-2.0
#include "csv_layout.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "evclean/error.hpp"

namespace evclean {

namespace {

constexpr double kRowsFit = 0.5;           ///< of the rows below a header
constexpr std::size_t kRecordsBelow = 10;  ///< looked at to tell a header from data

bool begins_with_digit(std::string_view cell) { return !cell.empty() && cell[0] >= '0' && cell[0] <= '9'; }

/// A number, a date or a time: no letters but those in 1e5 and 2026-11-01T06:52:16Z.
bool is_number_like(std::string_view cell) {
  return std::none_of(cell.begin(), cell.end(), [](char c) {
    const char letter = static_cast<char>(c | 0x20);
    return letter >= 'a' && letter <= 'z' && letter != 'e' && letter != 't' && letter != 'z';
  });
}

constexpr char kDelimiters[] = {',', '\t', ';', '|'};

/// Offset behind the first `lines` physical lines; their begins go to `front`.
std::size_t skip_lines(std::string_view head, std::int64_t lines, bool lone_cr, std::vector<std::size_t>& front) {
  std::size_t at = 0;
  for (CsvLine line; lines > 0 && at < head.size(); --lines, at = line.next) {
    front.push_back(at);
    find_csv_line(head.data(), at, head.size(), true, lone_cr, line);
  }
  return at;
}

class LayoutFinder {
 public:
  LayoutFinder(const FormatSpec& spec, bool tsv, std::string_view head, const std::string& shown)
      : spec_(spec), head_(head), shown_(shown), at_end_(head.size() < kCsvSniffBytes) {
    fixed_.delimiter = spec.delimiter.empty() ? (tsv ? '\t' : '\0') : one_byte_key(spec.delimiter, "delimiter");
    fixed_.quote = spec.quote.empty() || spec.quote == "none" ? '\0' : one_byte_key(spec.quote, "quote");
    fixed_.comment = one_byte_key(spec.comment, "comment");
  }

  CsvLayout find() {
    fixed_.lone_cr = has_lone_cr_only();
    body_ = skip_lines(head_, spec_.skip, fixed_.lone_cr, layout_.front);
    read_sep_line();
    read_separator_line();
    CsvTrial best = best_trial(fixed_.lone_cr);
    if (!fixed_.lone_cr && sniff_text().find('\r') != std::string_view::npos) prefer_lone_cr(best);
    sniff_comment(best);
    take_header(best);
    return std::move(layout_);
  }

 private:
  /// The first 64 KiB, or all there is when the first line is longer than that.
  std::string_view sniff_text() const {
    const std::string_view text = head_.substr(body_, kCsvSniffBytes);
    return text.find('\n') == std::string_view::npos && text.find('\r') == std::string_view::npos ? head_.substr(body_)
                                                                                                  : text;
  }

  bool has_lone_cr_only() const {
    return head_.find('\n') == std::string_view::npos && head_.find('\r') != std::string_view::npos &&
           head_.find('\r') + 1 < head_.size();
  }

  /// Excel's first line `sep=;` names the delimiter.
  void read_sep_line() {
    CsvLine line;
    if (!find_csv_line(head_.data(), body_, head_.size(), true, fixed_.lone_cr, line)) return;
    const std::string_view text = head_.substr(body_, line.end - body_);
    if (text.size() != 5 || text.substr(0, 4) != "sep=") return;
    if (spec_.delimiter.empty()) fixed_.delimiter = text[4];
    layout_.front.push_back(body_);
    body_ = line.next;
  }

  /// Zeek's first line, `#separator \x09`: its files have comments and no quotes.
  void read_separator_line() {
    constexpr std::string_view kSign = "#separator \\x";
    CsvLine line;
    if (!head_.substr(body_).starts_with(kSign) ||
        !find_csv_line(head_.data(), body_, head_.size(), true, fixed_.lone_cr, line))
      return;
    int code = 0;
    const char* const digits = head_.data() + body_ + kSign.size();
    const char* const end = head_.data() + line.end;
    if (std::from_chars(digits, end, code, 16).ptr != end || code <= 0 || code > 0x7f || code == '\n') return;
    zeek_ = true;
    if (spec_.delimiter.empty()) fixed_.delimiter = static_cast<char>(code);
    if (spec_.comment.empty()) fixed_.comment = '#';
  }

  bool try_quote(char quote) const {
    if (spec_.quote == "none" || (zeek_ && spec_.quote.empty())) return quote == '\0';
    if (!spec_.quote.empty()) return quote == fixed_.quote;
    return quote == '"' || (quote == '\'' && sniff_text().find('\'') != std::string_view::npos);
  }

  CsvTrial best_trial(bool lone_cr) const {
    CsvTrial best;
    bool first = true;
    for (const char quote : {'"', '\'', fixed_.quote == '"' || fixed_.quote == '\'' ? '\x01' : fixed_.quote}) {
      if (!try_quote(quote)) continue;
      for (const bool backslash : {false, true}) {
        if (backslash && sniff_text().find(std::string{'\\', quote}) == std::string_view::npos) continue;
        for (const char delimiter : kDelimiters) try_one(quote, backslash, delimiter, lone_cr, best, first);
      }
    }
    return best;
  }

  void try_one(char quote, bool backslash, char delimiter, bool lone_cr, CsvTrial& best, bool& first) const {
    const bool given = fixed_.delimiter != '\0';
    if (given && delimiter != kDelimiters[0]) return;
    CsvDialect dialect = fixed_;
    dialect.delimiter = given ? fixed_.delimiter : delimiter;
    dialect.quote = quote;
    dialect.backslash = backslash;
    dialect.lone_cr = lone_cr;
    CsvTrial trial = try_dialect(sniff_text(), at_end_, dialect, spec_.header && spec_.skip == 0);
    if (first || better(trial, best)) best = std::move(trial);
    first = false;
  }

  static bool better(const CsvTrial& trial, const CsvTrial& best) {
    const bool counts = trial.several && trial.value > 0;
    const bool best_counts = best.several && best.value > 0;
    if (counts != best_counts) return counts;
    if (!counts && trial.dialect.delimiter != best.dialect.delimiter) return false;
    if (trial.bad != best.bad && trial.dialect.delimiter == best.dialect.delimiter) return trial.bad < best.bad;
    if (trial.value != best.value) return trial.value > best.value;
    return counts && trial.counts[trial.header_row] > best.counts[best.header_row];
  }

  /// CRs outside CR LF end lines too when the rows fit at least as well then.
  void prefer_lone_cr(CsvTrial& best) {
    const std::string_view text = sniff_text();
    bool lone = false;
    for (std::size_t p = text.find('\r'); p != std::string_view::npos && !lone; p = text.find('\r', p + 1))
      lone = p + 1 < text.size() && text[p + 1] != '\n';
    if (!lone) return;
    CsvTrial with = best_trial(true);
    // Without a CR that ends lines, all of it may be one header, which nothing speaks against.
    const bool header_alone = best.counts.size() <= best.header_row + 1;
    const bool fits = with.value >= best.value || (header_alone && with.several && with.value >= kRowsFit);
    if (with.bad <= best.bad && fits && with.counts.size() > best.counts.size()) best = std::move(with);
  }

  /// Several fields below the header, and a word right behind the sign, such as #148: better a row than lost.
  bool may_be_short_row(const CsvTrial& best, std::size_t row) const {
    if (row <= best.header_row || best.counts[row] < 2) return false;
    const char next = head_[body_ + best.begins[row] + 1];
    return next != ' ' && next != '\t' && next != '#';
  }

  void sniff_comment(CsvTrial& best) {
    if (best.dialect.comment != '\0' || !spec_.header || best.header_row >= best.counts.size()) return;
    const int wanted = best.counts[best.header_row];
    bool comments = false;
    for (std::size_t i = 0; i < best.counts.size(); ++i) {
      if (best.comments[i] && (best.counts[i] == wanted || may_be_short_row(best, i))) return;
      comments |= best.comments[i];
    }
    if (!comments || wanted < 2) return;
    best.dialect.comment = '#';
    best.dialect.comment_sniffed = true;
  }

  /// Blank lines and comments before `to` are records of their own.
  void add_front(std::size_t to, const CsvDialect& dialect) {
    for (CsvLine line; body_ < to; body_ = line.next) {
      layout_.front.push_back(body_);
      find_csv_line(head_.data(), body_, head_.size(), true, dialect.lone_cr, line);
    }
  }

  void note_preamble(const CsvTrial& best, std::size_t base) {
    for (std::size_t row = 0; row < best.header_row; ++row) {
      if (best.comments[row]) continue;
      layout_.preamble_begin = base + best.begins[row];
      layout_.preamble_end = base + best.begins[best.header_row];
      return;
    }
  }

  void take_header(const CsvTrial& best) {
    layout_.dialect = best.dialect;
    const std::size_t base = body_;
    const std::size_t first_row = best.begins.empty() ? head_.size() : base + best.begins[best.header_row];
    if ((spec_.header || spec_.header_auto) && take_named_fields(best, first_row)) return;
    if (best.begins.empty()) {
      no_record();
      return;
    }
    note_preamble(best, base);
    add_front(first_row, best.dialect);
    std::vector<CsvField> fields;
    const CsvRecord record = scan_csv_record(head_.data(), body_, head_.size(), at_end_, false, best.dialect, fields);
    const std::vector<std::string> cells = cell_texts(fields);
    const bool header =
        record.scan == CsvScan::kRecord && (spec_.header_auto ? auto_header(cells, record.next) : spec_.header);
    if (header) {
      layout_.front.push_back(body_);
      body_ = record.next;
      layout_.header = cells;
      layout_.names = unique_names(cells);
    } else {
      layout_.names = numbered_names(best);
    }
    layout_.front.push_back(body_);
    check_width();
  }

  /// Zeek names its columns in a comment: `#fields`, then a name for each field of the rows behind it.
  bool take_named_fields(const CsvTrial& best, std::size_t first_row) {
    constexpr std::string_view kSign = "#fields";
    CsvLine line;
    for (std::size_t at = body_; at < first_row; at = line.next) {
      find_csv_line(head_.data(), at, head_.size(), true, best.dialect.lone_cr, line);
      const std::string_view text = head_.substr(at, line.end - at);
      if (text.size() <= kSign.size() || !text.starts_with(kSign) || text[kSign.size()] != best.dialect.delimiter)
        continue;
      std::vector<std::string> names = split_at(text.substr(kSign.size() + 1), best.dialect.delimiter);
      if (!best.begins.empty() && static_cast<int>(names.size()) != best.counts[best.header_row]) continue;
      add_front(first_row, best.dialect);
      layout_.dialect.comment = '#';
      layout_.dialect.comment_sniffed = false;
      layout_.names = unique_names(names);
      layout_.front.push_back(body_);
      check_width();
      return true;
    }
    return false;
  }

  static std::vector<std::string> split_at(std::string_view text, char delimiter) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(text.find(delimiter, at), text.size());
      parts.emplace_back(text.substr(at, end - at));
      at = end + 1;
    }
    return parts;
  }

  /// Nothing but blank lines, or a first record that does not end within the head.
  void no_record() {
    const std::string_view rest = head_.substr(body_);
    if (rest.find_first_not_of(" \t\r\n") != std::string_view::npos && !at_end_ && spec_.header)
      fail_user(
          "{}: the CSV header does not end within the first {} bytes: check 'quote' and 'delimiter', or set 'skip'",
          shown_, head_.size());
    if (!spec_.header) layout_.names = {"column1"};
    layout_.front.push_back(body_);
  }

  std::vector<std::string> cell_texts(const std::vector<CsvField>& fields) const {
    std::vector<std::string> cells;
    for (const CsvField& field : fields) {
      const std::string_view text = head_.substr(field.begin, field.end - field.begin);
      std::string& cell = cells.emplace_back();
      if (field.escaped)
        unescape_csv(text, layout_.dialect, cell);
      else
        cell = text;
    }
    return cells;
  }

  /// Names, all different. A cell that begins with a digit (2xx, 3d_points) may be one, if what stands below it in the
  /// next records does not look like it.
  bool auto_header(const std::vector<std::string>& cells, std::size_t next) const {
    std::unordered_set<std::string_view> seen;
    std::vector<std::vector<std::string>> below;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      if (!seen.insert(cells[c]).second) return false;
      if (looks_like_name(cells[c])) continue;
      if (below.empty()) below = records_from(next);
      if (!begins_with_digit(cells[c]) || is_number_like(cells[c]) || below.empty()) return false;
      for (const std::vector<std::string>& record : below) {
        if (c < record.size() && begins_with_digit(record[c]) && !is_number_like(record[c])) return false;
      }
    }
    return true;
  }

  std::vector<std::vector<std::string>> records_from(std::size_t at) const {
    std::vector<std::vector<std::string>> records;
    std::vector<CsvField> fields;
    while (records.size() < kRecordsBelow && at < head_.size()) {
      fields.clear();
      const CsvRecord record = scan_csv_record(head_.data(), at, head_.size(), at_end_, false, layout_.dialect, fields);
      if (record.scan != CsvScan::kRecord || record.next <= at) break;
      records.push_back(cell_texts(fields));
      at = record.next;
    }
    return records;
  }

  /// Without a header the commonest width counts, the wider of two that are as common.
  std::vector<std::string> numbered_names(const CsvTrial& best) const {
    std::vector<int> widths;
    for (const int count : best.counts)
      if (count > 0) widths.push_back(count);
    std::sort(widths.begin(), widths.end());
    int width = 1;
    long most = 0;
    for (auto it = widths.begin(); it != widths.end();) {
      const auto next = std::upper_bound(it, widths.end(), *it);
      if (next - it >= most) {
        most = next - it;
        width = *it;
      }
      it = next;
    }
    return unique_names(std::vector<std::string>(static_cast<std::size_t>(width)));
  }

  void check_width() const {
    if (layout_.names.size() <= static_cast<std::size_t>(spec_.max_columns)) return;
    fail_user("{}: {} columns, more than max_columns {}: raise max_columns, or check 'delimiter'", shown_,
              layout_.names.size(), spec_.max_columns);
  }

  const FormatSpec& spec_;
  std::string_view head_;
  const std::string& shown_;
  bool at_end_;
  bool zeek_ = false;
  std::size_t body_ = 0;
  CsvDialect fixed_;
  CsvLayout layout_;
};

}  // namespace

char one_byte_key(const std::string& value, const char* key) {
  if (value.empty()) return '\0';
  if (value == "\\t" || value == "tab") return '\t';
  if (value.size() != 1 || value == "\n" || value == "\r")
    fail_user("{}: '{}' must be one ASCII character (a tab is '\\t')", key, value);
  return value[0];
}

std::vector<std::string> unique_names(const std::vector<std::string>& cells) {
  std::unordered_set<std::string> taken;
  for (const std::string& cell : cells) taken.insert(cell);
  std::unordered_set<std::string> given;
  std::vector<std::string> names;
  for (const std::string& cell : cells) {
    const bool blank = cell.find_first_not_of(" \t") == std::string::npos;
    const std::string base = blank ? "column" + std::to_string(names.size() + 1) : cell;
    std::string name = base;
    const bool own = !blank && given.count(name) == 0;  // the first of its name keeps it
    for (int n = 2; !own && (taken.count(name) != 0 || given.count(name) != 0); ++n)
      name = base + "_" + std::to_string(n);
    given.insert(name);
    names.push_back(std::move(name));
  }
  return names;
}

CsvLayout sniff_csv(const FormatSpec& spec, bool tsv, std::string_view head, const std::string& shown) {
  return LayoutFinder(spec, tsv, head, shown).find();
}

}  // namespace evclean
