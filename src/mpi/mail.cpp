// SPDX-License-Identifier: Apache-2.0
#include "evclean/mail.hpp"

#include <algorithm>
#include <map>

#include "evclean/patience.hpp"
#include "mpi_call.hpp"

namespace evclean {
namespace {

// The communicator is our own, and only tickets (on a duplicate) send letters besides.
constexpr int kMailTag = 3;
constexpr int kNoticeTag = 4;
// Who waits for letters moves them too (there is no other thread for it), so it sleeps only when little seems to come.
constexpr int kBusyTurns = 500;

}  // namespace

struct Mail::Impl {
  MPI_Comm comm = MPI_COMM_NULL;
  std::int64_t call_bytes = kMaxCallBytes;
  std::int64_t next_letter = 0;
  std::vector<MPI_Request> requests;
  std::vector<std::int64_t> letter_of;           ///< a request's letter
  std::map<std::int64_t, std::int64_t> missing;  ///< calls of a letter that are still under way
  std::map<std::int64_t, Notice> notices;        ///< copies that are under way
  std::vector<int> indices;

  /// Starts the calls that move a letter, each `most_bytes` at most.
  template <typename Call>
  std::int64_t start(std::int64_t size_bytes, std::int64_t most_bytes, Call&& call) {
    EVCLEAN_CHECK(size_bytes > 0, "letter of {} bytes", size_bytes);
    const std::int64_t letter = next_letter++;
    for (std::int64_t done = 0; done < size_bytes; done += most_bytes) {
      MPI_Request request = MPI_REQUEST_NULL;
      call(done, static_cast<int>(std::min(most_bytes, size_bytes - done)), &request);
      requests.push_back(request);
      letter_of.push_back(letter);
      ++missing[letter];
    }
    return letter;
  }

  void note(std::size_t request, std::vector<std::int64_t>& finished) {
    const std::int64_t letter = letter_of[request];
    const auto left = missing.find(letter);
    if (--left->second > 0) return;
    missing.erase(left);
    notices.erase(letter);
    finished.push_back(letter);
  }

  /// Forgets requests that are done; the order of the others stays.
  void compact() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (requests[i] == MPI_REQUEST_NULL) continue;
      requests[kept] = requests[i];
      letter_of[kept++] = letter_of[i];
    }
    requests.resize(kept);
    letter_of.resize(kept);
  }
};

Mail::Mail(const Comm& comm, std::int64_t call_bytes) : impl_(std::make_unique<Impl>()) {
  impl_->comm = *static_cast<const MPI_Comm*>(comm.raw());
  if (call_bytes > 0) impl_->call_bytes = std::min(call_bytes, kMaxCallBytes);
}

Mail::~Mail() = default;

std::int64_t Mail::send(int to, const char* bytes, std::int64_t size_bytes) {
  return impl_->start(size_bytes, impl_->call_bytes, [&](std::int64_t at, int count, MPI_Request* request) {
    check_mpi(MPI_Isend(bytes + at, count, MPI_BYTE, to, kMailTag, impl_->comm, request), "MPI_Isend");
  });
}

std::int64_t Mail::receive(int from, char* into, std::int64_t size_bytes) {
  return impl_->start(size_bytes, impl_->call_bytes, [&](std::int64_t at, int count, MPI_Request* request) {
    check_mpi(MPI_Irecv(into + at, count, MPI_BYTE, from, kMailTag, impl_->comm, request), "MPI_Irecv");
  });
}

std::int64_t Mail::send_notice(int to, const Notice& notice) {
  const Notice& copy = impl_->notices[impl_->next_letter] = notice;
  return impl_->start(sizeof copy, sizeof copy, [&](std::int64_t, int, MPI_Request* request) {
    check_mpi(MPI_Isend(copy.data(), sizeof copy, MPI_BYTE, to, kNoticeTag, impl_->comm, request), "MPI_Isend");
  });
}

std::int64_t Mail::receive_notice(int from, Notice& into) {
  return impl_->start(sizeof into, sizeof into, [&](std::int64_t, int, MPI_Request* request) {
    check_mpi(MPI_Irecv(into.data(), sizeof into, MPI_BYTE, from, kNoticeTag, impl_->comm, request), "MPI_Irecv");
  });
}

std::vector<std::int64_t> Mail::poll() {
  std::vector<std::int64_t> finished;
  if (impl_->requests.empty()) return finished;
  int count = 0;
  impl_->indices.resize(impl_->requests.size());
  check_mpi(MPI_Testsome(static_cast<int>(impl_->requests.size()), impl_->requests.data(), &count,
                         impl_->indices.data(), MPI_STATUSES_IGNORE),
            "MPI_Testsome");
  if (count <= 0) return finished;
  for (int i = 0; i < count; ++i) {
    impl_->note(static_cast<std::size_t>(impl_->indices[static_cast<std::size_t>(i)]), finished);
  }
  impl_->compact();
  return finished;
}

std::vector<std::int64_t> Mail::wait() {
  for (Patience patience(kBusyTurns);; patience.wait()) {
    std::vector<std::int64_t> finished = poll();
    if (!finished.empty() || idle()) return finished;
  }
}

bool Mail::idle() const noexcept { return impl_->requests.empty(); }

}  // namespace evclean
