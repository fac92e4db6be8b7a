// SPDX-License-Identifier: Apache-2.0
// How the text of a large compressed file is read by several ranks. Where members can be found without decoding (BGZF,
// concatenated gzip, zstd frames that tell their sizes) a range of them is read like a range of a plain file. Where
// not, one rank decompresses and the others take text from it. Either way the parts are ranges of text offsets that
// follow from the file alone. Nothing here judges damage: whatever is not as expected is "broken", and the file is
// read again as a whole by open_stream().
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "evclean/source.hpp"

namespace evclean {

enum class TextAccess : std::uint8_t {
  kWhole,    ///< one reader, from the first byte on
  kStream,   ///< one rank decompresses, several parse
  kMembers,  ///< may be opened at any of `places`
};

/// A member's begin. `bytes`: decompressed bytes before it.
struct MemberPlace {
  std::int64_t stored = 0;
  std::int64_t bytes = 0;
};

struct TextLayout {
  TextAccess access = TextAccess::kWhole;
  std::int64_t bytes = 0;       ///< of the decompressed file: exact for kMembers, an estimate for kStream
  std::int32_t mark_bytes = 0;  ///< UTF-8 mark; text offset 0 is the byte behind it
  std::vector<MemberPlace> places;

  std::int64_t text_bytes() const { return bytes - mark_bytes; }
};

/// Looks at a file's headers and trailers, and at the begin of its text. Local; the same for everybody who asks. Files
/// whose text fits a chunk, or is not UTF-8, stay whole.
TextLayout find_layout(const InputFile& file, const StreamOptions& options, std::int64_t chunk_bytes);

/// As cut_splits(files, chunk), but large compressed files are cut as their layouts allow. A layout a file.
std::vector<Split> cut_splits(const std::vector<InputFile>& files, const std::vector<TextLayout>& layouts,
                              std::int64_t chunk_bytes);

/// Decompressed bytes, until the end or until anything is wrong.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Writes up to `room` bytes and says how many; 0: the end, or broken().
  virtual std::size_t read(char* out, std::size_t room) = 0;
  virtual bool broken() const = 0;
};

/// All of a compressed file. Broken by any damage.
std::unique_ptr<ByteSource> open_bytes(const InputFile& file, const StreamOptions& options);

/// A kMembers file from a decompressed offset on; `end`: what is behind it is not expected to be read (-1: nothing is).
/// A member's last bytes are given once its checksum was right and it ended where the layout says. With
/// `line_end_first` a '\n' stands for the byte before `begin`, which is not decoded.
std::unique_ptr<ByteSource> open_members(const InputFile& file, const TextLayout& layout, std::int64_t begin,
                                         std::int64_t end, bool line_end_first);

/// Decompressed bytes from `offset` back to the place before it: what must be decoded to be there.
std::int64_t bytes_behind_place(const TextLayout& layout, std::int64_t offset);

/// The text of bytes whose first one has the text offset `begin`. What breaks the bytes is its damage().
std::unique_ptr<ByteStream> text_of(std::unique_ptr<ByteSource> bytes, std::int64_t begin,
                                    const StreamOptions& options);

}  // namespace evclean
