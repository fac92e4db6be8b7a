// SPDX-License-Identifier: Apache-2.0
// Which bytes of a stream's text count for its split: the lines that begin in [segment begin, segment end). Found by
// line ends alone, so every line of a file counts in exactly one of its splits, wherever it was cut and whatever
// text is read twice.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

#include "evclean/offset_map.hpp"

namespace evclean {

class CountingWindow {
 public:
  /// Source offsets; `end` -1: the file's end.
  CountingWindow(std::int64_t begin, std::int64_t end) : from_(begin == 0 ? 0 : kUnknown), begin_(begin), end_(end) {}

  /// Looks at text just read, whose first byte has offset `text_begin`; pieces come in order.
  void see(std::string_view text, std::int64_t text_begin, const OffsetMap& offsets) {
    if (from_ == kUnknown) from_ = behind_line_end(text, text_begin, offsets.to_text(begin_ - 1));
    if (end_ >= 0 && to_ == kUnknown) to_ = behind_line_end(text, text_begin, offsets.to_text(end_ - 1));
  }
  bool holds(std::int64_t text_offset) const { return text_offset >= from_ && text_offset < to_; }
  /// The part of that text which counts.
  std::string_view part(std::string_view text, std::int64_t text_begin) const {
    const auto size = static_cast<std::int64_t>(text.size());
    const std::int64_t begin = std::clamp<std::int64_t>(from_ - text_begin, 0, size);
    const std::int64_t end = std::clamp<std::int64_t>(to_ - text_begin, begin, size);
    return text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  }

 private:
  static constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::max() / 2;

  static std::int64_t behind_line_end(std::string_view text, std::int64_t text_begin, std::int64_t from) {
    const std::int64_t skipped = std::max<std::int64_t>(0, from - text_begin);
    if (skipped >= static_cast<std::int64_t>(text.size())) return kUnknown;
    const std::size_t found = text.find('\n', static_cast<std::size_t>(skipped));
    return found == std::string_view::npos ? kUnknown : text_begin + static_cast<std::int64_t>(found) + 1;
  }

  std::int64_t from_;
  std::int64_t to_ = kUnknown;
  std::int64_t begin_;
  std::int64_t end_;
};

}  // namespace evclean
