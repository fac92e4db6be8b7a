// SPDX-License-Identifier: Apache-2.0
// zstd's frame format (RFC 8878) as far as sizes go, and the seek table of its seekable format.
#include <algorithm>

#include "little_endian.hpp"
#include "member_index.hpp"

namespace evclean {
namespace {

using namespace std::string_view_literals;

constexpr auto kZstdMagic = "\x28\xb5\x2f\xfd"sv;
constexpr auto kSkippable = "\x2a\x4d\x18"sv;  // behind a byte 0x50 to 0x5f
constexpr auto kSeekable = "\xb1\xea\x92\x8f"sv;
constexpr std::int64_t kSeekFooter = 9, kSkipHeader = 8;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 50;

bool is_skippable_frame(std::string_view head) {
  return head.size() >= 8 && (static_cast<unsigned char>(head[0]) & 0xf0) == 0x50 && head.substr(1, 3) == kSkippable;
}

struct FrameHeader {
  std::size_t size = 0;          ///< of the header
  std::int64_t text_bytes = -1;  ///< -1: not told
  bool checksum = false;
};

std::optional<FrameHeader> read_header(std::string_view head) {
  if (head.size() < 6 || !head.starts_with(kZstdMagic)) return std::nullopt;
  const unsigned descriptor = static_cast<unsigned char>(head[4]);
  constexpr std::size_t kIdBytes[] = {0, 1, 2, 4}, kSizeBytes[] = {0, 2, 4, 8};
  const bool single = (descriptor & 0x20) != 0;
  std::size_t size_bytes = kSizeBytes[descriptor >> 6];
  if (size_bytes == 0 && single) size_bytes = 1;
  FrameHeader header;
  header.checksum = (descriptor & 4) != 0;
  const std::size_t at = 5 + (single ? 0 : 1) + kIdBytes[descriptor & 3];
  header.size = at + size_bytes;
  if (head.size() < header.size) return std::nullopt;
  if (size_bytes > 0) header.text_bytes = little_endian(head.substr(at, size_bytes)) + (size_bytes == 2 ? 256 : 0);
  return header;
}

class Walk {
 public:
  Walk(StoredFile& file, std::int64_t place_bytes) : file_(file), place_bytes_(place_bytes), cursor_(file, 0, 4096) {}

  std::optional<MemberIndex> run() {
    while (true) {
      const std::string_view head = cursor_.peek(18);
      if (head.empty()) return file_.trouble().empty() ? std::optional(std::move(index_)) : std::nullopt;
      if (is_skippable_frame(head)) {
        cursor_.seek(cursor_.offset() + kSkipHeader + little_endian(head.substr(4, 4)));
      } else if (!frame(head)) {
        return std::nullopt;
      }
      if (cursor_.offset() > file_.size_bytes()) return std::nullopt;
    }
  }

 private:
  bool frame(std::string_view head) {
    const auto header = read_header(head);
    if (!header || header->text_bytes < 0 || header->text_bytes > kMostBytes) return false;
    const bool far = index_.places.empty() || index_.bytes - index_.places.back().bytes >= place_bytes_;
    if (far) index_.places.push_back({cursor_.offset(), index_.bytes});
    index_.bytes += header->text_bytes;
    cursor_.skip(header->size);
    for (bool last = false; !last;) {
      const std::string_view block = cursor_.peek(3);
      if (block.size() < 3) return false;
      const std::int64_t word = little_endian(block.substr(0, 3));
      last = (word & 1) != 0;
      const bool repeated = (word >> 1 & 3) == 1;
      cursor_.seek(cursor_.offset() + 3 + (repeated ? 1 : word >> 3));
      if (cursor_.offset() > file_.size_bytes()) return false;
    }
    if (header->checksum) cursor_.seek(cursor_.offset() + 4);
    return true;
  }

  StoredFile& file_;
  std::int64_t place_bytes_;
  StoredCursor cursor_;
  MemberIndex index_;
};

/// The table at the end of a seekable file: sizes of its frames, with or without checksums.
std::optional<MemberIndex> read_seek_table(StoredFile& file, std::int64_t place_bytes) {
  char footer[kSeekFooter];
  const std::int64_t size = file.size_bytes();
  if (size < kSkipHeader + kSeekFooter || file.read_at(size - kSeekFooter, footer, kSeekFooter) < kSeekFooter)
    return std::nullopt;
  if (std::string_view(footer + 5, 4) != kSeekable) return std::nullopt;
  const std::int64_t entry = (static_cast<unsigned char>(footer[4]) & 0x80) != 0 ? 12 : 8;
  const std::int64_t frames = little_endian({footer, 4});
  const std::int64_t table = kSkipHeader + frames * entry + kSeekFooter;
  if (table > size) return std::nullopt;
  std::vector<char> bytes(static_cast<std::size_t>(frames * entry));
  if (file.read_at(size - table + kSkipHeader, bytes.data(), bytes.size()) < bytes.size()) return std::nullopt;
  MemberIndex index;
  std::int64_t stored = 0;
  for (std::int64_t i = 0; i < frames; ++i) {
    const char* at = bytes.data() + i * entry;
    if (index.places.empty() || index.bytes - index.places.back().bytes >= place_bytes)
      index.places.push_back({stored, index.bytes});
    stored += little_endian({at, 4});
    index.bytes += little_endian({at + 4, 4});
  }
  if (stored != size - table) return std::nullopt;
  return index;
}

}  // namespace

std::optional<MemberIndex> index_zstd(StoredFile& file, std::int64_t place_bytes, bool may_walk) {
  auto index = read_seek_table(file, place_bytes);
  return index || !may_walk ? index : Walk(file, place_bytes).run();
}

}  // namespace evclean
