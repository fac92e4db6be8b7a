// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "evclean/error.hpp"
#include "member_decoder.hpp"

namespace evclean {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  Codec codec;
  std::string_view refused;
};

constexpr std::array<Magic, 15> kMagics = {{
    {"\x1f\x8b"sv, Codec::kGzip, {}},
    {"\x28\xb5\x2f\xfd"sv, Codec::kZstd, {}},
    {"\xfd"
     "7zXZ\0"sv,
     Codec::kXz,
     {}},
    {"\x04\x22\x4d\x18"sv, Codec::kLz4, {}},
    {"BZh"sv, Codec::kBzip2, {}},
    {"\x02\x21\x4c\x18"sv, Codec::kPlain, "an lz4 file in the legacy format"},
    {"PK\x03\x04"sv, Codec::kPlain, "a zip archive"},
    {"7z\xbc\xaf\x27\x1c"sv, Codec::kPlain, "a 7z archive"},
    {"Rar!\x1a\x07"sv, Codec::kPlain, "a rar archive"},
    {"\x1f\x9d"sv, Codec::kPlain, "a file made by compress (.Z)"},
    {"PAR1\x15"sv, Codec::kPlain, "a Parquet file"},
    {"\x89HDF\r\n\x1a\n"sv, Codec::kPlain, "an HDF5 file"},
    {"\x5d\0\0"sv, Codec::kPlain, "an lzma file"},
    {"\xff\xfe\0\0"sv, Codec::kPlain, "a file in UTF-32 (iconv -f UTF-32 -t UTF-8 converts it)"},
    {"\0\0\xfe\xff"sv, Codec::kPlain, "a file in UTF-32 (iconv -f UTF-32 -t UTF-8 converts it)"},
}};

/// bzip2's magic begins with letters: the block's or the end's 48-bit mark must follow.
bool is_bzip2(std::string_view head) {
  if (head.size() < 4 || head[3] < '1' || head[3] > '9') return false;
  const std::string_view mark = head.substr(4, 6);
  return "1AY&SY"sv.starts_with(mark) || "\x17\x72\x45\x38\x50\x90"sv.starts_with(mark);
}

/// zstd and lz4 share skippable frames; the frame behind the last of those in sight decides.
bool is_skippable(std::string_view head) {
  return head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xf0) == 0x50 &&
         head.substr(1, 3) == "\x2a\x4d\x18"sv;
}

std::string_view behind_skippable(std::string_view head) {
  while (is_skippable(head) && head.size() >= 8) {
    std::size_t size = 0;
    for (int i = 3; i >= 0; --i) size = size << 8 | static_cast<unsigned char>(head[4 + static_cast<std::size_t>(i)]);
    head.remove_prefix(std::min(head.size(), size + 8));
  }
  return head;
}

/// UTF-16 may begin with a NUL behind its mark: only in UTF-32 is every unit of four bytes a character.
bool is_utf32(std::string_view head) {
  const bool little = head[0] == '\xff';
  for (std::size_t at = 4; at + 4 <= head.size(); at += 4) {
    if (head[at + (little ? 3 : 0)] != '\0' || static_cast<unsigned char>(head[at + (little ? 2 : 1)]) > 0x10)
      return false;
  }
  return head.size() >= 12;  // two characters: one may be two of UTF-16
}

bool matches(const Magic& magic, std::string_view head) {
  if (head.starts_with(magic.bytes)) {
    const bool utf32 = magic.refused.find("UTF-32") != std::string_view::npos;
    return (magic.codec != Codec::kBzip2 || is_bzip2(head)) && (!utf32 || is_utf32(head));
  }
  // Cut off within the magic: only where its first bytes cannot begin a text.
  return head.size() >= 2 && magic.codec != Codec::kPlain && magic.codec != Codec::kLz4 &&
         magic.codec != Codec::kBzip2 && magic.bytes.starts_with(head);
}

}  // namespace

std::string_view codec_name(Codec codec) {
  constexpr std::array<std::string_view, 6> kNames = {"plain", "gzip", "zstd", "bzip2", "xz", "lz4"};
  return kNames.at(static_cast<std::size_t>(codec));
}

ContentSign sign_of_content(std::string_view head) {
  const bool skippable = is_skippable(head);
  const std::string_view rest = behind_skippable(head);
  for (const Magic& magic : kMagics) {
    if (matches(magic, rest)) return {magic.codec, magic.refused};
  }
  return {skippable ? Codec::kZstd : Codec::kPlain, {}};
}

std::unique_ptr<MemberDecoder> make_member_decoder(Codec codec) {
  switch (codec) {
    case Codec::kGzip:
      return make_gzip_decoder();
    case Codec::kZstd:
      return make_zstd_decoder();
    case Codec::kBzip2:
      return make_bzip2_decoder();
    case Codec::kXz:
      return make_xz_decoder();
    case Codec::kLz4:
      return make_lz4_decoder();
    case Codec::kPlain:
      break;
  }
  fail_bug("no decoder for codec {}", static_cast<int>(codec));
}

}  // namespace evclean
