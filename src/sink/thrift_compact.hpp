// SPDX-License-Identifier: Apache-2.0
// Thrift's compact protocol as a tree that can be read, changed and written back without knowing what it describes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evclean {

struct ThriftField;

struct ThriftValue {
  /// Type codes of the compact protocol.
  enum Type : std::uint8_t {
    kTrue = 1,
    kFalse = 2,
    kByte = 3,
    kI16 = 4,
    kI32 = 5,
    kI64 = 6,
    kDouble = 7,
    kBinary = 8,
    kList = 9,
    kSet = 10,
    kMap = 11,
    kStruct = 12,
  };

  Type type = kStruct;
  std::int64_t number = 0;            ///< kByte, kI16, kI32, kI64
  std::string bytes;                  ///< kBinary; kDouble: its 8 bytes
  Type element = kStruct;             ///< kList, kSet; kMap: of the keys
  Type mapped = kStruct;              ///< kMap: of the values
  std::vector<ThriftValue> elements;  ///< kList, kSet; kMap: key, value, key, value
  std::vector<ThriftField> fields;    ///< kStruct, ascending

  /// The field of that number, or null.
  ThriftValue* find(std::int16_t id);
  /// Sets a number where there is one already.
  void set_number(std::int16_t id, std::int64_t value);
};

struct ThriftField {
  std::int16_t id = 0;
  ThriftValue value;
};

/// Makes values.
ThriftValue thrift_i32(std::int64_t value);
ThriftValue thrift_i64(std::int64_t value);
ThriftValue thrift_binary(std::string bytes);
ThriftValue thrift_list(ThriftValue::Type element, std::vector<ThriftValue> elements);

/// An unsigned number of seven bits a byte; a signed one as such. Parquet's pages have both too.
void append_varint(std::string& out, std::uint64_t value);
std::uint64_t zigzag(std::int64_t value) noexcept;

/// Parses one struct from the beginning of `bytes`. Errors: bug Error when the bytes are not such a struct.
ThriftValue parse_thrift(std::string_view bytes);
std::string write_thrift(const ThriftValue& value);

}  // namespace evclean
