// SPDX-License-Identifier: Apache-2.0
// Grouping: local tables first; what they hold, and rows that they could not reduce, go to ranges of keys, whose groups
// are merged and sorted there: one exchange, and the result is in its order at once.
#include <arrow/api.h>

#include <algorithm>

#include "batch_rows.hpp"
#include "distinct_bits.hpp"
#include "evclean/unordered_rows.hpp"
#include "merged_groups.hpp"
#include "ordered_writer.hpp"
#include "stopwatch.hpp"

namespace evclean {
namespace {

constexpr std::size_t kGroupRows = 1 << 16;  ///< of one batch

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

std::int64_t rows_here(const Dataset& data) {
  std::int64_t rows = 0;
  for (const std::int64_t part : data.mine()) rows += data.parts()[static_cast<std::size_t>(part)].rows;
  return rows;
}

class Grouping {
 public:
  Grouping(const Fields& fields, std::int64_t rows, const GroupSpec& spec, const Workspace& workspace,
           OperatorReport& report)
      : rows_(rows),
        workspace_(workspace),
        report_(report),
        fields_(result_fields(fields, spec)),
        input_(fields, spec),
        codec_(input_.fields(), input_.spec().keys),
        local_(input_, codec_, workspace, rows),
        results_(fields_, workspace.budget, workspace.scratch_dir) {}

  DatasetPtr run(const Dataset& data) {
    workspace_.comm.agree([&] { each_batch(data); });
    for (std::size_t a = 0; a < spec().aggregates.size(); ++a) {
      if (spec().aggregates[a].kind == AggregateKind::kCountDistinct) count_distinct(data, a);
    }
    return finish();
  }
  DatasetPtr run(const RowSource& source) {
    source.give([&](const Batch& batch) { local_.add(batch, 0); });
    return finish();
  }

 private:
  DatasetPtr finish() {
    const bool bypassed = workspace_.comm.sum(local_.bypassed() ? 1 : 0) > 0;
    report_.how = bypassed ? "rows exchanged: few of a group are on one rank" : "pre-aggregated";
    MergedGroups merged(input_, codec_, workspace_, report_);
    merged.merge(local_, [&](const GroupTable& groups, const Aggregates& states) { put(groups, states); });
    return write_in_order(results_, workspace_, report_);
  }

  const GroupSpec& spec() const { return input_.spec(); }

  void each_batch(const Dataset& data) {
    BatchCursor cursor(data, workspace_);
    Batch batch;
    std::int64_t row_number = 0;
    while (cursor.next(batch, row_number)) local_.add(batch, row_number);
  }

  Batch values_of(const Batch& batch, std::int64_t row_number, const Aggregate& aggregate) const {
    Batch needed = input_.project(batch, row_number);
    if (aggregate.filter < 0 && needed.array(aggregate.column)->null_count() == 0) return needed;
    return gather_rows(needed, rows_with(needed, aggregate.column, aggregate.filter));
  }

  /// A bit for each group and value, while that is little.
  bool count_bits(const Dataset& data, std::size_t index) {
    DistinctBits bits(input_, spec().aggregates[index].column, workspace_);
    workspace_.comm.agree([&] {
      BatchCursor cursor(data, workspace_);
      Batch batch;
      std::int64_t row_number = 0;
      while (!bits.gave_up() && cursor.next(batch, row_number)) {
        bits.add(values_of(batch, row_number, spec().aggregates[index]));
      }
    });
    return bits.count(report_,
                      [&](std::string_view key, std::int64_t values) { local_.add_distinct(index, key, values); });
  }

  /// Pairs of group and value are groups of their own, dealt to all ranks like others, so that a group with many values
  /// burdens no one rank; then they are counted into the groups.
  void count_distinct(const Dataset& data, std::size_t index) {
    if (count_bits(data, index)) return;
    const Aggregate& aggregate = spec().aggregates[index];
    GroupSpec pairs{spec().keys, {}};
    pairs.keys.push_back(aggregate.column);
    const GroupInput input(input_.fields(), pairs);
    const KeyCodec codec(input.fields(), input.spec().keys);
    LocalGroups local(input, codec, workspace_, rows_);
    workspace_.comm.agree([&] {
      BatchCursor cursor(data, workspace_);
      Batch batch;
      std::int64_t row_number = 0;
      while (cursor.next(batch, row_number)) local.add(values_of(batch, row_number, aggregate), 0);
    });
    MergedGroups merged(input, codec, workspace_, report_);
    merged.merge(local, [&](const GroupTable& found, const Aggregates&) { count_pairs(index, found); });
  }

  void count_pairs(std::size_t index, const GroupTable& pairs) {
    GroupTable groups(codec_);
    std::vector<std::int64_t> counts;
    KeyRows keys;
    std::vector<std::string_view> own;  // the groups' keys, which the pairs' begin with
    std::vector<std::uint32_t> found;
    for (std::size_t begin = 0; begin < pairs.size(); begin += kChunkRows) {
      const std::size_t end = std::min(pairs.size(), begin + static_cast<std::size_t>(kChunkRows));
      own.clear();
      for (std::size_t p = begin; p < end; ++p) own.push_back(pairs.key(p).substr(0, codec_.size(pairs.key(p).data())));
      groups.lay_out(own, keys);
      groups.find_or_add(keys, found);
      counts.resize(groups.size());
      for (const std::uint32_t group : found) ++counts[group];
    }
    for (std::size_t g = 0; g < groups.size(); ++g) local_.add_distinct(index, groups.key(g), counts[g]);
  }

  Batch result_batch(const std::vector<KeyRef>& refs, const Aggregates& states) {
    std::vector<const char*> keys;
    std::vector<std::uint32_t> groups;
    for (const KeyRef& ref : refs) {
      keys.push_back(ref.key);
      groups.push_back(ref.index);
    }
    Batch batch;
    batch.num_rows = static_cast<std::int64_t>(groups.size());
    for (const Field& field : fields_) batch.names.push_back(field.name);
    batch.columns = codec_.decode(keys);
    const auto describe = [&](std::uint32_t group) {
      const auto at = std::find(groups.begin(), groups.end(), group) - groups.begin();
      return codec_.describe(keys[static_cast<std::size_t>(at)], key_names());
    };
    for (Column& column : states.finish(groups, describe)) batch.columns.push_back(std::move(column));
    return batch;
  }

  std::vector<std::string> key_names() const {
    const GroupSpec& spec = input_.spec();
    if (!spec.key_names.empty()) return spec.key_names;
    std::vector<std::string> names;
    for (const int key : spec.keys) names.push_back(input_.fields()[static_cast<std::size_t>(key)].name);
    return names;
  }

  /// The next groups of the result, in any order; they are sorted here.
  void put(const GroupTable& groups, const Aggregates& states) {
    std::vector<KeyRef> refs(groups.size());
    for (std::size_t g = 0; g < refs.size(); ++g) {
      const std::string_view key = groups.key(g);
      refs[g] = {0, key.data(), static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(g)};
    }
    sort_keys(refs);
    for (std::size_t begin = 0; begin < refs.size(); begin += kGroupRows) {
      const auto from = refs.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto count = std::min(refs.size() - begin, kGroupRows);
      results_.append(batches_++, result_batch({from, from + static_cast<std::ptrdiff_t>(count)}, states));
    }
  }

  std::int64_t rows_;
  const Workspace& workspace_;
  OperatorReport& report_;
  Fields fields_;
  GroupInput input_;
  KeyCodec codec_;
  LocalGroups local_;
  BatchStage results_;  ///< in order, batch by batch
  std::int64_t batches_ = 0;
};

}  // namespace

DatasetPtr group(const Dataset& data, const GroupSpec& spec, const Workspace& workspace, OperatorReport& report) {
  const Stopwatch stopwatch(report);
  report.rows_in = data.rows();
  return Grouping(data.fields(), rows_here(data), spec, workspace, report).run(data);
}

bool groups_any_order(const GroupSpec& spec) {
  return std::none_of(spec.aggregates.begin(), spec.aggregates.end(), [](const Aggregate& aggregate) {
    return aggregate.kind == AggregateKind::kFirst || aggregate.kind == AggregateKind::kLast ||
           aggregate.kind == AggregateKind::kCountDistinct;
  });
}

DatasetPtr group(const RowSource& source, const GroupSpec& spec, const Workspace& workspace, OperatorReport& report) {
  EVCLEAN_CHECK(groups_any_order(spec), "a group that needs its rows in order");
  const Stopwatch stopwatch(report);
  return Grouping(source.fields, source.rows, spec, workspace, report).run(source);
}

}  // namespace evclean
