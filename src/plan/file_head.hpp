// SPDX-License-Identifier: Apache-2.0
// The first bytes of a file's text, which decoders sniff, and the places counted from them.
#pragma once

#include "table_input.hpp"

namespace evclean {

constexpr std::size_t kHeadBytes = 64 << 10;  ///< of a head, if its first line is not longer

struct FileHead {
  std::int32_t file = -1;  ///< index in the table's file list; -1: none read yet
  std::string text;
  OffsetMap offsets;  ///< of its text

  /// By how much repaired text before a source offset is longer than what it was made from.
  std::int64_t shift_at(std::int64_t source) const { return offsets.to_text(source) - source; }
};

/// Reads the head of one of the table's files.
FileHead read_file_head(const TableInput& input, std::int32_t file);

/// The head of a CSV file, for sniffing: 64 KiB, or the whole first line if that is longer. `offsets`: as read_head().
std::string read_csv_head(const InputFile& file, const StreamOptions& options, std::int64_t max_line_bytes,
                          OffsetMap* offsets = nullptr);

/// Brings the places of a result, which a decoder counts from the begin of the file's text, back to those of a stream
/// that was opened behind `shift` more bytes of text than of source.
void take_back_shift(DecodeResult& result, std::int64_t shift);

}  // namespace evclean
