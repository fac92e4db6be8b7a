// SPDX-License-Identifier: Apache-2.0
// Joins by nested loops over texts, and datasets as texts by part: slow, short, and independent of the program's joins.
#pragma once

#include "../exchange/random_table.hpp"
#include "evclean/relational.hpp"

namespace evclean::testing {

/// Rows by part: texts of values.
using Rows = std::vector<std::vector<std::string>>;
using Parts = std::vector<Rows>;

/// A table before it is spread: every rank has all of it.
struct Table {
  Fields fields;
  std::vector<std::vector<Batch>> parts;  ///< batches of each part
};

/// Random parts of random batches; some parts and batches are empty.
Table random_table(Random& random, const std::vector<ColumnShape>& columns, std::int64_t rows);
/// Puts each part on a rank (by a rule that looks random), and finishes.
DatasetPtr spread(const Table& table, const Workspace& workspace, int salt);
/// All rows of a dataset, on rank 0; elsewhere none. Collective.
Parts all_rows(const Dataset& data, const Comm& comm);
Rows rows_of(const Table& table);
/// The parts that have rows.
Parts parts_of(const Table& table);

struct OracleSpec {
  JoinHow how = JoinHow::kInner;
  std::vector<int> left_keys, right_keys, payload;
  bool coalesce = true;
  /// Judges a pair: left row, then right row (whole).
  std::function<bool(const std::vector<std::string>&, const std::vector<std::string>&)> residual;
};
/// The result in parts: left parts, then unmatched right rows by right part.
Parts oracle_join(const Parts& left, const Parts& right, std::size_t left_width, const OracleSpec& spec);

}  // namespace evclean::testing
