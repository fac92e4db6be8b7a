// SPDX-License-Identifier: Apache-2.0
#include "merged_groups.hpp"

#include <arrow/api.h>

#include <algorithm>

#include "batch_rows.hpp"
#include "row_ranges.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kMergeRangeBytes = 64 << 10, kMostRangeBytes = 8 << 20;
constexpr std::size_t kItemsTogether = 4096;

std::size_t ranges_wanted(const Workspace& workspace, std::int64_t my_bytes) {
  const std::int64_t bytes = workspace.comm.sum(my_bytes);
  const std::int64_t ranks = workspace.comm.size();
  if (bytes <= kMergeRangeBytes) return 1;  // not worth dealing out
  const std::int64_t range_bytes = std::clamp(workspace.budget->bytes() / 32, kMergeRangeBytes, kMostRangeBytes);
  const std::int64_t wanted = std::min((bytes + range_bytes - 1) / range_bytes, kMostRanges);
  return static_cast<std::size_t>((wanted + ranks - 1) / ranks * ranks);
}

/// Partial groups on their way into a table, some thousand at a time.
class ItemFeed {
 public:
  ItemFeed(GroupTable& table, Aggregates& states) : table_(table), states_(states) {}
  void add(const KeyRef& item) {
    keys_.push_back(item.view());
    if (keys_.size() == kItemsTogether) flush();
  }
  void flush() {
    if (keys_.empty()) return;
    table_.lay_out(keys_, rows_);
    table_.find_or_add(rows_, groups_);
    states_.resize(table_.size());
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      ByteReader reader{keys_[i].data() + keys_[i].size()};
      states_.merge(groups_[i], reader);
    }
    keys_.clear();
  }

 private:
  GroupTable& table_;
  Aggregates& states_;
  std::vector<std::string_view> keys_;
  KeyRows rows_;
  std::vector<std::uint32_t> groups_;
};

}  // namespace

MergedGroups::MergedGroups(const GroupInput& input, const KeyCodec& codec, const Workspace& workspace,
                           OperatorReport& report)
    : input_(input),
      codec_(codec),
      workspace_(workspace),
      report_(report),
      rows_(input.fields(), workspace.budget, workspace.scratch_dir) {}

void MergedGroups::merge(LocalGroups& local, const Take& take) {
  const Comm& comm = workspace_.comm;
  if (comm.size() == 1 && local.all_in_table()) return take(local.table(), local.states());
  comm.agree([&] {
    local.flush();
    local.partials().close();
  });
  const std::size_t wanted = ranges_wanted(workspace_, local.partials().bytes() + local.row_bytes());
  const KeyRanges ranges = KeyRanges::agree(comm, {&local.partials().sample(), &local.row_sample()}, wanted);
  local.partials().exchange(report_, ranges);
  if (comm.sum(local.bypassed() ? 1 : 0) > 0) move_rows(local, ranges);
  comm.agree([&] {
    for (std::size_t range = 0; range < ranges.size(); ++range) {
      if (ranges.owner(range, comm.size()) != comm.rank()) continue;
      const auto number = static_cast<std::int64_t>(range);
      merge_range(local.partials().staged(), rows_, number, 0, take);
      local.partials().drop(number);
      rows_.drop(number);
    }
  });
  report_.spilled_bytes += local.partials().spilled_bytes() + local.rows().spilled_bytes() + rows_.spilled_bytes();
}

void MergedGroups::move_rows(LocalGroups& local, const KeyRanges& ranges) {
  const int ranks = workspace_.comm.size();
  std::int64_t next = 0;
  const auto next_batch = [&](Batch& batch) {
    if (next == static_cast<std::int64_t>(local.passed().size())) return false;
    local.rows().visit(next, [&](Batch rows) { batch = std::move(rows); });
    local.rows().drop(next++);
    return true;
  };
  const auto produce = [&](Shipper& shipper) {
    Batch batch;
    if (!Gathering().pull(next_batch, batch)) return false;
    split_rows(batch, codec_, ranges, [&](std::size_t range, std::span<const std::int32_t> rows) {
      shipper.put(ranges.owner(range, ranks), static_cast<std::int64_t>(range), batch, rows);
    });
    return true;
  };
  const ExchangeCounts counts = exchange(workspace_, input_.fields(), produce,
                                         [&](int, std::int64_t range, Batch rows) { rows_.append(range, rows); });
  report_.bytes_sent += counts.bytes_sent;
}

void MergedGroups::add_rows(const Batch& batch, GroupTable& table, Aggregates& states) const {
  KeyRows keys;
  std::vector<std::uint32_t> groups;
  const std::int64_t* numbers = input_.row_column() < 0 ? nullptr : ints_of(batch, input_.row_column());
  each_chunk(batch, [&](std::int64_t first, std::int64_t count) {
    table.encode(batch, first, count, keys);
    table.find_or_add(keys, groups);
    states.resize(table.size());
    states.add({batch, first, count, 0, numbers ? numbers + first : nullptr, groups.data()});
  });
}

/// Says whether the range's groups fit into memory; then they are in the table.
bool MergedGroups::fill(const BatchStage& items, const BatchStage& rows, std::int64_t range, bool whatever_it_takes,
                        GroupTable& table, Aggregates& states) const {
  MemoryClaim claim(workspace_.budget);
  bool fits = true;
  const auto watch = [&] {
    workspace_.pause();
    fits = fits && (whatever_it_takes || claim.grow_to(table.memory_bytes() + states.memory_bytes()));
  };
  ItemFeed feed(table, states);
  items.visit(range, [&](Batch chunk) {
    if (!fits) return;
    ItemSort::each(chunk, [&](const KeyRef& item) { feed.add(item); });
    feed.flush();
    watch();
  });
  rows.visit(range, [&](Batch batch) {
    if (!fits) return;
    add_rows(batch, table, states);
    watch();
  });
  return fits;
}

void MergedGroups::merge_range(const BatchStage& items, const BatchStage& rows, std::int64_t range, int depth,
                               const Take& take) {
  if (items.rows(range) + rows.rows(range) == 0) return;
  {
    GroupTable table(codec_);
    Aggregates states(input_.fields(), input_.spec().aggregates);
    if (fill(items, rows, range, depth == kDeepest, table, states)) return take(table, states);
  }
  merge_finer(items, rows, range, depth, take);
}

void MergedGroups::merge_finer(const BatchStage& items, const BatchStage& rows, std::int64_t range, int depth,
                               const Take& take) {
  KeySample sample(4096);
  items.visit(range, [&](Batch chunk) {
    ItemSort::each(chunk, [&](const KeyRef& item) {
      if (sample.wants_next()) sample.take(item.view());
    });
  });
  rows.visit(range, [&](Batch batch) { sample_rows(batch, codec_, sample); });
  const KeyRanges finer = KeyRanges::cut(sample.keys(), 8);
  if (finer.size() == 1) depth = kDeepest - 1;  // one key
  BatchStage finer_items(ItemSort::fields(), workspace_.budget, workspace_.scratch_dir);
  BatchStage finer_rows(input_.fields(), workspace_.budget, workspace_.scratch_dir);
  items.visit(range, [&](Batch chunk) {
    ItemSort::split(chunk, finer, [&](std::size_t part, const Batch& some) {
      finer_items.append(static_cast<std::int64_t>(part), some);
    });
  });
  rows.visit(range, [&](Batch batch) {
    split_rows(batch, codec_, finer, [&](std::size_t part, std::span<const std::int32_t> some) {
      finer_rows.append(static_cast<std::int64_t>(part), gather_rows(batch, {some.begin(), some.end()}));
    });
  });
  for (std::size_t part = 0; part < finer.size(); ++part) {
    merge_range(finer_items, finer_rows, static_cast<std::int64_t>(part), depth + 1, take);
  }
  report_.spilled_bytes += finer_items.spilled_bytes() + finer_rows.spilled_bytes();
}

}  // namespace evclean
