// SPDX-License-Identifier: Apache-2.0
// A Bloom filter of the right side's keys on every rank: left rows that cannot match need not travel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evclean/comm.hpp"

namespace evclean {

class KeyFilter {
 public:
  /// About ten bits a key; words in the order of the hashes, so that each owner of partitions fills a range of its own.
  explicit KeyFilter(std::int64_t keys);
  static std::int64_t bytes_for(std::int64_t keys) noexcept { return keys / 8 * 10 + 1024; }

  static constexpr std::size_t kAhead = 24;  ///< hashes between prefetch() and a look
  void prefetch(std::uint64_t hash) const noexcept { __builtin_prefetch(&words_[place(hash)], 1); }
  void add(std::uint64_t hash) noexcept { words_[place(hash)] |= bits(hash); }
  /// False: no such key. True: perhaps (3 % of those that are not there).
  bool may_have(std::uint64_t hash) const noexcept {
    const std::uint64_t wanted = bits(hash);
    return (words_[place(hash)] & wanted) == wanted;
  }
  /// Puts all ranks' keys together. Collective.
  void unite(const Comm& comm);

 private:
  std::size_t place(std::uint64_t hash) const noexcept {
    return static_cast<std::size_t>(static_cast<unsigned __int128>(hash) * words_.size() >> 64);
  }
  /// Four bits of a word, from hash bits that neither the place nor the partition depend on much.
  static std::uint64_t bits(std::uint64_t hash) noexcept {
    return std::uint64_t{1} << (hash & 63) | std::uint64_t{1} << (hash >> 6 & 63) |
           std::uint64_t{1} << (hash >> 12 & 63) | std::uint64_t{1} << (hash >> 18 & 63);
  }

  std::vector<std::uint64_t> words_;
};

}  // namespace evclean
