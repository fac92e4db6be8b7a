// SPDX-License-Identifier: Apache-2.0
#include "mixed_parser.hpp"

#include <algorithm>

namespace evclean {
namespace {

struct Part {
  std::string name;
  std::unique_ptr<RecordParser> parser;
  std::vector<int> map;  ///< the part's columns among all
  /// How its patterns did; a format without patterns counts as one.
  std::vector<PatternTally> tallies;
  bool has_patterns = false;
  Complaint complaint;  ///< about the record at hand
};

/// Makes one column of two that have the same name.
void unite(CellType& into, const CellType& other) {
  if (into.column.fixed != other.column.fixed || into.column.type != other.column.type) {
    into = {{into.column.name, false, ValueType::kString}, {}};
    return;
  }
  const auto formats = [](const CellType& type) {
    return type.formats.empty() ? std::vector<std::string>{""} : type.formats;
  };
  std::vector<std::string> both = formats(into);
  for (const std::string& format : formats(other)) {
    if (std::find(both.begin(), both.end(), format) == both.end()) both.push_back(format);
  }
  into.formats = std::move(both);
}

constexpr char kBetween = '\x1f';  ///< stands in no directive

class MixedParser : public RecordParser {
 public:
  MixedParser(NamedParsers parsers, bool format_column) {
    for (auto& [name, parser] : parsers) add({name, std::move(parser), {}, {}, false, {}});
    if (format_column) {
      format_column_ = static_cast<int>(columns_.size());
      columns_.push_back({{"_format", true, ValueType::kString}, {}});
    }
  }

  std::vector<CellType> columns() const override { return columns_; }
  std::int64_t take_extra_fields() override { return std::exchange(extra_fields_, 0); }
  std::int64_t take_duplicate_keys() override { return std::exchange(duplicate_keys_, 0); }

  /// Those of each format, in order.
  std::vector<PatternTally> take_tallies() override {
    std::vector<PatternTally> all;
    for (Part& part : parts_) {
      if (part.has_patterns) merge_tallies(part.tallies, part.parser->take_tallies());
      for (PatternTally& tally : part.tallies) {
        all.push_back(tally);
        tally = {tally.pattern, 0, 0, 0, 0, 0, 0, 0};
      }
    }
    return all;
  }

  void begin_file(const InputFile& file, std::string_view head, RowWriter& row) override {
    for (Part& part : parts_) {
      row.use_map(&part.map);
      part.parser->begin_file(file, head, row);
    }
    row.use_map(nullptr);
  }

  bool carries_state() const override {
    return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.parser->carries_state(); });
  }
  /// That of each format, in order.
  std::string state() const override {
    std::string all;
    for (const Part& part : parts_) all += part.parser->state() + kBetween;
    return all;
  }
  void set_state(std::string_view all, RowWriter& row) override {
    for (Part& part : parts_) {
      const std::size_t end = std::min(all.find(kBetween), all.size());
      row.use_map(&part.map);
      part.parser->set_state(all.substr(0, end), row);
      all.remove_prefix(std::min(end + 1, all.size()));
    }
    row.use_map(nullptr);
  }
  std::string state_behind(std::string_view lines, std::string_view before) const override {
    std::string all;
    for (const Part& part : parts_) {
      const std::size_t end = std::min(before.find(kBetween), before.size());
      all += part.parser->state_behind(lines, before.substr(0, end)) + kBetween;
      before.remove_prefix(std::min(end + 1, before.size()));
    }
    return all;
  }

  Parsed parse(const RecordText& record, RowWriter& row, Complaint& complaint) override {
    Part* lenient = nullptr;
    for (Part& part : parts_) {
      const Parsed parsed = try_part(part, record, row);
      count(part, parsed);
      const bool extra = part.parser->take_extra_fields() > 0;
      const std::int64_t duplicates = part.parser->take_duplicate_keys();
      if (parsed != Parsed::kReject && !extra) {
        duplicate_keys_ += duplicates;
        return done(part, parsed, row);
      }
      if (parsed == Parsed::kRow && lenient == nullptr) lenient = &part;
    }
    if (lenient != nullptr) {
      const Parsed parsed = read_again(*lenient, record, row);
      extra_fields_ += lenient->parser->take_extra_fields();
      return done(*lenient, parsed, row);
    }
    complaint = {"no format matches", all_complaints()};
    return Parsed::kReject;
  }

 private:
  void add(Part part) {
    for (const CellType& type : part.parser->columns()) {
      const auto same = [&](const CellType& known) { return known.column.name == type.column.name; };
      const auto found = std::find_if(columns_.begin(), columns_.end(), same);
      part.map.push_back(static_cast<int>(found - columns_.begin()));
      if (found == columns_.end()) {
        columns_.push_back(type);
      } else {
        unite(*found, type);
      }
    }
    part.tallies = part.parser->take_tallies();
    part.has_patterns = !part.tallies.empty();
    if (!part.has_patterns) part.tallies.emplace_back().pattern = "format " + part.name;
    parts_.push_back(std::move(part));
  }

  static Parsed try_part(Part& part, const RecordText& record, RowWriter& row) {
    row.begin_row();
    row.use_map(&part.map);
    part.complaint = {};
    const Parsed parsed = part.parser->parse(record, row, part.complaint);
    row.use_map(nullptr);
    return parsed;
  }

  static void count(Part& part, Parsed parsed) {
    if (part.has_patterns) return;
    ++part.tallies[0].tried;
    part.tallies[0].hit += parsed != Parsed::kReject;
  }

  /// The record was counted when it was tried first.
  static Parsed read_again(Part& part, const RecordText& record, RowWriter& row) {
    if (part.has_patterns) merge_tallies(part.tallies, part.parser->take_tallies());
    const Parsed parsed = try_part(part, record, row);
    part.parser->take_tallies();
    return parsed;
  }

  Parsed done(const Part& part, Parsed parsed, RowWriter& row) const {
    if (parsed == Parsed::kRow && format_column_ >= 0) row.set_text(format_column_, part.name);
    return parsed;
  }

  std::string all_complaints() const {
    std::string text;
    for (const Part& part : parts_) {
      if (!text.empty()) text += '\n';
      text += part.name + ": " + part.complaint.reason;
      if (!part.complaint.detail.empty()) text += '\n' + part.complaint.detail;
    }
    return text;
  }

  std::vector<Part> parts_;
  std::vector<CellType> columns_;
  int format_column_ = -1;
  std::int64_t extra_fields_ = 0;
  std::int64_t duplicate_keys_ = 0;
};

}  // namespace

std::unique_ptr<RecordParser> make_mixed_parser(NamedParsers parsers, bool format_column) {
  return std::make_unique<MixedParser>(std::move(parsers), format_column);
}

}  // namespace evclean
