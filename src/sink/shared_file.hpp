// SPDX-License-Identifier: Apache-2.0
// One file that all ranks write together. While the job runs each rank stages blocks (final bytes) and tails (rests of
// parts, see frame_plan.hpp); at the end the tails that meet are merged into blocks, offsets are agreed, and every rank
// writes its own ranges.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/comm.hpp"
#include "evclean/sink.hpp"
#include "frame_plan.hpp"

namespace evclean {

/// A stretch that this rank writes.
struct PlacedStretch {
  std::int64_t part = 0;  ///< whose blocks, or the first part of a merged run
  bool merged = false;
  std::int64_t offset = 0;  ///< in the file
  std::int64_t size_bytes = 0;
};

struct FileLayout {
  std::vector<PlacedStretch> mine;
  std::int64_t rows = 0;       ///< of all ranks
  std::int64_t end_bytes = 0;  ///< where the last stretch ends
};

class SharedFile {
 public:
  /// Turns the tails of consecutive parts into one block. `part` is the first of them; called on the rank that
  /// writes it, in ascending order.
  using Merge = std::function<std::string(std::int64_t part, const std::vector<std::string>& tails)>;

  SharedFile(const Comm& comm, const SinkOptions& options, std::int64_t merge_size);

  // Local.
  void add_block(std::int64_t part, std::string_view bytes);
  /// Bytes of blocks that this part has so far.
  std::int64_t block_bytes(std::int64_t part) const { return blocks_.size(part); }
  /// No more blocks. `tail_size` is the tail's weight in the merging rule.
  void end_part(std::int64_t part, std::int64_t rows, std::string_view tail, std::int64_t tail_size);
  void drop_part(std::int64_t part);

  /// Merges tails and agrees where everything stands, the first stretch at `first_offset`. Collective.
  FileLayout settle(std::int64_t first_offset, const Merge& merge);
  /// Writes this rank's stretches to the hidden file, which exists. Local.
  void write(const FileLayout& layout, const std::string& hidden, const std::string& shown) const;

 private:
  std::vector<PartInfo> gather_parts() const;
  void merge_tails(const std::vector<PartInfo>& parts, const std::vector<Stretch>& plan, const Merge& merge);
  std::map<std::int64_t, std::string> fetch_tails(const std::vector<PartInfo>& parts, const std::vector<Stretch>& plan,
                                                  std::size_t begin, std::size_t end) const;
  FileLayout place(const std::vector<PartInfo>& parts, const std::vector<Stretch>& plan, std::int64_t offset) const;

  const Comm& comm_;
  std::int64_t merge_size_;
  ByteStage blocks_;
  ByteStage tails_;
  ByteStage merged_;  ///< by first part
  std::map<std::int64_t, PartInfo> parts_;
};

}  // namespace evclean
