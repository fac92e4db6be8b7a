// SPDX-License-Identifier: Apache-2.0
// Hands pieces of a text from the rank that has it (the holder) to ranks that ask for it. Nothing here blocks: a holder
// looks for requests between its own work, an asker asks ahead of need. Only src/mpi calls MPI.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "evclean/comm.hpp"

namespace evclean {

class PieceDesk {
 public:
  /// Collective (constructor and destructor). When it is destroyed, every request must have been answered and every
  /// answer received.
  explicit PieceDesk(const Comm& comm);
  ~PieceDesk();
  PieceDesk(const PieceDesk&) = delete;
  PieceDesk& operator=(const PieceDesk&) = delete;

  /// What an asker wants: bytes of a part of a text from an offset on. Their meaning is the caller's.
  struct Request {
    std::int64_t text = 0;
    std::int64_t part = 0;
    std::int64_t offset = 0;
  };
  enum class Answer : std::int64_t { kBytes, kEnd, kBroken };
  struct Piece {
    Answer answer = Answer::kEnd;
    std::string bytes;
  };

  /// Sends a request. Answers of one holder come in the order of the requests that want one.
  void ask(int holder, const Request& request);
  /// The next answer of this holder, if it is here. The memory of `spare` may be used for its bytes.
  std::optional<Piece> receive(int holder, std::string&& spare = {});

  /// The next request that has arrived, and who sent it.
  std::optional<std::pair<int, Request>> next_request();
  /// Answers a request; `bytes` are shared until they have been sent.
  void reply(int asker, Answer answer, std::shared_ptr<const std::string> bytes);
  /// Forgets what has been sent.
  void reap();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evclean
