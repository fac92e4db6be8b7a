// SPDX-License-Identifier: Apache-2.0
// Puts small batches together before they are staged: a batch in scratch costs as much for ten rows as for a thousand.
// Local.
#pragma once

#include <map>

#include "evclean/stage.hpp"

namespace evclean {

class StageWriter {
 public:
  /// `waiting_rows`: over all parts, at most so many rows wait for company.
  StageWriter(BatchStage& stage, std::int64_t waiting_rows) : stage_(stage), most_waiting_(waiting_rows) {}
  /// The rows of a part stay in order.
  void append(std::int64_t part, const Batch& batch);
  /// Before anything is read.
  void finish();

 private:
  struct Waiting {
    std::vector<Batch> batches;
    std::int64_t rows = 0;
  };
  void flush(std::int64_t part, Waiting& waiting);

  BatchStage& stage_;
  std::int64_t most_waiting_;
  std::int64_t waiting_rows_ = 0;
  std::map<std::int64_t, Waiting> parts_;
};

}  // namespace evclean
