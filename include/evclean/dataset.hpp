// SPDX-License-Identifier: Apache-2.0
// A table that waits, spread over all ranks: typed rows in numbered parts, in row order by (part, row in it). A part
// lives whole on one rank. What is in a part never depends on the number of ranks, so neither do bytes written from it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "evclean/comm.hpp"
#include "evclean/stage.hpp"

namespace evclean {

/// What operators over whole tables work with. Lives as long as the run.
struct Workspace {
  const Comm& comm;
  std::shared_ptr<MemoryBudget> budget;  ///< of this rank, shared by all stages
  std::string scratch_dir;
  std::function<void()> pause = [] {};  ///< called between batches: throws when the user interrupts
};

class Dataset {
 public:
  struct Part {
    std::int32_t owner = 0;
    std::int64_t rows = 0;
    std::int64_t first_row = 0;  ///< number of its first row over the whole table
  };

  Dataset(Fields fields, const Workspace& workspace);
  ~Dataset();

  /// Adds rows to a part of this rank, in order; typed columns in the order of the fields, raw ones are strings. Local.
  void append(std::int64_t part, const Batch& batch);
  /// Forgets a part of this rank. Local.
  void drop(std::int64_t part);
  /// Agrees on the parts: those with rows, in the order of their numbers, are numbered anew from 0. No part may be on
  /// two ranks. Collective. To be called once, after it nothing is added.
  void finish();

  const Fields& fields() const;
  /// All parts, the same on every rank.
  const std::vector<Part>& parts() const;
  std::int64_t rows() const;               ///< over all ranks
  std::vector<std::int64_t> mine() const;  ///< parts of this rank, ascending
  /// Gives the batches of one of this rank's parts, in order: columns typed, no records. Local; may be repeated.
  void visit(std::int64_t part, const std::function<void(Batch)>& take) const;
  /// The same one by one: how many batches a part has, and each of them. Local.
  std::int64_t batches(std::int64_t part) const;
  Batch batch(std::int64_t part, std::int64_t index) const;
  /// The same for the last time, by who alone has the dataset: its memory is free for others.
  Batch take(std::int64_t part, std::int64_t index) const;
  /// Whether a row of a text column has a value, or keep_value() said so. After finish().
  bool has_value(int column) const;
  /// A text column counts as one with values, whatever rows come: a join is to type its columns as if rows were not
  /// chosen by it. Before finish(), on every rank.
  void keep_value(int column);
  /// Position of a column, or -1.
  int find(std::string_view name) const;
  std::int64_t spilled_bytes() const;  ///< on this rank
  /// A value of a text column and where it stands ("'x' at a.csv:2"), for messages; empty where nobody noted one.
  std::string example(const std::string& column) const;
  void note_example(const std::string& column, std::string text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
using DatasetPtr = std::shared_ptr<const Dataset>;

/// Rows of a part that an operator cuts anew (group, sort): fixed, so that it does not depend on ranks.
inline constexpr std::int64_t kPartRows = 1 << 18;

}  // namespace evclean
