// SPDX-License-Identifier: Apache-2.0
#include "parquet_column.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "parquet_runs.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kPageRows = 1 << 18;

bool any_missing(const ValueColumn& column, std::int64_t begin, std::int64_t end) {
  if (column.kind != ValueColumn::Kind::kSpans) return column.validity != nullptr;
  std::uint32_t bits = 0;
  for (std::int64_t row = begin; row < end; ++row) bits |= column.spans[row].bits;
  return (bits & Span::kMissing) != 0;
}

}  // namespace

void ParquetColumn::append(const ValueColumn& column, std::int64_t begin, std::int64_t end) {
  append_levels(column, begin, end);
  append_values(column, begin, end);
}

void ParquetColumn::append_levels(const ValueColumn& column, std::int64_t begin, std::int64_t end) {
  const auto before = static_cast<std::size_t>(rows_);
  rows_ += end - begin;
  const bool some = any_missing(column, begin, end);
  if (present_.empty() && !some) return;
  present_.resize(before, 1);
  present_.resize(static_cast<std::size_t>(rows_), 1);
  if (!some) return;
  std::uint8_t* levels = present_.data() + before;
  for (std::int64_t row = begin; row < end; row += 64, levels += 64) {
    const std::int64_t count = std::min<std::int64_t>(64, end - row);
    const std::uint64_t there = column.present(row, count);
    for (std::int64_t i = 0; i < count; ++i) levels[i] = static_cast<std::uint8_t>(there >> i & 1);
    missing_ += count - std::popcount(there);
  }
}

/// Levels of rows [begin, end), their bytes' number first.
void ParquetColumn::write_levels(std::string& page, std::int64_t begin, std::int64_t end) const {
  const std::size_t at = page.size();
  page.resize(at + sizeof(std::uint32_t));
  if (present_.empty()) {
    append_run(page, 1, end - begin, 1);
  } else {
    append_runs(page, present_.data() + begin, end - begin, 1);
  }
  const auto size = static_cast<std::uint32_t>(page.size() - at - sizeof(std::uint32_t));
  std::memcpy(page.data() + at, &size, sizeof size);
}

ParquetColumn::Cut ParquetColumn::next_page(std::int64_t begin) const {
  const std::int64_t rows = std::min(kPageRows, rows_ - begin);
  if (present_.empty()) {
    const std::int64_t count = fit(rows);
    return {count, count};
  }
  const std::uint8_t* levels = present_.data() + begin;
  const std::int64_t values = std::accumulate(levels, levels + rows, std::int64_t{0});
  const std::int64_t count = fit(values);
  if (count == values) return {rows, values};
  std::int64_t row = 0;
  for (std::int64_t seen = 0; seen < count; ++row) seen += levels[row];
  return {row, count};
}

ThriftValue ParquetColumn::encode(const std::string& name, std::string& bytes, FrameCodec& codec, std::int64_t begin) {
  ParquetChunk chunk(bytes, codec, begin);
  const ParquetEncoding encoding = settle(chunk);
  std::string page;
  for (std::int64_t row = 0; row < rows_;) {
    const Cut cut = next_page(row);
    page.clear();
    write_levels(page, row, row + cut.rows);
    write_values(page, cut.values);
    chunk.add_page(page, cut.rows, encoding);
    row += cut.rows;
  }
  return chunk.metadata(name, type(), bounds(), missing_);
}

}  // namespace evclean
