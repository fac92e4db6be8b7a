// SPDX-License-Identifier: Apache-2.0
// How a table's columns are laid out for pandas: its HDF5 tables know no missing integers or booleans, only
// fixed-length texts, and times between 1677 and 2262. What does not fit is stored in another type, with a note.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "evclean/batch.hpp"
#include "evclean/job.hpp"

namespace evclean {

/// What must be known of a column before its layout can be chosen. Merging is commutative and associative.
struct ColumnExtent {
  std::int64_t max_bytes = 0;  ///< of texts
  std::int64_t missing = 0;
  std::int64_t beyond_double = 0;  ///< integers that float64 does not hold
  std::int64_t beyond_ns = 0;      ///< times that do not fit nanoseconds since 1970
  std::int64_t trailing_nul = 0;   ///< texts that end with a NUL byte
  std::int64_t missing_words = 0;  ///< bit i: a text of the column begins with kMissingWords[i]

  void merge(const ColumnExtent& other);
};

/// Texts that can stand for missing ones; the first that no column contains is used.
extern const std::array<const char*, 4> kMissingWords;

/// One extent a column.
std::vector<ColumnExtent> measure_columns(const Batch& batch, const Fields& fields);

/// A column as it is stored.
struct StoredColumn {
  enum class Kind : std::uint8_t { kInt64, kFloat64, kBool, kTimeNs, kText };
  std::string name;
  std::string field;  ///< in the table: the name itself, where queries can use it, or values_block_N
  Kind kind = Kind::kText;
  ValueType from = ValueType::kString;
  std::int64_t width_bytes = 8;   ///< in the row
  std::int64_t offset_bytes = 0;  ///< in the row
};

/// Whether pandas can query a column by this name (`where=`): a word of Python that is no keyword.
bool is_query_name(const std::string& name);

struct StoredTable {
  std::vector<StoredColumn> columns;
  std::string missing_word;
  std::int64_t row_bytes = 8;  ///< the row number stands first
  std::vector<std::string> notes;
};

/// Chooses the layout. Errors: user Error for a text longer than max_string unless long_text is truncate.
StoredTable lay_out(const Fields& fields, const std::vector<ColumnExtent>& extents, const OutputSpec& spec);

/// Writes rows [first, first + count) of a batch as they stand in the table; `row_number` is that of the first.
/// `out` holds count * row_bytes bytes, all zero.
void pack_rows(const StoredTable& table, const Batch& batch, std::int64_t first, std::int64_t count,
               std::int64_t row_number, char* out);

}  // namespace evclean
