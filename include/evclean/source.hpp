// SPDX-License-Identifier: Apache-2.0
// From paths to blocks of text. Listing and cutting happen once (rank 0, then broadcast); every rank then opens
// the splits it is given. Cuts depend on sizes and `chunk` only, never on the number of ranks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/byte_stream.hpp"
#include "evclean/error.hpp"
#include "evclean/s3_settings.hpp"

namespace evclean {

enum class OnMissing { kSkip, kFail };
enum class OnEmpty { kSkip, kFail };
enum class Codec : std::uint8_t { kPlain, kGzip, kZstd, kBzip2, kXz, kLz4 };
std::string_view codec_name(Codec codec);

/// One input file. Shape: `size_bytes` as stored (compressed).
struct InputFile {
  std::string path;   ///< as it is opened
  std::string shown;  ///< as it is written in messages, reports and rejects
  std::int64_t size_bytes = 0;
  std::int64_t modified_s = 0;  ///< seconds since 1970
  Codec codec = Codec::kPlain;  ///< by content
  std::int32_t mark_bytes = 0;  ///< UTF-8 mark at the begin of a plain file; text offset 0 is the byte behind it
  bool splittable = true;       ///< plain UTF-8: may be read from the middle. False: compressed, or converted
  std::string etag = {};        ///< on S3: of the object as it was listed; another one later is damage
  std::shared_ptr<const S3Settings> s3 = {};  ///< how to reach it; unset: a local file

  /// Bytes of text that ranges can be cut from (meaningful if splittable).
  std::int64_t text_bytes() const { return size_bytes - mark_bytes; }
};

struct ListOptions {
  std::string base_dir;  ///< relative paths are relative to this folder (that of the job file)
  OnMissing missing = OnMissing::kFail;
  OnEmpty empty = OnEmpty::kSkip;
  Encoding encoding = Encoding::kAuto;  ///< the input's `encoding:`; UTF-16 and Latin-1 files are not splittable
  S3Settings s3;                        ///< for paths on S3
};

/// What listing found, with everything a user must be told.
struct Listing {
  std::vector<InputFile> files;    ///< in the order they count as read; empty files stay in the list
  std::vector<std::string> notes;  ///< "reached twice, read once: …", "skipped, missing: …", "skipped, empty: …"
  std::int64_t missing = 0;
  std::int64_t empty = 0;
};

/// An entry of the listed paths that does not allow the job.
class ListError : public Error {
 public:
  ListError(const Error& error, std::size_t entry) : Error(error), entry(entry) {}
  std::size_t entry;  ///< its index in the paths
};

/// Lists `paths`: a file, a directory (recursive; names beginning with . or _ skipped), a glob with * ? [..] **,
/// or '@file' with one path a line (relative to that file); the same below s3://bucket/. Globs and directories sort by
/// path bytes; a file reached twice (by its real path) counts once. Errors: user Error that names the path and what is
/// wrong (nothing there, a folder without files, neither file nor folder, an archive); system Error without permission.
/// Both are a ListError.
Listing list_inputs(const std::vector<std::string>& paths, const ListOptions& options);

/// Whether a path of an input is a pattern: has * ? or [.
bool has_wildcard(std::string_view path);

/// Whether a path of an input reads a file, by their texts alone: the file itself, a pattern that it matches, or a
/// folder (or a pattern that matches one) above it with no name between that begins with . or _ .
bool reads_path(std::string_view input, std::string_view file);

/// A range of one file inside a split. For compressed files the whole file is one segment (end = -1).
struct SplitSegment {
  std::int32_t file = 0;
  std::int64_t begin = 0;
  std::int64_t end = -1;  ///< exclusive; the segment owns the records that begin before it; -1: to the end of the file
  /// Of those, just the ones that begin up to here (offset in the decompressed file): a reject budget was spent at this
  /// one; -1: all.
  std::int64_t last = -1;
};

/// A run of segments in input order: part of a big file, or many small files together.
struct Split {
  std::int32_t ordinal = 0;
  std::vector<SplitSegment> segments;
  std::int64_t size_bytes = 0;  ///< stored bytes, for progress
};

/// Cuts files into splits of about `chunk_bytes`: a splittable file above it is cut in equal ranges (the last few of
/// all in smaller ones, so that ranks end together), smaller files are packed together until the chunk is full, any
/// other file above it is a split of its own. A plain file of 2 MiB or more that would be the only split is cut in up
/// to four, so that ranks share it. When packing, a compressed byte counts as kTextPerStoredByte bytes. Every byte of
/// every file is in exactly one segment; empty files in none.
inline constexpr std::int64_t kTextPerStoredByte = 4;
std::vector<Split> cut_splits(const std::vector<InputFile>& files, std::int64_t chunk_bytes);

/// Opens a file at a byte of its decompressed text (0 unless splittable). Reading goes on to the end of the file as it
/// was listed: the caller stops after the record that crosses the segment's end. To read a segment that begins in
/// the middle, open at its begin - 1: the first record it owns begins behind the first line end from there on.
std::unique_ptr<ByteStream> open_stream(const InputFile& file, std::int64_t begin, const StreamOptions& options);

/// Tells that the segments of these files are read next, in this order: small objects on S3 are fetched ahead of their
/// turn. Replaces what was told before.
void expect_reads(const std::vector<InputFile>& files, const std::vector<SplitSegment>& segments);

/// Reads the first bytes of a file's text, for sniffing. Damage is not reported here. `offsets`: where its text and its
/// source part, unless null.
std::string read_head(const InputFile& file, const StreamOptions& options, std::int64_t bytes = 64 << 10,
                      OffsetMap* offsets = nullptr);

}  // namespace evclean
