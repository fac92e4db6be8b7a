// SPDX-License-Identifier: Apache-2.0
// A value is a marker byte, then big-endian bits with the sign turned, or text ended by 0 (bytes 0 and 1 inside text
// are escaped by 1). Descending columns have all bytes behind the marker turned.
#include "key_codec.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "evclean/arrow_status.hpp"
#include "evclean/types.hpp"
#include "key_bits.hpp"

namespace evclean {
namespace {

constexpr char kNullFirst = 0, kValue = 1, kNullLast = 2;

std::size_t round_up_8(std::size_t bytes) { return (bytes + 7) & ~std::size_t{7}; }

std::size_t fixed_bytes(ValueType type) {
  switch (type) {
    case ValueType::kBool:
      return 1;
    case ValueType::kDate:
      return 4;
    default:
      return 8;
  }
}

/// Rows of one batch on their way into keys.
struct Target {
  char* base;
  std::uint64_t* cursors;  ///< where each row's next byte goes
  std::int64_t first, count;
};

template <typename Bits>
void store(char* to, Bits bits) {
  if constexpr (sizeof(Bits) == 8) bits = __builtin_bswap64(bits);
  if constexpr (sizeof(Bits) == 4) bits = __builtin_bswap32(bits);
  std::memcpy(to, &bits, sizeof bits);
}

/// Writes a column of fixed width; `bits_of(row)` gives unsigned bits in the values' order.
template <typename Bits, typename BitsOf>
void put_fixed(const Target& target, const KeyColumn& column, const arrow::Array& array, BitsOf bits_of) {
  const bool may_miss = array.null_count() > 0;
  const char null_marker = column.nulls_first ? kNullFirst : kNullLast;
  const Bits turn = column.descending ? static_cast<Bits>(~Bits{0}) : Bits{0};
  for (std::int64_t i = 0; i < target.count; ++i) {
    char* to = target.base + target.cursors[i];
    if (may_miss && array.IsNull(target.first + i)) {
      *to = null_marker;
      target.cursors[i] += 1;
      continue;
    }
    *to = kValue;
    store<Bits>(to + 1, static_cast<Bits>(bits_of(target.first + i) ^ turn));
    target.cursors[i] += 1 + sizeof(Bits);
  }
}

/// Copies without touching a byte beyond either end, with two overlapping moves for short text.
void copy_text(char* to, const char* from, std::size_t length) {
  if (length > 16) {
    std::memcpy(to, from, length);
  } else if (length >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + length - 8, from + length - 8, 8);
  } else if (length >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + length - 4, from + length - 4, 4);
  } else {
    for (std::size_t i = 0; i < length; ++i) to[i] = from[i];
  }
}

bool has_low_bytes(const char* text, std::size_t length) {
  unsigned found = 0;
  for (std::size_t i = 0; i < length; ++i) found |= static_cast<unsigned char>(text[i]) < 2;
  return found != 0;
}

/// Text with bytes 0 and 1 escaped; gives the bytes written.
std::size_t copy_escaped(char* to, std::string_view text) {
  char* at = to;
  for (const char byte : text) {
    if (static_cast<unsigned char>(byte) < 2) {
      *at++ = 1;
      *at++ = static_cast<char>(byte + 1);
    } else {
      *at++ = byte;
    }
  }
  return static_cast<std::size_t>(at - to);
}

struct TextRows {
  const arrow::StringArray& array;
  bool may_miss;
  bool escapes;
  std::size_t longest = 0;  ///< bytes of the longest text, escapes counted at their worst

  TextRows(const arrow::Array& any, std::int64_t first, std::int64_t count)
      : array(static_cast<const arrow::StringArray&>(any)), may_miss(any.null_count() > 0) {
    const std::int32_t* offsets = array.raw_value_offsets() + first;
    const std::size_t bytes = static_cast<std::size_t>(offsets[count] - offsets[0]);
    escapes = bytes > 0 && has_low_bytes(text() + offsets[0], bytes);
    std::int32_t most = 0;
    for (std::int64_t i = 0; i < count; ++i) most = std::max(most, offsets[i + 1] - offsets[i]);
    longest = static_cast<std::size_t>(most) * (escapes ? 2 : 1);
  }
  const char* text() const { return reinterpret_cast<const char*>(array.value_data()->data()); }
  std::string_view view(std::int64_t row) const { return array.GetView(row); }
  std::size_t encoded_size(std::int64_t row) const {
    if (may_miss && array.IsNull(row)) return 1;
    const std::string_view value = view(row);
    const auto low = [](char byte) { return static_cast<unsigned char>(byte) < 2; };
    return 2 + value.size() + (escapes ? static_cast<std::size_t>(std::count_if(value.begin(), value.end(), low)) : 0);
  }
};

void put_text(const Target& target, const KeyColumn& column, const TextRows& rows) {
  const char null_marker = column.nulls_first ? kNullFirst : kNullLast;
  for (std::int64_t i = 0; i < target.count; ++i) {
    char* to = target.base + target.cursors[i];
    if (rows.may_miss && rows.array.IsNull(target.first + i)) {
      *to = null_marker;
      target.cursors[i] += 1;
      continue;
    }
    const std::string_view text = rows.view(target.first + i);
    std::size_t length = text.size();
    *to++ = kValue;
    if (rows.escapes) {
      length = copy_escaped(to, text);
    } else {
      copy_text(to, text.data(), length);
    }
    to[length] = 0;
    if (column.descending) {
      for (std::size_t b = 0; b <= length; ++b) to[b] = static_cast<char>(~to[b]);
    }
    target.cursors[i] += length + 2;
  }
}

void put_numbers(const Target& target, const KeyColumn& column, const arrow::Array& array) {
  switch (column.type) {
    case ValueType::kFloat64: {
      const double* values = static_cast<const arrow::DoubleArray&>(array).raw_values();
      return put_fixed<std::uint64_t>(target, column, array,
                                      [&](std::int64_t row) { return ordered_bits(values[row]); });
    }
    case ValueType::kBool: {
      const auto& values = static_cast<const arrow::BooleanArray&>(array);
      return put_fixed<std::uint8_t>(target, column, array,
                                     [&](std::int64_t row) { return static_cast<std::uint8_t>(values.Value(row)); });
    }
    case ValueType::kDate: {
      const std::int32_t* values = static_cast<const arrow::Date32Array&>(array).raw_values();
      return put_fixed<std::uint32_t>(target, column, array, [&](std::int64_t row) {
        return static_cast<std::uint32_t>(values[row]) ^ 0x80000000U;
      });
    }
    default: {
      const std::int64_t* values = array.data()->GetValues<std::int64_t>(1);
      return put_fixed<std::uint64_t>(target, column, array,
                                      [&](std::int64_t row) { return ordered_bits(values[row]); });
    }
  }
}

/// One key being taken apart.
struct Reader {
  const char* at;

  bool value() { return *at++ == kValue; }
  template <typename Bits>
  Bits bits() {
    Bits bits;
    std::memcpy(&bits, at, sizeof bits);
    at += sizeof bits;
    if constexpr (sizeof(Bits) == 8) bits = __builtin_bswap64(bits);
    if constexpr (sizeof(Bits) == 4) bits = __builtin_bswap32(bits);
    return bits;
  }
  /// Text up to its end, `scratch` is used when it has escapes.
  std::string_view text(std::string& scratch) {
    const std::size_t length = std::strlen(at);
    const std::string_view raw(at, length);
    at += length + 1;
    if (raw.find('\1') == std::string_view::npos) return raw;
    scratch.clear();
    for (std::size_t i = 0; i < raw.size(); ++i) scratch += raw[i] == 1 ? static_cast<char>(raw[++i] - 1) : raw[i];
    return scratch;
  }
};

/// Builds a column from keys, some at a time.
class ColumnReader {
 public:
  virtual ~ColumnReader() = default;
  virtual void read(std::span<Reader> keys) = 0;
  virtual Column finish() = 0;
};

/// `Next` appends one value, taken from a reader, to the builder.
template <typename Builder, typename Next>
class BuilderReader : public ColumnReader {
 public:
  BuilderReader(std::int64_t rows, Next next, std::shared_ptr<arrow::DataType> type = nullptr) : next_(next) {
    if constexpr (std::is_same_v<Builder, arrow::TimestampBuilder>) {
      builder_ = std::make_unique<Builder>(type, arrow::default_memory_pool());
    } else {
      builder_ = std::make_unique<Builder>();
    }
    check_arrow(builder_->Reserve(rows), "building keys");
  }
  void read(std::span<Reader> keys) override {
    for (Reader& key : keys) {
      if (key.value()) {
        next_(*builder_, key);
      } else {
        builder_->UnsafeAppendNull();
      }
    }
  }
  Column finish() override { return take_arrow(builder_->Finish(), "building keys"); }

 private:
  std::unique_ptr<Builder> builder_;
  Next next_;
};

template <typename Builder, typename Next>
std::unique_ptr<ColumnReader> make_reader(std::int64_t rows, Next next, ValueType type) {
  return std::make_unique<BuilderReader<Builder, Next>>(rows, next, arrow_type(type));
}

std::unique_ptr<ColumnReader> column_reader(ValueType type, std::int64_t rows) {
  switch (type) {
    case ValueType::kString:
      return make_reader<arrow::StringBuilder>(
          rows,
          [scratch = std::string()](auto& builder, Reader& key) mutable {
            const std::string_view text = key.text(scratch);
            check_arrow(builder.ReserveData(static_cast<std::int64_t>(text.size())), "building keys");
            builder.UnsafeAppend(text);
          },
          type);
    case ValueType::kFloat64:
      return make_reader<arrow::DoubleBuilder>(
          rows, [](auto& builder, Reader& key) { builder.UnsafeAppend(double_of(key.bits<std::uint64_t>())); }, type);
    case ValueType::kBool:
      return make_reader<arrow::BooleanBuilder>(
          rows, [](auto& builder, Reader& key) { builder.UnsafeAppend(key.bits<std::uint8_t>() != 0); }, type);
    case ValueType::kDate:
      return make_reader<arrow::Date32Builder>(
          rows,
          [](auto& builder, Reader& key) {
            builder.UnsafeAppend(static_cast<std::int32_t>(key.bits<std::uint32_t>() ^ 0x80000000U));
          },
          type);
    case ValueType::kTimestamp:
      return make_reader<arrow::TimestampBuilder>(
          rows, [](auto& builder, Reader& key) { builder.UnsafeAppend(int_of(key.bits<std::uint64_t>())); }, type);
    default:
      return make_reader<arrow::Int64Builder>(
          rows, [](auto& builder, Reader& key) { builder.UnsafeAppend(int_of(key.bits<std::uint64_t>())); }, type);
  }
}

}  // namespace

int compare_keys(std::string_view a, std::string_view b) noexcept {
  return std::memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
}

KeyCodec::KeyCodec(std::vector<KeyColumn> columns) : columns_(std::move(columns)) {}

KeyCodec::KeyCodec(const Fields& fields, const std::vector<int>& columns) {
  for (const int column : columns) columns_.push_back({column, fields[static_cast<std::size_t>(column)].type});
}

void KeyCodec::encode(const Batch& batch, std::int64_t first, std::int64_t count, KeyRows& keys,
                      std::size_t least_stride, bool exact) const {
  const auto rows = static_cast<std::size_t>(count);
  std::vector<TextRows> texts;
  std::size_t longest = 0;
  for (const KeyColumn& column : columns_) {
    longest += 1;
    if (column.type != ValueType::kString) {
      longest += fixed_bytes(column.type);
    } else {
      texts.emplace_back(*batch.array(column.column), first, count);
      longest += 1 + texts.back().longest;
    }
  }
  keys.rows = rows;
  keys.stride = std::max(round_up_8(longest), least_stride);
  std::vector<std::uint64_t> cursors(rows);
  const bool one_stride = !exact && (keys.stride <= kWidestStride || texts.empty());
  if (one_stride) {
    for (std::size_t i = 0; i < rows; ++i) cursors[i] = i * keys.stride;
  } else {
    place_keys(batch, first, count, keys);
    std::copy_n(keys.begins.begin(), rows, cursors.begin());
  }
  keys.bytes.assign(one_stride ? rows * keys.stride : keys.begins.back(), 0);
  const Target target{keys.bytes.data(), cursors.data(), first, count};
  std::size_t text = 0;
  for (const KeyColumn& column : columns_) {
    if (column.type == ValueType::kString) {
      put_text(target, column, texts[text++]);
    } else {
      put_numbers(target, column, *batch.array(column.column));
    }
  }
}

void KeyCodec::place_keys(const Batch& batch, std::int64_t first, std::int64_t count, KeyRows& keys) const {
  const auto rows = static_cast<std::size_t>(count);
  keys.stride = 0;
  keys.begins.assign(rows + 1, 0);
  std::uint64_t* sizes = keys.begins.data() + 1;
  for (const KeyColumn& column : columns_) {
    const arrow::Array& array = *batch.array(column.column);
    if (column.type == ValueType::kString) {
      const TextRows text(array, first, count);
      for (std::size_t i = 0; i < rows; ++i) sizes[i] += text.encoded_size(first + static_cast<std::int64_t>(i));
    } else {
      const std::size_t width = fixed_bytes(column.type);
      for (std::size_t i = 0; i < rows; ++i) {
        sizes[i] += array.IsNull(first + static_cast<std::int64_t>(i)) ? 1 : 1 + width;
      }
    }
  }
  for (std::size_t i = 0; i < rows; ++i) sizes[i] = keys.begins[i] + round_up_8(sizes[i]);
}

std::vector<Column> KeyCodec::decode(const std::vector<const char*>& keys) const {
  constexpr std::size_t kTogether = 512;  // keys that stay in the nearest cache while all columns are read
  constexpr std::size_t kAhead = 32;
  std::vector<std::unique_ptr<ColumnReader>> columns;
  for (const KeyColumn& column : columns_) {
    columns.push_back(column_reader(column.type, static_cast<std::int64_t>(keys.size())));
  }
  std::vector<Reader> readers;
  for (std::size_t begin = 0; begin < keys.size(); begin += kTogether) {
    readers.clear();
    for (std::size_t i = begin; i < std::min(keys.size(), begin + kTogether); ++i) {
      const char* const ahead = keys[std::min(i + kAhead, keys.size() - 1)];
      __builtin_prefetch(ahead);
      __builtin_prefetch(ahead + 64);
      readers.push_back({keys[i]});
    }
    for (const auto& column : columns) column->read(readers);
  }
  std::vector<Column> decoded;
  for (const auto& column : columns) decoded.push_back(column->finish());
  return decoded;
}

std::size_t KeyCodec::size(const char* key) const {
  Reader reader{key};
  for (const KeyColumn& column : columns_) {
    if (!reader.value()) continue;
    reader.at += column.type == ValueType::kString ? std::strlen(reader.at) + 1 : fixed_bytes(column.type);
  }
  return static_cast<std::size_t>(reader.at - key);
}

std::size_t KeyCodec::padded_size(const char* key) const { return std::max<std::size_t>(8, round_up_8(size(key))); }

std::string KeyCodec::describe(const char* key, const std::vector<std::string>& names) const {
  const std::vector<Column> values = decode({key});
  std::string text;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const arrow::Array& value = *std::get<std::shared_ptr<arrow::Array>>(values[c]);
    const char* quote = columns_[c].type == ValueType::kString && !value.IsNull(0) ? "'" : "";
    text += fmt::format("{}{} {}{}{}", c == 0 ? "" : ", ", names[c], quote,
                        value.IsNull(0) ? "null" : value_text(value, 0), quote);
  }
  return text;
}

}  // namespace evclean
