// SPDX-License-Identifier: Apache-2.0
// Collects the rows of one batch, cell by cell. Columns of fixed types are converted at once, so that a value that does
// not fit is known while its record is still at hand; the others stay spans.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/decoder.hpp"
#include "evclean/types.hpp"

namespace evclean {

/// A column to be filled.
struct CellType {
  InputColumn column;
  std::vector<std::string> formats;  ///< of a timestamp: strptime formats, "" for the usual ones; none: the usual ones
  bool duration = false;             ///< of a float64: seconds, also written as 1m2.5s or 300µs
};

/// Values of a column with a fixed type, as 64-bit words: int64, microseconds, days, 0/1, or the bits of a double.
struct FixedValues {
  std::vector<std::int64_t> values;
  std::vector<std::uint8_t> valid;
};

/// Makes the array of the first `rows` values.
std::shared_ptr<arrow::Array> fixed_array(ValueType type, const FixedValues& cells, std::int64_t rows);

/// What a time needs that it does not say itself.
struct TimeContext {
  TimeZone zone;
  std::int32_t year = 0;  ///< for formats without one; 0: such times do not read
};

/// Reads one text as a fixed type other than string.
std::optional<std::int64_t> read_cell(const CellType& type, std::string_view text, const TimeContext& context);

/// The job's words for missing, in log presets.
NullWords log_words(const FormatSpec& spec);

/// A preset's column as the job wants it: where `types:` declares what the preset's type does not hold, it stays text
/// here, for the declared type to be read from it.
CellType wanted_cell(const CellType& type, const std::vector<DeclaredType>& declared);

class RowWriter {
 public:
  RowWriter(std::vector<CellType> types, const FormatSpec& spec);

  /// Adds a column after the others (rows written so far are missing there), or with a map finds it by its name.
  int add_column(const CellType& type);
  const std::vector<CellType>& types() const { return types_; }
  const CellType& type(int column) const { return types_[target(column)]; }
  /// The year of times that do not tell theirs, for the rows to come.
  void set_year(std::int32_t year) { context_.year = year; }
  /// Parsers of several formats share the columns: with a map, column i stands for (*map)[i], and add_column() adds to
  /// the map. Null: columns are what they are.
  void use_map(std::vector<int>* map) { map_ = map; }

  void begin_batch(const TextBlockPtr& text, std::size_t expected_rows);
  /// Begins a row in which every cell is missing. Rows that are not committed are overwritten by the next.
  void begin_row();
  /// Puts the text at `span` into a cell. False: it does not fit the column's fixed type.
  bool set(int column, Span span);
  /// Puts a text that is not in the block (it is copied to the side area).
  bool set_text(int column, std::string_view text);
  /// Puts the words of a fixed type as they stand.
  void set_value(int column, std::int64_t value);
  bool is_set(int column) const;
  void commit(RecordRef record);
  std::int64_t rows() const { return rows_; }
  /// For decoders that write whole columns: makes room for rows, gives the columns' memory, counts rows written there.
  void reserve(std::int64_t rows) { grow(static_cast<std::size_t>(rows)); }
  std::vector<Span>& spans(int column) { return cells_[target(column)].spans; }
  FixedValues& fixed(int column) { return cells_[target(column)].fixed; }
  RecordRef* records() { return records_.data(); }
  void add_rows(std::int64_t rows) { rows_ += rows; }
  /// Fills names, columns, records, text and num_rows.
  void finish(Batch& batch);

 private:
  struct Cells {
    std::vector<Span> spans;
    FixedValues fixed;
  };
  bool is_raw(std::size_t column) const {
    return !types_[column].column.fixed || types_[column].column.type == ValueType::kString;
  }
  std::size_t target(int column) const {
    return static_cast<std::size_t>(map_ == nullptr ? column : (*map_)[static_cast<std::size_t>(column)]);
  }
  int append_column(const CellType& type);
  void grow(std::size_t rows);

  std::vector<CellType> types_;
  std::vector<int>* map_ = nullptr;
  std::vector<Cells> cells_;
  std::vector<RecordRef> records_;
  TextBlockPtr text_;
  TimeContext context_;
  NullWords nulls_;
  std::vector<DeclaredType> declared_;
  std::int64_t rows_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace evclean
