// SPDX-License-Identifier: Apache-2.0
// Which frames files are made of, given their parts: the rules of docs/output-frames.md. They look only at the parts
// (order and sizes), never at who holds them, so the bytes of a file do not depend on the number of ranks.
#pragma once

#include <cstdint>
#include <vector>

namespace evclean {

/// A frame or row group, as its bytes stand in the file.
struct BlockInfo {
  std::int64_t bytes = 0;
  std::int64_t rows = 0;
};

/// A part as its rank describes it. Its blocks are final bytes (whole frames or row groups); its tail is what was left
/// at the end of the part and follows the blocks.
struct PartInfo {
  std::int64_t part = 0;
  std::int64_t rank = 0;
  std::int64_t rows = 0;
  std::int64_t block_bytes = 0;  ///< as they will stand in the file
  std::int64_t tail_bytes = 0;   ///< as it is carried to close()
  std::int64_t tail_size = 0;    ///< as the rule counts it (uncompressed)
  std::int64_t group = 0;        ///< of files: a partition
  std::int64_t tail_rows = 0;
};

/// A stretch of a file: the blocks of one part, or one frame merged from the tails of consecutive parts.
struct Stretch {
  std::size_t first = 0;  ///< index in the sorted parts
  std::size_t last = 0;   ///< inclusive; parts without a tail in between are passed over
  bool merged = false;
  int owner = 0;  ///< the rank that writes it (merged: that holds most of the tails' bytes)
};

/// Lays out files: for each part its blocks, then its tail; tails of a group that meet are merged until `merge_size` is
/// reached. `parts` ascending by group and part.
std::vector<Stretch> plan_stretches(const std::vector<PartInfo>& parts, std::int64_t merge_size);

/// Blocks of one stretch that stand in one file, one after another.
struct Piece {
  std::size_t stretch = 0;
  std::size_t file = 0;
  std::size_t first_block = 0;
  std::size_t blocks = 0;
  std::int64_t offset = 0;  ///< in the file
  std::int64_t skip = 0;    ///< bytes of the stretch before it
  std::int64_t size_bytes = 0;
};

struct FilePlan {
  std::int64_t group = 0;
  std::int64_t number = 0;  ///< in its group
  std::int64_t rows = 0;
  std::int64_t end_bytes = 0;  ///< where the last block ends
};

struct CutRule {
  std::int64_t first_head = 0;   ///< bytes before the first block of a group's first file
  std::int64_t next_head = 0;    ///< bytes before the first block of its further files
  std::int64_t full_bytes = 0;   ///< a file closes with the block that brings it to this size; 0: never
  std::int64_t group_count = 0;  ///< each has one file at least
};

struct CutPlan {
  std::vector<FilePlan> files;  ///< by group
  std::vector<Piece> pieces;    ///< by stretch
};

/// Cuts groups into files. `stretch_groups` and `stretch_blocks` say of each stretch where it belongs and what it is
/// made of.
CutPlan cut_files(const std::vector<std::int64_t>& stretch_groups,
                  const std::vector<std::vector<BlockInfo>>& stretch_blocks, const CutRule& rule);

}  // namespace evclean
