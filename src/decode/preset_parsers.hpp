// SPDX-License-Identifier: Apache-2.0
// Parsers that run the presets.
#pragma once

#include <memory>
#include <utility>

#include "preset.hpp"
#include "record_parser.hpp"

namespace evclean {

/// The parser of a preset that is read record by record (every kind but kJson). The preset must outlive it.
std::unique_ptr<RecordParser> make_preset_parser(const Preset& preset, const FormatSpec& spec);

std::unique_ptr<RecordParser> make_pattern_parser(const Preset& preset);
std::unique_ptr<RecordParser> make_fields_parser(const Preset& preset);
std::unique_ptr<RecordParser> make_directives_parser(const Preset& preset);
std::unique_ptr<RecordParser> make_pairs_parser(const Preset& preset, std::int32_t max_columns);

/// The column `extra`, which appears with the first record that has unknown trailing fields, and their count.
class ExtraColumn {
 public:
  static CellType type() { return {{"extra", true, ValueType::kString}, {}}; }
  /// Where a parser that has columns by name keeps it.
  void stand_at(int column) { column_ = column; }
  void set(Span span, RowWriter& row) {
    if (column_ < 0) column_ = row.add_column(type());
    row.set(column_, span);
    ++count_;
  }
  std::int64_t take() { return std::exchange(count_, 0); }

 private:
  int column_ = -1;
  std::int64_t count_ = 0;
};

/// Sets a cell; where the value does not fit, fills the complaint and gives false.
bool set_cell(const RecordText& record, RowWriter& row, int column, Span span, Complaint& complaint);

}  // namespace evclean
