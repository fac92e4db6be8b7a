// SPDX-License-Identifier: Apache-2.0
// What nodes pass to each other: a column of values in one of three shapes, and readers that make the shapes look
// alike.
#pragma once

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/util/bit_util.h>

#include <memory>
#include <string_view>
#include <type_traits>

#include "evclean/batch.hpp"
#include "evclean/error.hpp"
#include "evclean/value_type.hpp"

namespace evclean::sql {

struct Date {
  std::int32_t days;  ///< since 1970-01-01
};
struct Timestamp {
  std::int64_t us;  ///< since 1970-01-01 UTC
};

/// One value a row. Exactly one member is set.
struct Value {
  std::shared_ptr<const SpanColumn> spans;  ///< text where it lies; the batch may own it
  std::shared_ptr<arrow::Array> array;
  std::shared_ptr<arrow::Scalar> scalar;  ///< the same for all rows

  static Value of(std::shared_ptr<arrow::Array> array) { return {nullptr, std::move(array), nullptr}; }
  static Value of(std::shared_ptr<arrow::Scalar> scalar) { return {nullptr, nullptr, std::move(scalar)}; }
  static Value of(std::shared_ptr<const SpanColumn> spans) { return {std::move(spans), nullptr, nullptr}; }
};

/// Makes an array of any shape.
std::shared_ptr<arrow::Array> to_array(const Value& value, std::int64_t rows);
/// Array or scalar as Arrow's functions want them; spans are copied into an array.
arrow::Datum to_datum(const Value& value);
/// One bit a row: valid. Empty pointer: all rows are.
std::shared_ptr<arrow::Buffer> valid_bits(const SpanColumn& spans);

/// Reads fixed-width values: int64_t, double, Date, Timestamp.
template <typename T>
class Reader {
 public:
  explicit Reader(const Value& value) {
    if (value.scalar) {
      constant_ = scalar_value(*value.scalar);
      none_ = !value.scalar->is_valid;
      return;
    }
    const arrow::ArrayData& data = *value.array->data();
    values_ = data.GetValues<T>(1);
    if (value.array->null_count() > 0) bits_ = data.buffers[0]->data();
    offset_ = data.offset;
  }
  bool may_miss() const { return bits_ != nullptr || none_; }
  bool valid(std::int64_t row) const {
    return bits_ == nullptr ? !none_ : arrow::bit_util::GetBit(bits_, offset_ + row);
  }
  T get(std::int64_t row) const { return values_ == nullptr ? constant_ : values_[row]; }

 private:
  static T scalar_value(const arrow::Scalar& scalar) {
    if (!scalar.is_valid) return T{};
    const auto& primitive = static_cast<const arrow::internal::PrimitiveScalarBase&>(scalar);
    T value;
    std::memcpy(&value, primitive.view().data(), sizeof(T));
    return value;
  }

  const T* values_ = nullptr;
  const std::uint8_t* bits_ = nullptr;
  std::int64_t offset_ = 0;
  bool none_ = false;
  T constant_{};
};

template <>
class Reader<bool> {
 public:
  explicit Reader(const Value& value) {
    if (value.scalar) {
      none_ = !value.scalar->is_valid;
      constant_ = !none_ && static_cast<const arrow::BooleanScalar&>(*value.scalar).value;
      return;
    }
    const arrow::ArrayData& data = *value.array->data();
    values_ = data.buffers[1]->data();
    if (value.array->null_count() > 0) bits_ = data.buffers[0]->data();
    offset_ = data.offset;
  }
  bool may_miss() const { return bits_ != nullptr || none_; }
  bool valid(std::int64_t row) const {
    return bits_ == nullptr ? !none_ : arrow::bit_util::GetBit(bits_, offset_ + row);
  }
  bool get(std::int64_t row) const {
    return values_ == nullptr ? constant_ : arrow::bit_util::GetBit(values_, offset_ + row);
  }

 private:
  const std::uint8_t* values_ = nullptr;
  const std::uint8_t* bits_ = nullptr;
  std::int64_t offset_ = 0;
  bool none_ = false;
  bool constant_ = false;
};

template <>
class Reader<std::string_view> {
 public:
  explicit Reader(const Value& value) {
    if (value.scalar) {
      none_ = !value.scalar->is_valid;
      if (!none_) constant_ = static_cast<const arrow::StringScalar&>(*value.scalar).view();
    } else if (value.spans) {
      spans_ = value.spans->spans.data();
      bytes_ = value.spans->text ? value.spans->text->data() : kNoText;
    } else {
      const arrow::ArrayData& data = *value.array->data();
      offsets_ = data.GetValues<std::int32_t>(1);
      bytes_ = data.buffers[2] ? reinterpret_cast<const char*>(data.buffers[2]->data()) : kNoText;
      if (value.array->null_count() > 0) bits_ = data.buffers[0]->data();
      offset_ = data.offset;
    }
  }
  bool may_miss() const { return bits_ != nullptr || none_ || spans_ != nullptr; }
  bool valid(std::int64_t row) const {
    if (spans_ != nullptr) return !spans_[row].missing();
    return bits_ == nullptr ? !none_ : arrow::bit_util::GetBit(bits_, offset_ + row);
  }
  std::string_view get(std::int64_t row) const {
    if (spans_ != nullptr) return {bytes_ + spans_[row].offset, spans_[row].length()};
    if (offsets_ == nullptr) return constant_;
    return {bytes_ + offsets_[row], static_cast<std::size_t>(offsets_[row + 1] - offsets_[row])};
  }
  /// 64 bytes after every value may be read.
  bool padded() const { return spans_ != nullptr; }

 private:
  static constexpr char kNoText[TextBlock::kPadding] = {};  ///< a column without any text may have no block

  const Span* spans_ = nullptr;
  const std::int32_t* offsets_ = nullptr;
  const char* bytes_ = nullptr;
  const std::uint8_t* bits_ = nullptr;
  std::int64_t offset_ = 0;
  bool none_ = false;
  std::string_view constant_;
};

/// The type of a column that holds T.
template <typename T>
constexpr ValueType value_type_of() {
  if constexpr (std::is_same_v<T, bool>)
    return ValueType::kBool;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return ValueType::kInt64;
  else if constexpr (std::is_same_v<T, double>)
    return ValueType::kFloat64;
  else if constexpr (std::is_same_v<T, Date>)
    return ValueType::kDate;
  else if constexpr (std::is_same_v<T, Timestamp>)
    return ValueType::kTimestamp;
  else
    return ValueType::kString;
}

/// Calls `body` with a value of the C++ type that holds `type`: visit_type(t, [&](auto tag) { using T = decltype(tag);
/// }).
template <typename Body>
auto visit_type(ValueType type, Body&& body) {
  switch (type) {
    case ValueType::kInt64:
      return body(std::int64_t{});
    case ValueType::kFloat64:
      return body(double{});
    case ValueType::kBool:
      return body(bool{});
    case ValueType::kDate:
      return body(Date{});
    case ValueType::kTimestamp:
      return body(Timestamp{});
    case ValueType::kString:
      break;
  }
  return body(std::string_view{});
}

}  // namespace evclean::sql
