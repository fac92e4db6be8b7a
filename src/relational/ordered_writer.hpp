// SPDX-License-Identifier: Apache-2.0
// Turns rows that are in order over the ranks (all of rank 0's, then rank 1's, …) into a dataset whose parts have
// kPartRows rows each, whatever the ranks held.
#pragma once

#include <memory>
#include <vector>

#include "evclean/exchange.hpp"
#include "evclean/relational.hpp"
#include "evclean/stage.hpp"

namespace evclean {

class OrderedWriter {
 public:
  /// `mine`: rows that this rank will add; of all ranks' rows only the first `limit` are kept (-1: all). Collective.
  OrderedWriter(const Fields& fields, const Workspace& workspace, std::int64_t mine, std::int64_t limit = -1);
  /// Adds the next rows. Local.
  void add(const Batch& rows);
  std::int64_t rows_left() const { return end_ - next_; }  ///< that are still wanted of this rank
  /// Sends rows of shared parts to one rank. Collective. Adds bytes sent and spilled to the report.
  DatasetPtr close(OperatorReport& report);

 private:
  int owner_of_part(std::int64_t part) const;

  const Workspace& workspace_;
  std::shared_ptr<Dataset> result_;
  BatchStage pending_;                ///< rows of parts that begin on a rank before
  std::vector<std::int64_t> firsts_;  ///< row number of each rank's first row, then the number of rows
  std::int64_t next_ = 0, end_ = 0;
};

/// Recuts what a stage holds (parts ascending) and forgets it there. Collective.
DatasetPtr write_in_order(BatchStage& rows, const Workspace& workspace, OperatorReport& report);

}  // namespace evclean
