// SPDX-License-Identifier: Apache-2.0
// Which frames a file is made of, given its parts: the rule of docs/output-frames.md. It looks only at the parts
// (order and sizes), never at who holds them, so the bytes of a file do not depend on the number of ranks.
#pragma once

#include <cstdint>
#include <vector>

namespace evclean {

/// A part as its rank describes it. Its blocks are final bytes (whole frames or row groups); its tail is what was left
/// at the end of the part and follows the blocks.
struct PartInfo {
  std::int64_t part = 0;
  std::int64_t rank = 0;
  std::int64_t rows = 0;
  std::int64_t block_bytes = 0;  ///< as they will stand in the file
  std::int64_t tail_bytes = 0;   ///< as it is carried to close()
  std::int64_t tail_size = 0;    ///< as the rule counts it (uncompressed)
};

/// A stretch of the file: the blocks of one part, or one frame merged from the tails of consecutive parts.
struct Stretch {
  std::size_t first = 0;  ///< index in the sorted parts
  std::size_t last = 0;   ///< inclusive; parts without a tail in between are passed over
  bool merged = false;
  int owner = 0;  ///< the rank that writes it (merged: that holds most of the tails' bytes)
};

/// Lays out a file: for each part its blocks, then its tail; tails that meet are merged until `merge_size` is reached.
/// `parts` ascending by part.
std::vector<Stretch> plan_stretches(const std::vector<PartInfo>& parts, std::int64_t merge_size);

}  // namespace evclean
