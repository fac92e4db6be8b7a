// SPDX-License-Identifier: Apache-2.0
// Columns to rows: one column at a time, each value at its place in the row.
#include <cstring>
#include <limits>

#include "evclean/types.hpp"
#include "hdf5_layout.hpp"
#include "value_column.hpp"

namespace evclean {
namespace {

using StoredKind = StoredColumn::Kind;

template <typename T>
void put(char* out, T value) {
  std::memcpy(out, &value, sizeof value);
}

/// Cuts on a UTF-8 boundary: a text cut inside a character could not be read.
std::string_view cut(std::string_view text, std::int64_t width_bytes) {
  auto size = static_cast<std::size_t>(width_bytes);
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

void put_text(char* out, std::string_view text, std::int64_t width_bytes) {
  const std::string_view whole = cut(text, width_bytes);
  std::memcpy(out, whole.data(), whole.size());
}

void put_as_text(char* out, const ValueColumn& column, std::int64_t row, std::int64_t width_bytes) {
  char buffer[64];
  char* end = buffer;
  switch (column.kind) {
    case ValueColumn::Kind::kInt64:
      end = write_int64(buffer, column.int64(row));
      break;
    case ValueColumn::Kind::kDate:
      end = write_date(buffer, column.date(row));
      break;
    case ValueColumn::Kind::kTimestamp:
      end = write_timestamp(buffer, column.int64(row), ' ', false);
      break;
    default:
      return put_text(out, column.string(row), width_bytes);
  }
  put_text(out, {buffer, static_cast<std::size_t>(end - buffer)}, width_bytes);
}

double as_double(const ValueColumn& column, std::int64_t row) {
  if (column.kind == ValueColumn::Kind::kInt64) return static_cast<double>(column.int64(row));
  if (column.kind == ValueColumn::Kind::kBool) return column.boolean(row) ? 1.0 : 0.0;
  return column.float64(row);
}

std::int64_t as_ns(const ValueColumn& column, std::int64_t row) {
  if (column.kind == ValueColumn::Kind::kDate) return std::int64_t{column.date(row)} * 86'400'000'000'000;
  return column.int64(row) * 1000;
}

void put_value(char* out, const StoredColumn& stored, const ValueColumn& column, std::int64_t row) {
  switch (stored.kind) {
    case StoredKind::kInt64:
      return put(out, column.int64(row));
    case StoredKind::kFloat64:
      return put(out, as_double(column, row));
    case StoredKind::kBool:
      return put(out, static_cast<std::uint8_t>(column.boolean(row)));
    case StoredKind::kTimeNs:
      return put(out, as_ns(column, row));
    case StoredKind::kText:
      return put_as_text(out, column, row, stored.width_bytes);
  }
}

void put_missing(char* out, const StoredColumn& stored, const std::string& word) {
  switch (stored.kind) {
    case StoredKind::kFloat64:
      return put(out, std::numeric_limits<double>::quiet_NaN());
    case StoredKind::kTimeNs:
      return put(out, std::numeric_limits<std::int64_t>::min());
    case StoredKind::kText:
      return put_text(out, word, stored.width_bytes);
    default:
      return;  // these have none
  }
}

}  // namespace

void pack_rows(const StoredTable& table, const Batch& batch, std::int64_t first, std::int64_t count,
               std::int64_t row_number, char* out) {
  for (std::int64_t i = 0; i < count; ++i) put(out + i * table.row_bytes, row_number + i);
  const std::vector<ValueColumn> columns = value_columns(batch, table.columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const StoredColumn& stored = table.columns[c];
    char* at = out + stored.offset_bytes;
    for (std::int64_t row = first; row < first + count; ++row, at += table.row_bytes) {
      if (columns[c].missing(row)) {
        put_missing(at, stored, table.missing_word);
      } else {
        put_value(at, stored, columns[c], row);
      }
    }
  }
}

}  // namespace evclean
