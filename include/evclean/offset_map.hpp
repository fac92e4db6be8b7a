// SPDX-License-Identifier: Apache-2.0
// Between a stream's text and the decompressed bytes it was made from. The two differ only where an ill-formed
// sequence became U+FFFD (three bytes), or a line end was put in behind lost bytes. Splits are cut in source
// offsets, so that a repair never moves a boundary between ranks; positions in a block are text offsets.
#pragma once

#include <cstdint>
#include <deque>

namespace evclean {

/// Maps offsets both ways; without a repair it is the identity and costs one comparison. Order: both directions are
/// monotone, and record begins compare with to_text(x) as they do with x in the source. Exact for the last million
/// repairs; before them the shift of the oldest one kept is used, so ask about text when it is read.
class OffsetMap {
 public:
  /// The offset in the source of the byte at `text` (the begin of a record, or any byte outside a replacement).
  std::int64_t to_source(std::int64_t text) const noexcept;
  /// The offset in the text where the source byte `source` came out.
  std::int64_t to_text(std::int64_t source) const noexcept;
  bool is_identity() const noexcept { return shifts_.empty(); }

  /// From text offset `text_end` on, the text is `delta` bytes further ahead of the source than before.
  void add(std::int64_t text_end, std::int64_t delta);

 private:
  struct Shift {
    std::int64_t text;   ///< first text offset the shift holds for
    std::int64_t shift;  ///< text minus source
  };
  std::deque<Shift> shifts_;
  std::int64_t before_ = 0;  ///< the shift before the first one kept
};

}  // namespace evclean
