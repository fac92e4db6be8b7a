// SPDX-License-Identifier: Apache-2.0
// A record that could not be used: counted, written in input order, never an exception.
#pragma once

#include <cstdint>
#include <string>

namespace evclean {

/// One rejected record. `line` counts from the start of its split segment until the ledger settles it (1-based then).
struct Reject {
  std::int32_t file = -1;
  std::int32_t segment = 0;      ///< of the split it was read in
  std::int64_t line = 0;         ///< lines of the segment before this record
  std::int64_t byte_offset = 0;  ///< in the file's decompressed text
  std::string reason;            ///< e.g. "no pattern matches", "cast: status 'abc' is not an int64"
  std::string detail;            ///< further lines for people (which pattern got how far, caret); may be empty
  std::string text;              ///< the raw record, cut at 64 KiB
};

}  // namespace evclean
