// SPDX-License-Identifier: Apache-2.0
// Every value is first tried in the plain form of the guess; what is left is classified in full. Tallies are taken a
// batch at a time: counts, and the first row of each kind, from which places and samples follow.
#include <arrow/array.h>
#include <arrow/buffer.h>

#include <algorithm>

#include "classify.hpp"
#include "evclean/arrow_status.hpp"
#include "evclean/error.hpp"
#include "evclean/span_mask.hpp"
#include "evclean/types.hpp"
#include "number_text.hpp"
#include "time_text.hpp"

namespace evclean {
namespace {

constexpr std::size_t kSampleBytes = 80;

/// What one batch shows of one column.
struct Tally {
  std::array<std::int64_t, kValueKinds> count{};
  std::array<std::int64_t, kValueKinds> first_row{};
  std::int64_t missing = 0;
  std::int64_t zero_padded = 0;

  void add(ValueKind kind, std::int64_t row) noexcept {
    const auto index = static_cast<std::size_t>(kind);
    if (count[index]++ == 0) first_row[index] = row;
  }
};

bool is_json_string(const SpanColumn& column, Span span) { return column.kind == RawKind::kJson && span.quoted(); }

/// Classifies the value of a row, with its tally.
ValueKind examine(const SpanColumn& column, std::int64_t row, Tally& tally) {
  const std::string_view text = column.view(row);
  const bool json_string = is_json_string(column, column.spans[static_cast<std::size_t>(row)]);
  const ValueKind kind = classify(text, json_string);
  tally.add(kind, row);
  if (kind == ValueKind::kString && !json_string && is_zero_padded(trim_blanks(text))) ++tally.zero_padded;
  return kind;
}

/// The smallest sample of the values of a kind that share the first one's place (elements of one record).
std::string sample_of(const SpanColumn& column, ValueKind kind, std::int64_t first_row, const PlaceOf& place) {
  const auto rows = static_cast<std::int64_t>(column.spans.size());
  const Place first = place(first_row);
  std::string_view sample = cut_at_character(column.view(first_row), kSampleBytes);
  for (std::int64_t row = first_row + 1; row < rows && place(row) == first; ++row) {
    const Span span = column.spans[static_cast<std::size_t>(row)];
    if (span.missing() || classify(column.view(row), is_json_string(column, span)) != kind) continue;
    sample = std::min(sample, cut_at_character(column.view(row), kSampleBytes));
  }
  return std::string(sample);
}

void add_to(Evidence& evidence, const Tally& tally, const SpanColumn& column, const PlaceOf& place) {
  Evidence batch;
  batch.missing = tally.missing;
  batch.zero_padded = tally.zero_padded;
  for (std::size_t kind = 0; kind < kValueKinds; ++kind) {
    if (tally.count[kind] == 0) continue;
    Evidence::Seen& seen = batch.kinds[kind];
    seen.count = tally.count[kind];
    seen.first = place(tally.first_row[kind]);
    if (seen.first > evidence.kinds[kind].first) continue;
    seen.sample = sample_of(column, static_cast<ValueKind>(kind), tally.first_row[kind], place);
  }
  evidence.merge(batch);
}

// One reader a type: plain() knows the common form and gives its kind, or kString for "look closer";
// fits() and read() serve what has been looked at.

struct Int64Reader {
  using Value = std::int64_t;
  bool json;
  ValueKind plain(const char* text, Span span, Value& value) const noexcept {
    if (json && span.quoted()) return ValueKind::kString;
    if (!parse_padded_int64(text, span.length(), value)) return ValueKind::kString;
    return is_big_int(value) ? ValueKind::kBigInt : ValueKind::kInt;
  }
  bool fits(ValueKind kind) const noexcept { return kind == ValueKind::kInt || kind == ValueKind::kBigInt; }
  bool read(std::string_view text, Value& value) const noexcept { return parse_int64(text, value); }
};

/// An integer beyond 2^53 is a misfit, as the column cannot become float64 by inference, but it is converted:
/// whoever declared the type takes the nearest.
struct Float64Reader {
  using Value = double;
  bool json;
  ValueKind plain(const char* text, Span span, Value& value) const noexcept {
    if (json && span.quoted()) return ValueKind::kString;
    bool integer = false;
    if (parse_short_float64(text, span.length(), value, integer)) return integer ? ValueKind::kInt : ValueKind::kFloat;
    return parse_fraction({text, span.length()}, value) ? ValueKind::kFloat : ValueKind::kString;
  }
  bool fits(ValueKind kind) const noexcept { return kind == ValueKind::kInt || kind == ValueKind::kFloat; }
  bool read(std::string_view text, Value& value) const noexcept { return parse_float64(text, value); }
};

struct BoolReader {
  using Value = bool;
  bool json;
  ValueKind plain(const char* text, Span span, Value& value) const noexcept {
    if (json && span.quoted()) return ValueKind::kString;
    return parse_bool({text, span.length()}, value) ? ValueKind::kBool : ValueKind::kString;
  }
  bool fits(ValueKind kind) const noexcept { return kind == ValueKind::kBool; }
  bool read(std::string_view text, Value& value) const noexcept { return parse_bool(text, value); }
};

/// Whether a date of some order fits a column that is read by `order`.
bool order_fits(ValueKind kind, DateOrder order, ValueKind known, ValueKind day_first, ValueKind month_first,
                ValueKind either) noexcept {
  if (kind == known) return true;
  if (order == DateOrder::kDayFirst) return kind == day_first || kind == either;
  return order == DateOrder::kMonthFirst && (kind == month_first || kind == either);
}

bool date_fits(ValueKind kind, DateOrder order) noexcept {
  return order_fits(kind, order, ValueKind::kDate, ValueKind::kDateDayFirst, ValueKind::kDateMonthFirst,
                    ValueKind::kDateEither);
}

bool timestamp_fits(ValueKind kind, DateOrder order) noexcept {
  return order_fits(kind, order, ValueKind::kTimestamp, ValueKind::kTimestampDayFirst, ValueKind::kTimestampMonthFirst,
                    ValueKind::kTimestampEither);
}

struct DateReader {
  using Value = std::int32_t;
  DateOrder order;
  ValueKind plain(const char* text, Span span, Value& value) const noexcept {
    if (read_plain_date(text, span.length(), value)) return ValueKind::kDate;
    return span.length() == 10 ? date_kind_if(read_ordered_date(text, order, value)) : ValueKind::kString;
  }
  ValueKind date_kind_if(ValueKind kind) const noexcept { return fits(kind) ? kind : ValueKind::kString; }
  bool fits(ValueKind kind) const noexcept { return date_fits(kind, order); }
  bool read(std::string_view text, Value& value) const noexcept { return parse_date(text, order, value); }
};

struct TimestampReader {
  using Value = std::int64_t;
  DateOrder order;
  const TimeZone& zone;
  ValueKind plain(const char* text, Span span, Value& value) const noexcept {
    if (span.length() == 26 && text[2] == '/' && read_plain_clf(text, value)) return ValueKind::kTimestamp;
    if (span.length() == 10) return plain_date(text, value);
    bool local = false;
    ValueKind kind = ValueKind::kTimestamp;
    if (!read_plain_timestamp(text, span.length(), value, local)) {
      kind = read_ordered_timestamp(text, span.length(), order, value, local);
      if (!timestamp_fits(kind, order)) return ValueKind::kString;
    }
    if (local) value -= zone.offset_us(value);
    return kind;
  }
  ValueKind plain_date(const char* text, Value& value) const noexcept {
    std::int32_t days = 0;
    if (!read_plain_date(text, 10, days)) return ValueKind::kString;
    value = days * kDayUs;
    value -= zone.offset_us(value);
    return ValueKind::kDate;
  }
  bool fits(ValueKind kind) const noexcept { return timestamp_fits(kind, order) || date_fits(kind, order); }
  bool read(std::string_view text, Value& value) const noexcept { return parse_timestamp(text, order, zone, value); }
};

/// Values of a fixed width, or bits for bool, and which of them are there.
template <typename Value>
class Builder {
 public:
  explicit Builder(std::int64_t rows)
      : rows_(rows),
        values_(allocate(kBits ? bitmap_bytes(rows) : rows * static_cast<std::int64_t>(sizeof(Value)))),
        validity_(allocate(bitmap_bytes(rows))) {}

  /// Takes `count` of 64 values (the rest zero) and the bits of those that are there.
  void put(std::int64_t first_row, std::int64_t count, const Value* values, std::uint64_t present) {
    words(*validity_)[first_row / 64] = present;
    nulls_ += count - std::popcount(present);
    if constexpr (kBits) {
      std::uint64_t bits = 0;
      for (int i = 0; i < 64; ++i) bits |= std::uint64_t{values[i]} << i;
      words(*values_)[first_row / 64] = bits;
    } else {
      std::copy_n(values, count, reinterpret_cast<Value*>(values_->mutable_data()) + first_row);
    }
  }

  std::shared_ptr<arrow::Array> finish(ValueType type) {
    std::shared_ptr<arrow::Buffer> validity;
    if (nulls_ > 0) validity = std::move(validity_);
    return arrow::MakeArray(
        arrow::ArrayData::Make(arrow_type(type), rows_, {std::move(validity), std::move(values_)}, nulls_));
  }

 private:
  static constexpr bool kBits = std::is_same_v<Value, bool>;
  static std::int64_t bitmap_bytes(std::int64_t rows) { return (rows + 63) / 64 * 8; }
  static std::shared_ptr<arrow::Buffer> allocate(std::int64_t bytes) {
    return take_arrow(arrow::AllocateBuffer(bytes), "memory for a column");
  }
  static std::uint64_t* words(arrow::Buffer& buffer) { return reinterpret_cast<std::uint64_t*>(buffer.mutable_data()); }

  std::int64_t rows_;
  std::shared_ptr<arrow::Buffer> values_;
  std::shared_ptr<arrow::Buffer> validity_;
  std::int64_t nulls_ = 0;
};

/// The value of a row that is not plain; false when it stays null.
template <typename Reader>
[[gnu::noinline]] bool look_closer(const SpanColumn& column, std::int64_t row, const Reader& reader,
                                   typename Reader::Value& value, Tally& tally, std::int64_t& misfits) {
  const ValueKind kind = examine(column, row, tally);
  if (reader.fits(kind)) return reader.read(column.view(row), value);
  ++misfits;
  return kind == ValueKind::kBigInt && reader.read(column.view(row), value);
}

template <typename Reader>
std::shared_ptr<arrow::Array> convert_by(const Reader& reader, const SpanColumn& column, ValueType type, Tally& tally,
                                         std::int64_t& misfits) {
  using Value = typename Reader::Value;
  const auto rows = static_cast<std::int64_t>(column.spans.size());
  const char* const text = column.text ? column.text->data() : nullptr;
  Builder<Value> builder(rows);
  for (std::int64_t first = 0; first < rows; first += 64) {
    Value values[64]{};
    const Span* const spans = column.spans.data() + first;
    const std::int64_t count = std::min<std::int64_t>(64, rows - first);
    std::uint64_t present = present_bits(spans, count);
    tally.missing += count - std::popcount(present);
    for_each_bit(present, [&](std::int64_t i) {
      const Span span = spans[i];
      Value value{};
      const ValueKind kind = reader.plain(text + span.offset, span, value);
      bool there = kind != ValueKind::kString;
      if (there) [[likely]] {
        tally.add(kind, first + i);
      } else {
        value = {};
        there = look_closer(column, first + i, reader, value, tally, misfits);
      }
      values[i] = there ? value : Value{};
      present &= ~(std::uint64_t{!there} << i);
    });
    builder.put(first, count, values, present);
  }
  return builder.finish(type);
}

void examine_all(const SpanColumn& column, Tally& tally) {
  const auto rows = static_cast<std::int64_t>(column.spans.size());
  const char* const text = column.text ? column.text->data() : nullptr;
  const Int64Reader integers{column.kind == RawKind::kJson};
  const auto examine_one = [&](Span span, std::int64_t row) {
    if (span.length() == 0 || surely_string(text + span.offset, span.length())) {
      tally.add(ValueKind::kString, row);
      return;
    }
    std::int64_t ignored = 0;
    const ValueKind kind = integers.plain(text + span.offset, span, ignored);
    if (kind == ValueKind::kString) {
      examine(column, row, tally);
    } else {
      tally.add(kind, row);
    }
  };
  tally.missing += for_each_present(column.spans.data(), rows, examine_one);
}

}  // namespace

Place PlaceOf::operator()(std::int64_t row) const {
  if (batch->records.empty()) {
    const auto& numbers = batch->source_offsets;
    return {-1, batch->origin.byte_offset + (numbers.empty() ? row : numbers[static_cast<std::size_t>(row)])};
  }
  return {batch->origin.file, batch->source_offset(row)};
}

std::shared_ptr<arrow::Array> convert(const SpanColumn& column, ColumnType guess, const PlaceOf& place,
                                      Evidence& evidence, std::int64_t& misfits, const TimeZone& zone) {
  const bool json = column.kind == RawKind::kJson;
  Tally tally;
  std::shared_ptr<arrow::Array> array;
  misfits = 0;
  switch (guess.type) {
    case ValueType::kString:
      examine_all(column, tally);
      break;
    case ValueType::kInt64:
      array = convert_by(Int64Reader{json}, column, guess.type, tally, misfits);
      break;
    case ValueType::kFloat64:
      array = convert_by(Float64Reader{json}, column, guess.type, tally, misfits);
      break;
    case ValueType::kBool:
      array = convert_by(BoolReader{json}, column, guess.type, tally, misfits);
      break;
    case ValueType::kDate:
      array = convert_by(DateReader{guess.order}, column, guess.type, tally, misfits);
      break;
    case ValueType::kTimestamp:
      array = convert_by(TimestampReader{guess.order, zone}, column, guess.type, tally, misfits);
      break;
  }
  add_to(evidence, tally, column, place);
  return array;
}

}  // namespace evclean
