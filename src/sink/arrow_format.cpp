// SPDX-License-Identifier: Apache-2.0
// The Arrow IPC file format (Feather 2). Arrow's writer makes head and footer for the right number of empty batches;
// the footer's table of batches is then set to where the real ones stand.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/api.h>
#include <arrow/util/compression.h>

#include <cstring>

#include "evclean/arrow_status.hpp"
#include "evclean/record_batch.hpp"
#include "row_groups.hpp"

namespace evclean {
namespace {

/// An entry of the footer's table, as it lies in the file (Block in Arrow's File.fbs).
struct BlockEntry {
  std::int64_t offset = 0;
  std::int32_t metadata_bytes = 0;
  std::int32_t padding = 0;
  std::int64_t body_bytes = 0;
};
static_assert(sizeof(BlockEntry) == 24);

/// Reads the lengths from an encapsulated message: a mark, the metadata's length, metadata, body.
BlockEntry entry_of(std::string_view message, std::int64_t offset) {
  std::int32_t head[2];
  EVCLEAN_CHECK(message.size() > sizeof head, "Arrow message of {} bytes", message.size());
  std::memcpy(head, message.data(), sizeof head);
  const auto metadata = static_cast<std::int32_t>(head[1] + sizeof head);
  return {offset, metadata, 0, static_cast<std::int64_t>(message.size()) - metadata};
}

std::string_view bytes_of(const std::vector<BlockEntry>& entries) {
  return {reinterpret_cast<const char*>(entries.data()), entries.size() * sizeof(BlockEntry)};
}

arrow::ipc::IpcWriteOptions write_options(std::optional<int> level = {}) {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.codec = take_arrow(arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME,
                                                        level.value_or(arrow::util::kUseDefaultCompressionLevel)),
                             "Arrow file");
  options.use_threads = false;
  return options;
}

/// A file of `count` empty batches, taken to pieces.
struct EmptyFile {
  std::string head;
  std::vector<BlockEntry> entries;
  std::string tail;
};

/// The magic, padded to 8 bytes, and the schema's message, which has no body. Arrow writes them with the first batch.
std::int64_t head_bytes(std::string_view file) {
  constexpr std::int64_t kMagicBytes = 8;
  return kMagicBytes + entry_of(file.substr(kMagicBytes), 0).metadata_bytes;
}

EmptyFile write_empty(const std::shared_ptr<arrow::Schema>& schema, std::size_t count) {
  auto sink = take_arrow(arrow::io::BufferOutputStream::Create(), "Arrow file");
  auto writer = take_arrow(arrow::ipc::MakeFileWriter(sink, schema, write_options()), "Arrow file");
  const auto none = take_arrow(arrow::RecordBatch::MakeEmpty(schema), "Arrow file");
  std::vector<std::int64_t> offsets(1);
  for (std::size_t i = 0; i < count; ++i) {
    check_arrow(writer->WriteRecordBatch(*none), "Arrow file");
    offsets.push_back(take_arrow(sink->Tell(), "Arrow file"));
  }
  check_arrow(writer->Close(), "Arrow file");
  const std::string bytes = take_arrow(sink->Finish(), "Arrow file")->ToString();
  offsets[0] = head_bytes(bytes);
  EmptyFile file{bytes.substr(0, static_cast<std::size_t>(offsets[0])),
                 {},
                 bytes.substr(static_cast<std::size_t>(offsets.back()))};
  for (std::size_t i = 0; i < count; ++i) {
    const auto size = static_cast<std::size_t>(offsets[i + 1] - offsets[i]);
    file.entries.push_back(
        entry_of(std::string_view(bytes).substr(static_cast<std::size_t>(offsets[i]), size), offsets[i]));
  }
  return file;
}

/// The same values; behind missing ones stand zeros, or nothing.
template <typename Array, typename Builder>
std::shared_ptr<arrow::Array> rebuilt(const arrow::Array& column, Builder&& builder) {
  const auto& values = static_cast<const Array&>(column);
  check_arrow(builder.Reserve(values.length()), "Arrow file");
  for (std::int64_t row = 0; row < values.length(); ++row) {
    check_arrow(values.IsValid(row) ? builder.Append(values.GetView(row)) : builder.AppendNull(), "Arrow file");
  }
  return take_arrow(builder.Finish(), "Arrow file");
}

/// What lies behind missing values depends on where they come from, and files would with it.
std::shared_ptr<arrow::Array> without_missing_bytes(const std::shared_ptr<arrow::Array>& column) {
  if (column->null_count() == 0) return column;
  switch (value_type(*column->type())) {
    case ValueType::kString:
      return rebuilt<arrow::StringArray>(*column, arrow::StringBuilder());
    case ValueType::kBool:
      return rebuilt<arrow::BooleanArray>(*column, arrow::BooleanBuilder());
    case ValueType::kInt64:
      return rebuilt<arrow::Int64Array>(*column, arrow::Int64Builder());
    case ValueType::kFloat64:
      return rebuilt<arrow::DoubleArray>(*column, arrow::DoubleBuilder());
    case ValueType::kDate:
      return rebuilt<arrow::Date32Array>(*column, arrow::Date32Builder());
    case ValueType::kTimestamp:
      return rebuilt<arrow::TimestampArray>(*column,
                                            arrow::TimestampBuilder(column->type(), arrow::default_memory_pool()));
  }
  return column;
}

class ArrowRows : public RowGroup {
 public:
  ArrowRows(std::shared_ptr<arrow::Schema> schema, std::optional<int> level)
      : schema_(std::move(schema)), level_(level) {}

  void append(const Batch& batch, const std::vector<ValueColumn>&, std::int64_t begin, std::int64_t end) override {
    const bool whole = begin == 0 && end == batch.num_rows;
    batches_.push_back(to_record_batch(whole ? batch : slice_batch(batch, begin, end - begin), schema_));
  }

  EncodedGroup encode() override {
    const std::shared_ptr<arrow::RecordBatch> raw = this->rows();
    arrow::ArrayVector columns;
    for (const std::shared_ptr<arrow::Array>& column : raw->columns()) columns.push_back(without_missing_bytes(column));
    const auto rows = arrow::RecordBatch::Make(raw->schema(), raw->num_rows(), std::move(columns));
    EncodedGroup group{
        take_arrow(arrow::ipc::SerializeRecordBatch(*rows, write_options(level_)), "Arrow file")->ToString(), {}};
    EVCLEAN_CHECK(group.bytes.size() % 8 == 0, "Arrow message of {} bytes is not aligned", group.bytes.size());
    group.metadata = bytes_of({entry_of(group.bytes, 0)});
    return group;
  }

  std::shared_ptr<arrow::RecordBatch> rows() const override {
    return take_arrow(arrow::ConcatenateRecordBatches(batches_), "Arrow file");
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::optional<int> level_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
};

class ArrowFormat : public GroupFormat {
 public:
  ArrowFormat(const Fields& fields, std::optional<int> level) : schema_(arrow_schema(fields)), level_(level) {}

  std::unique_ptr<RowGroup> make_group() const override { return std::make_unique<ArrowRows>(schema_, level_); }

  std::string head() const override { return write_empty(schema_, 0).head; }

  std::string tail(const std::vector<PlacedGroup>& groups, std::int64_t) const override {
    EmptyFile file = write_empty(schema_, groups.size());
    if (groups.empty()) return file.tail;
    std::vector<BlockEntry> entries;
    for (const PlacedGroup& group : groups) {
      std::memcpy(&entries.emplace_back(), group.metadata.data(), sizeof(BlockEntry));
      entries.back().offset = group.offset;
    }
    const std::size_t at = file.tail.find(bytes_of(file.entries));
    EVCLEAN_CHECK(at != std::string::npos && file.tail.find(bytes_of(file.entries), at + 1) == std::string::npos,
                  "the table of batches is not found in Arrow's footer");
    return file.tail.replace(at, bytes_of(entries).size(), bytes_of(entries));
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::optional<int> level_;
};

}  // namespace

std::unique_ptr<GroupFormat> make_arrow_format(const Fields& fields, std::optional<int> level) {
  return std::make_unique<ArrowFormat>(fields, level);
}

}  // namespace evclean
