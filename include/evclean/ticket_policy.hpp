// SPDX-License-Identifier: Apache-2.0
// A judge of tickets that also says who gets which, and what a rank does while it waits for one.
#pragma once

#include <cstddef>
#include <deque>

#include "evclean/comm.hpp"

namespace evclean {

/// Given to TicketDesk::set_judge() like any judge.
struct TicketPolicy : TicketDesk::Judge {
  /// Rank 0: the index of the ticket that `rank` gets, of at least one that waits. It may write a ticket's message, and
  /// take tickets out that nobody is to get any more (then the number of those left, if none is to be handed out).
  virtual std::size_t pick(int rank, std::deque<TicketDesk::Ticket>& waiting) = 0;
  /// Any rank: called again and again while next() waits. It must not throw.
  virtual void idle() = 0;
};

}  // namespace evclean
