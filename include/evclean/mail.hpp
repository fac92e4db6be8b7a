// SPDX-License-Identifier: Apache-2.0
// Letters under way between ranks while both sides go on working. A letter of any length is cut into calls that an int
// can count. Who receives posts only what it has room for: the rest waits at the sender.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "evclean/comm.hpp"

namespace evclean {

class Mail {
 public:
  /// `call_bytes`: no MPI call moves more than this; 0: half a GiB.
  explicit Mail(const Comm& comm, std::int64_t call_bytes = 0);
  /// To be called when nothing is under way.
  ~Mail();

  /// Begins to send; the bytes stay where they are until the letter is done. Gives the letter's number. Letters between
  /// two ranks arrive in the order in which they were sent and received. size_bytes > 0.
  std::int64_t send(int to, const char* bytes, std::int64_t size_bytes);
  /// Begins to receive a letter of exactly this size. Gives the letter's number.
  std::int64_t receive(int from, char* into, std::int64_t size_bytes);
  /// Two numbers, apart from the letters and in an order of their own: sent as a copy, received into a place that
  /// stays.
  using Notice = std::array<std::int64_t, 2>;
  std::int64_t send_notice(int to, const Notice& notice);
  std::int64_t receive_notice(int from, Notice& into);
  /// Moves what can move, and gives the letters that are done since the last call.
  std::vector<std::int64_t> poll();
  /// Waits until at least one letter is done (or none is under way).
  std::vector<std::int64_t> wait();
  bool idle() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evclean
