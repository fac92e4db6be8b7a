// SPDX-License-Identifier: Apache-2.0
// Operators over whole tables: exchange first, then local. Every result is the same for any number of ranks, memory and
// strategy. All functions here are collective, with the same arguments on all ranks; Errors: on all ranks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "evclean/dataset.hpp"
#include "evclean/exchange.hpp"

namespace evclean {

enum class JoinHow { kInner, kLeft, kRight, kFull, kSemi, kAnti };
enum class JoinStrategy {
  kAuto,       ///< by cost, from true counts
  kBroadcast,  ///< the right side to all ranks
  kKeys,       ///< keys and row numbers travel, the matching right columns come back to the row's home
  kRows,       ///< both sides travel whole
};

struct JoinSpec {
  JoinHow how = JoinHow::kInner;
  std::vector<int> left_keys, right_keys;  ///< columns, pair by pair; none: every row matches every row
  /// Right columns that the result carries behind all left ones, with their names there (not for semi and anti).
  std::vector<int> payload;
  std::vector<std::string> payload_names;
  /// Right and full: the left key columns of unmatched right rows take the right keys' values (else they are null).
  bool coalesce_keys = true;
  JoinStrategy strategy = JoinStrategy::kAuto;
  /// Keeps candidate pairs (left columns, then payload) where a further condition holds; rows ascending. May be empty.
  std::function<std::vector<std::int32_t>(const Batch& candidates)> residual;
  std::string right_name = "the other table";  ///< for messages
};

/// What an operator did, for explain and the report.
struct OperatorReport {
  std::string name;  ///< "join users"
  std::string how;   ///< "broadcast", "pre-aggregated"
  std::int64_t rows_in = 0, rows_right = 0, rows_out = 0;
  std::int64_t bytes_sent = 0, spilled_bytes = 0;
  double seconds = 0;
  std::vector<std::string> notes;  ///< "the text 'None' is a frequent key: 12 % of the rows"
};

/// Left rows in their order, the right's matches in theirs; unmatched right rows last, in their order. Null matches
/// nothing. Keys compare by value over int64/float64, date/timestamp; other mixes are refused (user Error naming both).
DatasetPtr join(const Dataset& left, const Dataset& right, const JoinSpec& spec, const Workspace& workspace,
                OperatorReport& report);

/// Columns of two tables side by side: a clash gets _right until the name is free, what the left does not have keeps
/// its own.
Fields aligned_fields(const Fields& left, const Fields& right);
/// Side by side by row number: left columns, then right ones. Errors: user Error that gives both
/// lengths when they differ.
DatasetPtr align(const Dataset& left, const Dataset& right, const std::string& right_name, const Workspace& workspace,
                 OperatorReport& report);

enum class AggregateKind {
  kCountRows,
  kCount,
  kCountDistinct,
  kSum,
  kMin,
  kMax,
  kAvg,
  kStddev,
  kFirst,
  kLast,
  kQuantile,
};
struct Aggregate {
  AggregateKind kind = AggregateKind::kCountRows;
  int column = -1;            ///< argument; -1 for count(*)
  int filter = -1;            ///< a bool column: only rows where it is true; -1: all rows
  double quantile = 0.5;      ///< kQuantile
  std::string name;           ///< of the result column
  std::string argument = {};  ///< what messages call the argument; empty: as its field
};
/// Type of an aggregate's result. A bool adds up as 0 or 1. Errors: user Error (sum of text).
ValueType aggregate_type(AggregateKind kind, ValueType argument);

struct GroupSpec {
  std::vector<int> keys;  ///< none: one row over everything, also of an empty table
  std::vector<Aggregate> aggregates;
  std::vector<std::string> key_names = {};  ///< what messages call the keys; none: as their fields
};
/// Keys in the order written, then aggregates; sorted by the keys, nulls last. Null is a key like any other. All but
/// count(*) leave out missing values: first and last give the first and last value there is, by row order. NaN is above
/// infinity, -0.0 is 0.0. Quantiles lie between two values in proportion; they are exact up to 2048 values a group.
/// Errors: user Error naming the group when an integer sum overflows.
DatasetPtr group(const Dataset& data, const GroupSpec& spec, const Workspace& workspace, OperatorReport& report);

/// The first row of each combination of values, in the order of first appearance. No columns: all of them.
DatasetPtr distinct(const Dataset& data, const std::vector<int>& columns, const Workspace& workspace,
                    OperatorReport& report);

struct SortKey {
  int column = -1;
  bool descending = false;
  bool nulls_first = false;
};
/// Stable. `limit` >= 0: only so many first rows are wanted. Text by bytes, false before true.
DatasetPtr sort(const Dataset& data, const std::vector<SortKey>& keys, const Workspace& workspace,
                OperatorReport& report, std::int64_t limit = -1);

struct SessionSpec {
  std::vector<int> by;
  int time = -1;            ///< timestamp, date (midnight), or int64/float64 seconds
  std::int64_t gap_us = 0;  ///< events less than this apart belong together
};
/// Adds session_id and session_seq, row order kept. Sessions are numbered from 1 in the order in which their first rows
/// appear, their events from 1 by time, then row. Null key or time: null in both. Errors: user Error (time of text).
DatasetPtr sessionize(const Dataset& data, const SessionSpec& spec, const Workspace& workspace, OperatorReport& report);

/// One dataset behind the other; same types in the same order, names of the first.
DatasetPtr concatenate(const std::vector<DatasetPtr>& data, const Workspace& workspace);
/// Rows [first, first + count) by row number; count < 0: to the end.
DatasetPtr slice_rows(const Dataset& data, std::int64_t first, std::int64_t count, const Workspace& workspace);
/// A new dataset batch by batch; parts stay where they are. `change` gives a batch with the columns of `fields`.
DatasetPtr transform(const Dataset& data, const Fields& fields, const Workspace& workspace,
                     const std::function<Batch(Batch)>& change);

}  // namespace evclean
