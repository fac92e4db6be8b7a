// SPDX-License-Identifier: Apache-2.0
// All aggregates of a group step together: rows counted once, a state for each argument, results in the order written.
// Local.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aggregate_state.hpp"

namespace evclean {

class Aggregates {
 public:
  Aggregates(const Fields& fields, const std::vector<Aggregate>& aggregates);

  void resize(std::size_t groups);
  void add(const Chunk& chunk);
  /// Adds distinct values found elsewhere to an aggregate of that kind.
  void add_distinct(std::size_t aggregate, std::uint32_t group, std::int64_t values);
  void write(std::uint32_t group, std::string& out) const;
  void merge(std::uint32_t group, ByteReader& in);
  /// One column an aggregate, one row for each group named.
  std::vector<Column> finish(const std::vector<std::uint32_t>& groups,
                             const std::function<std::string(std::uint32_t group)>& describe) const;
  std::size_t size() const { return rows_.size(); }
  void clear();
  std::int64_t memory_bytes() const;

 private:
  static constexpr std::size_t kNone = SIZE_MAX;
  struct Slot {
    std::size_t selection = kNone;  ///< kNone: all rows
    std::size_t state = kNone;      ///< kNone: counts only
    std::size_t distinct = kNone;
  };
  struct State {
    std::unique_ptr<AggregateState> state;
    AggregateKind kind;
    int column;
    std::size_t selection;
  };

  std::size_t select(int column, int filter);
  std::size_t remember(const Aggregate& aggregate, std::size_t selection);
  std::int64_t count(const Slot& slot, std::uint32_t group) const;

  const Fields& fields_;
  const std::vector<Aggregate>& aggregates_;
  std::vector<Slot> slots_;  ///< one an aggregate
  std::vector<Selection> selections_;
  std::vector<State> states_;
  std::vector<std::vector<std::int64_t>> distinct_;
  std::vector<std::int64_t> rows_;  ///< of each group
};

}  // namespace evclean
