// SPDX-License-Identifier: Apache-2.0
// Which files of an output a row may go to: its partition's folder and, with `files: N`, its share. Ranks number groups
// as they meet them; at the end all agree on the groups and their order, which is that of the folders' bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "evclean/comm.hpp"
#include "evclean/job.hpp"

namespace evclean {

struct FileGroup {
  std::string folder;       ///< "day=2026-11-01/", or empty
  std::int32_t share = 0;   ///< with `files: N`: which of them
  std::int32_t shares = 0;  ///< of how many; 0: not shared

  auto operator<=>(const FileGroup&) const = default;
};

class FileGroups {
 public:
  /// This rank's number of a group. Local.
  int number(const FileGroup& group);
  const FileGroup& operator[](int number) const { return *groups_[static_cast<std::size_t>(number)]; }
  /// Gives the groups in use on any rank, in their order, as this rank numbers them. Collective.
  std::vector<int> agree(const std::set<int>& in_use, const Comm& comm);

 private:
  std::map<FileGroup, int> numbers_;
  std::vector<const FileGroup*> groups_;
};

/// One number for a group and a part, for stages. Ascending by part within a group.
inline std::int64_t slot_of(int group, std::int64_t part) {
  constexpr int kPartBits = 40;
  return (static_cast<std::int64_t>(group) << kPartBits) + part + 1;
}

/// The final name of a group's file `number` of `count` (0: not numbered).
std::string group_file_name(const OutputSpec& spec, const FileGroup& group, std::int64_t number, std::int64_t count);

}  // namespace evclean
