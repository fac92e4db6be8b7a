// SPDX-License-Identifier: Apache-2.0
#include "frame_plan.hpp"

#include <map>

namespace evclean {
namespace {

int largest_holder(const std::vector<PartInfo>& parts, std::size_t first, std::size_t last) {
  std::map<std::int64_t, std::int64_t> bytes;
  for (std::size_t i = first; i <= last; ++i) bytes[parts[i].rank] += parts[i].tail_bytes;
  auto best = bytes.begin();
  for (auto holder = bytes.begin(); holder != bytes.end(); ++holder) {
    if (holder->second > best->second) best = holder;
  }
  return static_cast<int>(best->first);
}

}  // namespace

std::vector<Stretch> plan_stretches(const std::vector<PartInfo>& parts, std::int64_t merge_size) {
  std::vector<Stretch> plan;
  std::int64_t open_size = -1;  // of the run of tails being merged; -1: none
  std::size_t begin = 0;
  std::size_t end = 0;
  const auto close_run = [&] {
    if (open_size >= 0) plan.push_back({begin, end, true, largest_holder(parts, begin, end)});
    open_size = -1;
  };
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const PartInfo& part = parts[i];
    if (i > 0 && parts[i - 1].group != part.group) close_run();
    if (part.block_bytes > 0) {
      close_run();
      plan.push_back({i, i, false, static_cast<int>(part.rank)});
    }
    if (part.tail_bytes == 0) continue;
    if (open_size < 0) {
      begin = i;
      open_size = 0;
    }
    end = i;
    open_size += part.tail_size;
    if (open_size >= merge_size) close_run();
  }
  close_run();
  return plan;
}

namespace {

class Cutter {
 public:
  explicit Cutter(const CutRule& rule) : rule_(rule) {}

  void add(std::size_t stretch, std::int64_t group, const std::vector<BlockInfo>& blocks) {
    open_groups(group);
    std::int64_t skip = 0;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      if (is_full()) open_file(group);
      FilePlan& file = plan_.files.back();
      if (b == 0 || plan_.pieces.back().file != plan_.files.size() - 1) {
        plan_.pieces.push_back({stretch, plan_.files.size() - 1, b, 0, file.end_bytes, skip, 0});
      }
      Piece& piece = plan_.pieces.back();
      ++piece.blocks;
      piece.size_bytes += blocks[b].bytes;
      file.end_bytes += blocks[b].bytes;
      file.rows += blocks[b].rows;
      skip += blocks[b].bytes;
    }
  }

  CutPlan finish() {
    open_groups(rule_.group_count - 1);
    return std::move(plan_);
  }

 private:
  /// Opens files of all groups up to this one: a group without any row has a file too.
  void open_groups(std::int64_t group) {
    for (std::int64_t next = plan_.files.empty() ? 0 : plan_.files.back().group + 1; next <= group; ++next)
      open_file(next);
  }

  void open_file(std::int64_t group) {
    const bool first = plan_.files.empty() || plan_.files.back().group != group;
    const std::int64_t number = first ? 0 : plan_.files.back().number + 1;
    plan_.files.push_back({group, number, 0, first ? rule_.first_head : rule_.next_head});
  }

  /// A file that holds no row yet (a header, however long) takes the next block.
  bool is_full() const {
    const FilePlan& file = plan_.files.back();
    return rule_.full_bytes > 0 && file.rows > 0 && file.end_bytes >= rule_.full_bytes;
  }

  CutRule rule_;
  CutPlan plan_;
};

}  // namespace

CutPlan cut_files(const std::vector<std::int64_t>& stretch_groups,
                  const std::vector<std::vector<BlockInfo>>& stretch_blocks, const CutRule& rule) {
  Cutter cutter(rule);
  for (std::size_t s = 0; s < stretch_blocks.size(); ++s) cutter.add(s, stretch_groups[s], stretch_blocks[s]);
  return cutter.finish();
}

}  // namespace evclean
