// SPDX-License-Identifier: Apache-2.0
// Presets of kind `patterns`.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "access_line.hpp"
#include "preset_parsers.hpp"
#include "regex_parser.hpp"

namespace evclean {
namespace {

class PatternParser : public RecordParser {
 public:
  explicit PatternParser(const Preset& preset) : preset_(preset), series_(preset.patterns) {
    for (const std::string& name : series_.names()) {
      unescape_.push_back(std::find(preset.unescape.begin(), preset.unescape.end(), name) != preset.unescape.end());
      targets_.push_back(name == "extra" ? kExtraTarget : columns_++);
    }
    if (!preset.head.empty()) head_.emplace(preset.head);
  }

  std::vector<CellType> columns() const override {
    std::vector<CellType> types;
    for (const std::string& name : series_.names()) {
      if (name != "extra") types.push_back(type_of(name));
    }
    return types;
  }

  Parsed parse(const RecordText& record, RowWriter& row, Complaint& complaint) override {
    if (series_.match(record.view(), record.ref.offset) < 0) {
      if (head_ && head_->match(record.view()) == MatchOutcome::kMatch) return Parsed::kBlank;
      complaint = series_.explain(record.view());
      complaint.reason = fmt::format("not a {} line", preset_.name);
      return Parsed::kReject;
    }
    Span extra;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const Span span = series_.spans()[i];
      if (targets_[i] == kExtraTarget) {
        extra = span;
      } else if (!set_cell(record, row, targets_[i], unescape_[i] ? unescaped(record, span) : span, complaint)) {
        return Parsed::kReject;
      }
    }
    if (!extra.missing() && !is_blank_line({record.block.data() + extra.offset, extra.length()}))
      extra_.set(extra, row);
    return Parsed::kRow;
  }

  std::int64_t take_extra_fields() override { return extra_.take(); }
  std::vector<PatternTally> take_tallies() override { return series_.take_tallies(); }

 private:
  static constexpr int kExtraTarget = -1;

  CellType type_of(const std::string& name) const {
    for (const CellType& type : preset_.types) {
      if (type.column.name == name) return type;
    }
    return {{name, true, ValueType::kString}, {}};
  }

  Span unescaped(const RecordText& record, Span span) {
    const std::string_view text(record.block.data() + span.offset, span.length());
    if (span.missing() || text.find("\\\"") == std::string_view::npos) return span;
    unescape_quotes(text, scratch_);
    return Span::of(record.block.append(scratch_), static_cast<std::uint32_t>(scratch_.size()));
  }

  const Preset& preset_;
  PatternSeries series_;
  std::optional<Pattern> head_;
  std::vector<int> targets_;
  std::vector<bool> unescape_;
  int columns_ = 0;
  ExtraColumn extra_;
  std::string scratch_;
};

}  // namespace

bool set_cell(const RecordText& record, RowWriter& row, int column, Span span, Complaint& complaint) {
  if (row.set(column, span)) return true;
  complaint.reason = misfit_reason(row.type(column), {record.block.data() + span.offset, span.length()});
  return false;
}

std::unique_ptr<RecordParser> make_pattern_parser(const Preset& preset) {
  return std::make_unique<PatternParser>(preset);
}

}  // namespace evclean
