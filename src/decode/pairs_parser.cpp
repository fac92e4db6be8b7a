// SPDX-License-Identifier: Apache-2.0
// logfmt (key=value, "quoted values", bare keys that are true) and LTSV (label:value between tabs). Columns appear with
// their first value and are inferred.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "evclean/suggest.hpp"
#include "json_text.hpp"
#include "preset_parsers.hpp"

namespace evclean {
namespace {

/// Columns by key, with the guess that records repeat their keys in one order.
class KeyColumns {
 public:
  explicit KeyColumns(std::int32_t max_columns) : max_columns_(static_cast<std::size_t>(max_columns)) {}

  void begin_record() {
    next_ = 0;
    duplicates_ = 0;
  }
  /// Tells that the record is a row.
  void end_row() { all_duplicates_ += duplicates_; }
  std::int64_t take_duplicates() { return std::exchange(all_duplicates_, 0); }

  /// The column of a key, in which the record's last value counts; -1: there would be too many.
  int column_of(std::string_view key, RowWriter& row) {
    const int column = find(key, row);
    duplicates_ += column >= 0 && row.is_set(column);
    return column;
  }

 private:
  struct Entry {
    std::string key;
    int column;
  };

  int find(std::string_view key, RowWriter& row) {
    if (next_ < keys_.size() && keys_[next_].key == key) return keys_[next_++].column;
    const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const Entry& entry) { return entry.key == key; });
    if (found != keys_.end()) {
      next_ = static_cast<std::size_t>(found - keys_.begin()) + 1;
      return found->column;
    }
    return add(key, row);
  }

  int add(std::string_view key, RowWriter& row) {
    const std::string name = column_name(key);
    const auto same = std::find(names_.begin(), names_.end(), name);
    int column = static_cast<int>(same - names_.begin());
    if (same == names_.end()) {
      if (names_.size() >= max_columns_) return -1;
      names_.push_back(name);
      column = row.add_column({{name, false, ValueType::kString}, {}});
    }
    keys_.push_back({std::string(key), column});
    next_ = keys_.size();
    return column;
  }

  std::size_t max_columns_;
  std::vector<Entry> keys_;  ///< two keys may share a column (ID and id)
  std::vector<std::string> names_;
  std::size_t next_ = 0;
  std::int64_t duplicates_ = 0;  ///< of the record at hand
  std::int64_t all_duplicates_ = 0;
};

Span pair_span(std::uint32_t base, std::size_t begin, std::size_t end) {
  return Span::of(base + static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin));
}

/// LTSV's labels: letters, digits, _ . -
bool is_label(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '.' || c == '-';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

bool too_many_columns(Complaint& complaint) {
  complaint.reason = "more columns than max_columns";
  return false;
}

class LogfmtParser : public RecordParser {
 public:
  LogfmtParser(const Preset& preset, std::int32_t max_columns) : preset_(preset), keys_(max_columns) {}

  std::vector<CellType> columns() const override { return {}; }
  std::int64_t take_duplicate_keys() override { return keys_.take_duplicates(); }

  Parsed parse(const RecordText& record, RowWriter& row, Complaint& complaint) override {
    keys_.begin_record();
    pairs_ = 0;
    for (std::size_t at = 0; at < record.ref.length;) {
      if (record.view()[at] == ' ' || record.view()[at] == '\t') {
        ++at;
      } else if (!take_pair(record, row, at, complaint)) {
        return Parsed::kReject;
      }
    }
    if (pairs_ > 0) {
      keys_.end_row();
      return Parsed::kRow;
    }
    complaint.reason = fmt::format("not a {} line", preset_.name);
    complaint.detail = "it has no key=value";
    return Parsed::kReject;
  }

 private:
  bool take_pair(const RecordText& record, RowWriter& row, std::size_t& at, Complaint& complaint) {
    const std::string_view text = record.view();
    const std::size_t end = std::min(text.find_first_of(" \t=\"", at), text.size());
    if (end == at || (end < text.size() && text[end] == '"')) return stop(record, end, complaint);
    const int column = keys_.column_of(text.substr(at, end - at), row);
    if (column < 0) return too_many_columns(complaint);
    at = end;
    if (end >= text.size() || text[end] != '=') return row.set_text(column, "true");
    ++pairs_;
    ++at;
    if (at < text.size() && text[at] == '"') return take_quoted(record, row, column, at, complaint);
    const std::size_t stop_at = std::min(text.find_first_of(" \t", at), text.size());
    row.set(column, pair_span(record.ref.offset, at, stop_at));
    at = stop_at;
    return true;
  }

  bool take_quoted(const RecordText& record, RowWriter& row, int column, std::size_t& at, Complaint& complaint) {
    const std::string_view text = record.view();
    const std::size_t begin = at + 1;
    std::size_t end = begin;
    bool escaped = false;
    for (; end < text.size() && text[end] != '"'; ++end) {
      if (text[end] != '\\') continue;
      escaped = true;
      ++end;
    }
    if (end >= text.size()) return stop(record, begin - 1, complaint);
    at = end + 1;
    if (at < text.size() && text[at] != ' ' && text[at] != '\t') return stop(record, at, complaint);
    if (!escaped) return row.set(column, pair_span(record.ref.offset, begin, end));
    unescape(text.substr(begin, end - begin));
    return row.set_text(column, scratch_);
  }

  void unescape(std::string_view text) {
    scratch_.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\' || i + 1 >= text.size()) {
        scratch_ += text[i];
        continue;
      }
      const char c = text[++i];
      const char* at = text.data() + i + 1;
      std::int64_t lone_surrogates = 0;
      if (c == 'u' && unescape_unicode(at, text.data() + text.size(), scratch_, lone_surrogates)) {
        i = static_cast<std::size_t>(at - text.data()) - 1;
        continue;
      }
      if (c != '"' && c != '\\' && c != 'n' && c != 't' && c != 'r') scratch_ += '\\';
      scratch_ += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
    }
  }

  bool stop(const RecordText& record, std::size_t at, Complaint& complaint) const {
    complaint.reason = fmt::format("not a {} line", preset_.name);
    complaint.detail = fmt::format("no key=value here:\n{}", caret(record.view(), at));
    return false;
  }

  const Preset& preset_;
  KeyColumns keys_;
  std::string scratch_;
  int pairs_ = 0;
};

class LtsvParser : public RecordParser {
 public:
  LtsvParser(const Preset& preset, std::int32_t max_columns) : preset_(preset), keys_(max_columns) {}

  std::vector<CellType> columns() const override { return {}; }
  std::int64_t take_duplicate_keys() override { return keys_.take_duplicates(); }

  Parsed parse(const RecordText& record, RowWriter& row, Complaint& complaint) override {
    keys_.begin_record();
    const std::string_view text = record.view();
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(text.find('\t', at), text.size());
      const std::size_t colon = text.find(':', at);
      if (end > at) {
        if (colon >= end || !is_label(text.substr(at, colon - at))) return no_label(text, at, complaint);
        const int column = keys_.column_of(text.substr(at, colon - at), row);
        if (column < 0 && !too_many_columns(complaint)) return Parsed::kReject;
        row.set(column, pair_span(record.ref.offset, colon + 1, end));
      }
      at = end + 1;
    }
    keys_.end_row();
    return Parsed::kRow;
  }

 private:
  Parsed no_label(std::string_view text, std::size_t at, Complaint& complaint) const {
    complaint.reason = fmt::format("not a {} line", preset_.name);
    complaint.detail = fmt::format("no label:value here:\n{}", caret(text, at));
    return Parsed::kReject;
  }

  const Preset& preset_;
  KeyColumns keys_;
};

}  // namespace

std::unique_ptr<RecordParser> make_pairs_parser(const Preset& preset, std::int32_t max_columns) {
  if (preset.kind == PresetKind::kLabels) return std::make_unique<LtsvParser>(preset, max_columns);
  return std::make_unique<LogfmtParser>(preset, max_columns);
}

}  // namespace evclean
