// SPDX-License-Identifier: Apache-2.0
// Presets of the kinds `fields` and `directives`.
#include <fmt/format.h>

#include <algorithm>

#include "csv_layout.hpp"
#include "evclean/suggest.hpp"
#include "field_splitter.hpp"
#include "preset_parsers.hpp"

namespace evclean {
namespace {

/// A line's words as column names, each once: of two that are equal, the second gets _2.
std::vector<std::string> names_of(std::string_view line) {
  std::vector<std::string> names;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find_first_of(" \t\r\n"), line.size());
    if (end > 0) names.push_back(column_name(line.substr(0, end)));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return unique_names(names);
}

/// The type that the preset knows; other fields are inferred.
CellType field_type(const Preset& preset, const std::string& name) {
  for (const CellType& type : preset.types) {
    if (type.column.name == name) return type;
  }
  return {{name, false, ValueType::kString}, {}};
}

/// The names of a header: a line whose first word is a field of the preset, and most others are. Else nothing.
std::vector<std::string> header_names(const Preset& preset, std::string_view line) {
  std::vector<std::string> names = names_of(line);
  const auto is_known = [&](const std::string& name) { return field_type(preset, name).column.fixed; };
  const auto known = static_cast<std::size_t>(std::count_if(names.begin(), names.end(), is_known));
  const bool header = names.size() > 1 && is_known(names.front()) && 2 * known > names.size();
  return header ? names : std::vector<std::string>{};
}

/// The columns of a parser by their names: others may stand between them.
class NamedColumns {
 public:
  /// `first`: those that the writer has from the start.
  explicit NamedColumns(const std::vector<CellType>& first = {}) {
    for (const CellType& type : first) known_.emplace_back(type.column.name, static_cast<int>(known_.size()));
  }

  int of(const CellType& type, RowWriter& row) {
    const auto is_it = [&](const auto& one) { return one.first == type.column.name; };
    const auto found = std::find_if(known_.begin(), known_.end(), is_it);
    if (found != known_.end()) return found->second;
    return known_.emplace_back(type.column.name, row.add_column(type)).second;
  }

 private:
  std::vector<std::pair<std::string, int>> known_;
};

/// All of the record from byte `begin` on, as it stands there, is extra.
void put_rest(const RecordText& record, std::size_t begin, NamedColumns& columns, ExtraColumn& extra, RowWriter& row) {
  const std::string_view text = record.view();
  std::size_t end = text.size();
  while (end > begin && (text[end - 1] == ' ' || text[end - 1] == '\t')) --end;
  if (end == begin) return;
  extra.stand_at(columns.of(ExtraColumn::type(), row));
  extra.set(Span::of(record.ref.offset + static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)),
            row);
}

/// Fields in a fixed order. Older versions end earlier, newer ones go on in `extra`.
class FieldsParser : public RecordParser {
 public:
  explicit FieldsParser(const Preset& preset)
      : preset_(preset), splitter_({preset.separator, preset.separator_repeats, true, false, preset.quoted}) {
    const std::size_t count = preset.default_fields > 0 ? preset.default_fields : preset.types.size();
    types_.assign(preset.types.begin(), preset.types.begin() + static_cast<std::ptrdiff_t>(count));
    columns_ = NamedColumns(types_);
    use_default_order();
  }

  std::vector<CellType> columns() const override { return types_; }
  std::int64_t take_extra_fields() override { return extra_.take(); }

  void begin_file(const InputFile&, std::string_view head, RowWriter& row) override {
    use_default_order();
    if (preset_.header) take_order(header_names(preset_, head.substr(0, head.find('\n'))), row);
  }

  Parsed parse(const RecordText& record, RowWriter& row, Complaint& complaint) override {
    if (preset_.header && is_header(record.view())) return Parsed::kBlank;
    if (!splitter_.split(record)) {
      complaint = {fmt::format("not a {} line", preset_.name),
                   fmt::format("a quote is not closed:\n{}", caret(record.view(), splitter_.stopped()))};
      return Parsed::kReject;
    }
    const std::vector<Span>& fields = splitter_.fields();
    if (fields.size() < least_) {
      complaint.reason = fmt::format("{} fields where {} has at least {}", fields.size(), preset_.name, least_);
      return Parsed::kReject;
    }
    for (std::size_t i = 0; i < std::min(fields.size(), order_.size()); ++i) {
      if (!set_cell(record, row, order_[i], fields[i], complaint)) return Parsed::kReject;
    }
    if (fields.size() > order_.size()) put_rest(record, splitter_.begins()[order_.size()], columns_, extra_, row);
    return Parsed::kRow;
  }

 private:
  void use_default_order() {
    order_.resize(types_.size());
    first_name_ = types_.front().column.name;
    for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<int>(i);
    least_ = preset_.least_fields;
  }

  void take_order(const std::vector<std::string>& names, RowWriter& row) {
    if (names.empty()) return;
    order_.clear();
    for (const std::string& name : names) order_.push_back(columns_.of(field_type(preset_, name), row));
    first_name_ = names.front();
    least_ = order_.size();
  }

  bool is_header(std::string_view line) const {
    return column_name(line.substr(0, line.find(preset_.separator))) == first_name_ &&
           !header_names(preset_, line).empty();
  }

  const Preset& preset_;
  FieldSplitter splitter_;
  std::vector<CellType> types_;  ///< of the fields without a header
  NamedColumns columns_;
  std::string first_name_;  ///< of the first field
  std::vector<int> order_;  ///< the column of each field
  std::size_t least_ = 0;
  ExtraColumn extra_;
};

/// Fields in the order that the last #Fields line names; the preset knows types, and an order for files without one.
class DirectivesParser : public RecordParser {
 public:
  explicit DirectivesParser(const Preset& preset)
      : preset_(preset),
        splitter_({preset.separator, preset.separator == ' ', false, true}),
        tab_splitter_({'\t', false, false, true}) {}

  std::vector<CellType> columns() const override { return {}; }
  std::int64_t take_extra_fields() override { return extra_.take(); }

  void begin_file(const InputFile&, std::string_view head, RowWriter& row) override {
    for (std::size_t at = 0; at < head.size();) {
      const std::size_t end = std::min(head.find('\n', at), head.size());
      if (take_directive(head.substr(at, end - at), row)) return;
      at = end + 1;
    }
    set_state({}, row);
  }

  bool carries_state() const override { return true; }
  /// The #Fields line in force, or nothing.
  std::string state() const override { return directive_; }
  void set_state(std::string_view state, RowWriter& row) override {
    if (take_directive(state, row)) return;
    directive_.clear();
    order_.clear();
    if (preset_.least_fields > 0) {
      for (const CellType& type : preset_.types) order_.push_back(columns_.of(type, row));
    }
  }

  std::string state_behind(std::string_view lines, std::string_view state) const override {
    std::size_t at = lines.rfind(kFields);
    while (at != std::string_view::npos && at > 0 && lines[at - 1] != '\n') at = lines.rfind(kFields, at - 1);
    if (at == std::string_view::npos) return std::string(state);
    lines.remove_prefix(at);
    return std::string(lines.substr(0, lines.find_first_of("\r\n")));
  }

  Parsed parse(const RecordText& record, RowWriter& row, Complaint& complaint) override {
    const std::string_view line = record.view();
    if (line.front() == '#') {
      take_directive(line, row);
      return Parsed::kBlank;
    }
    if (order_.empty()) {
      complaint.reason = "no #Fields line before it";
      return Parsed::kReject;
    }
    FieldSplitter& splitter = has_tabs_between(line) ? tab_splitter_ : splitter_;
    if (!splitter.split(record)) {
      complaint = {fmt::format("not a {} line", preset_.name),
                   fmt::format("a quote is not closed:\n{}", caret(record.view(), splitter.stopped()))};
      return Parsed::kReject;
    }
    return put_fields(splitter, record, row, complaint);
  }

 private:
  static constexpr std::string_view kFields = "#Fields:";

  /// IIS puts blanks between fields, CloudFront tabs (in its fields blanks may stand): each line tells by itself.
  bool has_tabs_between(std::string_view line) const {
    const auto tabs = static_cast<std::size_t>(std::count(line.begin(), line.end(), '\t'));
    if (tabs == 0) return false;
    return tabs + 1 >= order_.size() || line.find(' ') == std::string_view::npos;
  }

  Parsed put_fields(const FieldSplitter& splitter, const RecordText& record, RowWriter& row, Complaint& complaint) {
    const std::vector<Span>& fields = splitter.fields();
    if (fields.size() < order_.size()) {
      complaint.reason = fmt::format("{} fields where #Fields names {}", fields.size(), order_.size());
      return Parsed::kReject;
    }
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (!set_cell(record, row, order_[i], fields[i], complaint)) return Parsed::kReject;
    }
    if (fields.size() > order_.size()) put_rest(record, splitter.begins()[order_.size()], columns_, extra_, row);
    return Parsed::kRow;
  }

  bool take_directive(std::string_view line, RowWriter& row) {
    if (!line.starts_with(kFields)) return false;
    order_.clear();
    directive_ = line.substr(0, line.find('\r'));
    line.remove_prefix(kFields.size());
    for (const std::string& name : names_of(line)) order_.push_back(columns_.of(field_type(preset_, name), row));
    return true;
  }

  const Preset& preset_;
  FieldSplitter splitter_;
  FieldSplitter tab_splitter_;
  NamedColumns columns_;
  std::string directive_;
  std::vector<int> order_;  ///< the column of each field; empty: no #Fields line yet
  ExtraColumn extra_;
};

}  // namespace

std::unique_ptr<RecordParser> make_fields_parser(const Preset& preset) {
  return std::make_unique<FieldsParser>(preset);
}

std::unique_ptr<RecordParser> make_directives_parser(const Preset& preset) {
  return std::make_unique<DirectivesParser>(preset);
}

}  // namespace evclean
