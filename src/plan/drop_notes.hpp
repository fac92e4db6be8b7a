// SPDX-License-Identifier: Apache-2.0
// Records that steps behind the first table step leave out: from which files they came, for the ledger.
#pragma once

#include "reject_stage.hpp"
#include "split_record.hpp"

namespace evclean {

class DropNotes {
 public:
  /// Says of each of `rows` records that is not in `reached`, where rows stand for records no longer, whence it came;
  /// the record's rejects get their places and go to `rejects`. Local.
  void note(const Batch& reached, std::int64_t rows, const RowOrigins& origins, SplitRecord& record,
            RejectStage& rejects);
  /// Sums over ranks into `result.dropped`. Collective.
  void merge(const Comm& comm, PassResult& result) const;

 private:
  std::map<std::int64_t, DroppedRows> dropped_;  ///< by segment_id
};

}  // namespace evclean
