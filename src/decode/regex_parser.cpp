// SPDX-License-Identifier: Apache-2.0
#include "regex_parser.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "evclean/error.hpp"
#include "evclean/suggest.hpp"

namespace evclean {
namespace {

constexpr std::size_t kUnset = ~std::size_t{0};

class LinesParser : public RecordParser {
 public:
  std::vector<CellType> columns() const override { return {{{"line", true, ValueType::kString}, {}}}; }
  bool verbatim() const override { return true; }
  Parsed parse(const RecordText& record, RowWriter& row, Complaint&) override {
    row.set(0, Span::of(record.ref.offset, record.ref.length));
    return Parsed::kRow;
  }
};

class RegexParser : public RecordParser {
 public:
  explicit RegexParser(const std::vector<std::string>& patterns) : series_(patterns) {}

  std::vector<CellType> columns() const override {
    std::vector<CellType> types;
    for (const std::string& name : series_.names()) types.push_back({{name, false, ValueType::kString}, {}});
    return types;
  }

  Parsed parse(const RecordText& record, RowWriter& row, Complaint& complaint) override {
    const std::string_view text = record.view();
    if (series_.match(text, record.ref.offset) < 0) {
      complaint = series_.explain(text);
      return Parsed::kReject;
    }
    for (std::size_t i = 0; i < series_.spans().size(); ++i) row.set(static_cast<int>(i), series_.spans()[i]);
    return Parsed::kRow;
  }

  std::vector<PatternTally> take_tallies() override { return series_.take_tallies(); }

 private:
  PatternSeries series_;
};

}  // namespace

PatternSeries::PatternSeries(const std::vector<std::string>& patterns) {
  if (patterns.empty()) fail_user("format regex needs patterns: write at least one with named groups, (?<name>...)");
  for (const std::string& pattern : patterns) add(pattern);
  spans_.resize(names_.size());
}

void PatternSeries::add(const std::string& text) {
  Entry entry{Pattern(text), {}};
  if (entry.pattern.groups().empty()) {
    fail_user("the pattern has no named groups, so it would give no columns: write (?<name>...)\n    {}",
              printable(text));
  }
  for (const Pattern::Group& group : entry.pattern.groups()) {
    entry.targets.push_back({group.number, name_index(group.name)});
  }
  entries_.push_back(std::move(entry));
  tally_.add(text);
}

std::uint32_t PatternSeries::name_index(const std::string& name) {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found != names_.end()) return static_cast<std::uint32_t>(found - names_.begin());
  names_.push_back(name);
  return static_cast<std::uint32_t>(names_.size()) - 1;
}

void PatternSeries::take_groups(const Entry& entry, std::uint32_t base_offset) {
  const std::size_t* ends = entry.pattern.ovector();
  std::fill(spans_.begin(), spans_.end(), Span{});
  for (const Target target : entry.targets) {
    const std::size_t begin = ends[2 * target.group];
    const std::size_t end = ends[2 * target.group + 1];
    // With (?J) several groups share a name: the first that took part gives the value. \K can put an end before a
    // begin.
    if (begin == kUnset || end < begin || !spans_[target.name].missing()) continue;
    spans_[target.name] =
        Span::of(base_offset + static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin));
  }
}

int PatternSeries::match(std::string_view text, std::uint32_t base_offset) {
  limit_hit_ = false;
  tally_.begin();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const MatchOutcome outcome = tally_.match(i, entries_[i].pattern, text);
    if (outcome == MatchOutcome::kMatch) {
      for (std::size_t later = i + 1; tally_.measures() && later < entries_.size(); ++later) {
        tally_.compare(later, entries_[later].pattern, text);
      }
      take_groups(entries_[i], base_offset);
      return static_cast<int>(i);
    }
    limit_hit_ = limit_hit_ || outcome == MatchOutcome::kLimit;
  }
  return -1;
}

Complaint PatternSeries::explain(std::string_view text) {
  std::size_t best = 0;
  std::size_t furthest = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const std::size_t reached = entries_[i].pattern.reach(text);
    if (i == 0 || reached > furthest) {
      best = i;
      furthest = reached;
    }
  }
  Complaint complaint{limit_hit_ ? "no pattern matches (match limit reached)" : "no pattern matches", {}};
  complaint.detail = fmt::format("pattern {} of {} got furthest, to byte {}:\n{}", best + 1, entries_.size(),
                                 furthest + 1, caret(text, furthest));
  return complaint;
}

std::unique_ptr<RecordParser> make_lines_parser() { return std::make_unique<LinesParser>(); }

std::unique_ptr<RecordParser> make_regex_parser(const std::vector<std::string>& patterns) {
  return std::make_unique<RegexParser>(patterns);
}

}  // namespace evclean
