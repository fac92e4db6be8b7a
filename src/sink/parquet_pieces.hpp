// SPDX-License-Identifier: Apache-2.0
// A Parquet file taken to pieces: row groups that are encoded anywhere, and the footer that names them all. Each row
// group is encoded as a small file of its own; its pages are kept as they are, its metadata is moved to the place where
// the pages will stand.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/value_type.hpp"

namespace evclean {

inline constexpr std::string_view kParquetMagic = "PAR1";

/// One row group: its pages, and its Thrift metadata with offsets as in a file that begins with magic and pages.
struct EncodedRowGroup {
  std::string pages;
  std::string metadata;
};

/// A row group's metadata and where its pages stand in the file.
struct PlacedRowGroup {
  std::int64_t offset = 0;
  std::string metadata;
};

class ParquetEncoder {
 public:
  /// Errors: user Error for a zstd level out of range.
  ParquetEncoder(const Fields& fields, std::optional<int> level);
  ~ParquetEncoder();
  /// Encodes all rows as one row group. The bytes depend on the values only, not on how they were chunked.
  EncodedRowGroup encode(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) const;
  /// The end of the file: footer, its length, magic. Row groups in any order.
  std::string footer(std::vector<PlacedRowGroup> groups, std::int64_t rows) const;

 private:
  std::shared_ptr<arrow::Schema> schema_;
  int level_;
};

/// Bytes of the rows as the rule for row groups counts them (docs/output-frames.md).
std::int64_t plain_size(const arrow::RecordBatch& rows);
/// The smallest number of rows, from the first on, with at least `size_bytes`; all rows if they have less.
std::int64_t rows_of_size(const arrow::RecordBatch& rows, std::int64_t size_bytes);

}  // namespace evclean
