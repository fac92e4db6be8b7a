// SPDX-License-Identifier: Apache-2.0
// Joins alone: a lookup table of 200,000 rows against millions of events, two large tables, and a hot key.
//   mpirun -np 2 build/bench/bench_join [left rows, 4000000] [runs, 3] [MiB of memory, 4096]
// Checked before a time is printed: rows of the result, and a sum over it.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "evclean/hash.hpp"
#include "evclean/relational.hpp"

namespace {

using evclean::Batch;
using evclean::Dataset;
using evclean::DatasetPtr;
using evclean::JoinStrategy;

constexpr std::int64_t kBatchRows = 8192;
constexpr std::int64_t kPartRows = 32 * kBatchRows;

/// The key of a number, 16 characters.
std::string key_text(std::uint64_t number) { return fmt::format("{:016x}", evclean::mix64(number)); }

struct Shape {
  std::int64_t rows = 0;
  std::int64_t keys = 0;    ///< distinct
  double hot = 0;           ///< share of rows that have key 0
  bool sequential = false;  ///< every key once
};

Batch make_batch(const Shape& shape, std::int64_t first, std::int64_t count, bool wide) {
  arrow::StringBuilder key, agent, plan;
  arrow::Int64Builder number;
  for (std::int64_t row = first; row < first + count; ++row) {
    const std::uint64_t random = evclean::mix64(static_cast<std::uint64_t>(row) * 2 + 1);
    const bool hot = static_cast<double>(random >> 40) / (1 << 24) < shape.hot;
    const auto picked = shape.sequential ? static_cast<std::uint64_t>(row)
                        : hot            ? 0
                                         : (random & 0xffffffff) % static_cast<std::uint64_t>(shape.keys);
    (void)key.Append(key_text(picked));
    (void)number.Append(static_cast<std::int64_t>(random % 1000));
    (void)(wide ? agent.Append("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0")
                : plan.Append(random % 3 == 0 ? "pro" : "free"));
  }
  Batch batch;
  batch.num_rows = count;
  batch.names = {"key", "number", wide ? "agent" : "plan"};
  batch.columns = {key.Finish().ValueOrDie(), number.Finish().ValueOrDie(),
                   wide ? agent.Finish().ValueOrDie() : plan.Finish().ValueOrDie()};
  return batch;
}

DatasetPtr make_table(const Shape& shape, const evclean::Workspace& workspace, bool wide) {
  auto data = std::make_shared<Dataset>(evclean::Fields{{"key", evclean::ValueType::kString},
                                                        {"number", evclean::ValueType::kInt64},
                                                        {wide ? "agent" : "plan", evclean::ValueType::kString}},
                                        workspace);
  for (std::int64_t first = 0; first < shape.rows; first += kBatchRows) {
    const std::int64_t part = first / kPartRows;
    if (part % workspace.comm.size() != workspace.comm.rank()) continue;
    data->append(part, make_batch(shape, first, std::min(kBatchRows, shape.rows - first), wide));
  }
  data->finish();
  return data;
}

std::int64_t sum_of(const Dataset& data, int column, const evclean::Comm& comm) {
  std::int64_t sum = 0;
  for (const std::int64_t part : data.mine()) {
    data.visit(part, [&](const Batch& batch) {
      const auto& numbers = static_cast<const arrow::Int64Array&>(*batch.array(column));
      for (std::int64_t i = 0; i < numbers.length(); ++i) sum += numbers.IsValid(i) ? numbers.Value(i) : 0;
    });
  }
  return comm.sum(sum);
}

/// Best of the runs, in nanoseconds a left row and rank.
void measure(const char* name, const Dataset& left, const Dataset& right, JoinStrategy strategy,
             const evclean::Workspace& workspace, int runs, std::int64_t& rows, std::int64_t& sum) {
  evclean::JoinSpec spec;
  spec.how = evclean::JoinHow::kLeft;
  spec.left_keys = spec.right_keys = {0};
  spec.payload = {1, 2};
  spec.payload_names = {"right_number", "plan"};
  spec.strategy = strategy;
  double best = 1e9;
  evclean::OperatorReport report;
  for (int run = 0; run < runs; ++run) {
    report = {};
    const DatasetPtr result = evclean::join(left, right, spec, workspace, report);
    const std::int64_t found = sum_of(*result, 3, workspace.comm);
    if (rows == 0) rows = result->rows(), sum = found;
    if (result->rows() != rows || found != sum) {
      fmt::print(stderr, "{}: {} rows and sum {}, expected {} and {}\n", name, result->rows(), found, rows, sum);
      std::abort();
    }
    best = std::min(best, report.seconds);
  }
  if (!workspace.comm.is_root()) return;
  fmt::print("{:<28} {:<12} {:>7.3f} s {:>7.1f} ns a left row and rank, {:>8.1f} MB sent, {:.1f} MB spilled\n", name,
             report.how, best, best * 1e9 * workspace.comm.size() / static_cast<double>(left.rows()),
             static_cast<double>(report.bytes_sent) / 1e6, static_cast<double>(report.spilled_bytes) / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  const evclean::MpiEnvironment environment(argc, argv);
  const evclean::Comm comm = evclean::Comm::world();
  const std::int64_t rows = argc > 1 ? std::atoll(argv[1]) : 4'000'000;
  const int runs = argc > 2 ? std::atoi(argv[2]) : 3;
  const std::int64_t memory_mib = argc > 3 ? std::atoll(argv[3]) : 4096;
  const evclean::Workspace workspace{comm, std::make_shared<evclean::MemoryBudget>(memory_mib << 20), "/var/tmp"};
  if (comm.is_root()) fmt::print("# {} ranks, {} left rows, best of {} runs\n", comm.size(), rows, runs);
  {
    const DatasetPtr left = make_table({rows, 250'000, 0, false}, workspace, true);
    const DatasetPtr right = make_table({200'000, 200'000, 0, true}, workspace, false);
    std::int64_t found = 0, sum = 0;
    measure("lookup of 200,000", *left, *right, JoinStrategy::kBroadcast, workspace, runs, found, sum);
    measure("lookup of 200,000", *left, *right, JoinStrategy::kKeys, workspace, runs, found, sum);
    measure("lookup of 200,000", *left, *right, JoinStrategy::kRows, workspace, runs, found, sum);
  }
  const DatasetPtr right = make_table({rows, rows, 0, true}, workspace, false);
  const auto large = [&](const char* name, double hot) {
    const DatasetPtr left = make_table({rows, rows, hot, false}, workspace, false);
    std::int64_t found = 0, sum = 0;
    measure(name, *left, *right, JoinStrategy::kAuto, workspace, runs, found, sum);
    measure(name, *left, *right, JoinStrategy::kKeys, workspace, runs, found, sum);
  };
  large("as many rows, even", 0);
  large("as many rows, a tenth hot", 0.1);
  return 0;
}
