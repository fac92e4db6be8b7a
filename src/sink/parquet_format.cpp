// SPDX-License-Identifier: Apache-2.0
// Each row group is encoded as a small Parquet file of its own; its pages are kept as they are, its metadata is moved
// to the place where the pages will stand.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/writer.h>

#include <unordered_set>

#include "evclean/arrow_status.hpp"
#include "evclean/record_batch.hpp"
#include "parquet_footer.hpp"
#include "row_groups.hpp"
#include "text_codes.hpp"

namespace evclean {
namespace {

constexpr int kDefaultLevel = 1;

/// Looks at the first values only: cheap, and the same for the same rows.
constexpr std::int64_t kSampleRows = 4096;

/// Whether a column of 8-byte values repeats itself so much that a dictionary is smaller than differences.
bool repeats(const arrow::Array& column) {
  const auto& data = *column.data();
  const auto* values = data.GetValues<std::int64_t>(1);
  const std::int64_t rows = std::min(kSampleRows, column.length());
  std::unordered_set<std::int64_t> seen;
  for (std::int64_t row = 0; row < rows && seen.size() <= 256; ++row) seen.insert(values[row]);
  return seen.size() <= 256 && static_cast<std::int64_t>(seen.size()) * 4 <= rows;
}

/// Encodings by type and by what the first values look like.
std::shared_ptr<parquet::WriterProperties> properties_for(const arrow::RecordBatch& rows, int level) {
  parquet::WriterProperties::Builder builder;
  builder.compression(parquet::Compression::ZSTD)->compression_level(level);
  builder.max_row_group_length(std::max<std::int64_t>(rows.num_rows(), 1));
  builder.set_size_statistics_level(parquet::SizeStatisticsLevel::None);
  for (int c = 0; c < rows.num_columns(); ++c) {
    const std::string path = parquet::schema::ColumnPath({rows.column_name(c)}).ToDotString();
    if (rows.column(c)->type_id() == arrow::Type::DICTIONARY) {
      builder.disable_statistics(path);
      continue;
    }
    const auto type = value_type(*rows.column(c)->type());
    const bool wide = type == ValueType::kInt64 || type == ValueType::kTimestamp || type == ValueType::kFloat64;
    // The smallest and largest text of a column costs a comparison a row and helps few readers.
    if (type == ValueType::kString) builder.disable_statistics(path)->disable_dictionary(path);
    if (type == ValueType::kDate || (wide && !repeats(*rows.column(c)))) {
      builder.disable_dictionary(path);
      if (type != ValueType::kFloat64) builder.encoding(path, parquet::Encoding::DELTA_BINARY_PACKED);
    }
  }
  return builder.build();
}

/// Joins the batches: texts that repeat become codes, which spares Parquet looking each of them up.
std::shared_ptr<arrow::RecordBatch> join(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
  arrow::ArrayVector columns;
  arrow::FieldVector fields;
  std::int64_t rows = 0;
  for (const auto& batch : batches) rows += batch->num_rows();
  for (int c = 0; c < batches[0]->num_columns(); ++c) {
    arrow::ArrayVector chunks;
    for (const auto& batch : batches) chunks.push_back(batch->column(c));
    const bool is_text = chunks[0]->type_id() == arrow::Type::STRING;
    std::shared_ptr<arrow::Array> column = is_text ? encode_texts(chunks) : nullptr;
    if (!column) column = take_arrow(arrow::Concatenate(chunks), "Parquet");
    fields.push_back(arrow::field(batches[0]->column_name(c), column->type()));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(columns));
}

std::string write_file(const arrow::Schema& schema, const std::shared_ptr<arrow::RecordBatch>& rows,
                       const std::shared_ptr<parquet::WriterProperties>& properties, bool store_schema) {
  auto sink = take_arrow(arrow::io::BufferOutputStream::Create(1 << 20), "Parquet");
  parquet::ArrowWriterProperties::Builder arrow_properties;
  if (store_schema) arrow_properties.store_schema();
  auto writer = take_arrow(parquet::arrow::FileWriter::Open(schema, arrow::default_memory_pool(), sink, properties,
                                                            arrow_properties.build()),
                           "Parquet");
  if (rows) {
    const auto table = take_arrow(arrow::Table::FromRecordBatches({rows}), "Parquet");
    check_arrow(writer->WriteTable(*table, std::max<std::int64_t>(rows->num_rows(), 1)), "Parquet");
  }
  check_arrow(writer->Close(), "Parquet");
  return take_arrow(sink->Finish(), "Parquet")->ToString();
}

class ParquetFormat : public GroupFormat {
 public:
  ParquetFormat(const Fields& fields, std::optional<int> level)
      : schema_(arrow_schema(fields)), level_(level.value_or(kDefaultLevel)) {
    constexpr int kHighest = 22;
    if (level_ < -7 || level_ > kHighest) {
      fail_user("compression_level: {} is out of range for Parquet with zstd (-7 to {})", level_, kHighest);
    }
  }

  EncodedGroup encode(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) const override {
    const auto rows = join(batches);
    return take_row_group(write_file(*rows->schema(), rows, properties_for(*rows, level_), false));
  }

  std::string head() const override { return std::string(kParquetMagic); }

  std::string tail(const std::vector<PlacedGroup>& groups, std::int64_t rows) const override {
    const auto properties = parquet::WriterProperties::Builder().build();
    return make_footer(write_file(*schema_, nullptr, properties, true), groups, rows);
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  int level_;
};

}  // namespace

std::unique_ptr<GroupFormat> make_parquet_format(const Fields& fields, std::optional<int> level) {
  return std::make_unique<ParquetFormat>(fields, level);
}

}  // namespace evclean
