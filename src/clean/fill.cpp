// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>

#include "evclean/arrow_status.hpp"
#include "ops.hpp"

namespace evclean {
namespace {

/// The fill text as a value of the column's type; the compiler has checked that it reads.
arrow::Datum typed_value(const FillValue& value) {
  switch (value.type) {
    case ValueType::kString:
      return arrow::Datum(std::make_shared<arrow::StringScalar>(value.text));
    case ValueType::kInt64: {
      std::int64_t number = 0;
      parse_int64(value.text, number);
      return arrow::Datum(std::make_shared<arrow::Int64Scalar>(number));
    }
    case ValueType::kFloat64: {
      double number = 0;
      parse_float64(value.text, number);
      return arrow::Datum(std::make_shared<arrow::DoubleScalar>(number));
    }
    case ValueType::kBool: {
      bool flag = false;
      parse_bool(value.text, flag);
      return arrow::Datum(std::make_shared<arrow::BooleanScalar>(flag));
    }
    case ValueType::kDate: {
      std::int32_t days = 0;
      parse_date(value.text, DateOrder::kNone, days);
      return arrow::Datum(std::make_shared<arrow::Date32Scalar>(days));
    }
    case ValueType::kTimestamp: {
      std::int64_t us = 0;
      parse_timestamp(value.text, DateOrder::kNone, TimeZone::utc(), us);
      return arrow::Datum(std::make_shared<arrow::TimestampScalar>(us, arrow_type(ValueType::kTimestamp)));
    }
  }
  fail_bug("fill of an unknown type");
}

class Fill final : public Op {
 public:
  explicit Fill(std::vector<FillValue> values) : values_(std::move(values)) {
    check_arrow(arrow::compute::Initialize(), "Arrow's kernels");
    for (const FillValue& value : values_) typed_.push_back(typed_value(value));
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
    bool any = false;
    for (const Span span : raw.spans) any |= span.missing();
    if (!any) return;
    if (!state.block || raw.text.get() != state.block.get()) {
      batch.columns[static_cast<std::size_t>(at)] = string_array(raw);
      return;
    }
    const Span value = Span::of(state.block->append(text), static_cast<std::uint32_t>(text.size()));
    for (Span& span : raw.spans) {
      if (span.missing()) span = value;
    }
  }

  static std::shared_ptr<arrow::Array> filled(const std::shared_ptr<arrow::Array>& array, const arrow::Datum& value) {
    if (array->null_count() == 0) return array;
    return take_arrow(arrow::compute::CallFunction("coalesce", {array, value}), "fill").make_array();
  }

  std::vector<FillValue> values_;
  std::vector<arrow::Datum> typed_;
};

}  // namespace

std::unique_ptr<Op> make_fill_op(std::vector<FillValue> values) { return std::make_unique<Fill>(std::move(values)); }

}  // namespace evclean
