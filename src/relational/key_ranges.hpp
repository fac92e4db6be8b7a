// SPDX-License-Identifier: Apache-2.0
// Ranges of keys: cut from samples so that each holds about as many bytes, dealt to the ranks in order. Where they are
// cut never shows in a result.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/comm.hpp"

namespace evclean {

/// A table is dealt into at most so many ranges, and a range that is too large is cut again, at most so often.
inline constexpr std::int64_t kMostRanges = 4096;
inline constexpr int kDeepest = 8;

/// Some of the keys that pass by, evenly chosen.
class KeySample {
 public:
  explicit KeySample(std::size_t most) : most_(most) {}
  /// Whether the next key is to be taken; then call take(). Cheap.
  bool wants_next() { return (draw() & mask_) == 0; }
  void take(std::string_view key);
  /// At most about `most` of them, evenly chosen.
  void write(std::string& out, std::size_t most) const;
  const std::vector<std::string>& keys() const { return keys_; }

 private:
  std::uint64_t draw();
  std::size_t most_;
  std::uint64_t drawn_ = 0;
  std::uint64_t mask_ = 0;  ///< one key of mask + 1 is taken
  std::vector<std::string> keys_;
};

class KeyRanges {
 public:
  /// At most `wanted` ranges by the samples given. Local.
  static KeyRanges cut(const std::vector<std::string>& sample, std::size_t wanted);
  /// By the samples of all ranks, each several. Collective.
  static KeyRanges agree(const Comm& comm, const std::vector<const KeySample*>& mine, std::size_t wanted);

  std::size_t size() const { return bounds_.size() + 1; }
  std::size_t find(std::string_view key) const;
  /// The rank that gets a range: neighbours stay together.
  int owner(std::size_t range, int ranks) const;

 private:
  struct Weighed {
    std::string_view key;
    std::uint64_t weight;  ///< keys that it stands for
  };
  static KeyRanges cut(std::vector<Weighed> sample, std::size_t wanted);
  void keep_words();

  std::vector<std::string> bounds_;  ///< the first key of each range but the first
  std::string prefix_;               ///< that all of them begin with, in whole words
  /// The sixteen bytes of each bound behind the prefix: what tells most keys.
  std::vector<unsigned __int128> bound_words_;
};

}  // namespace evclean
