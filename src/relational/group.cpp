// SPDX-License-Identifier: Apache-2.0
// Grouping: local tables first; their partial groups are sorted by key over all ranks, which puts the parts of a group
// side by side and the result in its order at once.
#include <arrow/api.h>

#include <numeric>

#include "batch_rows.hpp"
#include "evclean/relational.hpp"
#include "first_seen.hpp"
#include "local_groups.hpp"
#include "ordered_writer.hpp"
#include "stopwatch.hpp"

namespace evclean {
namespace {

constexpr std::size_t kResultRows = 1 << 16;  ///< of one batch

Fields result_fields(const Fields& fields, const GroupSpec& spec) {
  Fields result;
  for (const int key : spec.keys) result.push_back(fields[static_cast<std::size_t>(key)]);
  for (const Aggregate& aggregate : spec.aggregates) {
    const ValueType argument =
        aggregate.column < 0 ? ValueType::kInt64 : fields[static_cast<std::size_t>(aggregate.column)].type;
    result.push_back({aggregate.name, aggregate_type(aggregate.kind, argument)});
  }
  return result;
}

class Grouping {
 public:
  Grouping(const Dataset& data, const GroupSpec& spec, const Workspace& workspace, OperatorReport& report)
      : data_(data),
        spec_(spec),
        workspace_(workspace),
        report_(report),
        fields_(result_fields(data.fields(), spec)),
        codec_(data.fields(), spec.keys),
        partials_(workspace),
        local_(data.fields(), spec, codec_, workspace, partials_) {}

  DatasetPtr run() {
    workspace_.comm.agree([&] { aggregate(); });
    for (std::size_t a = 0; a < spec_.aggregates.size(); ++a) {
      if (spec_.aggregates[a].kind == AggregateKind::kCountDistinct) count_distinct(a);
    }
    const bool bypassed = workspace_.comm.sum(local_.bypassed() ? 1 : 0) > 0;
    report_.how = bypassed ? "exchanged row by row: too few rows a group" : "pre-aggregated";
    if (workspace_.comm.size() == 1 && partials_.items() == 0) return finish_table();
    return finish_partials();
  }

 private:
  void aggregate() {
    BatchCursor cursor(data_, workspace_);
    Batch batch;
    std::int64_t row_number = 0;
    while (cursor.next(batch, row_number)) local_.add(batch, row_number);
  }

  /// Distinct pairs of group and value are sorted over all ranks, so that a group with many values burdens no one
  /// rank; then they are counted into the groups.
  void count_distinct(std::size_t index) {
    const Aggregate& aggregate = spec_.aggregates[index];
    std::vector<int> columns = spec_.keys;
    columns.push_back(aggregate.column);
    const KeyCodec pair_codec(data_.fields(), columns);
    ItemSort pairs(workspace_);
    workspace_.comm.agree([&] { collect_pairs(aggregate, pair_codec, pairs); });
    pairs.exchange(report_);
    workspace_.comm.agree(
        [&] { pairs.visit([&](std::int64_t, const std::vector<KeyRef>& items) { count_pairs(index, items); }); });
    report_.spilled_bytes += pairs.spilled_bytes();
  }

  void collect_pairs(const Aggregate& aggregate, const KeyCodec& pair_codec, ItemSort& pairs) {
    FirstSeen seen(pair_codec, workspace_);
    BatchCursor cursor(data_, workspace_);
    Batch batch;
    std::int64_t row_number = 0;
    while (cursor.next(batch, row_number)) {
      if (aggregate.filter >= 0 || batch.array(aggregate.column)->null_count() > 0) {
        batch = gather_rows(batch, rows_with(batch, aggregate.column, aggregate.filter));
      }
      each_chunk(batch, [&](std::int64_t first, std::int64_t count) {
        for (const std::int32_t row : seen.look(batch, first, count)) {
          pairs.add(seen.keys().view(static_cast<std::size_t>(row)), {});
        }
      });
    }
  }

  void count_pairs(std::size_t index, const std::vector<KeyRef>& pairs) {
    std::string group;
    std::int64_t values = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (i > 0 && compare_keys(pairs[i - 1].view(), pairs[i].view()) == 0) continue;
      std::string key = codec_.key_alone(pairs[i].key);
      if (values > 0 && key != group) {
        local_.add_distinct(index, group, values);
        values = 0;
      }
      group = std::move(key);
      ++values;
    }
    if (values > 0) local_.add_distinct(index, group, values);
  }

  Batch result_batch(const std::vector<const char*>& keys, const std::vector<std::uint32_t>& groups,
                     const Aggregates& states) {
    Batch batch;
    batch.num_rows = static_cast<std::int64_t>(groups.size());
    for (const Field& field : fields_) batch.names.push_back(field.name);
    batch.columns = codec_.decode(keys);
    const auto describe = [&](std::uint32_t group) {
      const auto at = std::find(groups.begin(), groups.end(), group) - groups.begin();
      return codec_.describe(keys[static_cast<std::size_t>(at)], data_.fields());
    };
    for (Column& column : states.finish(groups, describe)) batch.columns.push_back(std::move(column));
    return batch;
  }

  DatasetPtr finish_table() {
    const GroupTable& table = local_.table();
    std::vector<KeyRef> refs;
    refs.reserve(table.size());
    for (std::size_t g = 0; g < table.size(); ++g) {
      const std::string_view key = table.key(g);
      refs.push_back({0, key.data(), static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(g)});
    }
    sort_keys(refs);
    OrderedWriter writer(fields_, workspace_, static_cast<std::int64_t>(refs.size()));
    for (std::size_t begin = 0; begin < refs.size(); begin += kResultRows) {
      std::vector<const char*> keys;
      std::vector<std::uint32_t> groups;
      for (std::size_t i = begin; i < std::min(refs.size(), begin + kResultRows); ++i) {
        keys.push_back(refs[i].key);
        groups.push_back(refs[i].index);
      }
      writer.add(result_batch(keys, groups, local_.states()));
    }
    return writer.close(report_);
  }

  DatasetPtr finish_partials() {
    workspace_.comm.agree([&] { local_.flush(); });
    partials_.exchange(report_);
    BatchStage results(fields_, workspace_.budget, workspace_.scratch_dir);
    workspace_.comm.agree([&] {
      Aggregates states(data_.fields(), spec_.aggregates);
      partials_.visit([&](std::int64_t, const std::vector<KeyRef>& items) { merge(items, states, results); });
    });
    report_.spilled_bytes += partials_.spilled_bytes();
    return write_in_order(results, workspace_, report_);
  }

  void merge(const std::vector<KeyRef>& items, Aggregates& states, BatchStage& results) {
    std::vector<const char*> keys;
    const auto close = [&] {
      if (keys.empty()) return;
      std::vector<std::uint32_t> groups(keys.size());
      std::iota(groups.begin(), groups.end(), 0);
      results.append(results_++, result_batch(keys, groups, states));
      states.clear();
      keys.clear();
    };
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i == 0 || compare_keys(items[i - 1].view(), items[i].view()) != 0) {
        if (keys.size() == kResultRows) close();
        keys.push_back(items[i].key);
        states.resize(keys.size());
      }
      ByteReader reader{items[i].key + items[i].size};
      states.merge(static_cast<std::uint32_t>(keys.size() - 1), reader);
    }
    close();
  }

  const Dataset& data_;
  const GroupSpec& spec_;
  const Workspace& workspace_;
  OperatorReport& report_;
  Fields fields_;
  KeyCodec codec_;
  ItemSort partials_;
  LocalGroups local_;
  std::int64_t results_ = 0;  ///< batches of the result so far
};

}  // namespace

DatasetPtr group(const Dataset& data, const GroupSpec& spec, const Workspace& workspace, OperatorReport& report) {
  const Stopwatch stopwatch(report);
  report.rows_in = data.rows();
  return Grouping(data, spec, workspace, report).run();
}

}  // namespace evclean
