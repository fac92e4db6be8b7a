// SPDX-License-Identifier: Apache-2.0
// The files of an output, written by all ranks. While the job runs each rank stages blocks (final bytes) and tails
// (rests of parts, see frame_plan.hpp) by group and part; at the end the tails that meet are merged into blocks, files
// and offsets are agreed, and every rank writes its own ranges.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "file_groups.hpp"
#include "file_sinks.hpp"
#include "frame_plan.hpp"

namespace evclean {

/// One file, the same on all ranks.
struct SetFile {
  int group = 0;       ///< as this rank numbers it
  bool first = false;  ///< of its group
  std::string final_path;
  std::string hidden_path;
  std::int64_t rows = 0;
  std::int64_t end_bytes = 0;  ///< where the last block ends
};

/// Blocks that this rank writes.
struct PlacedPiece {
  std::size_t file = 0;
  int group = 0;
  std::int64_t part = 0;  ///< whose blocks, or the first part of a merged run
  bool merged = false;
  std::size_t first_block = 0;
  std::size_t blocks = 0;
  std::int64_t offset = 0;  ///< in the file
  std::int64_t skip = 0;    ///< bytes of the part's blocks before these
  std::int64_t size_bytes = 0;
};

struct SetLayout {
  std::vector<SetFile> files;
  std::vector<PlacedPiece> mine;
  /// Which rank writes the ends of a file (header, footer).
  static int ends_owner(std::size_t file, const Comm& comm) {
    return static_cast<int>(file % static_cast<std::size_t>(comm.size()));
  }
};

/// Bytes before the first block of a file.
struct HeadSizes {
  std::int64_t first = 0;  ///< in a group's first file
  std::int64_t next = 0;   ///< in its further files
};

class FileSet {
 public:
  /// Turns the tails of consecutive parts into one block. `part` is the first of them; called on the rank that
  /// writes it, in ascending order.
  using Merge = std::function<std::string(int group, std::int64_t part, const std::vector<std::string>& tails)>;

  FileSet(const FileTarget& target, const Comm& comm, const SinkOptions& options, std::int64_t merge_size);

  // Local.
  /// This group has a file whatever comes.
  void need(int group) { needed_.insert(group); }
  void add_block(int group, std::int64_t part, std::string_view bytes, std::int64_t rows);
  /// No more blocks. `tail_size` is the tail's weight in the merging rule.
  void end_part(int group, std::int64_t part, std::string_view tail, std::int64_t tail_size, std::int64_t tail_rows);
  void drop_part(std::int64_t part);

  /// Agrees on the groups in use. Collective.
  std::vector<int> agree_on_groups();
  /// Merges tails and agrees which files there are and where everything stands; makes the hidden files. After
  /// agree_on_groups(). Collective.
  SetLayout settle(const HeadSizes& heads, const Merge& merge);
  /// Writes this rank's pieces to the hidden files. Local.
  void write(const SetLayout& layout) const;

 private:
  struct Entry {
    PartInfo info;
    std::vector<BlockInfo> blocks;
  };

  void gather_parts();
  void merge_tails(const std::vector<Stretch>& plan, const Merge& merge);
  std::map<std::int64_t, std::string> fetch_tails(const std::vector<Stretch>& plan, std::size_t begin,
                                                  std::size_t end) const;
  std::map<std::size_t, std::int64_t> merged_sizes(const std::vector<Stretch>& plan) const;
  CutPlan cut(const std::vector<Stretch>& plan, const HeadSizes& heads) const;
  SetLayout place(const std::vector<Stretch>& plan, const CutPlan& cut);
  /// The stage's number of an entry of `parts_`.
  std::int64_t slot(const PartInfo& part) const {
    return slot_of(order_[static_cast<std::size_t>(part.group)], part.part);
  }

  FileTarget target_;
  const Comm& comm_;
  std::int64_t merge_size_;
  ByteStage blocks_;
  ByteStage tails_;
  ByteStage merged_;                                  ///< by first part
  std::map<std::int64_t, std::map<int, Entry>> own_;  ///< part, group
  std::set<int> needed_;
  std::vector<int> order_;       ///< groups of all ranks
  std::vector<PartInfo> parts_;  ///< of all ranks
  std::vector<std::vector<BlockInfo>> part_blocks_;
};

}  // namespace evclean
