// SPDX-License-Identifier: Apache-2.0
// Where the rows of each group's parts begin, when parts lie on any rank.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "file_groups.hpp"

namespace evclean {

/// Rows of a group over all ranks, and the parts of it that are here.
struct GroupRows {
  int group = 0;  ///< as this rank numbers it
  std::int64_t rows = 0;
  std::map<std::int64_t, std::int64_t> first_rows;  ///< part here -> number of its first row in the group
};

/// Parts of this rank: (group, part) -> rows.
using PartRows = std::map<std::pair<int, std::int64_t>, std::int64_t>;

/// Numbers the rows of every group by part; `needed` groups are there without rows too. Groups in their order.
/// Collective.
std::vector<GroupRows> number_rows(const PartRows& here, const std::set<int>& needed, FileGroups& groups,
                                   const Comm& comm);

/// Row where share `index` of `count` begins when rows are dealt evenly; the first ones have the odd rows.
inline std::int64_t share_begin(std::int64_t index, std::int64_t count, std::int64_t rows) {
  return index * (rows / count) + std::min(index, rows % count);
}

}  // namespace evclean
