// SPDX-License-Identifier: Apache-2.0
// The ledger: in = kept + filtered + rejected + blank, per file and in all. A run whose ledger does not balance is a
// bug.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace evclean {

struct LedgerCounts {
  std::int64_t lines = 0;
  std::int64_t kept = 0;
  std::int64_t filtered = 0;
  std::int64_t rejected = 0;
  std::int64_t blank = 0;

  bool balances() const noexcept { return lines == kept + filtered + rejected + blank; }
  LedgerCounts& operator+=(const LedgerCounts& other) noexcept {
    lines += other.lines;
    kept += other.kept;
    filtered += other.filtered;
    rejected += other.rejected;
    blank += other.blank;
    return *this;
  }
  friend bool operator==(const LedgerCounts&, const LedgerCounts&) = default;
};

/// What happened to one file.
struct FileLedger {
  std::string file;
  LedgerCounts counts;
  std::int64_t replaced = 0;  ///< ill-formed sequences replaced by U+FFFD
  std::int64_t nul_bytes = 0;
  std::int64_t extra_fields = 0;
  std::int64_t duplicate_keys = 0;   ///< JSON: given twice in one object, the last one counts
  std::int64_t lone_surrogates = 0;  ///< JSON: became U+FFFD
  std::int64_t preamble_lines = 0;   ///< CSV: text above the header, among the blank
  std::int64_t unverified = 0;       ///< rows of members whose final checksum is wrong
  std::int64_t lost_bytes = 0;       ///< stored bytes behind damage
  std::string damage;                ///< empty: whole
  bool skipped = false;              ///< dropped whole under corrupt: skip
  bool unclosed = false;             ///< JSON: an array whose end is missing
};

}  // namespace evclean
