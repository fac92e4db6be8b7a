// SPDX-License-Identifier: Apache-2.0
#include "hot_keys.hpp"

#include <algorithm>
#include <cstring>
#include <map>

#include "evclean/record_batch.hpp"
#include "row_cursor.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kSampleBatches = 64;  ///< a rank
constexpr std::int64_t kSampleRows = 512;    ///< a batch
constexpr std::int64_t kLeastShare = 200;    ///< one in so many rows of the sample, to be told to the others

struct Seen {
  std::uint64_t hash = 0;
  std::int64_t rows = 0;
};

/// Hashes of rows here and there.
std::vector<std::uint64_t> sample(const Dataset& data, const std::vector<int>& keys) {
  std::vector<std::uint64_t> seen;
  std::int64_t batches = 0;
  for (const std::int64_t part : data.mine()) batches += data.batches(part);
  const std::int64_t step = std::max<std::int64_t>(1, batches / kSampleBatches);
  std::int64_t number = 0;
  for (const std::int64_t part : data.mine()) {
    for (std::int64_t i = 0; i < data.batches(part); ++i) {
      if (number++ % step != 0) continue;
      const Batch batch = data.batch(part, i);
      std::vector<std::int32_t> rows;
      const std::int64_t stride = std::max<std::int64_t>(1, batch.num_rows / kSampleRows);
      for (std::int64_t row = 0; row < batch.num_rows; row += stride) rows.push_back(static_cast<std::int32_t>(row));
      Batch some = project(batch, keys);
      some.keep(rows);
      std::vector<int> every(keys.size());
      for (std::size_t key = 0; key < keys.size(); ++key) every[key] = static_cast<int>(key);
      const auto hashes = hash_rows(some, every);
      seen.insert(seen.end(), hashes.begin(), hashes.end());
    }
  }
  return seen;
}

/// Each hash of a sample with how often it is there, ascending.
std::vector<Seen> counted(std::vector<std::uint64_t> hashes) {
  std::sort(hashes.begin(), hashes.end());
  std::vector<Seen> seen;
  for (const std::uint64_t hash : hashes) {
    if (seen.empty() || seen.back().hash != hash) seen.push_back({hash, 0});
    ++seen.back().rows;
  }
  return seen;
}

}  // namespace

HotKeys HotKeys::find(const JoinRun& run) {
  HotKeys hot;
  const int ranks = run.comm().size();
  if (ranks == 1) return hot;
  std::string told;
  run.comm().agree([&] {
    const auto hashes = sample(run.left, run.plan.spec.left_keys);
    const auto rows = static_cast<std::int64_t>(hashes.size());
    std::int64_t own = 0;
    for (const std::int64_t part : run.left.mine()) own += run.left.parts()[static_cast<std::size_t>(part)].rows;
    for (const auto& [hash, count] : counted(hashes)) {
      if (count * kLeastShare < rows || count < 3) continue;
      const Seen estimate{hash, static_cast<std::int64_t>(static_cast<double>(count) / static_cast<double>(rows) *
                                                          static_cast<double>(own))};
      told.append(reinterpret_cast<const char*>(&estimate), sizeof estimate);
    }
  });
  std::map<std::uint64_t, std::int64_t> all;
  for (const std::string& heard : run.comm().all_gather(told)) {
    for (std::size_t at = 0; at < heard.size(); at += sizeof(Seen)) {
      Seen seen;
      std::memcpy(&seen, heard.data() + at, sizeof seen);
      all[seen.hash] += seen.rows;
    }
  }
  for (const auto& [hash, rows] : all) {
    if (rows * 4 * ranks > run.left.rows()) hot.hashes_.emplace(hash, 0);
  }
  return hot;
}

void HotKeys::keep_small(std::int64_t right_rows, const Comm& comm) {
  std::vector<std::uint64_t> order;
  for (const auto& [hash, rows] : hashes_) order.push_back(hash);
  std::sort(order.begin(), order.end());
  std::vector<std::int64_t> counts;
  for (const std::uint64_t hash : order) counts.push_back(hashes_.at(hash));
  counts = comm.sum(std::move(counts));
  std::vector<std::size_t> by_count(order.size());
  for (std::size_t i = 0; i < by_count.size(); ++i) by_count[i] = i;
  std::stable_sort(by_count.begin(), by_count.end(),
                   [&](std::size_t a, std::size_t b) { return counts[a] < counts[b]; });
  hashes_.clear();
  for (const std::size_t i : by_count) {
    right_rows -= counts[i];
    if (right_rows < 0) break;
    hashes_.emplace(order[i], 0);
  }
}

}  // namespace evclean
