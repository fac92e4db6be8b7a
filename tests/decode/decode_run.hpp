// SPDX-License-Identifier: Apache-2.0
// Runs a decoder over a text the way the engine does: in blocks of any size, and cut into splits at any byte.
#pragma once

#include <arrow/array.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evclean/decoder.hpp"
#include "evclean/types.hpp"

namespace evclean::test {

struct Output {
  std::vector<std::string> names;
  std::vector<std::vector<std::optional<std::string>>> rows;  ///< as CSV text; missing: nullopt
  std::vector<std::string> records;                           ///< raw text of each row
  std::vector<Reject> rejects;
  std::int64_t lines = 0;
  std::int64_t blank = 0;
  std::int64_t newlines = 0;
  std::int64_t extra_fields = 0;
  std::size_t largest_block = 0;
  std::vector<PatternTally> patterns;

  std::string value(std::size_t row, std::string_view name) const {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) return i < rows.at(row).size() ? rows[row][i].value_or("<missing>") : "<missing>";
    }
    return "<no column>";
  }
};

inline void take_batch(const Batch& batch, Output& run) {
  if (batch.names.size() > run.names.size()) run.names = batch.names;
  for (std::int64_t row = 0; row < batch.num_rows; ++row) {
    auto& cells = run.rows.emplace_back();
    for (int column = 0; column < static_cast<int>(batch.columns.size()); ++column) {
      auto& cell = cells.emplace_back();
      if (batch.is_raw(column)) {
        const SpanColumn& raw = batch.raw(column);
        if (!raw.spans.at(static_cast<std::size_t>(row)).missing()) cell = std::string(raw.view(row));
      } else if (batch.array(column)->IsValid(row)) {
        cell = value_text(*batch.array(column), row);
      }
    }
    const RecordRef record = batch.records.at(static_cast<std::size_t>(row));
    run.records.emplace_back(batch.text->data() + record.offset, record.length);
  }
}

inline void take_result(const DecodeResult& result, Output& run) {
  take_batch(result.batch, run);
  run.rejects.insert(run.rejects.end(), result.rejects.begin(), result.rejects.end());
  run.lines += result.lines;
  run.blank += result.blank;
  run.newlines += result.newlines;
  run.extra_fields += result.extra_fields;
  merge_tallies(run.patterns, result.patterns);
}

/// Reads the split [begin, end) of `text`; blocks grow by `piece` bytes.
inline void run_split(Decoder& decoder, std::string_view text, std::size_t begin, std::size_t end, std::size_t piece,
                      Output& run) {
  decoder.begin_file(InputFile{}, text.substr(0, 64 << 10));
  std::size_t at = begin == 0 ? 0 : begin - 1;
  std::size_t have = at;
  bool started = begin == 0;
  std::int64_t line = 0;
  std::int64_t newlines_before = run.newlines;
  while (true) {
    have = std::min(text.size(), have + piece);
    const bool at_end = have == text.size();
    auto block = std::make_shared<TextBlock>(have - at);
    block->append(text.substr(at, have - at));
    run.largest_block = std::max(run.largest_block, have - at);
    std::size_t from = 0;
    if (!started) {
      from = decoder.first_record(text.substr(at, have - at), 1, at_end);
      if (from == std::string_view::npos) {
        if (at_end) return;
        continue;
      }
      started = true;
      line = -std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                         text.begin() + static_cast<std::ptrdiff_t>(at + from), '\n');
    }
    DecodeInput input{block, from, have - at, end - at, at_end, {0, static_cast<std::int64_t>(at), line, 0}};
    input.owned_end = std::min(end - at, have - at + 1);
    const DecodeResult result = decoder.decode(input);
    take_result(result, run);
    at += result.consumed;
    line = run.newlines - newlines_before;
    if (at >= end || at_end) return;
  }
}

inline Output run(Decoder& decoder, std::string_view text, std::size_t piece = 1 << 20) {
  Output out;
  run_split(decoder, text, 0, text.size() + 1, piece, out);
  return out;
}

/// The same in splits of `split` bytes, with line numbers made global.
inline Output run_in_splits(Decoder& decoder, std::string_view text, std::size_t split, std::size_t piece) {
  Output out;
  for (std::size_t begin = 0; begin < std::max<std::size_t>(1, text.size()); begin += split) {
    const std::size_t first_reject = out.rejects.size();
    const std::int64_t lines_before = out.newlines;
    run_split(decoder, text, begin, std::min(text.size() + (begin + split >= text.size() ? 1 : 0), begin + split),
              piece, out);
    for (std::size_t i = first_reject; i < out.rejects.size(); ++i) out.rejects[i].line += lines_before;
  }
  return out;
}

inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace evclean::test
