// SPDX-License-Identifier: Apache-2.0
#include <libdeflate.h>

#include <array>
#include <cstring>

#include "deflate_blocks.hpp"
#include "evclean/handle.hpp"
#include "frame_codec.hpp"
#include "token_matches.hpp"

namespace evclean {
namespace {

// libdeflate's level for texts that are too short for tokens to repeat, and for those that are too long for 32 bits.
constexpr int kGzipLevel = 4;
constexpr std::size_t kShortText = 16 << 10;
constexpr std::size_t kLongText = std::size_t{1} << 30;

struct CompressorTraits {
  using Raw = libdeflate_compressor*;
  static Raw null() { return nullptr; }
  static void close(Raw raw) { libdeflate_free_compressor(raw); }
};

/// A level that the user wants: libdeflate's.
class GzipMembers : public FrameCodec {
 public:
  explicit GzipMembers(int level) : compressor_(libdeflate_alloc_compressor(level)) {
    if (!compressor_) fail_system("gzip: out of memory");
  }

  std::string_view compress(std::string_view text) override {
    const std::size_t room = libdeflate_gzip_compress_bound(compressor_.get(), text.size());
    if (member_.size() < room) member_.resize(room);
    const std::size_t size =
        libdeflate_gzip_compress(compressor_.get(), text.data(), text.size(), member_.data(), member_.size());
    EVCLEAN_CHECK(size > 0, "gzip member of {} bytes does not fit its bound", text.size());
    return {member_.data(), size};
  }

 private:
  Handle<CompressorTraits> compressor_;
  std::string member_;
};

constexpr std::size_t kHeadBytes = 10, kTrailerBytes = 8;

/// RFC 1952: no name, no time, Unix.
constexpr char kHead[kHeadBytes + 1] = "\x1f\x8b\x08\0\0\0\0\0\0\x03";

/// Without a level: matches where logs have them. On CSV of access logs smaller than libdeflate's level 4, in less than
/// two thirds of its time (bench/README.md).
class LogGzipMembers : public FrameCodec {
 public:
  LogGzipMembers() : other_(kGzipLevel) {}

  std::string_view compress(std::string_view text) override {
    if (text.size() < kShortText || text.size() > kLongText) return other_.compress(text);
    const std::size_t room = deflate_bound(text.size()) + kHeadBytes + kTrailerBytes;
    if (room_ < room) {
      member_ = std::make_unique_for_overwrite<std::uint8_t[]>(room);
      room_ = room;
    }
    std::memcpy(member_.get(), kHead, kHeadBytes);
    std::uint8_t* end = write_deflate(text, matcher_.find(text), member_.get() + kHeadBytes);
    const std::array<std::uint32_t, 2> trailer = {libdeflate_crc32(0, text.data(), text.size()),
                                                  static_cast<std::uint32_t>(text.size())};
    std::memcpy(end, trailer.data(), kTrailerBytes);
    end += kTrailerBytes;
    return {reinterpret_cast<const char*>(member_.get()), static_cast<std::size_t>(end - member_.get())};
  }

 private:
  TokenMatcher matcher_;
  GzipMembers other_;
  std::unique_ptr<std::uint8_t[]> member_;
  std::size_t room_ = 0;
};

}  // namespace

std::unique_ptr<FrameCodec> make_gzip_codec(std::optional<int> level) {
  if (!level) return std::make_unique<LogGzipMembers>();
  if (*level < 0 || *level > 12) fail_user("compression_level: {} is out of range for gzip (0 to 12)", *level);
  return std::make_unique<GzipMembers>(*level);
}

std::unique_ptr<FrameCodec> make_frame_codec(const OutputSpec& spec) {
  switch (spec.codec) {
    case OutputCodec::kGzip:
      return make_gzip_codec(spec.compression_level);
    case OutputCodec::kZstd:
      return make_zstd_codec(spec.compression_level);
    case OutputCodec::kNone:
      return nullptr;
  }
  return nullptr;
}

}  // namespace evclean
