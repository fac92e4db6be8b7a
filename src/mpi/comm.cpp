// SPDX-License-Identifier: Apache-2.0
#include "evclean/comm.hpp"

#include <algorithm>
#include <boost/mpi/communicator.hpp>
#include <cstring>
#include <numeric>

#include "mpi_call.hpp"

namespace evclean {

struct Comm::Impl {
  boost::mpi::communicator comm;
  MPI_Comm raw;
};

Comm::Comm(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Comm::~Comm() = default;
Comm::Comm(Comm&&) noexcept = default;
Comm& Comm::operator=(Comm&&) noexcept = default;

std::unique_ptr<Comm::Impl> Comm::duplicate(bool alone) {
  auto impl = std::make_unique<Impl>();
  impl->comm = boost::mpi::communicator(alone ? MPI_COMM_SELF : MPI_COMM_WORLD, boost::mpi::comm_duplicate);
  impl->raw = static_cast<MPI_Comm>(impl->comm);
  // Errors come back as codes and become Error, so that a rank can clean up before it ends.
  check_mpi(MPI_Comm_set_errhandler(impl->raw, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  return impl;
}

Comm Comm::world() { return Comm(duplicate(false)); }
Comm Comm::self() { return Comm(duplicate(true)); }

Comm Comm::split(bool member) const {
  auto impl = std::make_unique<Impl>();
  MPI_Comm made = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(impl_->raw, member ? 1 : 0, rank(), &made), "MPI_Comm_split");
  impl->comm = boost::mpi::communicator(made, boost::mpi::comm_take_ownership);
  impl->raw = made;
  check_mpi(MPI_Comm_set_errhandler(impl->raw, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  return Comm(std::move(impl));
}

int Comm::rank() const noexcept { return impl_->comm.rank(); }
int Comm::size() const noexcept { return impl_->comm.size(); }
const void* Comm::raw() const noexcept { return &impl_->raw; }

void Comm::barrier() const { check_mpi(MPI_Barrier(impl_->raw), "MPI_Barrier"); }

std::string Comm::broadcast(std::string bytes, int root) const {
  std::int64_t size = static_cast<std::int64_t>(bytes.size());
  check_mpi(MPI_Bcast(&size, 1, MPI_INT64_T, root, impl_->raw), "MPI_Bcast");
  bytes.resize(static_cast<std::size_t>(size));
  for (std::int64_t done = 0; done < size; done += kMaxCallBytes) {
    const int count = static_cast<int>(std::min(kMaxCallBytes, size - done));
    check_mpi(MPI_Bcast(bytes.data() + done, count, MPI_BYTE, root, impl_->raw), "MPI_Bcast");
  }
  return bytes;
}

std::vector<std::string> Comm::gather(std::string_view bytes, int root) const {
  std::vector<std::string> outgoing(static_cast<std::size_t>(size()));
  outgoing[static_cast<std::size_t>(root)] = bytes;
  std::vector<std::string> received = all_to_all(outgoing);
  if (rank() != root) received.clear();
  return received;
}

std::vector<std::string> Comm::all_gather(std::string_view bytes) const {
  return all_to_all(std::vector<std::string>(static_cast<std::size_t>(size()), std::string(bytes)));
}

std::int64_t Comm::sum(std::int64_t value) const {
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT64_T, MPI_SUM, impl_->raw), "MPI_Allreduce");
  return value;
}

std::int64_t Comm::max(std::int64_t value) const {
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT64_T, MPI_MAX, impl_->raw), "MPI_Allreduce");
  return value;
}

double Comm::max(double value) const {
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, impl_->raw), "MPI_Allreduce");
  return value;
}

std::vector<std::int64_t> Comm::sum(std::vector<std::int64_t> values) const {
  const std::int64_t width = max(static_cast<std::int64_t>(values.size()));
  EVCLEAN_CHECK(width == static_cast<std::int64_t>(values.size()), "ranks sum {} and {} values", values.size(), width);
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(width), MPI_INT64_T, MPI_SUM, impl_->raw),
            "MPI_Allreduce");
  return values;
}

std::int64_t Comm::exclusive_sum(std::int64_t value) const {
  std::int64_t before = 0;
  check_mpi(MPI_Exscan(&value, &before, 1, MPI_INT64_T, MPI_SUM, impl_->raw), "MPI_Exscan");
  return rank() == 0 ? 0 : before;  // MPI leaves rank 0's result undefined
}

namespace {

/// What one round of the exchange moves: `budget` bytes of every pair's remaining piece.
struct Round {
  std::vector<int> counts, displacements;
  std::vector<char> buffer;

  explicit Round(std::size_t ranks) : counts(ranks), displacements(ranks) {}

  void plan(const std::vector<std::int64_t>& sizes, std::int64_t done, std::int64_t budget) {
    int at = 0;
    for (std::size_t r = 0; r < sizes.size(); ++r) {
      counts[r] = static_cast<int>(std::clamp<std::int64_t>(sizes[r] - done, 0, budget));
      displacements[r] = at;
      at += counts[r];
    }
    buffer.resize(static_cast<std::size_t>(std::max(at, 1)));
  }
};

}  // namespace

std::vector<std::string> Comm::all_to_all(const std::vector<std::string>& outgoing) const {
  const std::size_t ranks = static_cast<std::size_t>(size());
  EVCLEAN_CHECK(outgoing.size() == ranks, "exchange of {} pieces over {} ranks", outgoing.size(), ranks);
  std::vector<std::int64_t> send_sizes(ranks), receive_sizes(ranks);
  for (std::size_t r = 0; r < ranks; ++r) send_sizes[r] = static_cast<std::int64_t>(outgoing[r].size());
  check_mpi(MPI_Alltoall(send_sizes.data(), 1, MPI_INT64_T, receive_sizes.data(), 1, MPI_INT64_T, impl_->raw),
            "MPI_Alltoall");
  std::vector<std::string> incoming(ranks);
  for (std::size_t r = 0; r < ranks; ++r) incoming[r].resize(static_cast<std::size_t>(receive_sizes[r]));
  const std::int64_t longest = max(*std::max_element(send_sizes.begin(), send_sizes.end()));
  const std::int64_t budget = kMaxCallBytes / static_cast<std::int64_t>(ranks);
  Round out(ranks), in(ranks);
  for (std::int64_t done = 0; done < longest; done += budget) {
    out.plan(send_sizes, done, budget);
    in.plan(receive_sizes, done, budget);
    for (std::size_t r = 0; r < ranks; ++r) {
      if (out.counts[r] > 0) {
        std::memcpy(out.buffer.data() + out.displacements[r], outgoing[r].data() + done,
                    static_cast<std::size_t>(out.counts[r]));
      }
    }
    check_mpi(MPI_Alltoallv(out.buffer.data(), out.counts.data(), out.displacements.data(), MPI_BYTE, in.buffer.data(),
                            in.counts.data(), in.displacements.data(), MPI_BYTE, impl_->raw),
              "MPI_Alltoallv");
    for (std::size_t r = 0; r < ranks; ++r) {
      if (in.counts[r] > 0) {
        std::memcpy(incoming[r].data() + done, in.buffer.data() + in.displacements[r],
                    static_cast<std::size_t>(in.counts[r]));
      }
    }
  }
  return incoming;
}

void Comm::all_ok(const std::optional<Error>& mine) const {
  const std::int64_t ranks = size();
  const std::int64_t first = ranks - max(mine ? ranks - rank() : 0);
  if (first == ranks) return;
  const std::int64_t failed = sum(mine ? 1 : 0);
  std::string packed;
  if (rank() == first) packed = fmt::format("{} {}", static_cast<int>(mine->code()), mine->what());
  packed = broadcast(std::move(packed), static_cast<int>(first));
  const std::size_t blank = packed.find(' ');
  const auto code = static_cast<ExitCode>(std::stoi(packed.substr(0, blank)));
  const std::string message = packed.substr(blank + 1);
  if (failed == ranks) throw Error(code, message);
  throw Error(code, fmt::format("[rank {}/{}] {}", first, ranks, message));
}

}  // namespace evclean
