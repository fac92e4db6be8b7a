// SPDX-License-Identifier: Apache-2.0
// --limit: the first records of the input, in its order. Local.
#pragma once

#include "evclean/decoder.hpp"

namespace evclean {

class RecordLimit {
 public:
  /// `records` < 0: all of them.
  explicit RecordLimit(std::int64_t records) : records_(records) {}
  /// Drops records beyond the limit: rows and rejects are both records.
  void cut(DecodeResult& result);
  bool reached() const { return records_ >= 0 && read_ >= records_; }

 private:
  std::int64_t records_;
  std::int64_t read_ = 0;
};

}  // namespace evclean
