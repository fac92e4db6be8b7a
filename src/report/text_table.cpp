// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "evclean/report.hpp"
#include "evclean/suggest.hpp"

namespace evclean {
namespace {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.,-+e %KMGTiBs/") == std::string_view::npos &&
         text.find_first_of("0123456789") != std::string_view::npos;
}

/// The first `width - 1` characters and a sign that there is more.
std::string shortened(std::string_view text, std::size_t width) {
  std::string safe = printable(text, 4 * width);
  if (characters(safe) <= width) return safe;
  std::size_t at = 0;
  for (std::size_t seen = 0; at < safe.size(); ++at) {
    if ((static_cast<unsigned char>(safe[at]) & 0xC0) != 0x80 && ++seen == width) break;
  }
  return safe.substr(0, at) + "…";
}

}  // namespace

std::string text_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                       std::size_t max_width) {
  std::vector<std::vector<std::string>> cells = {header};
  cells.insert(cells.end(), rows.begin(), rows.end());
  std::vector<std::size_t> widths(header.size());
  std::vector<bool> right(header.size(), !rows.empty());
  for (std::size_t r = 0; r < cells.size(); ++r) {
    for (std::size_t c = 0; c < header.size(); ++c) {
      std::string& cell = cells[r][c];
      cell = shortened(cell, max_width);
      widths[c] = std::max(widths[c], characters(cell));
      if (r > 0 && !cell.empty() && !is_number(cell)) right[c] = false;
    }
  }
  std::string out;
  for (const auto& row : cells) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string padding(widths[c] - characters(row[c]), ' ');
      if (c > 0) line += "  ";
      line += right[c] ? padding + row[c] : row[c] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace evclean
