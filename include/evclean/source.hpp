// SPDX-License-Identifier: Apache-2.0
// From paths to blocks of text. Listing and cutting happen once (rank 0, then broadcast); every rank then opens
// the splits it is given. Cuts depend on sizes and `chunk` only, never on the number of ranks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "evclean/text_block.hpp"

namespace evclean {

enum class OnMissing { kSkip, kFail };
enum class OnEmpty { kSkip, kFail };
enum class OnCorrupt { kSalvage, kSkip, kFail };
enum class Codec : std::uint8_t { kPlain, kGzip, kZstd, kBzip2, kXz, kLz4 };
std::string_view codec_name(Codec codec);

/// One input file. Shape: `size_bytes` as stored (compressed).
struct InputFile {
  std::string path;   ///< as it is opened
  std::string shown;  ///< as it is written in messages, reports and rejects
  std::int64_t size_bytes = 0;
  std::int64_t modified_s = 0;  ///< seconds since 1970
  Codec codec = Codec::kPlain;  ///< by content
};

struct ListOptions {
  std::string base_dir;  ///< relative paths are relative to this folder (that of the job file)
  OnMissing missing = OnMissing::kFail;
  OnEmpty empty = OnEmpty::kSkip;
};

/// What listing found, with everything a user must be told.
struct Listing {
  std::vector<InputFile> files;    ///< in the order they count as read; empty files stay in the list
  std::vector<std::string> notes;  ///< "reached twice, read once: …", "skipped, missing: …", "skipped, empty: …"
  std::int64_t missing = 0;
  std::int64_t empty = 0;
};

/// Lists `paths`: a file, a directory (recursive; names beginning with . or _ skipped), a glob with * ? [..] **,
/// or '@file' with one path a line (relative to that file). Globs and directories sort by path bytes; a file
/// reached twice (by its real path) counts once. Errors: user Error that names the path and what is wrong
/// (nothing there, no permission, a folder without files, neither file nor folder).
Listing list_inputs(const std::vector<std::string>& paths, const ListOptions& options);

/// A range of one file inside a split. For compressed files the whole file is one segment (end = -1).
struct SplitSegment {
  std::int32_t file = 0;
  std::int64_t begin = 0;
  std::int64_t end = -1;  ///< exclusive; the segment owns the records that begin before it; -1: to the end of the file
};

/// A run of segments in input order: part of a big file, or many small files together.
struct Split {
  std::int32_t ordinal = 0;
  std::vector<SplitSegment> segments;
  std::int64_t size_bytes = 0;  ///< stored bytes, for progress
};

/// Cuts files into splits of about `chunk_bytes`: a plain file above it is cut in equal ranges, smaller files are
/// packed together until the chunk is full, a compressed file above it is a split of its own.
std::vector<Split> cut_splits(const std::vector<InputFile>& files, std::int64_t chunk_bytes);

enum class Encoding : std::uint8_t { kAuto, kUtf8, kUtf16Le, kUtf16Be, kLatin1 };

/// What happened to a file's bytes while it was read.
struct ReadDamage {
  bool damaged = false;
  std::int64_t at_bytes = 0;       ///< offset in the decompressed text up to which it is whole
  std::int64_t stored_offset = 0;  ///< offset in the file as stored where the decoder failed
  std::int64_t lost_stored_bytes = 0;
  std::string reason;                 ///< "truncated gzip stream", "checksum of member 3 is wrong", "file shrank", …
  std::int64_t unverified_from = -1;  ///< first decompressed byte of a member whose final checksum is wrong, or -1
};

/// Reads the text of one segment in pieces. UTF-8 comes out: marks removed, UTF-16 and Latin-1 converted, each
/// maximal ill-formed sequence replaced by U+FFFD and counted; NUL kept and counted. Offsets count bytes of the
/// decompressed (and converted) text. Errors: system Error (access, disk), or damage() for bad content.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Appends up to about `want_bytes` to the block; returns bytes appended, 0 at the end (or at damage).
  virtual std::int64_t read(TextBlock& block, std::int64_t want_bytes) = 0;
  virtual const ReadDamage& damage() const = 0;
  /// Stored bytes consumed so far, for progress.
  virtual std::int64_t stored_position() const = 0;
  /// Ill-formed sequences replaced, and NUL bytes seen, so far.
  virtual std::int64_t replaced() const = 0;
  virtual std::int64_t nul_bytes() const = 0;
};

struct StreamOptions {
  Encoding encoding = Encoding::kAuto;
  OnCorrupt corrupt = OnCorrupt::kFail;  ///< salvage: go on behind the damage where members or frames allow
  std::int64_t max_ratio = 1000;         ///< decompression limit (after the first 16 MiB)
};

/// Opens a file at a byte of its decompressed text (0 unless plain). Reading goes on to the end of the file: the
/// caller stops after the record that crosses the segment's end.
std::unique_ptr<ByteStream> open_stream(const InputFile& file, std::int64_t begin, const StreamOptions& options);

/// Reads the first bytes of a file's text, for sniffing. Damage is not reported here.
std::string read_head(const InputFile& file, const StreamOptions& options, std::int64_t bytes = 64 << 10);

}  // namespace evclean
