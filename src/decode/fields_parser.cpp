// SPDX-License-Identifier: Apache-2.0
// Presets of the kinds `fields` and `directives`.
#include <fmt/format.h>

#include <algorithm>

#include "evclean/suggest.hpp"
#include "field_splitter.hpp"
#include "preset_parsers.hpp"

namespace evclean {
namespace {

/// A line's words as column names, or nothing when they are not all fields of the preset.
std::vector<std::string> header_names(const Preset& preset, std::string_view line) {
  std::vector<std::string> names;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find_first_of(" \t\r\n"), line.size());
    const std::string name = column_name(line.substr(0, end));
    const auto is_name = [&](const CellType& type) { return type.column.name == name; };
    if (end > 0 && std::none_of(preset.types.begin(), preset.types.end(), is_name)) return {};
    if (end > 0) names.push_back(name);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return names.size() > 1 ? names : std::vector<std::string>{};
}

/// Fields in a fixed order. Older versions end earlier, newer ones go on in `extra`.
class FieldsParser : public RecordParser {
 public:
  explicit FieldsParser(const Preset& preset)
      : preset_(preset), splitter_({preset.separator, preset.separator_repeats, true, false}) {
    const std::size_t count = preset.default_fields > 0 ? preset.default_fields : preset.types.size();
    types_.assign(preset.types.begin(), preset.types.begin() + static_cast<std::ptrdiff_t>(count));
    default_fields_ = count;
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
    if (fields.size() > order_.size()) put_extra(record, row);
    return Parsed::kRow;
  }

 private:
  void use_default_order() {
    order_.resize(default_fields_);
    for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<int>(i);
    least_ = preset_.least_fields;
  }

  void take_order(const std::vector<std::string>& names, RowWriter& row) {
    if (names.empty()) return;
    order_.clear();
    for (const std::string& name : names) order_.push_back(column_of(name, row));
    least_ = order_.size();
  }

  int column_of(const std::string& name, RowWriter& row) {
    const auto is_name = [&](const CellType& type) { return type.column.name == name; };
    const auto known = std::find_if(types_.begin(), types_.end(), is_name);
    if (known != types_.end()) return static_cast<int>(known - types_.begin());
    types_.push_back(*std::find_if(preset_.types.begin(), preset_.types.end(), is_name));
    return row.add_column(types_.back());
  }

  bool is_header(std::string_view line) const {
    const std::string& first = types_[static_cast<std::size_t>(order_[0])].column.name;
    return column_name(line.substr(0, line.find(preset_.separator))) == first && !header_names(preset_, line).empty();
  }

  /// All that follows the known fields, as it stands in the record.
  void put_extra(const RecordText& record, RowWriter& row) {
    const std::string_view text = record.view();
    const std::size_t begin = splitter_.begins()[order_.size()];
    std::size_t end = text.size();
    while (end > begin && (text[end - 1] == ' ' || text[end - 1] == '\t')) --end;
    if (end == begin) return;
    extra_.set(Span::of(record.ref.offset + static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)),
               row);
  }

  const Preset& preset_;
  FieldSplitter splitter_;
  std::vector<CellType> types_;  ///< of the columns so far
  std::size_t default_fields_ = 0;
  std::vector<int> order_;  ///< the column of each field
  std::size_t least_ = 0;
  ExtraColumn extra_;
};

/// Fields in the order that the last #Fields line names; the preset knows types, and an order for files without one.
class DirectivesParser : public RecordParser {
 public:
  explicit DirectivesParser(const Preset& preset)
      : preset_(preset), splitter_({preset.separator, preset.separator == ' ', false, true}) {}

  std::vector<CellType> columns() const override { return {}; }

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
      for (const CellType& type : preset_.types) order_.push_back(column_of(type, row));
    }
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
    if (!splitter_.split(record)) {
      complaint = {fmt::format("not a {} line", preset_.name),
                   fmt::format("a quote is not closed:\n{}", caret(record.view(), splitter_.stopped()))};
      return Parsed::kReject;
    }
    return put_fields(record, row, complaint);
  }

 private:
  Parsed put_fields(const RecordText& record, RowWriter& row, Complaint& complaint) {
    const std::vector<Span>& fields = splitter_.fields();
    if (fields.size() != order_.size()) {
      complaint.reason = fmt::format("{} fields where #Fields names {}", fields.size(), order_.size());
      return Parsed::kReject;
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!set_cell(record, row, order_[i], fields[i], complaint)) return Parsed::kReject;
    }
    return Parsed::kRow;
  }

  bool take_directive(std::string_view line, RowWriter& row) {
    constexpr std::string_view kFields = "#Fields:";
    if (!line.starts_with(kFields)) return false;
    order_.clear();
    directive_ = line.substr(0, line.find('\r'));
    line.remove_prefix(kFields.size());
    while (!line.empty()) {
      const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
      if (end > 0) order_.push_back(column_of(type_of(column_name(line.substr(0, end))), row));
      line.remove_prefix(std::min(end + 1, line.size()));
    }
    return true;
  }

  /// The type that the preset knows; other fields are inferred.
  CellType type_of(const std::string& name) const {
    for (const CellType& type : preset_.types) {
      if (type.column.name == name) return type;
    }
    return {{name, false, ValueType::kString}, {}};
  }

  int column_of(const CellType& type, RowWriter& row) {
    const auto found = std::find(names_.begin(), names_.end(), type.column.name);
    if (found != names_.end()) return static_cast<int>(found - names_.begin());
    names_.push_back(type.column.name);
    return row.add_column(type);
  }

  const Preset& preset_;
  FieldSplitter splitter_;
  std::vector<std::string> names_;  ///< of the columns added
  std::string directive_;
  std::vector<int> order_;  ///< the column of each field; empty: no #Fields line yet
};

}  // namespace

std::unique_ptr<RecordParser> make_fields_parser(const Preset& preset) {
  return std::make_unique<FieldsParser>(preset);
}

std::unique_ptr<RecordParser> make_directives_parser(const Preset& preset) {
  return std::make_unique<DirectivesParser>(preset);
}

}  // namespace evclean
