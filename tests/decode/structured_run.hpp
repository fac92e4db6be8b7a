// SPDX-License-Identifier: Apache-2.0
// Runs a decoder over a text the way the engine does: in pieces of any size, and cut into splits at any byte.
#pragma once

#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/error.hpp"
#include "structured.hpp"

namespace evclean::test {

struct Cell {
  std::optional<std::string> text;
  bool quoted = false;
  friend bool operator==(const Cell&, const Cell&) = default;
};

struct Decoded {
  std::vector<std::string> names;
  std::vector<std::vector<Cell>> rows;  ///< as wide as the names known when the row was read
  std::vector<std::string> records;     ///< raw text of each row
  std::vector<Reject> rejects;
  std::int64_t lines = 0;
  std::int64_t blank = 0;
  std::int64_t newlines = 0;
  std::int64_t duplicate_keys = 0;
  std::int64_t lone_surrogates = 0;

  std::string value(std::size_t row, std::string_view name) const {
    for (std::size_t i = 0; i < names.size() && i < rows[row].size(); ++i)
      if (names[i] == name) return rows[row][i].text.value_or("<missing>");
    return "<no column>";
  }
  /// Rows as wide as all names, for comparison.
  std::vector<std::vector<Cell>> squared() const {
    auto wide = rows;
    for (auto& row : wide) row.resize(names.size());
    return wide;
  }
};

inline void take(DecodeResult result, Decoded& out) {
  const Batch& batch = result.batch;
  if (batch.names.size() > out.names.size()) out.names = batch.names;
  for (std::int64_t row = 0; row < batch.num_rows; ++row) {
    auto& cells = out.rows.emplace_back();
    for (std::size_t column = 0; column < batch.columns.size(); ++column) {
      const SpanColumn& raw = batch.raw(static_cast<int>(column));
      const Span span = raw.spans.at(static_cast<std::size_t>(row));
      Cell& cell = cells.emplace_back();
      cell.quoted = span.quoted();
      if (!span.missing()) cell.text = std::string(raw.view(row));
    }
    const RecordRef record = batch.records.at(static_cast<std::size_t>(row));
    out.records.emplace_back(batch.text->data() + record.offset, record.length);
  }
  out.rejects.insert(out.rejects.end(), result.rejects.begin(), result.rejects.end());
  out.lines += result.lines;
  out.blank += result.blank;
  out.newlines += result.newlines;
  out.duplicate_keys += result.duplicate_keys;
  out.lone_surrogates += result.lone_surrogates;
}

/// Decodes [begin, owned_end) of the text, adding `piece` bytes at a time. Gives where the last record ended.
inline std::size_t decode_range(Decoder& decoder, std::string_view text, std::size_t begin, std::size_t owned_end,
                                std::size_t piece, Decoded& out) {
  std::size_t at = begin;
  std::size_t have = begin;
  std::int64_t line = 0;
  while (at < owned_end) {
    const bool all = have >= text.size();
    have = std::min(text.size(), have + piece);
    auto block = std::make_shared<TextBlock>(have - at);
    block->append(text.substr(at, have - at));
    const BlockOrigin origin{0, static_cast<std::int64_t>(at), line, 0};
    DecodeResult result =
        decoder.decode({block, 0, have - at, std::min(owned_end, have + 1) - at, have == text.size(), origin});
    line += result.newlines;
    at += result.consumed;
    const bool stuck = all && result.consumed == 0;
    take(std::move(result), out);
    if (stuck) break;
  }
  return at;
}

/// Decodes the whole text in pieces.
inline Decoded decode_text(Decoder& decoder, std::string_view text, std::size_t piece = 1 << 20) {
  Decoded out;
  InputFile file;
  file.shown = "test";
  decoder.begin_file(file, text.substr(0, 64 << 10));
  decode_range(decoder, text, 0, text.size(), piece, out);
  for (std::size_t i = out.names.size(); i < decoder.columns().size(); ++i)
    out.names.push_back(decoder.columns()[i].name);
  return out;
}

inline std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The text of a shared data file, or empty with a note when the folder is absent.
inline std::string shared_text(const std::string& name) {
  std::string text = read_bytes(std::string(EVCLEAN_SHARED_DATA) + "/" + name);
  if (text.empty()) std::printf("shared data not present: %s\n", name.c_str());
  return text;
}

}  // namespace evclean::test
