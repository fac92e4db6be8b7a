// SPDX-License-Identifier: Apache-2.0
// One compressed stream for many ranks: the rank that feeds a file decompresses it once, from begin to end; others ask
// it for the text of their parts. Text is kept until no part needs it any more, up to a limit, in blocks on a fixed
// grid of decompressed offsets.
#pragma once

#include <deque>
#include <functional>
#include <map>

#include "evclean/patience.hpp"
#include "evclean/piece_desk.hpp"
#include "table_input.hpp"

namespace evclean {

class TextFeeds {
 public:
  /// Collective, like the destructor. `idle`: what a rank does again and again while it waits for text (it may throw).
  TextFeeds(const TableInput& input, const Comm& comm, std::int64_t memory_bytes);
  ~TextFeeds();
  void set_idle(std::function<void()> idle) { idle_ = std::move(idle); }
  /// What serve() does between two blocks (it must not throw).
  void set_between(std::function<void()> between) { between_ = std::move(between); }

  /// Decompressed bytes of a file from `offset` on, for the part that is split `split`. On the feeder itself the bytes
  /// come from what it keeps. Broken where the file is damaged. Errors: those of `idle`.
  std::unique_ptr<ByteSource> open(std::int32_t file, std::int64_t split, int feeder, std::int64_t offset);
  /// This part needs nothing any more. To be called for every part that was opened or could have been.
  void close(std::int32_t file, std::int64_t split, int feeder);

  /// Answers those who ask, and decompresses for them what is not there yet. Call often.
  void serve();
  /// Gives up: whoever asks is told that the text is broken. Used when this rank has failed.
  void fail();

 private:
  class Feed;
  class OwnSource;
  class RemoteSource;
  struct Waiting {
    int asker;
    PieceDesk::Request request;
  };

  Feed& feed(std::int32_t file);
  void take_requests();
  bool answer(const Waiting& waiting);

  const TableInput& input_;
  const Comm& comm_;
  PieceDesk desk_;
  std::int64_t memory_bytes_;
  std::int64_t block_bytes_;
  std::function<void()> idle_ = [] {};
  std::function<void()> between_ = [] {};
  std::map<std::int32_t, std::unique_ptr<Feed>> feeds_;
  std::deque<Waiting> waiting_;
};

}  // namespace evclean
