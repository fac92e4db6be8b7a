// SPDX-License-Identifier: Apache-2.0
// A small table, whole on every rank, in which rows look up their key while they pass: a join that needs no row but the
// one at hand. The same rows in the same order as join() gives.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "evclean/relational.hpp"

namespace evclean {

class Lookup {
 public:
  static constexpr std::int64_t kBytesPerRow = 56;  ///< besides its columns, at most
  /// Bytes that a table takes on each rank; the same for any number of ranks. Collective.
  static std::int64_t bytes_of(const Dataset& right, const std::vector<int>& columns, const Workspace& workspace);

  /// Sends some columns of a table to all ranks. `keys` are positions in the table, and among `columns`; `bytes` is
  /// what bytes_of() said. Collective.
  Lookup(const Dataset& right, const std::vector<int>& columns, const std::vector<int>& keys, std::int64_t bytes,
         const Workspace& workspace);
  ~Lookup();

  const Fields& fields() const;  ///< of the table, as it was
  /// Columns of the table that are strings without any value.
  const std::vector<bool>& empty() const;
  std::int64_t memory_bytes() const;  ///< that it takes on this rank; the same on all

 private:
  friend class LookupProbe;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The lookups of rows with certain columns. Local; the lookup outlives it.
class LookupProbe {
 public:
  /// `spec`: inner, left, semi or anti, without residual; its payload among the columns that were sent. `empty`: left
  /// columns without any value, which compare with anything. Errors: user Error naming both columns when their types
  /// cannot compare.
  LookupProbe(const Lookup& lookup, const JoinSpec& spec, const Fields& left, const std::vector<bool>& empty);
  ~LookupProbe();

  /// Columns of the result: the left ones, then the payload.
  const Fields& result() const;
  /// Left columns that compare only because they are empty.
  const std::vector<int>& empties() const;
  /// Takes a batch with the left columns (strings may be raw) and gives the rows of the result, in their order. Adds to
  /// `texts`, for each key column: how many values are the text 'None', and how many there are (strings only).
  void run(Batch& batch, std::vector<std::int64_t>& texts, const std::function<void(Batch&)>& emit);
  /// What to say of frequent keys 'None'; `texts` over all rows of all ranks.
  std::vector<std::string> notes(const std::vector<std::int64_t>& texts) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evclean
