// SPDX-License-Identifier: Apache-2.0
// Where a row's record stands, while rows still stand for records: carried behind a table's own columns through sort,
// distinct and sessionize, so that the ledger and the rejects of later steps name the right file and line.
#pragma once

#include <map>
#include <string_view>

#include "evclean/batch.hpp"
#include "evclean/reject.hpp"

namespace evclean {

/// What later steps may ask of a row.
struct OriginPlan {
  bool split = false;  ///< the split segment: some later step may drop rows, and there are several files
  bool place = false;  ///< line, byte offset and raw text: some later step may reject rows (then split too)
  int columns() const { return (split ? 1 : 0) + (place ? 3 : 0); }
};

/// The columns that carry it; their names begin with a control byte, so that no name of the user's meets them.
Fields origin_fields(OriginPlan plan);
inline bool is_origin(std::string_view name) { return !name.empty() && name.front() == '\x01'; }

/// A split segment as one number.
inline std::int64_t segment_id(std::int64_t split, std::int64_t segment) { return split << 24 | segment; }
inline std::int64_t split_of(std::int64_t id) { return id >> 24; }
inline std::int64_t segment_of(std::int64_t id) { return id & 0xFFFFFF; }

/// Appends the columns to a batch of records read from files (or inline rows).
void attach_origin(OriginPlan plan, std::int64_t split, Batch& batch);

/// Takes the last `columns` off a batch.
void drop_origins(Batch& batch, int columns);

/// Takes the columns off a batch and follows its rows through steps.
class RowOrigins {
 public:
  /// The last `columns` of the batch are origins; its rows are numbered in source_offsets.
  RowOrigins(Batch& batch, int columns);
  /// Segment of a row as it came.
  std::int64_t segment(std::int64_t row) const;
  /// Puts the origins of the rows that are left behind the batch's columns again.
  void attach(Batch& batch) const;
  /// Gives a reject made of such a batch its place (without one its number, where the batch begins with `first_row`);
  /// returns the segment.
  std::int64_t locate(Reject& reject, std::int64_t first_row) const;
  /// Number, as it came, of a row that is left.
  static std::int64_t number(const Batch& batch, std::int64_t row) {
    return batch.source_offsets[static_cast<std::size_t>(row)];
  }

 private:
  std::vector<std::shared_ptr<arrow::Array>> columns_;
};

}  // namespace evclean
