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
constexpr std::int16_t kFileOffset = 5;
constexpr std::int16_t kOrdinal = 7;
}  // namespace row_group

namespace column_chunk {
constexpr std::int16_t kFileOffset = 2;
constexpr std::int16_t kMetadata = 3;
constexpr std::int16_t kOffsets[] = {4, 6};  // offset index, column index
}  // namespace column_chunk

namespace column_metadata {
constexpr std::int16_t kOffsets[] = {9, 10, 11, 14};  // data page, index page, dictionary page, bloom filter
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

/// Moves an offset. Zero means "not given".
void shift(ThriftValue& fields, std::int16_t id, std::int64_t by) {
  ThriftValue* offset = fields.find(id);
  if (offset && offset->number != 0) offset->number += by;
}

void shift_row_group(ThriftValue& group, std::int64_t by) {
  shift(group, row_group::kFileOffset, by);
  ThriftValue* columns = group.find(row_group::kColumns);
  EVCLEAN_CHECK(columns != nullptr, "Parquet row group without columns");
  for (ThriftValue& column : columns->elements) {
    shift(column, column_chunk::kFileOffset, by);
    for (const std::int16_t id : column_chunk::kOffsets) shift(column, id, by);
    ThriftValue* metadata = column.find(column_chunk::kMetadata);
    EVCLEAN_CHECK(metadata != nullptr, "Parquet column without metadata");
    for (const std::int16_t id : column_metadata::kOffsets) shift(*metadata, id, by);
  }
}

}  // namespace

EncodedGroup take_row_group(std::string_view file) {
  ThriftValue footer = parse_footer(file);
  ThriftValue* groups = footer.find(file_metadata::kRowGroups);
  EVCLEAN_CHECK(groups && groups->elements.size() == 1, "expected one Parquet row group");
  const std::size_t magic = kParquetMagic.size();
  return {std::string(file.substr(magic, file.size() - 8 - footer_size(file) - magic)),
          write_thrift(groups->elements[0])};
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
