// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>

#include <algorithm>
#include <cstring>

#include "evclean/arrow_status.hpp"
#include "evclean/span_mask.hpp"
#include "ops.hpp"

namespace evclean {
namespace {

/// Copies what stands between two missing values at once; null when there would be too much text.
std::shared_ptr<arrow::Array> fill_texts(const arrow::StringArray& array, std::string_view text) {
  const std::int64_t rows = array.length();
  const std::int32_t* const from = array.raw_value_offsets();
  const std::int64_t bytes = array.total_values_length() + array.null_count() * static_cast<std::int64_t>(text.size());
  if (bytes > INT32_MAX) return nullptr;
  auto offsets = take_arrow(arrow::AllocateBuffer((rows + 1) * 4), "fill");
  auto texts = take_arrow(arrow::AllocateBuffer(bytes), "fill");
  auto* const offset = reinterpret_cast<std::int32_t*>(offsets->mutable_data());
  auto* const to = reinterpret_cast<char*>(texts->mutable_data());
  std::int32_t at = 0;
  std::int64_t begin = 0;
  const auto copy_before = [&](std::int64_t row) {
    const std::int32_t moved = at - from[begin];
    for (std::int64_t i = begin; i < row; ++i) offset[i] = from[i] + moved;
    const std::int32_t size = from[row] - from[begin];
    if (size > 0) std::memcpy(to + at, array.value_data()->data() + from[begin], static_cast<std::size_t>(size));
    at += size;
  };
  for (std::int64_t row = 0; row < rows; ++row) {
    if (array.IsValid(row)) continue;
    copy_before(row);
    offset[row] = at;
    text.copy(to + at, text.size());
    at += static_cast<std::int32_t>(text.size());
    begin = row + 1;
  }
  copy_before(rows);
  offset[rows] = at;
  return std::make_shared<arrow::StringArray>(rows, std::move(offsets), std::move(texts));
}

class Fill final : public Op {
 public:
  explicit Fill(std::vector<FillValue> values) : values_(std::move(values)) {
    check_arrow(arrow::compute::Initialize(), "Arrow's kernels");
    for (const FillValue& value : values_) typed_.emplace_back(fill_scalar(value));
  }

  void apply(Batch& batch, OpState& state) override {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const int at = batch.find(values_[i].column);
      Column& column = batch.columns[static_cast<std::size_t>(at)];
      if (batch.is_raw(at)) fill_raw(batch, at, values_[i].text, state);
      if (!batch.is_raw(at)) column = filled(std::get<std::shared_ptr<arrow::Array>>(column), typed_[i]);
    }
  }

 private:
  /// Points the missing spans at one copy of the text; a column of another block becomes an array first.
  static void fill_raw(Batch& batch, int at, const std::string& text, OpState& state) {
    SpanColumn& raw = batch.raw(at);
    if (!any_missing(raw.spans)) return;
    if (!state.block || raw.text.get() != state.block.get()) {
      batch.columns[static_cast<std::size_t>(at)] = string_array(raw);
      return;
    }
    const Span value = Span::of(state.block->append(text), static_cast<std::uint32_t>(text.size()));
    const auto rows = static_cast<std::int64_t>(raw.spans.size());
    for (std::int64_t first = 0; first < rows; first += 64) {
      Span* const spans = raw.spans.data() + first;
      const std::int64_t count = std::min<std::int64_t>(64, rows - first);
      for_each_bit(~present_bits(spans, count) & low_bits(count), [&](std::int64_t i) { spans[i] = value; });
    }
  }

  static bool any_missing(const std::vector<Span>& spans) {
    std::uint32_t bits = 0;
    for (const Span span : spans) bits |= span.bits;
    return (bits & Span::kMissing) != 0;
  }

  static std::shared_ptr<arrow::Array> filled(const std::shared_ptr<arrow::Array>& array, const arrow::Datum& value) {
    if (array->null_count() == 0) return array;
    if (array->type_id() == arrow::Type::STRING) {
      const auto& text = static_cast<const arrow::StringScalar&>(*value.scalar());
      if (auto texts = fill_texts(static_cast<const arrow::StringArray&>(*array), text.view())) return texts;
    }
    return take_arrow(arrow::compute::CallFunction("coalesce", {array, value}), "fill").make_array();
  }

  std::vector<FillValue> values_;
  std::vector<arrow::Datum> typed_;
};

}  // namespace

std::shared_ptr<arrow::Scalar> fill_scalar(const FillValue& value) {
  switch (value.type) {
    case ValueType::kString:
      return std::make_shared<arrow::StringScalar>(value.text);
    case ValueType::kInt64: {
      std::int64_t number = 0;
      parse_int64(value.text, number);
      return std::make_shared<arrow::Int64Scalar>(number);
    }
    case ValueType::kFloat64: {
      double number = 0;
      parse_float64(value.text, number);
      return std::make_shared<arrow::DoubleScalar>(number);
    }
    case ValueType::kBool: {
      bool flag = false;
      parse_bool(value.text, flag);
      return std::make_shared<arrow::BooleanScalar>(flag);
    }
    case ValueType::kDate: {
      std::int32_t days = 0;
      parse_date(value.text, DateOrder::kNone, days);
      return std::make_shared<arrow::Date32Scalar>(days);
    }
    case ValueType::kTimestamp: {
      std::int64_t us = 0;
      parse_timestamp(value.text, DateOrder::kNone, TimeZone::utc(), us);
      return std::make_shared<arrow::TimestampScalar>(us, arrow_type(ValueType::kTimestamp));
    }
  }
  fail_bug("fill of an unknown type");
}

std::unique_ptr<Op> make_fill_op(std::vector<FillValue> values) { return std::make_unique<Fill>(std::move(values)); }

}  // namespace evclean
