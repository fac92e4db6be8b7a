// SPDX-License-Identifier: Apache-2.0
// The first `count` rows by key out of many, without sorting them all. Local.
#pragma once

#include <string>
#include <vector>

#include "evclean/batch.hpp"
#include "key_codec.hpp"
#include "key_sort.hpp"

namespace evclean {

class BestRows {
 public:
  /// Lifetime: the codec must live as long. Keys must differ.
  BestRows(const KeyCodec& codec, std::size_t count) : codec_(codec), count_(count) {}
  void add(Batch batch);
  /// Gives the rows, in no order.
  std::vector<Batch> take();

 private:
  Batch possible(Batch batch) const;
  void prune();

  const KeyCodec& codec_;
  std::size_t count_;
  std::vector<Batch> kept_;
  std::size_t rows_ = 0;
  std::string worst_;  ///< rows from this key on are not wanted; empty: not known yet
};

}  // namespace evclean
