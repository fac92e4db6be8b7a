// SPDX-License-Identifier: Apache-2.0
// What the steps of a table do with its columns from some step on: which they read, and of which they read no more than
// the text. A column that nobody reads is not settled: its dates may be ambiguous, its numbers may keep their zeros.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "evclean/dataset.hpp"
#include "evclean/job.hpp"

namespace evclean {

struct ColumnsBehind {
  std::vector<std::string> carried;  ///< columns that must be there, in the order of the table
  std::set<std::string> as_text;     ///< of them: as the text that they are, of no type
  /// Columns whose values are read.
  std::vector<std::string> typed() const;
};

/// Of the columns that reach the step at `from`. `other`: the tables that its steps join. Nothing: nobody can say it.
std::optional<ColumnsBehind> columns_behind(const Job& job, const TableSpec& spec, std::size_t from,
                                            const Fields& fields,
                                            const std::function<DatasetPtr(const std::string&)>& other);

/// Steps behind a piece with these columns that leave what is wanted; `open`: columns that nothing has settled.
std::vector<StepSpec> narrowing_steps(const ColumnsBehind& wanted, const Fields& fields,
                                      const std::set<std::string>& open);

}  // namespace evclean
