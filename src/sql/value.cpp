// SPDX-License-Identifier: Apache-2.0
#include "value.hpp"

#include <arrow/compute/api.h>
#include <arrow/util/bitmap_generate.h>

#include "evclean/arrow_status.hpp"

namespace evclean::sql {

std::shared_ptr<arrow::Array> to_array(const Value& value, std::int64_t rows) {
  if (value.array) return value.array;
  if (value.spans) return string_array(*value.spans);
  return take_arrow(arrow::MakeArrayFromScalar(*value.scalar, rows), "repeat a value");
}

arrow::Datum to_datum(const Value& value) {
  if (value.scalar) return arrow::Datum(value.scalar);
  return arrow::Datum(value.array ? value.array : string_array(*value.spans));
}

std::shared_ptr<arrow::Buffer> valid_bits(const SpanColumn& column) {
  std::uint32_t any = 0;
  for (const Span span : column.spans) any |= span.bits;
  if ((any & Span::kMissing) == 0) return nullptr;
  const auto rows = static_cast<std::int64_t>(column.spans.size());
  auto bits = take_arrow(arrow::AllocateEmptyBitmap(rows), "valid bits");
  const Span* span = column.spans.data();
  arrow::internal::GenerateBitsUnrolled(bits->mutable_data(), 0, rows, [&] { return !(span++)->missing(); });
  return bits;
}

}  // namespace evclean::sql
