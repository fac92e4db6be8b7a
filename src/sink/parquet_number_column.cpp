// SPDX-License-Identifier: Apache-2.0
// Numbers, dates and times through a dictionary where they repeat, as differences where they do not; floats as they
// are.
#include <arrow/api.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

#include "evclean/arrow_status.hpp"
#include "parquet_codes.hpp"
#include "parquet_columns.hpp"
#include "parquet_runs.hpp"

namespace evclean {
namespace {

template <typename Stored>
void append_plain(std::string& out, const std::int64_t* values, std::int64_t count) {
  const std::size_t at = out.size();
  out.resize(at + static_cast<std::size_t>(count) * sizeof(Stored));
  for (std::int64_t i = 0; i < count; ++i) {
    const auto value = static_cast<Stored>(values[i]);
    std::memcpy(out.data() + at + static_cast<std::size_t>(i) * sizeof value, &value, sizeof value);
  }
}

class NumberColumn : public ParquetColumn {
 public:
  explicit NumberColumn(ValueType type) : type_(type) {}

  void reserve(std::int64_t rows) override { values_.reserve(static_cast<std::size_t>(rows)); }

  std::shared_ptr<arrow::Array> array() const override {
    std::unique_ptr<arrow::ArrayBuilder> any;
    check_arrow(arrow::MakeBuilder(arrow::default_memory_pool(), arrow_type(type_), &any), "Parquet");
    check_arrow(any->Reserve(rows()), "Parquet");
    const std::int64_t* value = values_.data();
    for (std::int64_t row = 0; row < rows(); ++row) {
      if (is_missing(row)) {
        check_arrow(any->AppendNull(), "Parquet");
      } else {
        add_to(*any, *value++);
      }
    }
    return take_arrow(any->Finish(), "Parquet");
  }

 protected:
  void append_values(const ValueColumn& column, std::int64_t begin, std::int64_t end) override {
    const std::size_t before = values_.size();
    const bool all = column.validity == nullptr && type_ != ValueType::kDate;
    if (all && column.kind != ValueColumn::Kind::kSpans) {
      const auto* const from = static_cast<const std::int64_t*>(column.values);
      values_.insert(values_.end(), from + begin, from + end);
      return;
    }
    values_.resize(before + static_cast<std::size_t>(end - begin));
    std::int64_t* to = values_.data() + before;
    for (std::int64_t row = begin; row < end; row += 64) {
      const std::int64_t count = std::min<std::int64_t>(64, end - row);
      const std::uint64_t there = column.present(row, count);
      if (there == low_bits(count) && type_ != ValueType::kDate) {
        to = std::copy_n(static_cast<const std::int64_t*>(column.values) + row, count, to);
      } else {
        for_each_bit(there, [&](std::int64_t i) { *to++ = value_at(column, row + i); });
      }
    }
    values_.resize(static_cast<std::size_t>(to - values_.data()));
  }

  ParquetType type() const override {
    if (type_ == ValueType::kDate) return ParquetType::kInt32;
    return type_ == ValueType::kFloat64 ? ParquetType::kDouble : ParquetType::kInt64;
  }

  ParquetEncoding settle(ParquetChunk& chunk) override {
    const std::int64_t entry_bytes = type_ == ValueType::kDate ? 4 : 8;
    const auto count = static_cast<std::int64_t>(values_.size());
    const bool is_float = type_ == ValueType::kFloat64;
    const std::int64_t otherwise = is_float ? count * entry_bytes : delta_size(values_.data(), count);
    coded_ = code_numbers(values_, otherwise, entry_bytes);
    if (!coded_) return is_float ? ParquetEncoding::kPlain : ParquetEncoding::kDelta;
    std::string dictionary;
    write_plain(dictionary, coded_->dictionary.data(), static_cast<std::int64_t>(coded_->dictionary.size()));
    chunk.add_dictionary(dictionary, static_cast<std::int64_t>(coded_->dictionary.size()));
    return ParquetEncoding::kDictionary;
  }

  void write_values(std::string& page, std::int64_t count) override {
    const std::size_t from = written_;
    written_ += static_cast<std::size_t>(count);
    if (coded_) {
      const int bits = bits_below(coded_->dictionary.size());
      page += static_cast<char>(bits);
      return append_runs(page, coded_->codes.data() + from, count, bits);
    }
    if (type_ == ValueType::kFloat64) return write_plain(page, values_.data() + from, count);
    append_deltas(page, values_.data() + from, count);
  }

  ParquetBounds bounds() const override {
    const std::vector<std::int64_t>& values = coded_ ? coded_->dictionary : values_;
    if (values.empty()) return {};
    if (type_ == ValueType::kFloat64) return float_bounds(values);
    const NumberBounds bounds = bounds_of(values);
    return stored_bounds(bounds.smallest, bounds.largest);
  }

 private:
  std::int64_t value_at(const ValueColumn& column, std::int64_t row) const {
    return type_ == ValueType::kDate ? column.date(row) : column.int64(row);  // floats: their bits
  }

  void add_to(arrow::ArrayBuilder& any, std::int64_t value) const {
    switch (type_) {
      case ValueType::kDate:
        return static_cast<arrow::Date32Builder&>(any).UnsafeAppend(static_cast<std::int32_t>(value));
      case ValueType::kTimestamp:
        return static_cast<arrow::TimestampBuilder&>(any).UnsafeAppend(value);
      case ValueType::kFloat64:
        return static_cast<arrow::DoubleBuilder&>(any).UnsafeAppend(std::bit_cast<double>(value));
      default:
        return static_cast<arrow::Int64Builder&>(any).UnsafeAppend(value);
    }
  }

  void write_plain(std::string& out, const std::int64_t* values, std::int64_t count) const {
    if (type_ == ValueType::kDate) return append_plain<std::int32_t>(out, values, count);
    append_plain<std::int64_t>(out, values, count);
  }

  ParquetBounds stored_bounds(std::int64_t smallest, std::int64_t largest) const {
    ParquetBounds bounds{true};
    write_plain(bounds.smallest, &smallest, 1);
    write_plain(bounds.largest, &largest, 1);
    return bounds;
  }

  /// No bounds where there is no order; a zero stands for both zeros.
  ParquetBounds float_bounds(const std::vector<std::int64_t>& values) const {
    double smallest = INFINITY;
    double largest = -INFINITY;
    for (const std::int64_t bits : values) {
      const auto value = std::bit_cast<double>(bits);
      if (std::isnan(value)) return {};
      smallest = std::min(smallest, value);
      largest = std::max(largest, value);
    }
    return stored_bounds(std::bit_cast<std::int64_t>(smallest == 0 ? -0.0 : smallest),
                         std::bit_cast<std::int64_t>(largest == 0 ? 0.0 : largest));
  }

  ValueType type_;
  std::vector<std::int64_t> values_;
  std::optional<NumberCodes> coded_;
  std::size_t written_ = 0;  ///< values in pages
};

class BooleanColumn : public ParquetColumn {
 public:
  void reserve(std::int64_t rows) override { values_.reserve(static_cast<std::size_t>(rows)); }

  std::shared_ptr<arrow::Array> array() const override {
    arrow::BooleanBuilder builder;
    check_arrow(builder.Reserve(rows()), "Parquet");
    const std::uint8_t* value = values_.data();
    for (std::int64_t row = 0; row < rows(); ++row) {
      if (is_missing(row)) {
        builder.UnsafeAppendNull();
      } else {
        builder.UnsafeAppend(*value++ != 0);
      }
    }
    return take_arrow(builder.Finish(), "Parquet");
  }

 protected:
  void append_values(const ValueColumn& column, std::int64_t begin, std::int64_t end) override {
    const std::size_t before = values_.size();
    values_.resize(before + static_cast<std::size_t>(end - begin));
    std::uint8_t* to = values_.data() + before;
    const ValueColumn own = column;  // nothing else can change it: it stays in registers
    if (own.validity == nullptr) {
      for (std::int64_t row = begin; row < end; ++row) *to++ = own.boolean(row) ? 1 : 0;
    } else {
      for (std::int64_t row = begin; row < end; ++row) {
        *to = own.boolean(row) ? 1 : 0;
        to += own.missing(row) ? 0 : 1;
      }
    }
    values_.resize(static_cast<std::size_t>(to - values_.data()));
  }

  ParquetType type() const override { return ParquetType::kBoolean; }
  ParquetEncoding settle(ParquetChunk&) override { return ParquetEncoding::kPlain; }

  void write_values(std::string& page, std::int64_t count) override {
    const std::uint8_t* from = values_.data() + written_;
    written_ += static_cast<std::size_t>(count);
    for (; count >= 8; count -= 8, from += 8) page += packed(from, 8);
    if (count > 0) page += packed(from, count);
  }

  ParquetBounds bounds() const override {
    if (values_.empty()) return {};
    const auto ones = std::accumulate(values_.begin(), values_.end(), std::size_t{0});
    return {true, std::string(1, ones == values_.size() ? '\1' : '\0'), std::string(1, ones > 0 ? '\1' : '\0')};
  }

 private:
  /// Up to eight values as the bits of a byte, the first lowest.
  static char packed(const std::uint8_t* from, std::int64_t count) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, from, static_cast<std::size_t>(count));
    return static_cast<char>(eight * 0x0102040810204080ULL >> 56);
  }

  std::vector<std::uint8_t> values_;
  std::size_t written_ = 0;
};

}  // namespace

std::unique_ptr<ParquetColumn> make_parquet_numbers(ValueType type) { return std::make_unique<NumberColumn>(type); }
std::unique_ptr<ParquetColumn> make_parquet_booleans() { return std::make_unique<BooleanColumn>(); }

std::unique_ptr<ParquetColumn> make_parquet_column(ValueType type) {
  if (type == ValueType::kString) return make_parquet_texts();
  if (type == ValueType::kBool) return make_parquet_booleans();
  return make_parquet_numbers(type);
}

}  // namespace evclean
