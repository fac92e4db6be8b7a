// SPDX-License-Identifier: Apache-2.0
#include "evclean/record_batch.hpp"

#include <arrow/io/memory.h>
#include <arrow/ipc/api.h>
#include <arrow/util/compression.h>

namespace evclean {
namespace {

std::shared_ptr<arrow::Array> typed(const Column& column) {
  if (const auto* raw = std::get_if<SpanColumn>(&column)) return string_array(*raw);
  return std::get<std::shared_ptr<arrow::Array>>(column);
}

}  // namespace

std::shared_ptr<arrow::Schema> arrow_schema(const Fields& fields) {
  arrow::FieldVector columns;
  for (const Field& field : fields) columns.push_back(arrow::field(field.name, arrow_type(field.type)));
  return arrow::schema(std::move(columns));
}

arrow::ArrayVector typed_columns(const Batch& batch, const arrow::Schema& schema) {
  arrow::ArrayVector columns;
  columns.reserve(batch.columns.size());
  for (const Column& column : batch.columns) columns.push_back(typed(column));
  EVCLEAN_CHECK(static_cast<int>(columns.size()) == schema.num_fields(), "batch has {} columns, output {}",
                columns.size(), schema.num_fields());
  for (int c = 0; c < schema.num_fields(); ++c) {
    const auto& array = columns[static_cast<std::size_t>(c)];
    const arrow::Field& field = *schema.field(c);
    EVCLEAN_CHECK(array->type()->Equals(*field.type()) && array->length() == batch.num_rows,
                  "column {} is {} with {} rows, expected {} with {}", field.name(), array->type()->ToString(),
                  array->length(), field.type()->ToString(), batch.num_rows);
  }
  return columns;
}

std::shared_ptr<arrow::RecordBatch> to_record_batch(const Batch& batch, const std::shared_ptr<arrow::Schema>& schema) {
  return arrow::RecordBatch::Make(schema, batch.num_rows, typed_columns(batch, *schema));
}

Batch from_record_batch(const arrow::RecordBatch& rows) {
  Batch batch;
  batch.num_rows = rows.num_rows();
  for (int c = 0; c < rows.num_columns(); ++c) {
    batch.names.push_back(rows.column_name(c));
    batch.columns.emplace_back(rows.column(c));
  }
  return batch;
}

std::string serialize_record_batch(const arrow::RecordBatch& rows, bool compressed) {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  if (compressed) options.codec = take_arrow(arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME), "making LZ4");
  return take_arrow(arrow::ipc::SerializeRecordBatch(rows, options), "serializing a batch")->ToString();
}

std::shared_ptr<arrow::RecordBatch> parse_record_batch(std::shared_ptr<arrow::Buffer> bytes,
                                                       const std::shared_ptr<arrow::Schema>& schema) {
  arrow::io::BufferReader reader(std::move(bytes));
  const arrow::ipc::DictionaryMemo* none = nullptr;
  return take_arrow(arrow::ipc::ReadRecordBatch(schema, none, arrow::ipc::IpcReadOptions::Defaults(), &reader),
                    "reading a serialized batch");
}

Batch slice_batch(const Batch& batch, std::int64_t first, std::int64_t count) {
  Batch slice;
  slice.num_rows = count;
  slice.names = batch.names;
  for (const Column& column : batch.columns) slice.columns.emplace_back(typed(column)->Slice(first, count));
  return slice;
}

}  // namespace evclean
