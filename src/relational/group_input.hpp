// SPDX-License-Identifier: Apache-2.0
// The columns that grouping looks at, and its request in terms of them. Local.
#pragma once

#include <vector>

#include "evclean/relational.hpp"

namespace evclean {

class GroupInput {
 public:
  /// `spec` names columns of `fields`; spec() the same of fields().
  GroupInput(const Fields& fields, const GroupSpec& spec);

  const Fields& fields() const { return fields_; }
  const GroupSpec& spec() const { return spec_; }
  /// Column of row numbers behind the others, or -1: first and last need them once rows have travelled.
  int row_column() const { return row_column_; }
  /// The needed columns of a batch. `row_number`: of its first row.
  Batch project(const Batch& batch, std::int64_t row_number) const;

 private:
  int place_of(const Fields& fields, int column);

  Fields fields_;
  GroupSpec spec_;
  std::vector<int> columns_;
  int row_column_ = -1;
};

}  // namespace evclean
