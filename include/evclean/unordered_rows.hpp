// SPDX-License-Identifier: Apache-2.0
// Rows that nobody wants in order: given batch by batch where they are, instead of being put together first.
#pragma once

#include <functional>
#include <vector>

#include "evclean/relational.hpp"

namespace evclean {

/// Takes rows batch by batch. Local.
using TakeRows = std::function<void(const Batch&)>;
/// The rows of an inner join for who does not look at their order: each batch on the rank where its rows met. It has
/// the left columns named by `left_columns`, then the payload. Collective. Errors: on all ranks, also what `take`
/// throws. A side that only the call itself holds is let go while it is read, so that it does not lie in memory twice.
void join_unordered(DatasetPtr left, DatasetPtr right, const JoinSpec& spec, const std::vector<int>& left_columns,
                    const Workspace& workspace, OperatorReport& report, const TakeRows& take);

/// Rows that come batch by batch, on any rank and in any order, instead of lying in a dataset.
struct RowSource {
  Fields fields;
  std::int64_t rows = 0;                      ///< about so many on this rank
  std::function<void(const TakeRows&)> give;  ///< collective; gives them once
};
/// Whether the order of rows and a single look at them are enough: no first, last, count(distinct).
bool groups_any_order(const GroupSpec& spec);
/// The same groups of such rows.
DatasetPtr group(const RowSource& source, const GroupSpec& spec, const Workspace& workspace, OperatorReport& report);

}  // namespace evclean
