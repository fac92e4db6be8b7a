// SPDX-License-Identifier: Apache-2.0
// MPI behind the few collectives we use. Every byte count is 64-bit here and sent in pieces below 1 GiB.
// Only src/mpi calls MPI.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/error.hpp"

namespace evclean {

/// Starts and ends MPI: the first object in main and the last to die. Not collective in any visible way.
class MpiEnvironment {
 public:
  MpiEnvironment(int& argc, char**& argv);
  ~MpiEnvironment();
  MpiEnvironment(const MpiEnvironment&) = delete;
  MpiEnvironment& operator=(const MpiEnvironment&) = delete;
  /// "Open MPI 4.1.4".
  static std::string version();
  static std::string host_name();
};

/// A communicator of our own (a duplicate), so that no library's messages meet ours.
class Comm {
 public:
  static Comm world();
  /// This process alone (a job's tests, previews): collectives return at once.
  static Comm self();
  /// A communicator of the ranks that say the same, in their order. Collective.
  Comm split(bool member) const;
  ~Comm();
  Comm(Comm&&) noexcept;
  Comm& operator=(Comm&&) noexcept;

  int rank() const noexcept;
  int size() const noexcept;
  bool is_root() const noexcept { return rank() == 0; }

  /// Collective: all below. Errors: system Error when MPI fails.
  void barrier() const;
  std::string broadcast(std::string bytes, int root = 0) const;
  /// On the root: one text a rank; elsewhere empty.
  std::vector<std::string> gather(std::string_view bytes, int root = 0) const;
  std::vector<std::string> all_gather(std::string_view bytes) const;
  std::int64_t sum(std::int64_t value) const;
  std::int64_t max(std::int64_t value) const;
  double max(double value) const;
  std::vector<std::int64_t> sum(std::vector<std::int64_t> values) const;
  /// Sum over the ranks before this one (0 on rank 0).
  std::int64_t exclusive_sum(std::int64_t value) const;
  /// outgoing[r] goes to rank r; result[r] came from rank r. Rounds are bounded; zero-length pieces are fine.
  std::vector<std::string> all_to_all(const std::vector<std::string>& outgoing) const;

  /// Agrees on failure: if any rank brings an error, all ranks throw the lowest rank's Error, with "[rank r/N] "
  /// before its message when N > 1 and the failure was not on all ranks. Collective.
  void all_ok(const std::optional<Error>& mine = std::nullopt) const;

  /// Runs `body` on every rank and agrees: throws on all ranks when one threw. Collective.
  template <typename Body>
  void agree(Body&& body) const {
    std::optional<Error> error;
    try {
      body();
    } catch (const Error& e) {
      error = e;
    } catch (const std::exception& e) {
      error = Error(ExitCode::kBug, e.what());
    }
    all_ok(error);
  }

  /// MPI-IO users (HDF5) get the raw communicator as an opaque pointer to MPI_Comm.
  const void* raw() const noexcept;

 private:
  friend class TicketServer;
  struct Impl;
  explicit Comm(std::unique_ptr<Impl> impl);
  static std::unique_ptr<Impl> duplicate(bool alone);
  std::unique_ptr<Impl> impl_;
};

/// Ends all ranks at once with this exit code: the last resort, for errors inside a collective.
[[noreturn]] void abort_all(ExitCode code);

/// Deals numbered tickets (splits) to ranks as they become free. Rank 0 answers from poll(), which it must call often
/// (between blocks); it takes tickets itself. Messages are small; a worker asks for the next ticket ahead of need.
class TicketDesk {
 public:
  /// A piece of work. `message` is what rank 0 gave with add(); empty for a first reading.
  struct Ticket {
    std::int64_t number = -1;
    std::string message;
    explicit operator bool() const noexcept { return number >= 0; }
  };
  /// What a rank says of a ticket it has finished. Free text goes to rank 0 in the order it arrives.
  struct Done {
    std::int64_t ticket;
    std::string message;
  };
  /// Collective. Rank 0 hands out 0 .. count-1 in order.
  TicketDesk(const Comm& comm, std::int64_t count);
  ~TicketDesk();

  /// The next ticket, or an empty one when none is left and all handed out are done (or it was stopped). `done` reports
  /// the ticket just finished. Blocks a worker until rank 0 answers; on rank 0 serves others while it waits.
  Ticket next(std::optional<Done> done);
  /// Rank 0 keeps all tickets; the others are told at once that there is none. Call on all ranks before next().
  void keep_for_root();
  /// Rank 0: answers what has arrived; elsewhere: nothing. Cheap; call it between blocks.
  void poll();
  /// Rank 0: called for each Done (also its own); may add tickets again (a split to be read once more), or stop.
  struct Judge {
    virtual ~Judge() = default;
    virtual void done(int rank, const Done& done) = 0;
  };
  void set_judge(Judge* judge);
  void add(Ticket ticket);  ///< rank 0: hand this one out (again), before all others
  void stop();              ///< rank 0: no more tickets; ranks get empty ones

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evclean
