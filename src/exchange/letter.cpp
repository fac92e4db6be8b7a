// SPDX-License-Identifier: Apache-2.0
#include "letter.hpp"

#include <arrow/array.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "evclean/arrow_status.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kAlign = 64;

constexpr std::int64_t aligned(std::int64_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

struct BlockHead {
  std::int64_t tag = 0;
  std::int64_t rows = 0;
  std::int64_t size_bytes = 0;  ///< head and buffers
};

struct ColumnHead {
  std::int64_t nulls = 0;       ///< 0: no validity bits follow
  std::int64_t text_bytes = 0;  ///< of a string column
};

std::int64_t head_bytes(std::size_t columns) {
  return aligned(static_cast<std::int64_t>(sizeof(BlockHead) + columns * sizeof(ColumnHead)));
}

std::int64_t row_bytes(const arrow::Array& array) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::DATE32:
      return 4;
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DOUBLE:
      return 8;
    default:
      fail_bug("no letter for Arrow type {}", array.type()->ToString());
  }
}

std::int64_t text_bytes(const arrow::StringArray& array, const RowChoice& rows) {
  const std::int32_t* offsets = array.raw_value_offsets();
  if (rows.picked == nullptr) return offsets[rows.first + rows.count] - offsets[rows.first];
  std::int64_t bytes = 0;
  for (std::int64_t i = 0; i < rows.count; ++i) bytes += offsets[rows.picked[i] + 1] - offsets[rows.picked[i]];
  return bytes;
}

std::int64_t column_bytes(const arrow::Array& array, const RowChoice& rows) {
  const std::int64_t bits = aligned(arrow::bit_util::BytesForBits(rows.count));
  const std::int64_t validity = array.null_count() > 0 ? bits : 0;
  if (array.type_id() == arrow::Type::BOOL) return validity + bits;
  if (array.type_id() != arrow::Type::STRING) return validity + aligned(rows.count * row_bytes(array));
  return validity + aligned((rows.count + 1) * 4) +
         aligned(text_bytes(static_cast<const arrow::StringArray&>(array), rows));
}

/// Writes buffers one behind the other.
struct Writer {
  char* at;

  char* buffer(std::int64_t bytes) {
    char* const begin = at;
    const std::int64_t whole = aligned(bytes);
    if (whole > bytes) std::memset(begin + bytes, 0, static_cast<std::size_t>(whole - bytes));
    at += whole;
    return begin;
  }
};

void pack_bits(const std::uint8_t* from, std::int64_t offset, const RowChoice& rows, char* into) {
  auto* to = reinterpret_cast<std::uint8_t*>(into);
  if (rows.picked == nullptr) {
    arrow::internal::CopyBitmap(from, offset + rows.first, rows.count, to, 0);
    return;
  }
  std::memset(to, 0, static_cast<std::size_t>(arrow::bit_util::BytesForBits(rows.count)));
  for (std::int64_t i = 0; i < rows.count; ++i) {
    if (arrow::bit_util::GetBit(from, offset + rows.picked[i])) arrow::bit_util::SetBit(to, i);
  }
}

std::int64_t pack_validity(Writer& writer, const arrow::Array& array, const RowChoice& rows) {
  if (array.null_count() == 0) return 0;
  const char* const begin = writer.at;
  char* const bits = writer.buffer(arrow::bit_util::BytesForBits(rows.count));
  pack_bits(array.null_bitmap_data(), array.offset(), rows, bits);
  const std::int64_t valid = arrow::internal::CountSetBits(reinterpret_cast<const std::uint8_t*>(bits), 0, rows.count);
  if (valid == rows.count) writer.at = const_cast<char*>(begin);  // none among these rows: no bits
  return rows.count - valid;
}

template <typename T>
void pack_fixed(Writer& writer, const arrow::Array& array, const RowChoice& rows) {
  const T* from = array.data()->GetValues<T>(1);
  char* const into = writer.buffer(rows.count * static_cast<std::int64_t>(sizeof(T)));
  if (rows.picked == nullptr) {
    if (rows.count > 0) std::memcpy(into, from + rows.first, static_cast<std::size_t>(rows.count) * sizeof(T));
    return;
  }
  T* to = reinterpret_cast<T*>(into);
  for (std::int64_t i = 0; i < rows.count; ++i) to[i] = from[rows.picked[i]];
}

void pack_text_run(Writer& writer, const std::int32_t* from, const char* text, const RowChoice& rows,
                   std::int64_t bytes) {
  auto* offsets = reinterpret_cast<std::int32_t*>(writer.buffer((rows.count + 1) * 4));
  const std::int32_t base = from[rows.first];
  for (std::int64_t i = 0; i <= rows.count; ++i) offsets[i] = from[rows.first + i] - base;
  char* const into = writer.buffer(bytes);
  if (bytes > 0) std::memcpy(into, text + base, static_cast<std::size_t>(bytes));
}

/// Short values are copied 16 bytes at a time while both sides have them.
void pack_text_picked(Writer& writer, const std::int32_t* from, const char* text, std::int64_t text_end,
                      const RowChoice& rows, std::int64_t bytes) {
  auto* offsets = reinterpret_cast<std::int32_t*>(writer.buffer((rows.count + 1) * 4));
  char* const into = writer.buffer(bytes);
  std::int32_t at = 0;
  for (std::int64_t i = 0; i < rows.count; ++i) {
    offsets[i] = at;
    const std::int32_t begin = from[rows.picked[i]];
    const std::int32_t length = from[rows.picked[i] + 1] - begin;
    if (length <= 16 && begin + 16 <= text_end && at + 16 <= bytes) {
      std::memcpy(into + at, text + begin, 16);
    } else if (length > 0) {
      std::memcpy(into + at, text + begin, static_cast<std::size_t>(length));
    }
    at += length;
  }
  offsets[rows.count] = at;
}

std::int64_t pack_text(Writer& writer, const arrow::StringArray& array, const RowChoice& rows) {
  const std::int64_t bytes = text_bytes(array, rows);
  const auto* text = reinterpret_cast<const char*>(array.raw_data());
  const std::int64_t text_end = array.value_data() ? array.value_data()->size() : 0;
  if (rows.picked == nullptr) {
    pack_text_run(writer, array.raw_value_offsets(), text, rows, bytes);
  } else {
    pack_text_picked(writer, array.raw_value_offsets(), text, text_end, rows, bytes);
  }
  return bytes;
}

ColumnHead pack_column(Writer& writer, const arrow::Array& array, const RowChoice& rows) {
  ColumnHead head;
  head.nulls = pack_validity(writer, array, rows);
  switch (array.type_id()) {
    case arrow::Type::STRING:
      head.text_bytes = pack_text(writer, static_cast<const arrow::StringArray&>(array), rows);
      break;
    case arrow::Type::BOOL:
      pack_bits(array.data()->buffers[1]->data(), array.offset(), rows,
                writer.buffer(arrow::bit_util::BytesForBits(rows.count)));
      break;
    case arrow::Type::DATE32:
      pack_fixed<std::int32_t>(writer, array, rows);
      break;
    default:
      pack_fixed<std::int64_t>(writer, array, rows);
  }
  return head;
}

/// Cuts buffers out of a block.
struct Reader {
  std::shared_ptr<arrow::Buffer> letter;
  std::int64_t at, end;

  std::shared_ptr<arrow::Buffer> buffer(std::int64_t bytes) {
    EVCLEAN_CHECK(bytes >= 0 && at + aligned(bytes) <= end, "letter with a buffer of {} bytes at {} of {}", bytes, at,
                  end);
    auto slice = arrow::SliceBuffer(letter, at, bytes);
    at += aligned(bytes);
    return slice;
  }
};

std::shared_ptr<arrow::Array> open_column(Reader& reader, ValueType type, std::int64_t rows, const ColumnHead& head) {
  const std::int64_t bits = arrow::bit_util::BytesForBits(rows);
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {head.nulls > 0 ? reader.buffer(bits) : nullptr};
  switch (type) {
    case ValueType::kString:
      buffers.push_back(reader.buffer((rows + 1) * 4));
      buffers.push_back(reader.buffer(head.text_bytes));
      break;
    case ValueType::kBool:
      buffers.push_back(reader.buffer(bits));
      break;
    case ValueType::kDate:
      buffers.push_back(reader.buffer(rows * 4));
      break;
    default:
      buffers.push_back(reader.buffer(rows * 8));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(arrow_type(type), rows, std::move(buffers), head.nulls));
}

Batch open_block(const std::shared_ptr<arrow::Buffer>& bytes, std::int64_t begin, const BlockHead& head,
                 const Fields& fields) {
  Batch batch;
  batch.num_rows = head.rows;
  Reader reader{bytes, begin + head_bytes(fields.size()), begin + head.size_bytes};
  for (std::size_t c = 0; c < fields.size(); ++c) {
    ColumnHead column;
    std::memcpy(&column, bytes->data() + begin + sizeof head + c * sizeof column, sizeof column);
    batch.names.push_back(fields[c].name);
    batch.columns.emplace_back(open_column(reader, fields[c].type, head.rows, column));
  }
  return batch;
}

}  // namespace

void Bytes::reserve(std::int64_t capacity) {
  if (capacity <= capacity_) return;
  char* grown = static_cast<char*>(std::realloc(data_, static_cast<std::size_t>(capacity)));
  if (grown == nullptr) throw std::bad_alloc();
  data_ = grown;
  capacity_ = capacity;
}

void Bytes::resize(std::int64_t size) {
  if (size > capacity_) reserve(std::max(size, capacity_ + capacity_ / 2));
  size_ = size;
}

std::int64_t block_bytes(const Batch& batch, const RowChoice& rows) {
  std::int64_t bytes = head_bytes(batch.columns.size());
  for (std::size_t c = 0; c < batch.columns.size(); ++c) bytes += column_bytes(*batch.array(static_cast<int>(c)), rows);
  return bytes;
}

void pack_block(Bytes& letter, std::int64_t tag, const Batch& batch, const RowChoice& rows) {
  const std::int64_t begin = letter.size();
  letter.resize(begin + block_bytes(batch, rows));
  Writer writer{letter.data() + begin};
  char* const head_at =
      writer.buffer(static_cast<std::int64_t>(sizeof(BlockHead) + batch.columns.size() * sizeof(ColumnHead)));
  for (std::size_t c = 0; c < batch.columns.size(); ++c) {
    const ColumnHead column = pack_column(writer, *batch.array(static_cast<int>(c)), rows);
    std::memcpy(head_at + sizeof(BlockHead) + c * sizeof column, &column, sizeof column);
  }
  const BlockHead head{tag, rows.count, writer.at - head_at};
  std::memcpy(head_at, &head, sizeof head);
  letter.resize(begin + head.size_bytes);
}

void open_letter(const std::shared_ptr<arrow::Buffer>& letter, const Fields& fields,
                 const std::function<void(std::int64_t tag, Batch rows)>& take) {
  for (std::int64_t at = 0; at < letter->size();) {
    BlockHead head;
    EVCLEAN_CHECK(at + head_bytes(fields.size()) <= letter->size(), "letter cut off at {} of {}", at, letter->size());
    std::memcpy(&head, letter->data() + at, sizeof head);
    EVCLEAN_CHECK(head.size_bytes > 0 && head.rows >= 0 && at + head.size_bytes <= letter->size(),
                  "block of {} bytes at {} of {}", head.size_bytes, at, letter->size());
    if (head.size_bytes * 2 >= letter->size()) {
      take(head.tag, open_block(letter, at, head, fields));
    } else {  // a small block that is kept must not keep the whole letter
      const std::shared_ptr<arrow::Buffer> own = take_arrow(letter->CopySlice(at, head.size_bytes), "opening a letter");
      take(head.tag, open_block(own, 0, head, fields));
    }
    at += head.size_bytes;
  }
}

}  // namespace evclean
