// SPDX-License-Identifier: Apache-2.0
#include "evclean/piece_desk.hpp"

#include <list>
#include <map>

#include "mpi_call.hpp"

namespace evclean {
namespace {

constexpr int kPieceRequestTag = 1;
constexpr int kHeadTag = 2;
constexpr int kBytesTag = 3;

struct Head {
  PieceDesk::Answer answer;
  std::int64_t size;
};

bool is_done(MPI_Request& request) {
  int done = 0;
  check_mpi(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
  return done != 0;
}

}  // namespace

struct PieceDesk::Impl {
  struct Sent {  ///< keeps what is on its way
    PieceDesk::Request request{};
    Head head{};
    std::shared_ptr<const std::string> bytes;
    MPI_Request first = MPI_REQUEST_NULL;
    MPI_Request second = MPI_REQUEST_NULL;
  };
  struct Coming {  ///< an answer whose bytes are on their way
    Piece piece;
    MPI_Request request = MPI_REQUEST_NULL;
  };
  MPI_Comm comm = MPI_COMM_NULL;
  std::list<Sent> sent;
  std::map<int, Coming> coming;

  void send_head(Sent& out, const void* data, std::size_t size, int to, int tag) {
    check_mpi(MPI_Isend(data, static_cast<int>(size), MPI_BYTE, to, tag, comm, &out.first), "MPI_Isend");
  }

  bool head_is_here(int holder, Head& head) {
    int here = 0;
    check_mpi(MPI_Iprobe(holder, kHeadTag, comm, &here, MPI_STATUS_IGNORE), "MPI_Iprobe");
    if (here == 0) return false;
    check_mpi(MPI_Recv(&head, sizeof head, MPI_BYTE, holder, kHeadTag, comm, MPI_STATUS_IGNORE), "MPI_Recv");
    return true;
  }
};

PieceDesk::PieceDesk(const Comm& comm) : impl_(std::make_unique<Impl>()) {
  check_mpi(MPI_Comm_dup(*static_cast<const MPI_Comm*>(comm.raw()), &impl_->comm), "MPI_Comm_dup");
}

PieceDesk::~PieceDesk() {
  for (Impl::Sent& each : impl_->sent) {
    MPI_Wait(&each.first, MPI_STATUS_IGNORE);
    MPI_Wait(&each.second, MPI_STATUS_IGNORE);
  }
  MPI_Comm_free(&impl_->comm);
}

void PieceDesk::ask(int holder, const Request& request) {
  reap();
  Impl::Sent& out = impl_->sent.emplace_back();
  out.request = request;
  impl_->send_head(out, &out.request, sizeof out.request, holder, kPieceRequestTag);
}

std::optional<PieceDesk::Piece> PieceDesk::receive(int holder, std::string&& spare) {
  auto at = impl_->coming.find(holder);
  if (at == impl_->coming.end()) {
    Head head{};
    if (!impl_->head_is_here(holder, head)) return std::nullopt;
    if (head.size == 0) return Piece{head.answer, {}};
    at = impl_->coming.try_emplace(holder).first;
    Impl::Coming& coming = at->second;
    coming.piece.answer = head.answer;
    coming.piece.bytes = std::move(spare);
    coming.piece.bytes.resize(static_cast<std::size_t>(head.size));
    check_mpi(MPI_Irecv(coming.piece.bytes.data(), static_cast<int>(head.size), MPI_BYTE, holder, kBytesTag,
                        impl_->comm, &coming.request),
              "MPI_Irecv");
  }
  if (!is_done(at->second.request)) return std::nullopt;
  Piece piece = std::move(at->second.piece);
  impl_->coming.erase(at);
  return piece;
}

std::optional<std::pair<int, PieceDesk::Request>> PieceDesk::next_request() {
  int here = 0;
  MPI_Status status;
  check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, kPieceRequestTag, impl_->comm, &here, &status), "MPI_Iprobe");
  if (here == 0) return std::nullopt;
  Request request;
  check_mpi(
      MPI_Recv(&request, sizeof request, MPI_BYTE, status.MPI_SOURCE, kPieceRequestTag, impl_->comm, MPI_STATUS_IGNORE),
      "MPI_Recv");
  return std::pair(status.MPI_SOURCE, request);
}

void PieceDesk::reply(int asker, Answer answer, std::shared_ptr<const std::string> bytes) {
  reap();
  Impl::Sent& out = impl_->sent.emplace_back();
  out.bytes = std::move(bytes);
  const std::size_t size = out.bytes ? out.bytes->size() : 0;
  EVCLEAN_CHECK(static_cast<std::int64_t>(size) <= kMaxCallBytes, "piece of {} bytes", size);
  out.head = {answer, static_cast<std::int64_t>(size)};
  impl_->send_head(out, &out.head, sizeof out.head, asker, kHeadTag);
  if (size == 0) return;
  check_mpi(MPI_Isend(out.bytes->data(), static_cast<int>(size), MPI_BYTE, asker, kBytesTag, impl_->comm, &out.second),
            "MPI_Isend");
}

void PieceDesk::reap() {
  impl_->sent.remove_if([](Impl::Sent& each) {
    const bool first = each.first == MPI_REQUEST_NULL || is_done(each.first);
    const bool second = each.second == MPI_REQUEST_NULL || is_done(each.second);
    return first && second;
  });
}

}  // namespace evclean
