// SPDX-License-Identifier: Apache-2.0
// A column of a row group while its rows come in, and then as pages.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "evclean/value_type.hpp"
#include "parquet_pages.hpp"
#include "value_column.hpp"

namespace evclean {

class ParquetColumn {
 public:
  virtual ~ParquetColumn() = default;
  /// More rows will come, so many in all: makes room, so that values need not move.
  virtual void reserve(std::int64_t rows) = 0;
  /// Takes rows [begin, end).
  void append(const ValueColumn& column, std::int64_t begin, std::int64_t end);
  /// Appends the pages to `bytes`, which stand in the file from `begin` on; gives the column's entry in the row group.
  ThriftValue encode(const std::string& name, std::string& bytes, FrameCodec& codec, std::int64_t begin);
  /// All values so far.
  virtual std::shared_ptr<arrow::Array> array() const = 0;

 protected:
  virtual void append_values(const ValueColumn& column, std::int64_t begin, std::int64_t end) = 0;
  virtual ParquetType type() const = 0;
  /// No more values: chooses the encoding and adds the dictionary, if there is one.
  virtual ParquetEncoding settle(ParquetChunk& chunk) = 0;
  /// How many of the next values a page may have; `count` at most.
  virtual std::int64_t fit(std::int64_t count) const { return count; }
  /// Appends the next values, in order.
  virtual void write_values(std::string& page, std::int64_t count) = 0;
  virtual ParquetBounds bounds() const = 0;

  std::int64_t rows() const noexcept { return rows_; }
  std::int64_t missing() const noexcept { return missing_; }
  bool is_missing(std::int64_t row) const { return !present_.empty() && present_[static_cast<std::size_t>(row)] == 0; }

 private:
  void append_levels(const ValueColumn& column, std::int64_t begin, std::int64_t end);
  void write_levels(std::string& page, std::int64_t begin, std::int64_t end) const;
  struct Cut {
    std::int64_t rows = 0;
    std::int64_t values = 0;
  };
  Cut next_page(std::int64_t begin) const;

  std::int64_t rows_ = 0;
  std::int64_t missing_ = 0;
  std::vector<std::uint8_t> present_;  ///< 1 or 0 a row; empty while nothing is missing
};

std::unique_ptr<ParquetColumn> make_parquet_column(ValueType type);

}  // namespace evclean
