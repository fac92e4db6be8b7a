// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <string>

#include "evclean/suggest.hpp"
#include "evclean/types.hpp"

namespace evclean::query {
namespace {

/// A value of this rank for messages, with what it is sorted by: one that is no number before others, then its row.
std::string local_sample(const Dataset& data, int column) {
  std::string best;
  for (const std::int64_t part : data.mine()) {
    std::int64_t first = data.parts()[static_cast<std::size_t>(part)].first_row;
    data.visit(part, [&](const Batch& batch) {
      const arrow::Array& array = *batch.array(column);
      for (std::int64_t row = 0; row < array.length() && (best.empty() || best[0] != 'a'); ++row) {
        if (array.IsNull(row)) continue;
        const std::string text = value_text(array, row);
        double number = 0;
        const bool odd = !parse_float64(text, number);
        if (odd || best.empty()) best = fmt::format("{}{:020}{}", odd ? 'a' : 'b', first + row, text);
      }
      first += array.length();
    });
  }
  return best;
}

}  // namespace

std::string sample_of(const Dataset& data, const std::string& name, const Comm& comm) {
  const int column = data.find(name);
  std::string best;
  for (const std::string& one : comm.all_gather(column < 0 ? std::string() : local_sample(data, column))) {
    if (!one.empty() && (best.empty() || one < best)) best = one;
  }
  if (best.empty()) return best;
  // Where it stands was noted while the files were read. A column that steps have made since has other values.
  const std::string value = fmt::format("'{}'", printable(best.substr(21), 60));
  const std::string noted = comm.all_gather(data.example(name)).front();
  return noted.starts_with(value + " at ") ? noted : value;
}

}  // namespace evclean::query
