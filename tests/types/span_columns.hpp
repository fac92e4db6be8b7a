// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evclean/batch.hpp"

namespace evclean {

struct Cell {
  std::string text;
  std::uint32_t flags = 0;
};

/// A raw column of cells, and a batch whose records stand where the cells do.
struct ColumnOfCells {
  SpanColumn column;
  Batch batch;
};

inline ColumnOfCells make_column(const std::vector<Cell>& cells, RawKind kind, std::int32_t file = 0,
                                 std::int64_t byte_offset = 0) {
  const auto text = std::make_shared<TextBlock>(64);
  ColumnOfCells result;
  for (const Cell& cell : cells) {
    const std::uint32_t offset = text->append(cell.text);
    const auto length = static_cast<std::uint32_t>(cell.text.size());
    result.column.spans.push_back(Span::of(offset, length, cell.flags));
    result.batch.records.push_back({offset, length});
  }
  result.column.text = text;
  result.column.kind = kind;
  result.batch.num_rows = static_cast<std::int64_t>(cells.size());
  result.batch.text = text;
  result.batch.origin.file = file;
  result.batch.origin.byte_offset = byte_offset;
  return result;
}

}  // namespace evclean
