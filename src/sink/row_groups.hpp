// SPDX-License-Identifier: Apache-2.0
// Columnar files of groups of rows (Parquet row groups, Arrow record batches): what a format must give so that all
// ranks can write one file of it. Groups are encoded anywhere and placed later.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "file_sinks.hpp"
#include "value_column.hpp"

namespace evclean {

/// One group: the bytes that stand in the file, and what the end of the file must say of them.
struct EncodedGroup {
  std::string bytes;
  std::string metadata;
};

/// A group's metadata and where its bytes stand in the file.
struct PlacedGroup {
  std::int64_t offset = 0;
  std::string metadata;
};

/// The sizes of the rule in docs/output-frames.md.
struct GroupRule {
  std::int64_t full_bytes;  ///< a group ends with the first row that brings it to this size
  std::int64_t own_bytes;   ///< what is left of a part is a group of its own from this size on
};

/// The rows of one group while they come in.
class RowGroup {
 public:
  virtual ~RowGroup() = default;
  /// Takes rows [begin, end) of a batch; `columns` are its views.
  virtual void append(const Batch& batch, const std::vector<ValueColumn>& columns, std::int64_t begin,
                      std::int64_t end) = 0;
  /// Encodes all rows, once. The result depends on the values only, not on how they were chunked.
  virtual EncodedGroup encode() = 0;
  /// All rows as they came.
  virtual std::shared_ptr<arrow::RecordBatch> rows() const = 0;
};

class GroupFormat {
 public:
  virtual ~GroupFormat() = default;
  /// Lifetime: the format's.
  virtual std::unique_ptr<RowGroup> make_group() const = 0;
  /// The bytes before the first group.
  virtual std::string head() const = 0;
  /// The bytes after the last group. Groups ascending by offset.
  virtual std::string tail(const std::vector<PlacedGroup>& groups, std::int64_t rows) const = 0;
};

/// Errors: user Error for a compression level out of range.
std::unique_ptr<GroupFormat> make_parquet_format(const Fields& fields, std::optional<int> level);
std::unique_ptr<GroupFormat> make_arrow_format(const Fields& fields, std::optional<int> level);

/// Makes a sink of a format. Collective.
std::unique_ptr<FileSink> make_group_sink(std::unique_ptr<GroupFormat> format, GroupRule rule, const FileTarget& target,
                                          const Fields& fields, const Comm& comm, const SinkOptions& options);

/// Bytes of the rows as the rule counts them: 8 for a number or time, 1 for a boolean, 4 and its bytes for a text.
std::int64_t plain_size(const arrow::RecordBatch& rows);
std::int64_t plain_size(const std::vector<ValueColumn>& columns, std::int64_t begin, std::int64_t end);
/// The end of the smallest run of rows, from `begin` on, with at least `size_bytes`; `end` if all have less.
std::int64_t rows_of_size(const std::vector<ValueColumn>& columns, std::int64_t begin, std::int64_t end,
                          std::int64_t size_bytes);

}  // namespace evclean
