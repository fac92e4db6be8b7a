// SPDX-License-Identifier: Apache-2.0
// Finds where members begin, in the stored file and in its text, without decoding them.
#pragma once

#include <optional>

#include "evclean/text_layout.hpp"
#include "stored_file.hpp"

namespace evclean {

struct MemberIndex {
  std::vector<MemberPlace> places;  ///< some of the begins, the first one among them
  std::int64_t bytes = 0;           ///< decompressed size of the file
};

/// In both, places are kept once `place_bytes` of text have come since the last one.
///
/// BGZF tells the size of each member; of other gzip files the members' magic is searched, and what stands before it is
/// taken for a trailer. Nothing: a single member, as far as the first 64 MiB show, or no such structure.
std::optional<MemberIndex> index_gzip(StoredFile& file, std::int64_t place_bytes);

/// By the seek table at the end, or, if it `may_walk`, from block header to block header. Nothing: a frame does not
/// tell its size.
std::optional<MemberIndex> index_zstd(StoredFile& file, std::int64_t place_bytes, bool may_walk);

/// The size that a gzip file's last four bytes tell (modulo 2^32).
std::int64_t gzip_size_field(StoredFile& file);

}  // namespace evclean
