// SPDX-License-Identifier: Apache-2.0
// Which rows have a key not seen before on this rank. When memory ends, or when nearly all keys are new, it forgets or
// learns no more: then a key may be called new again, never the other way round. Local.
#pragma once

#include <vector>

#include "evclean/relational.hpp"
#include "group_table.hpp"
#include "memory_claim.hpp"

namespace evclean {

class FirstSeen {
 public:
  FirstSeen(const KeyCodec& codec, const Workspace& workspace) : table_(codec), claim_(workspace.budget) {}

  /// Encodes rows and gives those whose key is new, ascending (relative to `first`); their keys are in keys().
  const std::vector<std::int32_t>& look(const Batch& batch, std::int64_t first, std::int64_t count);
  const KeyRows& keys() const { return keys_; }
  /// Whether every key called new was so.
  bool exact() const { return exact_; }

 private:
  GroupTable table_;
  MemoryClaim claim_;
  KeyRows keys_;
  std::vector<std::uint32_t> groups_;
  std::vector<std::int32_t> fresh_;
  std::int64_t rows_ = 0;
  bool learns_ = true;
  bool exact_ = true;
};

}  // namespace evclean
