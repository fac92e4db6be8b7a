// SPDX-License-Identifier: Apache-2.0
// Groups of keys that are whole numbers from small ranges, found by their place in an array instead of a hash table: a
// memory of what the table said, so it may forget at any time. Local.
#pragma once

#include <cstdint>
#include <vector>

#include "evclean/batch.hpp"

namespace evclean {

class DenseKeys {
 public:
  /// Gives up, for good, where keys are no whole numbers or there would be more than `most` places.
  DenseKeys(const Fields& fields, const std::vector<int>& keys, std::size_t most);

  /// Gives the groups of rows [first, first + count); false when one of them is not known.
  bool find(const Batch& batch, std::int64_t first, std::int64_t count, std::vector<std::uint32_t>& groups);
  /// Remembers the groups of the rows that find() was just asked for.
  void learn(const std::vector<std::uint32_t>& groups);
  /// Forgets all groups.
  void clear();
  std::int64_t memory_bytes() const { return static_cast<std::int64_t>(known_.capacity() * sizeof(std::uint32_t)); }

 private:
  struct Range {
    int column;
    std::uint64_t least = 0, width = 0;  ///< modulo 2^64: least is a signed number's bits
  };

  bool place(const Batch& batch, std::int64_t first, std::int64_t count);
  bool widen(const Batch& batch, std::int64_t first, std::int64_t count);
  void give_up();

  std::vector<Range> ranges_;
  std::size_t most_;
  int widened_ = 0;
  std::vector<std::uint32_t> known_;   ///< group + 1 by place; 0: not known
  std::vector<std::uint32_t> places_;  ///< of the rows at hand; none: they have no place
};

}  // namespace evclean
