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
    if (fields.size() > order_.size()) extra_.set_rest(record, splitter_.begins()[order_.size()], row);
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
    types_.push_back(field_type(preset_, name));
    return row.add_column(types_.back());
  }

  bool is_header(std::string_view line) const {
    const std::string& first = types_[static_cast<std::size_t>(order_[0])].column.name;
    return column_name(line.substr(0, line.find(preset_.separator))) == first && !header_names(preset_, line).empty();
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
      for (const CellType& type : preset_.types) order_.push_back(column_of(type, row));
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
    if (!splitter_.split(record)) {
      complaint = {fmt::format("not a {} line", preset_.name),
                   fmt::format("a quote is not closed:\n{}", caret(record.view(), splitter_.stopped()))};
      return Parsed::kReject;
    }
    return put_fields(record, row, complaint);
  }

 private:
  static constexpr std::string_view kFields = "#Fields:";

  Parsed put_fields(const RecordText& record, RowWriter& row, Complaint& complaint) {
    const std::vector<Span>& fields = splitter_.fields();
    if (fields.size() < order_.size()) {
      complaint.reason = fmt::format("{} fields where #Fields names {}", fields.size(), order_.size());
      return Parsed::kReject;
    }
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (!set_cell(record, row, order_[i], fields[i], complaint)) return Parsed::kReject;
    }
    if (fields.size() > order_.size()) extra_.set_rest(record, splitter_.begins()[order_.size()], row);
    return Parsed::kRow;
  }

  bool take_directive(std::string_view line, RowWriter& row) {
    if (!line.starts_with(kFields)) return false;
    order_.clear();
    directive_ = line.substr(0, line.find('\r'));
    line.remove_prefix(kFields.size());
    for (const std::string& name : names_of(line)) order_.push_back(column_of(field_type(preset_, name), row));
    return true;
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
