// SPDX-License-Identifier: Apache-2.0
// Small objects that are read soon are fetched before their turn, so that thousands of them cost no round trip each.
#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <optional>
#include <vector>

#include "evclean/s3.hpp"
#include "evclean/source.hpp"

namespace evclean {

class ObjectForesight {
 public:
  /// The one of this process; for the thread that reads.
  static ObjectForesight& instance();

  void expect(const std::vector<InputFile>& files, const std::vector<SplitSegment>& segments);
  /// The bytes of a whole object, if it was expected; then the next ones are fetched.
  std::optional<std::future<S3Piece>> take(const InputFile& file);

 private:
  struct Wish {
    InputFile file;
    std::future<S3Piece> coming;  ///< invalid: not begun
  };
  void fetch_ahead();

  std::deque<Wish> wishes_;  ///< in the order of their turns
};

}  // namespace evclean
