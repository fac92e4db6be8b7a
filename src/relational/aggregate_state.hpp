// SPDX-License-Identifier: Apache-2.0
// What aggregates remember of each group, column by column: a state has one element a group. Adding and merging give
// the same state in any order. Local.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "byte_io.hpp"
#include "evclean/relational.hpp"

namespace evclean {

/// Some rows of a batch with the group of each.
struct Chunk {
  const Batch& batch;
  std::int64_t first = 0;  ///< row in the batch
  std::int64_t count = 0;
  std::int64_t row_number = 0;                ///< of the first one over the whole table
  const std::int64_t* row_numbers = nullptr;  ///< of each, when they do not follow each other
  const std::uint32_t* groups = nullptr;
  bool some_have_none = false;  ///< rows whose group is kNone are to be left out

  std::int64_t number_of(std::int64_t row) const { return row_numbers ? row_numbers[row] : row_number + row; }
};

/// The rows of a chunk that an argument column and a filter let through, and how many were held back in each group.
class Selection {
 public:
  Selection(int column, int filter) : column_(column), filter_(filter) {}
  bool is_for(int column, int filter) const { return column_ == column && filter_ == filter; }

  void look(const Chunk& chunk, std::size_t groups);
  /// Calls body(i) for the rows let through, ascending (`backwards`: descending).
  template <typename Body>
  void each(const Chunk& chunk, Body&& body) const {
    if (all_) {
      for (std::int64_t i = 0; i < chunk.count; ++i) body(i);
    } else {
      for (const std::int32_t i : rows_) body(i);
    }
  }
  template <typename Body>
  void each_backwards(const Chunk& chunk, Body&& body) const {
    if (all_) {
      for (std::int64_t i = chunk.count; i-- > 0;) body(i);
    } else {
      for (auto i = rows_.rbegin(); i != rows_.rend(); ++i) body(*i);
    }
  }
  std::int64_t held_back(std::uint32_t group) const { return group < held_back_.size() ? held_back_[group] : 0; }
  void write(std::uint32_t group, std::string& out) const {
    put_count(out, static_cast<std::uint64_t>(held_back(group)));
  }
  void merge(std::uint32_t group, ByteReader& in);
  void clear() { held_back_ = {}; }
  std::int64_t memory_bytes() const { return static_cast<std::int64_t>(held_back_.capacity() * 8); }

 private:
  bool lets_through(const Chunk& chunk, std::int64_t row) const;

  int column_, filter_;
  bool all_ = true;
  std::vector<std::int32_t> rows_;       ///< of the chunk at hand, unless all
  std::vector<std::int64_t> held_back_;  ///< grows with the first row held back
};

/// The groups that become rows of a result.
struct FinishedGroups {
  const std::vector<std::uint32_t>& groups;
  const std::vector<std::int64_t>& counts;  ///< rows let through in each
  std::string column;                       ///< the argument's name
  std::function<std::string(std::uint32_t group)> describe;
};

class AggregateState {
 public:
  virtual ~AggregateState() = default;
  virtual void resize(std::size_t groups) = 0;
  virtual void add(const Chunk& chunk, const Selection& rows) = 0;
  virtual void write(std::uint32_t group, std::string& out) const = 0;
  virtual void merge(std::uint32_t group, ByteReader& in) = 0;
  /// The aggregate's column. Errors: user Error naming the group (overflow).
  virtual Column finish(const Aggregate& aggregate, const FinishedGroups& finished) const = 0;
  virtual void clear() = 0;
  virtual std::int64_t memory_bytes() const = 0;
};

/// Makes the state of an aggregate that needs one besides counts. `column` is the argument's column and type.
std::unique_ptr<AggregateState> make_sum_state(AggregateKind kind, int column, ValueType type);
std::unique_ptr<AggregateState> make_value_state(AggregateKind kind, int column, ValueType type);
std::unique_ptr<AggregateState> make_quantile_state(int column, ValueType type);

}  // namespace evclean
