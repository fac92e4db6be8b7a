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

}  // namespace evclean
