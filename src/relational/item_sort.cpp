// SPDX-License-Identifier: Apache-2.0
// An item is the length of its key (4 bytes), the key, the payload; some thousand items are one text column.
#include "item_sort.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <cstring>

#include "byte_io.hpp"
#include "evclean/arrow_status.hpp"

namespace evclean {
namespace {

constexpr std::size_t kChunkBytes = 512 << 10;
constexpr std::size_t kItemSamples = 65536;  ///< of all ranks
constexpr std::int64_t kItemRangeBytes = 64 << 10, kMostRangeBytes = 32 << 20;

Batch chunk_of(std::string bytes, const std::vector<std::int32_t>& ends) {
  std::vector<std::int32_t> offsets(1, 0);
  offsets.insert(offsets.end(), ends.begin(), ends.end());
  Batch batch;
  batch.num_rows = static_cast<std::int64_t>(ends.size());
  batch.names = {"item"};
  batch.columns.emplace_back(std::make_shared<arrow::StringArray>(
      batch.num_rows, arrow::Buffer::FromVector(std::move(offsets)), arrow::Buffer::FromString(std::move(bytes))));
  return batch;
}

const arrow::StringArray& items_of(const Batch& chunk) {
  return static_cast<const arrow::StringArray&>(*chunk.array(0));
}

KeyRef read_item(std::string_view item) {
  ByteReader reader{item.data()};
  const auto size = reader.raw<std::uint32_t>();
  return {0, reader.at, size, 0};
}

std::size_t most_samples(int ranks) { return std::max<std::size_t>(256, kItemSamples / static_cast<unsigned>(ranks)); }

}  // namespace

ItemSort::ItemSort(const Workspace& workspace)
    : workspace_(workspace),
      sample_(most_samples(workspace.comm.size())),
      queued_(std::make_unique<BatchStage>(fields(), workspace.budget, workspace.scratch_dir)),
      staged_(std::make_unique<BatchStage>(fields(), workspace.budget, workspace.scratch_dir)),
      range_bytes_(std::clamp(workspace.budget->bytes() / 16, kItemRangeBytes, kMostRangeBytes)) {}

void ItemSort::add(std::string_view key, std::string_view payload) {
  if (sample_.wants_next()) sample_.take(key);
  put_raw(bytes_, static_cast<std::uint32_t>(key.size()));
  bytes_.append(key);
  bytes_.append(payload);
  ends_.push_back(static_cast<std::int32_t>(bytes_.size()));
  ++items_;
  if (bytes_.size() >= kChunkBytes) close_chunk();
}

void ItemSort::close_chunk() {
  if (ends_.empty()) return;
  workspace_.pause();
  total_bytes_ += static_cast<std::int64_t>(bytes_.size());
  queued_->append(chunks_++, chunk_of(std::move(bytes_), ends_));
  bytes_ = {};
  bytes_.reserve(kChunkBytes + (kChunkBytes >> 3));
  ends_.clear();
}

std::size_t ItemSort::ranges_wanted() const {
  const std::int64_t bytes = workspace_.comm.sum(total_bytes_);
  const std::int64_t ranks = workspace_.comm.size();
  if (bytes <= kItemRangeBytes) return 1;  // not worth dealing out
  const std::int64_t wanted = std::min((bytes + range_bytes_ - 1) / range_bytes_, kMostRanges);
  return static_cast<std::size_t>((wanted + ranks - 1) / ranks * ranks);
}

void ItemSort::split(const Batch& chunk, const KeyRanges& ranges,
                     const std::function<void(std::size_t, const Batch&)>& put) {
  if (ranges.size() == 1) return put(0, chunk);
  struct Pile {
    std::string bytes;
    std::vector<std::int32_t> ends;
  };
  std::vector<Pile> piles(ranges.size());
  const arrow::StringArray& items = items_of(chunk);
  for (std::int64_t i = 0; i < chunk.num_rows; ++i) {
    const std::string_view item = items.GetView(i);
    Pile& pile = piles[ranges.find(read_item(item).view())];
    pile.bytes.append(item);
    pile.ends.push_back(static_cast<std::int32_t>(pile.bytes.size()));
  }
  for (std::size_t r = 0; r < piles.size(); ++r) {
    if (!piles[r].ends.empty()) put(r, chunk_of(std::move(piles[r].bytes), piles[r].ends));
  }
}

const Fields& ItemSort::fields() {
  static const Fields fields = {{"item", ValueType::kString}};
  return fields;
}

void ItemSort::each(const Batch& chunk, const std::function<void(const KeyRef&)>& take) {
  const arrow::StringArray& items = items_of(chunk);
  for (std::int64_t i = 0; i < chunk.num_rows; ++i) take(read_item(items.GetView(i)));
}

void ItemSort::exchange(OperatorReport& report) {
  workspace_.comm.agree([&] { close(); });
  exchange(report, KeyRanges::agree(workspace_.comm, {&sample_}, ranges_wanted()));
}

void ItemSort::exchange(OperatorReport& report, const KeyRanges& ranges) {
  const int ranks = workspace_.comm.size();
  std::int64_t next = 0;
  const auto produce = [&](Shipper& shipper) {
    if (next == chunks_) return false;
    workspace_.pause();
    queued_->visit(next, [&](Batch chunk) {
      split(chunk, ranges, [&](std::size_t range, const Batch& items) {
        shipper.put(ranges.owner(range, ranks), static_cast<std::int64_t>(range), items);
      });
    });
    queued_->drop(next++);
    return true;
  };
  const ExchangeCounts counts = evclean::exchange(
      workspace_, fields(), produce, [&](int, std::int64_t range, Batch items) { staged_->append(range, items); });
  report.bytes_sent += counts.bytes_sent;
}

void ItemSort::visit(const std::function<void(std::int64_t, const std::vector<KeyRef>&)>& take) const {
  for (const std::int64_t range : staged_->parts()) {
    visit_stage(*staged_, range, 0, [&](const std::vector<KeyRef>& items) { take(range, items); });
    staged_->drop(range);
  }
}

void ItemSort::visit_stage(const BatchStage& stage, std::int64_t part, int depth, const Take& take) const {
  workspace_.pause();
  std::int64_t bytes = 0;
  KeySample sample(kItemSamples / 16);
  stage.visit(part, [&](Batch chunk) {
    const arrow::StringArray& items = items_of(chunk);
    bytes += items.total_values_length();
    for (std::int64_t i = 0; i < chunk.num_rows; ++i) {
      if (sample.wants_next()) sample.take(read_item(items.GetView(i)).view());
    }
  });
  if (bytes > 2 * range_bytes_ && depth < kDeepest) {
    const auto finer = KeyRanges::cut(sample.keys(), static_cast<std::size_t>(bytes / range_bytes_ + 1));
    if (finer.size() > 1) {
      BatchStage parts(fields(), workspace_.budget, workspace_.scratch_dir);
      stage.visit(part, [&](Batch chunk) {
        split(chunk, finer,
              [&](std::size_t range, const Batch& items) { parts.append(static_cast<std::int64_t>(range), items); });
      });
      for (const std::int64_t range : parts.parts()) {
        visit_stage(parts, range, depth + 1, take);
        parts.drop(range);
      }
      return;
    }
  }
  std::vector<Batch> chunks = stage.read(part);
  std::vector<KeyRef> refs;
  refs.reserve(static_cast<std::size_t>(stage.rows(part)));
  for (const Batch& chunk : chunks) {
    const arrow::StringArray& items = items_of(chunk);
    for (std::int64_t i = 0; i < chunk.num_rows; ++i) refs.push_back(read_item(items.GetView(i)));
  }
  sort_keys(refs);
  take(refs);
}

std::int64_t ItemSort::spilled_bytes() const { return queued_->spilled_bytes() + staged_->spilled_bytes(); }

}  // namespace evclean
