// SPDX-License-Identifier: Apache-2.0
// A batch: some thousand rows in columns. A column is either raw (spans of text, not typed yet and not copied)
// or typed (an Arrow array). Filters compact both; a raw column costs 8 bytes a row to carry, so nothing is
// built for a row that is dropped. All columns of a batch have the same number of rows.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "evclean/text_block.hpp"
#include "evclean/value_type.hpp"

namespace evclean {

/// A piece of a TextBlock. Flags live in the top bits of `bits`, the length (below 2^28) in the rest.
struct Span {
  static constexpr std::uint32_t kMissing = 1u << 31;  ///< no value here (absent key, unset group, null)
  static constexpr std::uint32_t kQuoted = 1u << 30;   ///< CSV: was quoted. JSON: is a string, not a number or boolean
  static constexpr std::uint32_t kLengthMask = (1u << 28) - 1;

  std::uint32_t offset = 0;
  std::uint32_t bits = kMissing;

  static Span of(std::uint32_t offset, std::uint32_t length, std::uint32_t flags = 0) {
    return Span{offset, length | flags};
  }
  std::uint32_t length() const noexcept { return bits & kLengthMask; }
  bool missing() const noexcept { return (bits & kMissing) != 0; }
  bool quoted() const noexcept { return (bits & kQuoted) != 0; }
};

/// Where a raw column comes from; it decides what inference and the words for missing do with it.
enum class RawKind : std::uint8_t {
  kText,  ///< CSV fields, regex groups, presets: words for missing apply (CSV: not to quoted ones, but to "")
  kJson,  ///< kQuoted marks JSON strings: never numbers or booleans; blank text is missing
};

/// A raw column: spans into one TextBlock.
struct SpanColumn {
  std::shared_ptr<const TextBlock> text;
  std::vector<Span> spans;
  RawKind kind = RawKind::kText;
  bool nulls_marked = false;  ///< words for missing have become kMissing already (types room)

  std::string_view view(std::int64_t row) const {
    const Span span = spans[static_cast<std::size_t>(row)];
    return {text->data() + span.offset, span.length()};
  }
};

using Column = std::variant<SpanColumn, std::shared_ptr<arrow::Array>>;

/// Where a row's record stands in its block: for rejects, samples and line numbers.
struct RecordRef {
  std::uint32_t offset = 0;  ///< of the record's first byte in the block's text
  std::uint32_t length = 0;  ///< without the line end
};

/// Where a block of records comes from. Every rank numbers files alike.
struct BlockOrigin {
  std::int32_t file = -1;        ///< index in the table's file list; -1: not from a file
  std::int64_t byte_offset = 0;  ///< of the block's first byte in the file's decompressed text
  std::int64_t first_line = 0;   ///< lines of the same split segment before this block (see SplitSegment)
  std::int32_t segment = 0;      ///< index of the segment in its split
  bool lone_cr = false;          ///< a CR without LF ends a line too (Decoder::lone_cr)
};

/// Rows in columns. Copying copies span vectors: move it.
class Batch {
 public:
  std::int64_t num_rows = 0;
  std::vector<std::string> names;
  std::vector<Column> columns;
  /// One a row, or empty when rows no longer stand for records (after an exchange).
  std::vector<RecordRef> records;
  std::shared_ptr<const TextBlock> text;  ///< what `records` point into
  /// A row's byte offset in the file's decompressed bytes; empty: origin.byte_offset + records[row].offset (the rule;
  /// the two differ only where ill-formed UTF-8 was repaired).
  std::vector<std::int64_t> source_offsets;
  BlockOrigin origin;

  /// Where a row's record begins in its file.
  std::int64_t source_offset(std::int64_t row) const {
    const auto at = static_cast<std::size_t>(row);
    return source_offsets.empty() ? origin.byte_offset + records[at].offset : source_offsets[at];
  }
  /// Position of a name, or -1.
  int find(std::string_view name) const;
  bool is_raw(int column) const {
    return std::holds_alternative<SpanColumn>(columns[static_cast<std::size_t>(column)]);
  }
  SpanColumn& raw(int column) { return std::get<SpanColumn>(columns[static_cast<std::size_t>(column)]); }
  const SpanColumn& raw(int column) const { return std::get<SpanColumn>(columns[static_cast<std::size_t>(column)]); }
  /// The Arrow array of a typed column.
  const std::shared_ptr<arrow::Array>& array(int column) const {
    return std::get<std::shared_ptr<arrow::Array>>(columns[static_cast<std::size_t>(column)]);
  }
  /// Replaces the column of that name, or appends one.
  void put(std::string_view name, Column column);
  void erase(int column);
  /// Keeps the rows named, in that order; `rows` ascending. Typed arrays are gathered, spans moved.
  void keep(const std::vector<std::int32_t>& rows);
};

/// Some columns, in the order given; the rest of the batch is not carried.
Batch project(const Batch& batch, const std::vector<int>& columns);
Fields project(const Fields& fields, const std::vector<int>& columns);

/// Rows by number, in the order given, with repeats; records and their places go along. Column `replaced` is about to
/// get other values: it is left without any.
Batch pick_rows(const Batch& batch, const std::vector<std::int32_t>& rows, int replaced = -1);

/// Makes a utf8 array of spans (missing is null), with one overshooting copy a value.
std::shared_ptr<arrow::Array> string_array(const SpanColumn& column);

/// Bytes that an array's rows take: validity bits, numbers, offsets and texts. Of our types only.
std::int64_t array_bytes(const arrow::Array& array);

/// Gathers rows of an array, in the order given (any order, repeats allowed; -1 gives null).
std::shared_ptr<arrow::Array> gather(const arrow::Array& array, const std::vector<std::int32_t>& rows);

}  // namespace evclean
