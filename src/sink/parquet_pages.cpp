// SPDX-License-Identifier: Apache-2.0
// Field numbers are those of parquet.thrift.
#include "parquet_pages.hpp"

namespace evclean {
namespace {

using Type = ThriftValue::Type;

constexpr std::int64_t kDataPage = 0;
constexpr std::int64_t kDictionaryPage = 2;
constexpr std::int64_t kZstd = 6;

ThriftValue encoding_number(ParquetEncoding encoding) { return thrift_i32(static_cast<std::int64_t>(encoding)); }

ThriftValue page_header(std::int64_t type, std::int16_t id, ThriftValue own) {
  ThriftValue header;
  header.fields = {{1, thrift_i32(type)}, {2, thrift_i32(0)}, {3, thrift_i32(0)}, {id, std::move(own)}};
  return header;
}

ThriftValue statistics(const ParquetBounds& bounds, std::int64_t missing) {
  ThriftValue out;
  out.fields.push_back({3, thrift_i64(missing)});
  if (bounds.known) {
    out.fields.push_back({5, thrift_binary(bounds.largest)});
    out.fields.push_back({6, thrift_binary(bounds.smallest)});
  }
  return out;
}

ThriftValue page_count(std::int64_t page_type, ParquetEncoding encoding, std::int64_t pages) {
  ThriftValue out;
  out.fields = {{1, thrift_i32(page_type)}, {2, encoding_number(encoding)}, {3, thrift_i32(pages)}};
  return out;
}

}  // namespace

ParquetChunk::ParquetChunk(std::string& bytes, FrameCodec& codec, std::int64_t begin)
    : bytes_(bytes), codec_(codec), begin_(begin), first_(bytes.size()) {}

void ParquetChunk::add_dictionary(std::string_view page, std::int64_t entries) {
  dictionary_at_ = place();
  ThriftValue own;
  own.fields = {{1, thrift_i32(entries)}, {2, encoding_number(ParquetEncoding::kPlain)}};
  add(page_header(kDictionaryPage, 7, std::move(own)), page);
}

void ParquetChunk::add_page(std::string_view page, std::int64_t rows, ParquetEncoding encoding) {
  if (data_at_ < 0) data_at_ = place();
  encoding_ = encoding;
  rows_ += rows;
  ++pages_;
  const ThriftValue levels = encoding_number(ParquetEncoding::kRle);
  ThriftValue own;
  own.fields = {{1, thrift_i32(rows)}, {2, encoding_number(encoding)}, {3, levels}, {4, levels}};
  add(page_header(kDataPage, 5, std::move(own)), page);
}

void ParquetChunk::add(ThriftValue header, std::string_view page) {
  const std::string_view stored = codec_.compress(page);
  header.set_number(2, static_cast<std::int64_t>(page.size()));
  header.set_number(3, static_cast<std::int64_t>(stored.size()));
  const std::string head = write_thrift(header);
  bytes_ += head;
  bytes_ += stored;
  plain_bytes_ += static_cast<std::int64_t>(head.size() + page.size());
}

ThriftValue ParquetChunk::metadata(const std::string& name, ParquetType type, const ParquetBounds& bounds,
                                   std::int64_t missing) const {
  std::vector<ThriftValue> encodings{encoding_number(ParquetEncoding::kRle), encoding_number(encoding_)};
  std::vector<ThriftValue> counts{page_count(kDataPage, encoding_, pages_)};
  if (dictionary_at_ >= 0) {
    encodings.push_back(encoding_number(ParquetEncoding::kPlain));
    counts.insert(counts.begin(), page_count(kDictionaryPage, ParquetEncoding::kPlain, 1));
  }
  ThriftValue own;
  own.fields = {{1, thrift_i32(static_cast<std::int64_t>(type))},
                {2, thrift_list(Type::kI32, std::move(encodings))},
                {3, thrift_list(Type::kBinary, {thrift_binary(name)})},
                {4, thrift_i32(kZstd)},
                {5, thrift_i64(rows_)},
                {6, thrift_i64(plain_bytes_)},
                {7, thrift_i64(stored_bytes())},
                {9, thrift_i64(data_at_)}};
  if (dictionary_at_ >= 0) own.fields.push_back({11, thrift_i64(dictionary_at_)});
  own.fields.push_back({12, statistics(bounds, missing)});
  own.fields.push_back({13, thrift_list(Type::kStruct, std::move(counts))});
  ThriftValue column;
  column.fields = {{2, thrift_i64(0)}, {3, std::move(own)}};
  return column;
}

}  // namespace evclean
