// SPDX-License-Identifier: Apache-2.0
#include "aggregates.hpp"

#include <arrow/api.h>

#include <algorithm>

#include "evclean/arrow_status.hpp"
#include "group_table.hpp"

namespace evclean {
namespace {

bool is_number(ValueType type) {
  return type == ValueType::kInt64 || type == ValueType::kFloat64 || type == ValueType::kBool;
}

Column count_column(const std::vector<std::int64_t>& counts) {
  arrow::Int64Builder builder;
  check_arrow(builder.AppendValues(counts), "building counts");
  return take_arrow(builder.Finish(), "building counts");
}

/// sum and avg share a state.
AggregateKind state_kind(AggregateKind kind) { return kind == AggregateKind::kAvg ? AggregateKind::kSum : kind; }

}  // namespace

ValueType aggregate_type(AggregateKind kind, ValueType argument) {
  const auto numbers_only = [&](const char* name, ValueType result) {
    if (!is_number(argument)) fail_user("{} needs numbers, not {} values", name, type_name(argument));
    return result;
  };
  switch (kind) {
    case AggregateKind::kCountRows:
    case AggregateKind::kCount:
    case AggregateKind::kCountDistinct:
      return ValueType::kInt64;
    case AggregateKind::kSum:
      return numbers_only("sum", argument == ValueType::kFloat64 ? ValueType::kFloat64 : ValueType::kInt64);
    case AggregateKind::kAvg:
      return numbers_only("avg", ValueType::kFloat64);
    case AggregateKind::kStddev:
      return numbers_only("stddev", ValueType::kFloat64);
    case AggregateKind::kQuantile:
      return numbers_only("approx_quantile", ValueType::kFloat64);
    default:
      return argument;
  }
}

void Selection::look(const Chunk& chunk, std::size_t groups) {
  const arrow::Array* values = column_ < 0 ? nullptr : chunk.batch.array(column_).get();
  const arrow::Array* filter = filter_ < 0 ? nullptr : chunk.batch.array(filter_).get();
  all_ = filter == nullptr && (values == nullptr || values->null_count() == 0) && !chunk.some_have_none;
  if (all_) return;
  rows_.clear();
  held_back_.resize(groups);
  const auto* wanted = static_cast<const arrow::BooleanArray*>(filter);
  const bool may_miss = values != nullptr && values->null_count() > 0;
  for (std::int64_t i = 0; i < chunk.count; ++i) {
    if (chunk.some_have_none && chunk.groups[i] == GroupTable::kNone) continue;
    const std::int64_t row = chunk.first + i;
    const bool taken =
        (wanted == nullptr || (wanted->IsValid(row) && wanted->Value(row))) && !(may_miss && values->IsNull(row));
    if (taken) {
      rows_.push_back(static_cast<std::int32_t>(i));
    } else {
      ++held_back_[chunk.groups[i]];
    }
  }
}

void Selection::merge(std::uint32_t group, ByteReader& in) {
  const auto more = static_cast<std::int64_t>(in.count());
  if (more == 0) return;
  if (held_back_.size() <= group) held_back_.resize(group + 1);
  held_back_[group] += more;
}

Aggregates::Aggregates(const Fields& fields, const std::vector<Aggregate>& aggregates)
    : fields_(fields), aggregates_(aggregates) {
  for (const Aggregate& aggregate : aggregates) {
    Slot slot;
    if (aggregate.kind == AggregateKind::kCountDistinct) {
      slot.distinct = distinct_.size();
      distinct_.emplace_back();
    } else {
      const int column = aggregate.kind == AggregateKind::kCountRows ? -1 : aggregate.column;
      if (column >= 0 || aggregate.filter >= 0) slot.selection = select(column, aggregate.filter);
      if (aggregate.kind != AggregateKind::kCountRows && aggregate.kind != AggregateKind::kCount) {
        slot.state = remember(aggregate, slot.selection);
      }
    }
    slots_.push_back(slot);
  }
}

std::size_t Aggregates::select(int column, int filter) {
  for (std::size_t i = 0; i < selections_.size(); ++i) {
    if (selections_[i].is_for(column, filter)) return i;
  }
  selections_.emplace_back(column, filter);
  return selections_.size() - 1;
}

std::size_t Aggregates::remember(const Aggregate& aggregate, std::size_t selection) {
  const AggregateKind kind = state_kind(aggregate.kind);
  const ValueType type = fields_[static_cast<std::size_t>(aggregate.column)].type;
  aggregate_type(aggregate.kind, type);  // refuses what it does not fit
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].kind == kind && states_[i].selection == selection) return i;
  }
  auto state = kind == AggregateKind::kQuantile ? make_quantile_state(aggregate.column, type)
               : kind == AggregateKind::kSum || kind == AggregateKind::kStddev
                   ? make_sum_state(kind, aggregate.column, type)
                   : make_value_state(kind, aggregate.column, type);
  states_.push_back({std::move(state), kind, aggregate.column, selection});
  return states_.size() - 1;
}

void Aggregates::resize(std::size_t groups) {
  if (groups == rows_.size()) return;
  rows_.resize(groups);
  for (State& state : states_) state.state->resize(groups);
  for (auto& values : distinct_) values.resize(groups);
}

void Aggregates::add(const Chunk& chunk) {
  if (chunk.some_have_none) {
    for (std::int64_t i = 0; i < chunk.count; ++i) {
      if (chunk.groups[i] != GroupTable::kNone) ++rows_[chunk.groups[i]];
    }
  } else {
    for (std::int64_t i = 0; i < chunk.count; ++i) ++rows_[chunk.groups[i]];
  }
  for (Selection& selection : selections_) selection.look(chunk, rows_.size());
  for (State& state : states_) state.state->add(chunk, selections_[state.selection]);
}

void Aggregates::add_distinct(std::size_t aggregate, std::uint32_t group, std::int64_t values) {
  distinct_[slots_[aggregate].distinct][group] += values;
}

void Aggregates::write(std::uint32_t group, std::string& out) const {
  put_count(out, static_cast<std::uint64_t>(rows_[group]));
  for (const Selection& selection : selections_) selection.write(group, out);
  for (const auto& values : distinct_) put_count(out, static_cast<std::uint64_t>(values[group]));
  for (const State& state : states_) state.state->write(group, out);
}

void Aggregates::merge(std::uint32_t group, ByteReader& in) {
  rows_[group] += static_cast<std::int64_t>(in.count());
  for (Selection& selection : selections_) selection.merge(group, in);
  for (auto& values : distinct_) values[group] += static_cast<std::int64_t>(in.count());
  for (State& state : states_) state.state->merge(group, in);
}

std::int64_t Aggregates::count(const Slot& slot, std::uint32_t group) const {
  if (slot.distinct != kNone) return distinct_[slot.distinct][group];
  return rows_[group] - (slot.selection == kNone ? 0 : selections_[slot.selection].held_back(group));
}

std::vector<Column> Aggregates::finish(const std::vector<std::uint32_t>& groups,
                                       const std::function<std::string(std::uint32_t)>& describe) const {
  std::vector<Column> columns;
  std::vector<std::int64_t> counts(groups.size());
  for (std::size_t a = 0; a < aggregates_.size(); ++a) {
    const Aggregate& aggregate = aggregates_[a];
    for (std::size_t i = 0; i < groups.size(); ++i) {
      __builtin_prefetch(&rows_[groups[std::min(i + 24, groups.size() - 1)]]);
      counts[i] = count(slots_[a], groups[i]);
    }
    if (slots_[a].state == kNone) {
      columns.push_back(count_column(counts));
    } else {
      const std::string& name =
          aggregate.argument.empty() ? fields_[static_cast<std::size_t>(aggregate.column)].name : aggregate.argument;
      columns.push_back(states_[slots_[a].state].state->finish(aggregate, {groups, counts, name, describe}));
    }
  }
  return columns;
}

void Aggregates::clear() {
  rows_ = {};
  for (Selection& selection : selections_) selection.clear();
  for (State& state : states_) state.state->clear();
  for (auto& values : distinct_) values = {};
}

std::int64_t Aggregates::memory_bytes() const {
  std::int64_t bytes = static_cast<std::int64_t>(8 * rows_.capacity() * (1 + distinct_.size()));
  for (const Selection& selection : selections_) bytes += selection.memory_bytes();
  for (const State& state : states_) bytes += state.state->memory_bytes();
  return bytes;
}

}  // namespace evclean
