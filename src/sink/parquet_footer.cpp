// SPDX-License-Identifier: Apache-2.0
// Field numbers are those of parquet.thrift.
#include "parquet_footer.hpp"

#include <cstring>

#include "evclean/error.hpp"
#include "thrift_compact.hpp"

namespace evclean {
namespace {

namespace file_metadata {
constexpr std::int16_t kNumRows = 3;
constexpr std::int16_t kRowGroups = 4;
}  // namespace file_metadata

namespace row_group {
constexpr std::int16_t kColumns = 1;
constexpr std::int16_t kPlainBytes = 2;
constexpr std::int16_t kRows = 3;
constexpr std::int16_t kFileOffset = 5;
constexpr std::int16_t kStoredBytes = 6;
constexpr std::int16_t kOrdinal = 7;
}  // namespace row_group

namespace column_chunk {
constexpr std::int16_t kMetadata = 3;
}  // namespace column_chunk

namespace column_metadata {
constexpr std::int16_t kPlainBytes = 6;
constexpr std::int16_t kStoredBytes = 7;
constexpr std::int16_t kOffsets[] = {9, 11};  // data page, dictionary page
}  // namespace column_metadata

std::uint32_t footer_size(std::string_view file) {
  EVCLEAN_CHECK(file.size() >= 12 && file.substr(file.size() - 4) == kParquetMagic, "no Parquet file");
  std::uint32_t size = 0;
  std::memcpy(&size, file.data() + file.size() - 8, sizeof size);
  EVCLEAN_CHECK(size + 12 <= file.size(), "Parquet footer of {} bytes", size);
  return size;
}

ThriftValue parse_footer(std::string_view file) {
  const std::uint32_t size = footer_size(file);
  return parse_thrift(file.substr(file.size() - 8 - size, size));
}

/// Moves an offset, if it is given.
void shift(ThriftValue& fields, std::int16_t id, std::int64_t by) {
  ThriftValue* offset = fields.find(id);
  if (offset) offset->number += by;
}

void shift_row_group(ThriftValue& group, std::int64_t by) {
  shift(group, row_group::kFileOffset, by);
  ThriftValue* columns = group.find(row_group::kColumns);
  EVCLEAN_CHECK(columns != nullptr, "Parquet row group without columns");
  for (ThriftValue& column : columns->elements) {
    ThriftValue* metadata = column.find(column_chunk::kMetadata);
    EVCLEAN_CHECK(metadata != nullptr, "Parquet column without metadata");
    for (const std::int16_t id : column_metadata::kOffsets) shift(*metadata, id, by);
  }
}

ThriftValue ordinal(std::int64_t value) {
  ThriftValue out = thrift_i64(value);
  out.type = ThriftValue::kI16;
  return out;
}

}  // namespace

std::string row_group_metadata(std::vector<ThriftValue> columns, std::int64_t rows) {
  std::int64_t plain = 0;
  std::int64_t stored = 0;
  for (ThriftValue& column : columns) {
    ThriftValue* metadata = column.find(column_chunk::kMetadata);
    plain += metadata->find(column_metadata::kPlainBytes)->number;
    stored += metadata->find(column_metadata::kStoredBytes)->number;
  }
  ThriftValue group;
  group.fields = {{row_group::kColumns, thrift_list(ThriftValue::kStruct, std::move(columns))},
                  {row_group::kPlainBytes, thrift_i64(plain)},
                  {row_group::kRows, thrift_i64(rows)},
                  {row_group::kFileOffset, thrift_i64(static_cast<std::int64_t>(kParquetMagic.size()))},
                  {row_group::kStoredBytes, thrift_i64(stored)},
                  {row_group::kOrdinal, ordinal(0)}};
  return write_thrift(group);
}

std::string make_footer(std::string_view empty_file, const std::vector<PlacedGroup>& groups, std::int64_t rows) {
  ThriftValue footer = parse_footer(empty_file);
  footer.set_number(file_metadata::kNumRows, rows);
  ThriftValue* list = footer.find(file_metadata::kRowGroups);
  EVCLEAN_CHECK(list != nullptr, "Parquet footer without row groups");
  list->element = ThriftValue::kStruct;
  std::int64_t ordinal = 0;
  for (const PlacedGroup& placed : groups) {
    ThriftValue group = parse_thrift(placed.metadata);
    shift_row_group(group, placed.offset - static_cast<std::int64_t>(kParquetMagic.size()));
    group.set_number(row_group::kOrdinal, ordinal++);
    list->elements.push_back(std::move(group));
  }
  std::string bytes = write_thrift(footer);
  const auto size = static_cast<std::uint32_t>(bytes.size());
  bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
  return bytes.append(kParquetMagic);
}

}  // namespace evclean
