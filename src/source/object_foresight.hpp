// SPDX-License-Identifier: Apache-2.0
// Small objects that are read soon are fetched before their turn, so that thousands of them cost no round trip each;
// and so is the range of a large one that is read next.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "evclean/s3.hpp"
#include "evclean/source.hpp"
#include "object_file.hpp"

namespace evclean {

class ObjectForesight {
 public:
  /// The one of this process; for the thread that reads.
  static ObjectForesight& instance();

  void expect(const std::vector<InputFile>& files, const std::vector<SplitSegment>& segments);
  /// The bytes of a whole object, if it was expected (else null); then the next ones are fetched.
  std::shared_ptr<S3Range> take(const InputFile& file);

  /// The range that is probably read next. The one told before stays until it is taken or this is called once more.
  void expect_next(const InputFile& file, StoredRange range);
  /// Fetches of it until so many blocks are under way or at hand.
  void fetch(std::size_t blocks);
  /// The object with what was fetched, if this range was expected (else null).
  std::unique_ptr<StoredFile> take_next(const InputFile& file, StoredRange range);

 private:
  struct Wish {
    InputFile file;
    std::shared_ptr<S3Range> coming;  ///< null: not begun
  };
  struct NextRange {
    InputFile file;
    StoredRange range;
    std::unique_ptr<FetchedFile> object;  ///< null: not begun
  };
  void fetch_ahead();

  std::deque<Wish> wishes_;       ///< in the order of their turns
  std::deque<NextRange> ranges_;  ///< two at most, the last one told behind
  bool fetches_next_ = false;
};

}  // namespace evclean
