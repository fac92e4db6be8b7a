// SPDX-License-Identifier: Apache-2.0
// The text of one file, or of a range of it, in pieces: decompressed, as UTF-8, with what was wrong about its bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "evclean/offset_map.hpp"
#include "evclean/text_block.hpp"

namespace evclean {

enum class OnCorrupt { kSalvage, kSkip, kFail };
enum class Encoding : std::uint8_t { kAuto, kUtf8, kUtf16Le, kUtf16Be, kLatin1 };
/// Their words in a job file and on the command line; other spellings are taken, too.
inline constexpr std::pair<const char*, Encoding> kEncodingWords[] = {{"auto", Encoding::kAuto},
                                                                      {"utf-8", Encoding::kUtf8},
                                                                      {"utf-16le", Encoding::kUtf16Le},
                                                                      {"utf-16be", Encoding::kUtf16Be},
                                                                      {"latin-1", Encoding::kLatin1}};

/// A place where bytes are missing from the text. Text offsets.
struct TextCut {
  std::int64_t at_bytes = 0;       ///< the text before it is what was there before the loss
  std::int64_t resume_bytes = -1;  ///< where text goes on (behind a '\n' put in if there was none); -1: nowhere
  bool head_lost = false;          ///< the first record behind it lacks its head too (members are not cut at lines)
};

/// A range of text offsets.
struct TextRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// What happened to a file's bytes while it was read. Text offsets, unless "stored".
struct ReadDamage {
  bool damaged = false;
  std::int64_t count = 0;          ///< damages found; the fields up to `reason` tell of the first
  std::int64_t at_bytes = 0;       ///< up to here the text is whole
  std::int64_t stored_offset = 0;  ///< offset in the file as stored where the decoder failed
  std::string reason;              ///< "truncated gzip stream", "checksum of gzip member 3 is wrong", "file shrank …"
  std::int64_t lost_stored_bytes = 0;  ///< stored bytes that gave no text, in all (0 for a file that was cut off)
  std::int64_t unverified_from = -1;   ///< begin of the first range of `unverified`, or -1
  std::vector<TextRange> unverified;   ///< text of members whose final checksum is wrong
  std::int64_t checked_to = 0;         ///< before it checksums are compared: the begin of the member being read
  std::vector<TextCut> cuts;
};

/// Whether bytes are missing from the record whose text is [begin, begin + length) (its line end not counted):
/// such a record is a reject, "cut off". The record that ends at a cut is cut off, unless a line end stands there.
bool is_cut_off(const ReadDamage& damage, std::int64_t begin, std::int64_t length);

/// Reads the text of one segment in pieces. UTF-8 comes out: marks removed, UTF-16 and Latin-1 converted, each
/// maximal ill-formed sequence replaced by U+FFFD and counted; NUL kept and counted. The first byte has the text
/// offset `begin`. Errors: system Error (no memory, no descriptors); what is wrong with the file is damage().
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Appends up to about `want_bytes` to the block; returns bytes appended, 0 at the end (or at damage). One call
  /// never gives text from both sides of a cut (damage().cuts): text behind one comes with the next call.
  virtual std::int64_t read(TextBlock& block, std::int64_t want_bytes) = 0;
  virtual const ReadDamage& damage() const = 0;
  /// Stored bytes consumed so far, for progress.
  virtual std::int64_t stored_position() const = 0;
  /// Ill-formed sequences replaced, and NUL bytes seen, so far: in lines that begin inside the segment (see
  /// StreamOptions::end), so that the sums over the splits of a file do not depend on where it was cut.
  virtual std::int64_t replaced() const = 0;
  virtual std::int64_t nul_bytes() const = 0;
  /// Between text offsets and those of the decompressed bytes (for plain and compressed UTF-8; elsewhere identity).
  virtual const OffsetMap& offsets() const = 0;
};

struct StreamOptions {
  Encoding encoding = Encoding::kAuto;   ///< a mark in the file wins over it
  OnCorrupt corrupt = OnCorrupt::kFail;  ///< salvage: go on behind the damage where members or frames allow
  std::int64_t max_ratio = 1000;         ///< decompression limit (after the first 16 MiB)
  std::int64_t begin = 0;  ///< the segment's begin and end, for the counts only (reading begins at or before begin - 1,
  std::int64_t end = -1;   ///< and goes on behind end)
};

}  // namespace evclean
