// SPDX-License-Identifier: Apache-2.0
// Tickets travel as messages: MPI windows fail or stall between hosts on TCP (research/feasibility.md).
#include <cstring>
#include <deque>

#include "evclean/comm.hpp"
#include "evclean/patience.hpp"
#include "evclean/ticket_policy.hpp"
#include "mpi_call.hpp"

namespace evclean {
namespace {

constexpr int kRequestTag = 1;
constexpr int kReplyTag = 2;

/// On the wire: the number, then the text.
std::string packed(std::int64_t number, const std::string& text) {
  EVCLEAN_CHECK(static_cast<std::int64_t>(text.size()) <= kMaxCallBytes, "ticket message of {} bytes", text.size());
  std::string out(reinterpret_cast<const char*>(&number), sizeof number);
  return out += text;
}

TicketDesk::Ticket unpacked(const std::string& bytes) {
  TicketDesk::Ticket ticket;
  std::memcpy(&ticket.number, bytes.data(), sizeof ticket.number);
  ticket.message = bytes.substr(sizeof ticket.number);
  return ticket;
}

}  // namespace

struct TicketDesk::Impl {
  MPI_Comm comm = MPI_COMM_NULL;
  int rank = 0;
  int size = 1;
  std::deque<Ticket> waiting;  ///< tickets to hand out
  std::deque<int> asking;      ///< ranks that wait for an answer
  std::int64_t in_hand = 0;    ///< tickets handed out and not done
  bool stopped = false;
  bool root_only = false;
  Judge* judge = nullptr;
  TicketPolicy* policy = nullptr;  ///< the judge, if it is one
  int told = 0;                    ///< workers that know there is no more

  void idle() const {
    if (policy != nullptr) policy->idle();
  }

  bool finished() const { return in_hand == 0 && (waiting.empty() || stopped); }

  Ticket take(int to) {
    if (stopped || waiting.empty()) return {};
    const std::size_t index = policy != nullptr ? policy->pick(to, waiting) : 0;
    if (index >= waiting.size()) return {};
    Ticket ticket = std::move(waiting.at(index));
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(index));
    ++in_hand;
    return ticket;
  }

  void note(int from, const std::optional<Done>& done) {
    if (!done) return;
    --in_hand;
    if (judge != nullptr) judge->done(from, *done);
  }

  void reply(int to, const Ticket& ticket) {
    const std::string text = packed(ticket.number, ticket.message);
    check_mpi(MPI_Send(text.data(), static_cast<int>(text.size()), MPI_BYTE, to, kReplyTag, comm), "MPI_Send");
  }

  /// Answers who can be answered: with a ticket, or with "no more" once nothing can come back.
  void answer() {
    while (!asking.empty()) {
      const int to = asking.front();
      const Ticket ticket = root_only ? Ticket{} : take(to);
      if (!ticket && !finished() && !root_only) return;
      asking.pop_front();
      told += ticket ? 0 : 1;
      reply(to, ticket);
    }
  }

  void receive(int from, int bytes) {
    std::string text(static_cast<std::size_t>(bytes), '\0');
    check_mpi(MPI_Recv(text.data(), bytes, MPI_BYTE, from, kRequestTag, comm, MPI_STATUS_IGNORE), "MPI_Recv");
    const Ticket ticket = unpacked(text);
    note(from, ticket ? std::optional<Done>(Done{ticket.number, ticket.message}) : std::nullopt);
    asking.push_back(from);
  }

  void serve() {
    for (int pending = 1; pending != 0;) {
      MPI_Status status;
      check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, kRequestTag, comm, &pending, &status), "MPI_Iprobe");
      if (pending == 0) break;
      int bytes = 0;
      check_mpi(MPI_Get_count(&status, MPI_BYTE, &bytes), "MPI_Get_count");
      receive(status.MPI_SOURCE, bytes);
    }
    answer();
  }

  Ticket next_at_root(const std::optional<Done>& done) {
    note(0, done);
    for (Patience patience;; patience.wait()) {
      serve();
      Ticket ticket = take(0);
      if (ticket) return ticket;
      if (finished() && all_answered()) return {};
      idle();
    }
  }

  /// Rank 0 leaves only when every worker has been told that there is no more.
  bool all_answered() {
    answer();
    return told == size - 1;
  }

  Ticket ask(const std::optional<Done>& done) {
    const std::string text = done ? packed(done->ticket, done->message) : packed(-1, {});
    MPI_Request request;
    check_mpi(MPI_Isend(text.data(), static_cast<int>(text.size()), MPI_BYTE, 0, kRequestTag, comm, &request),
              "MPI_Isend");
    wait(request);
    return unpacked(await_reply());
  }

  std::string await_reply() {
    MPI_Status status;
    int arrived = 0;
    for (Patience patience; arrived == 0; patience.wait()) {
      check_mpi(MPI_Iprobe(0, kReplyTag, comm, &arrived, &status), "MPI_Iprobe");
      if (arrived == 0) idle();
    }
    int bytes = 0;
    check_mpi(MPI_Get_count(&status, MPI_BYTE, &bytes), "MPI_Get_count");
    std::string text(static_cast<std::size_t>(bytes), '\0');
    check_mpi(MPI_Recv(text.data(), bytes, MPI_BYTE, 0, kReplyTag, comm, MPI_STATUS_IGNORE), "MPI_Recv");
    return text;
  }

  void wait(MPI_Request& request) {
    int arrived = 0;
    for (Patience patience;; patience.wait()) {
      check_mpi(MPI_Test(&request, &arrived, MPI_STATUS_IGNORE), "MPI_Test");
      if (arrived != 0) return;
      idle();
    }
  }
};

TicketDesk::TicketDesk(const Comm& comm, std::int64_t count) : impl_(std::make_unique<Impl>()) {
  impl_->rank = comm.rank();
  impl_->size = comm.size();
  check_mpi(MPI_Comm_dup(*static_cast<const MPI_Comm*>(comm.raw()), &impl_->comm), "MPI_Comm_dup");
  for (std::int64_t ticket = 0; ticket < count; ++ticket) impl_->waiting.push_back({ticket, {}});
}

TicketDesk::~TicketDesk() { MPI_Comm_free(&impl_->comm); }

TicketDesk::Ticket TicketDesk::next(std::optional<Done> done) {
  return impl_->rank == 0 ? impl_->next_at_root(done) : impl_->ask(done);
}

void TicketDesk::poll() {
  if (impl_->rank == 0 && impl_->size > 1) impl_->serve();
}

void TicketDesk::keep_for_root() { impl_->root_only = true; }

void TicketDesk::set_judge(Judge* judge) {
  impl_->judge = judge;
  impl_->policy = dynamic_cast<TicketPolicy*>(judge);
}
void TicketDesk::add(Ticket ticket) { impl_->waiting.push_front(std::move(ticket)); }
void TicketDesk::stop() { impl_->stopped = true; }

}  // namespace evclean
