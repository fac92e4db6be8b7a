// SPDX-License-Identifier: Apache-2.0
#include "row_numbers.hpp"

#include <cstring>

namespace evclean {

std::vector<GroupRows> number_rows(const PartRows& here, const std::set<int>& needed, FileGroups& groups,
                                   const Comm& comm) {
  std::set<int> in_use = needed;
  for (const auto& [slot, rows] : here) in_use.insert(slot.first);
  const std::vector<int> order = groups.agree(in_use, comm);
  std::map<int, std::int64_t> index;
  std::vector<GroupRows> numbered;
  for (const int group : order) {
    index[group] = static_cast<std::int64_t>(numbered.size());
    numbered.push_back({group, 0, {}});
  }
  std::vector<std::int64_t> mine;
  for (const auto& [slot, rows] : here) mine.insert(mine.end(), {index.at(slot.first), slot.second, rows});
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> all;
  for (const std::string& bytes :
       comm.all_gather({reinterpret_cast<const char*>(mine.data()), mine.size() * sizeof(std::int64_t)})) {
    for (std::size_t at = 0; at + 24 <= bytes.size(); at += 24) {
      std::int64_t entry[3];
      std::memcpy(entry, bytes.data() + at, sizeof entry);
      all[{entry[0], entry[1]}] = entry[2];
    }
  }
  for (const auto& [slot, rows] : all) {
    GroupRows& group = numbered[static_cast<std::size_t>(slot.first)];
    if (here.count({group.group, slot.second}) > 0) group.first_rows[slot.second] = group.rows;
    group.rows += rows;
  }
  return numbered;
}

}  // namespace evclean
