// SPDX-License-Identifier: Apache-2.0
// Each row group is encoded on its own, as if it stood at the beginning of the file; its metadata is moved to the place
// where its pages will stand. Arrow writes the schema and what else the end of a file has.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/writer.h>

#include "evclean/arrow_status.hpp"
#include "evclean/record_batch.hpp"
#include "parquet_column.hpp"
#include "parquet_footer.hpp"
#include "row_groups.hpp"

namespace evclean {
namespace {

std::string write_empty_file(const arrow::Schema& schema) {
  auto sink = take_arrow(arrow::io::BufferOutputStream::Create(), "Parquet");
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  auto writer = take_arrow(parquet::arrow::FileWriter::Open(schema, arrow::default_memory_pool(), sink,
                                                            parquet::default_writer_properties(), arrow_properties),
                           "Parquet");
  check_arrow(writer->Close(), "Parquet");
  return take_arrow(sink->Finish(), "Parquet")->ToString();
}

/// What the last row group came to: the next one will be much like it.
struct GroupBefore {
  std::int64_t rows = 0;
  std::size_t bytes = 0;
};

class ParquetRows : public RowGroup {
 public:
  ParquetRows(const Fields& fields, const std::shared_ptr<arrow::Schema>& schema, FrameCodec& codec,
              GroupBefore& before)
      : fields_(fields), schema_(schema), codec_(codec), before_(before) {
    for (const Field& field : fields) columns_.push_back(make_parquet_column(field.type));
  }

  void append(const Batch&, const std::vector<ValueColumn>& columns, std::int64_t begin, std::int64_t end) override {
    const bool is_large = count_ < kManyRows && count_ + (end - begin) >= kManyRows;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (is_large && before_.rows > kManyRows) columns_[c]->reserve(before_.rows + before_.rows / 64);
      columns_[c]->append(columns[c], begin, end);
    }
    count_ += end - begin;
  }

  EncodedGroup encode() override {
    EncodedGroup group;
    std::vector<ThriftValue> entries;
    const auto begin = static_cast<std::int64_t>(kParquetMagic.size());
    if (count_ >= kManyRows) group.bytes.reserve(before_.bytes + before_.bytes / 64);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      entries.push_back(columns_[c]->encode(fields_[c].name, group.bytes, codec_, begin));
      columns_[c].reset();
    }
    group.metadata = row_group_metadata(std::move(entries), count_);
    before_ = {count_, group.bytes.size()};
    return group;
  }

  std::shared_ptr<arrow::RecordBatch> rows() const override {
    arrow::ArrayVector arrays;
    for (const auto& column : columns_) arrays.push_back(column->array());
    return arrow::RecordBatch::Make(schema_, count_, std::move(arrays));
  }

 private:
  /// Groups of fewer rows cost too little to make room ahead, and there may be many.
  static constexpr std::int64_t kManyRows = 1 << 15;

  const Fields& fields_;
  std::shared_ptr<arrow::Schema> schema_;
  FrameCodec& codec_;
  GroupBefore& before_;
  std::vector<std::unique_ptr<ParquetColumn>> columns_;
  std::int64_t count_ = 0;
};

class ParquetFormat : public GroupFormat {
 public:
  ParquetFormat(const Fields& fields, std::optional<int> level)
      : fields_(fields), schema_(arrow_schema(fields)), codec_(make_page_codec(level)) {}

  std::unique_ptr<RowGroup> make_group() const override {
    return std::make_unique<ParquetRows>(fields_, schema_, *codec_, *before_);
  }

  std::string head() const override { return std::string(kParquetMagic); }

  std::string tail(const std::vector<PlacedGroup>& groups, std::int64_t rows) const override {
    return make_footer(write_empty_file(*schema_), groups, rows);
  }

 private:
  Fields fields_;
  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<FrameCodec> codec_;
  std::unique_ptr<GroupBefore> before_ = std::make_unique<GroupBefore>();
};

}  // namespace

std::unique_ptr<GroupFormat> make_parquet_format(const Fields& fields, std::optional<int> level) {
  constexpr int kHighest = 22;
  if (level && (*level < -7 || *level > kHighest)) {
    fail_user("compression_level: {} is out of range for Parquet with zstd (-7 to {})", *level, kHighest);
  }
  return std::make_unique<ParquetFormat>(fields, level);
}

}  // namespace evclean
