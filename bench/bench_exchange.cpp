// SPDX-License-Identifier: Apache-2.0
// The exchange alone against a plain MPI_Alltoallv of the same bytes, in turns in the same run.
//   mpirun -np 2 build/bench/bench_exchange [MB a rank sends, 256] [runs, 5] [KiB a round] [KiB a letter]
// Checked before a time is printed: every rank has received as many rows and bytes as were sent to it.
#include <arrow/api.h>
#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <cstdlib>

#include "evclean/exchange.hpp"
#include "evclean/hash.hpp"

namespace {

using evclean::Batch;

constexpr std::int64_t kBatchRows = 16384;

/// A batch like events: a key of 16 characters, a longer text, two numbers.
Batch make_batch(std::uint64_t seed) {
  arrow::StringBuilder key, text;
  arrow::Int64Builder number, bytes;
  for (std::int64_t i = 0; i < kBatchRows; ++i) {
    const std::uint64_t random = evclean::mix64(seed * kBatchRows + static_cast<std::uint64_t>(i));
    (void)key.Append(fmt::format("{:016x}", random));
    (void)text.Append(fmt::format("/product/{}/reviews?page={}&sort=newest", random % 100000, random % 7));
    (void)number.Append(static_cast<std::int64_t>(random));
    (void)bytes.Append(static_cast<std::int64_t>(random % 4096));
  }
  Batch batch;
  batch.num_rows = kBatchRows;
  batch.names = {"key", "text", "number", "bytes"};
  batch.columns = {key.Finish().ValueOrDie(), text.Finish().ValueOrDie(), number.Finish().ValueOrDie(),
                   bytes.Finish().ValueOrDie()};
  return batch;
}

struct Run {
  double seconds = 0;
  std::int64_t bytes = 0;  ///< sent to other ranks, by this rank
};

Run run_exchange(const evclean::Workspace& workspace, const std::vector<Batch>& batches, std::int64_t bytes_each,
                 const evclean::ExchangeOptions& options) {
  const evclean::Fields fields = {{"key", evclean::ValueType::kString},
                                  {"text", evclean::ValueType::kString},
                                  {"number", evclean::ValueType::kInt64},
                                  {"bytes", evclean::ValueType::kInt64}};
  const int ranks = workspace.comm.size(), me = workspace.comm.rank();
  const std::int64_t rounds = bytes_each / (kBatchRows * 80) / std::max(1, ranks - 1);
  std::int64_t sent = 0, received = 0;
  workspace.comm.barrier();
  const double began = MPI_Wtime();
  const auto counts = evclean::exchange(
      workspace, fields,
      [&](evclean::Shipper& ship) {
        for (int step = 1; step < ranks; ++step) {
          ship.put((me + step) % ranks, 0, batches[static_cast<std::size_t>(sent) % batches.size()]);
        }
        return ++sent < rounds;
      },
      [&](int, std::int64_t, const Batch& rows) { received += rows.num_rows; }, options);
  workspace.comm.barrier();
  const double seconds = MPI_Wtime() - began;
  if (received != rounds * kBatchRows * (ranks - 1)) std::abort();
  return {seconds, counts.bytes_sent};
}

/// The same bytes, as they would lie after packing: one call, buffers touched before.
Run run_plain(const evclean::Comm& comm, std::vector<char>& out, std::vector<char>& in, std::int64_t bytes) {
  const int ranks = comm.size(), me = comm.rank();
  std::vector<int> counts(static_cast<std::size_t>(ranks)), places(static_cast<std::size_t>(ranks));
  const auto each = static_cast<int>(bytes / std::max(1, ranks - 1));
  for (int rank = 0, at = 0; rank < ranks; ++rank) {
    counts[static_cast<std::size_t>(rank)] = rank == me ? 0 : each;
    places[static_cast<std::size_t>(rank)] = at;
    at += counts[static_cast<std::size_t>(rank)];
  }
  comm.barrier();
  const double began = MPI_Wtime();
  MPI_Alltoallv(out.data(), counts.data(), places.data(), MPI_BYTE, in.data(), counts.data(), places.data(), MPI_BYTE,
                MPI_COMM_WORLD);
  comm.barrier();
  return {MPI_Wtime() - began, bytes};
}

double gigabytes_a_second(const std::vector<Run>& runs, const char* name, bool print) {
  std::vector<double> rates;
  for (const Run& run : runs) rates.push_back(static_cast<double>(run.bytes) / run.seconds / 1e9);
  std::sort(rates.begin(), rates.end());
  if (print) {
    fmt::print("{:<22} min {:.2f}  median {:.2f}  max {:.2f} GB/s a rank\n", name, rates.front(),
               rates[rates.size() / 2], rates.back());
  }
  return rates[rates.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const evclean::MpiEnvironment environment(argc, argv);
  const evclean::Comm comm = evclean::Comm::world();
  const std::int64_t bytes = (argc > 1 ? std::atoll(argv[1]) : 256) << 20;
  const int count = argc > 2 ? std::atoi(argv[2]) : 5;
  evclean::ExchangeOptions options;
  if (argc > 3) options.round_bytes = std::atoll(argv[3]) << 10;
  if (argc > 4) options.letter_bytes = std::atoll(argv[4]) << 10;
  const evclean::Workspace workspace{comm, std::make_shared<evclean::MemoryBudget>(1LL << 30), "/tmp"};
  std::vector<Batch> batches;
  for (std::uint64_t i = 0; i < 32; ++i) batches.push_back(make_batch(i));
  std::vector<Run> exchanged, plain;
  const std::int64_t packed = run_exchange(workspace, batches, bytes, options).bytes;  // warms up, and counts the bytes
  std::vector<char> out(static_cast<std::size_t>(packed), 1), in(static_cast<std::size_t>(packed), 2);
  for (int i = 0; i < count; ++i) {
    exchanged.push_back(run_exchange(workspace, batches, bytes, options));
    plain.push_back(run_plain(comm, out, in, packed));
  }
  if (comm.is_root()) {
    fmt::print("# {} ranks, {} MB a rank, {} runs in turns, {}\n", comm.size(), packed >> 20, count,
               evclean::MpiEnvironment::version());
  }
  const double ours = gigabytes_a_second(exchanged, "exchange", comm.is_root());
  const double theirs = gigabytes_a_second(plain, "plain MPI_Alltoallv", comm.is_root());
  if (comm.is_root()) fmt::print("share {:.0f} %\n", 100 * ours / theirs);
  return 0;
}
