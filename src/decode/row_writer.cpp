// SPDX-License-Identifier: Apache-2.0
#include "row_writer.hpp"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type.h>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "duration_text.hpp"
#include "evclean/arrow_status.hpp"
#include "is_digit.hpp"

namespace evclean {
namespace {

std::shared_ptr<arrow::Buffer> room(std::int64_t bytes) {
  return take_arrow(arrow::AllocateBuffer(bytes, arrow::default_memory_pool()), "column of a preset");
}

std::shared_ptr<arrow::Buffer> bitmap(std::int64_t rows) {
  return take_arrow(arrow::AllocateEmptyBitmap(rows, arrow::default_memory_pool()), "column of a preset");
}

template <typename Flag>
std::shared_ptr<arrow::Buffer> pack_bits(std::int64_t rows, Flag&& flag) {
  auto packed = bitmap(rows);
  std::uint8_t* bits = packed->mutable_data();
  for (std::int64_t i = 0; i < rows; ++i) bits[i >> 3] = static_cast<std::uint8_t>(bits[i >> 3] | (flag(i) << (i & 7)));
  return packed;
}

std::shared_ptr<arrow::Buffer> words(ValueType type, const FixedValues& cells, std::int64_t rows) {
  if (type == ValueType::kBool) return pack_bits(rows, [&](std::int64_t i) { return cells.values[i] != 0 ? 1 : 0; });
  if (type == ValueType::kDate) {
    auto days = room(rows * 4);
    auto* out = reinterpret_cast<std::int32_t*>(days->mutable_data());
    for (std::int64_t i = 0; i < rows; ++i) out[i] = static_cast<std::int32_t>(cells.values[i]);
    return days;
  }
  auto out = room(rows * 8);
  if (rows > 0) std::memcpy(out->mutable_data(), cells.values.data(), static_cast<std::size_t>(rows) * 8);
  return out;
}

bool read_usual_time(std::string_view text, const TimeZone& zone, std::int64_t& us) {
  return parse_clf_time(text.data(), text.size(), us) || parse_timestamp(text, DateOrder::kNone, zone, us);
}

bool names_year(std::string_view format) {
  for (const std::string_view directive : {"%Y", "%y", "%s", "%D", "%F"}) {
    if (format.find(directive) != std::string_view::npos) return true;
  }
  return false;
}

bool read_formatted_time(std::string_view text, const std::string& format, const TimeContext& context,
                         std::int64_t& us) {
  if (names_year(format)) return parse_time_format(text, format, context.zone, us);
  if (context.year == 0) return false;
  return parse_time_format(fmt::format("{} {}", context.year, text), "%Y " + format, context.zone, us);
}

std::optional<std::int64_t> read_time(const CellType& type, std::string_view text, const TimeContext& context) {
  std::int64_t us = 0;
  for (const std::string& format : type.formats) {
    const bool read =
        format.empty() ? read_usual_time(text, context.zone, us) : read_formatted_time(text, format, context, us);
    if (read) return us;
  }
  if (type.formats.empty() && read_usual_time(text, context.zone, us)) return us;
  return std::nullopt;
}

/// A status of 000 (nginx, for a client that went away) is a number where the column is known to be one.
std::string_view without_zeros(std::string_view text) {
  while (text.size() > 1 && text[0] == '0' && is_digit(text[1])) text.remove_prefix(1);
  return text;
}

}  // namespace

std::shared_ptr<arrow::Array> fixed_array(ValueType type, const FixedValues& cells, std::int64_t rows) {
  std::int64_t nulls = 0;
  for (std::int64_t i = 0; i < rows; ++i) nulls += cells.valid[static_cast<std::size_t>(i)] == 0;
  std::shared_ptr<arrow::Buffer> validity;
  if (nulls > 0) {
    validity =
        pack_bits(rows, [&](std::int64_t i) { return static_cast<int>(cells.valid[static_cast<std::size_t>(i)]); });
  }
  return arrow::MakeArray(
      arrow::ArrayData::Make(arrow_type(type), rows, {std::move(validity), words(type, cells, rows)}, nulls));
}

std::optional<std::int64_t> read_cell(const CellType& type, std::string_view text, const TimeContext& context) {
  std::int64_t value = 0;
  double real = 0;
  bool truth = false;
  std::int32_t days = 0;
  switch (type.column.type) {
    case ValueType::kInt64:
      return parse_int64(without_zeros(text), value) ? std::optional(value) : std::nullopt;
    case ValueType::kFloat64:
      if (!parse_float64(text, real) && !(type.duration && read_duration(text, real))) return std::nullopt;
      return std::bit_cast<std::int64_t>(real);
    case ValueType::kBool:
      return parse_bool(text, truth) ? std::optional<std::int64_t>(truth) : std::nullopt;
    case ValueType::kDate:
      return parse_date(text, DateOrder::kNone, days) ? std::optional<std::int64_t>(days) : std::nullopt;
    case ValueType::kTimestamp:
      return read_time(type, text, context);
    case ValueType::kString:
      break;
  }
  fail_bug("read_cell for a string column {}", type.column.name);
}

NullWords log_words(const FormatSpec& spec) { return NullWords::logs().changed_by(spec.nulls); }

CellType wanted_cell(const CellType& type, const std::vector<DeclaredType>& declared) {
  const InputColumn& column = type.column;
  if (!column.fixed || column.type == ValueType::kString) return type;
  const auto same = [&](const DeclaredType& one) { return one.column == column.name; };
  const auto found = std::find_if(declared.begin(), declared.end(), same);
  if (found == declared.end() || found->type == type_name(column.type)) return type;
  // A day is that of the time: the preset knows how its vendor writes times.
  if (column.type == ValueType::kTimestamp && found->type == type_name(ValueType::kDate)) return type;
  return {{column.name, false, ValueType::kString}, {}};
}

RowWriter::RowWriter(std::vector<CellType> types, const FormatSpec& spec)
    : types_(std::move(types)),
      context_{TimeZone::named(spec.timezone), 0},
      nulls_(log_words(spec)),
      declared_(spec.types) {
  for (CellType& type : types_) type = wanted_cell(type, declared_);
  cells_.resize(types_.size());
}

int RowWriter::append_column(const CellType& type) {
  types_.push_back(wanted_cell(type, declared_));
  cells_.emplace_back();
  if (const std::size_t capacity = capacity_; capacity > 0) {
    capacity_ = 0;
    grow(capacity);
  }
  return static_cast<int>(types_.size()) - 1;
}

int RowWriter::add_column(const CellType& type) {
  if (map_ == nullptr) return append_column(type);
  const auto same = [&](const CellType& known) { return known.column.name == type.column.name; };
  const auto found = std::find_if(types_.begin(), types_.end(), same);
  map_->push_back(found == types_.end() ? append_column(type) : static_cast<int>(found - types_.begin()));
  return static_cast<int>(map_->size()) - 1;
}

void RowWriter::begin_batch(const TextBlockPtr& text, std::size_t expected_rows) {
  text_ = text;
  rows_ = 0;
  capacity_ = 0;
  grow(expected_rows + 1);
}

void RowWriter::grow(std::size_t rows) {
  if (rows <= capacity_) return;
  capacity_ = rows;
  records_.resize(capacity_);
  for (std::size_t i = 0; i < types_.size(); ++i) {
    if (is_raw(i)) {
      // Columns at equal distances modulo 4 KiB fight for the same cache lines: each gets a few more rows.
      cells_[i].spans.reserve(capacity_ + 8 * (i + 1));
      cells_[i].spans.resize(capacity_);
    } else {
      cells_[i].fixed.values.resize(capacity_);
      cells_[i].fixed.valid.resize(capacity_);
    }
  }
}

void RowWriter::begin_row() {
  const auto row = static_cast<std::size_t>(rows_);
  if (row >= capacity_) grow(capacity_ + capacity_ / 2 + 16);
  for (std::size_t i = 0; i < types_.size(); ++i) {
    if (is_raw(i)) {
      cells_[i].spans[row] = Span{};
    } else {
      cells_[i].fixed.valid[row] = 0;
    }
  }
}

bool RowWriter::set(int column, Span span) {
  const std::size_t at = target(column);
  const auto row = static_cast<std::size_t>(rows_);
  if (is_raw(at)) {
    cells_[at].spans[row] = span;
    return true;
  }
  if (span.missing()) return true;
  const std::string_view text(text_->data() + span.offset, span.length());
  if (nulls_.contains(text)) return true;
  const auto value = read_cell(types_[at], text, context_);
  if (!value) return false;
  cells_[at].fixed.values[row] = *value;
  cells_[at].fixed.valid[row] = 1;
  return true;
}

bool RowWriter::set_text(int column, std::string_view text) {
  const std::uint32_t offset = text_->append(text);
  return set(column, Span::of(offset, static_cast<std::uint32_t>(text.size())));
}

void RowWriter::set_value(int column, std::int64_t value) {
  FixedValues& fixed = cells_[target(column)].fixed;
  fixed.values[static_cast<std::size_t>(rows_)] = value;
  fixed.valid[static_cast<std::size_t>(rows_)] = 1;
}

bool RowWriter::is_set(int column) const {
  const std::size_t at = target(column);
  const auto row = static_cast<std::size_t>(rows_);
  return is_raw(at) ? !cells_[at].spans[row].missing() : cells_[at].fixed.valid[row] != 0;
}

void RowWriter::commit(RecordRef record) { records_[static_cast<std::size_t>(rows_++)] = record; }

void RowWriter::finish(Batch& batch) {
  const auto rows = static_cast<std::size_t>(rows_);
  batch.num_rows = rows_;
  batch.text = text_;
  records_.resize(rows);
  batch.records = std::move(records_);
  for (std::size_t i = 0; i < types_.size(); ++i) {
    batch.names.push_back(types_[i].column.name);
    if (is_raw(i)) {
      cells_[i].spans.resize(rows);
      batch.columns.emplace_back(SpanColumn{text_, std::move(cells_[i].spans), RawKind::kText, false});
    } else {
      batch.columns.emplace_back(fixed_array(types_[i].column.type, cells_[i].fixed, rows_));
    }
    cells_[i].spans.clear();
  }
  text_.reset();
  records_.clear();
  capacity_ = 0;
}

}  // namespace evclean
