// SPDX-License-Identifier: Apache-2.0
#include "value_column.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <cstring>

#include "evclean/error.hpp"

namespace evclean {
namespace {

using Kind = ValueColumn::Kind;

Kind kind_of(const arrow::DataType& type) {
  switch (value_type(type)) {
    case ValueType::kString:
      return Kind::kUtf8;
    case ValueType::kInt64:
      return Kind::kInt64;
    case ValueType::kFloat64:
      return Kind::kFloat64;
    case ValueType::kBool:
      return Kind::kBool;
    case ValueType::kDate:
      return Kind::kDate;
    case ValueType::kTimestamp:
      return Kind::kTimestamp;
  }
  return Kind::kUtf8;
}

ValueColumn view_spans(const SpanColumn& raw) {
  ValueColumn view;
  view.spans = raw.spans.data();
  if (raw.text) {
    view.text = raw.text->data();
    view.readable_end = view.text + raw.text->size() + TextBlock::kPadding;
  }
  return view;
}

void view_text(const arrow::ArrayData& data, ValueColumn& view) {
  view.offsets = data.GetValues<std::int32_t>(1);
  if (!data.buffers[2]) return;
  view.text = reinterpret_cast<const char*>(data.buffers[2]->data());
  view.readable_end = view.text + data.buffers[2]->size();
}

ValueColumn view_array(const arrow::Array& array) {
  const arrow::ArrayData& data = *array.data();
  ValueColumn view;
  view.kind = kind_of(*array.type());
  view.bit_offset = data.offset;
  if (array.null_count() > 0) view.validity = array.null_bitmap_data();
  switch (view.kind) {
    case Kind::kUtf8:
      view_text(data, view);
      break;
    case Kind::kBool:
      view.bits = data.buffers[1] ? data.buffers[1]->data() : nullptr;
      break;
    case Kind::kDate:
      view.values = data.GetValues<std::int32_t>(1);
      break;
    default:
      view.values = data.GetValues<std::int64_t>(1);
      break;
  }
  return view;
}

}  // namespace

std::uint64_t ValueColumn::validity_bits(std::int64_t row, std::int64_t count) const noexcept {
  if (count <= 0) return 0;
  const std::int64_t begin = bit_offset + row;
  const std::uint8_t* const from = validity + (begin >> 3);
  const auto shift = static_cast<unsigned>(begin & 7);
  const std::int64_t bytes = (count + shift + 7) / 8;  // up to nine, and no byte beyond is touched
  std::uint64_t low = 0;
  std::memcpy(&low, from, static_cast<std::size_t>(std::min<std::int64_t>(bytes, 8)));
  const std::uint64_t high = bytes > 8 ? from[8] : 0;
  return ((low >> shift) | (shift == 0 ? 0 : high << (64 - shift))) & low_bits(count);
}

std::vector<ValueColumn> value_columns(const Batch& batch, std::size_t expected) {
  EVCLEAN_CHECK(batch.columns.size() == expected, "batch has {} columns, output {}", batch.columns.size(), expected);
  std::vector<ValueColumn> views;
  for (const Column& column : batch.columns) {
    const auto* raw = std::get_if<SpanColumn>(&column);
    views.push_back(raw ? view_spans(*raw) : view_array(*std::get<std::shared_ptr<arrow::Array>>(column)));
  }
  return views;
}

}  // namespace evclean
