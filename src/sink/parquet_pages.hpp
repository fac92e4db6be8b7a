// SPDX-License-Identifier: Apache-2.0
// The pages of one column of a row group, compressed, and what the footer says of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "frame_codec.hpp"
#include "thrift_compact.hpp"

namespace evclean {

/// Numbers of parquet.thrift.
enum class ParquetType : std::int8_t { kBoolean = 0, kInt32 = 1, kInt64 = 2, kDouble = 5, kByteArray = 6 };
enum class ParquetEncoding : std::int8_t { kPlain = 0, kRle = 3, kDelta = 5, kDictionary = 8 };

/// The smallest and largest value as Parquet stores them. Without bounds readers know nothing of the values.
struct ParquetBounds {
  bool known = false;
  std::string smallest = {};
  std::string largest = {};
};

/// Appends pages to the bytes of a row group.
class ParquetChunk {
 public:
  /// Lifetime: `bytes` and `codec` outlive it. `begin` is where `bytes` will stand in the file.
  ParquetChunk(std::string& bytes, FrameCodec& codec, std::int64_t begin);

  void add_dictionary(std::string_view page, std::int64_t entries);
  /// Rows with their values; `page` begins with their levels.
  void add_page(std::string_view page, std::int64_t rows, ParquetEncoding encoding);

  /// The column's entry in the row group.
  ThriftValue metadata(const std::string& name, ParquetType type, const ParquetBounds& bounds,
                       std::int64_t missing) const;
  std::int64_t plain_bytes() const noexcept { return plain_bytes_; }
  std::int64_t stored_bytes() const noexcept { return static_cast<std::int64_t>(bytes_.size() - first_); }

 private:
  void add(ThriftValue header, std::string_view page);
  std::int64_t place() const noexcept { return begin_ + static_cast<std::int64_t>(bytes_.size()); }

  std::string& bytes_;
  FrameCodec& codec_;
  std::int64_t begin_;
  std::size_t first_;
  std::int64_t dictionary_at_ = -1;
  std::int64_t data_at_ = -1;
  std::int64_t rows_ = 0;
  std::int64_t pages_ = 0;
  std::int64_t plain_bytes_ = 0;
  ParquetEncoding encoding_ = ParquetEncoding::kPlain;
};

}  // namespace evclean
