// SPDX-License-Identifier: Apache-2.0
// Finds members that are whole behind a damaged one, by decoding them once without giving their text out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "member_decoder.hpp"
#include "stored_file.hpp"

namespace evclean {

/// Whether text of `text_bytes` from `stored_bytes` exceeds the decompression limit (never in its first 16 MiB).
bool is_over_ratio(std::int64_t text_bytes, std::int64_t stored_bytes, std::int64_t max_ratio);

/// Work is bounded: trials that fail may read four times the file in all, then nothing more is found.
class MemberSearch {
 public:
  MemberSearch(StoredFile& file, Codec codec, std::int64_t max_ratio);

  /// Whether a member begins at `offset` and can be decoded to its end (its final checksum may be wrong).
  bool is_member(std::int64_t offset);
  /// The same, and its checksum is right.
  bool is_right_member(std::int64_t offset);
  /// The first offset from `from` on where a whole member begins whose checksum is right.
  std::optional<std::int64_t> next_member(std::int64_t from);

 private:
  MemberState try_member(std::int64_t offset);

  StoredFile& file_;
  Codec codec_;
  std::int64_t max_ratio_;
  std::int64_t failed_bytes_left_;
  std::unique_ptr<MemberDecoder> decoder_;  ///< made when first needed
  std::vector<char> text_;
};

}  // namespace evclean
