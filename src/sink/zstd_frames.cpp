// SPDX-License-Identifier: Apache-2.0
// ZSTD_c_literalCompressionMode stands among what may change; it is the same from 1.3.8 to 1.5.7.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include "evclean/handle.hpp"
#include "frame_codec.hpp"

namespace evclean {
namespace {

// On access logs level 3 is 26 % slower than level 1 and 2 % smaller (frames of 1 MiB).
constexpr int kZstdLevel = 1;

struct ContextTraits {
  using Raw = ZSTD_CCtx*;
  static Raw null() { return nullptr; }
  static void close(Raw raw) { ZSTD_freeCCtx(raw); }
};

class ZstdFrames : public FrameCodec {
 public:
  ZstdFrames(int level, bool checksum) : context_(ZSTD_createCCtx()) {
    if (!context_) fail_system("zstd: out of memory");
    check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level));
    check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, checksum ? 1 : 0));
  }

  /// Levels below zero leave literals as they are unless told otherwise.
  static ZstdFrames with_coded_literals(int level) {
    ZstdFrames frames(level, false);
    check(ZSTD_CCtx_setParameter(frames.context_.get(), ZSTD_c_literalCompressionMode, 1));
    return frames;
  }

  std::string_view compress(std::string_view text) override {
    const std::size_t room = ZSTD_compressBound(text.size());
    if (frame_.size() < room) frame_.resize(room);
    return {frame_.data(),
            check(ZSTD_compress2(context_.get(), frame_.data(), frame_.size(), text.data(), text.size()))};
  }

 private:
  static std::size_t check(std::size_t code) {
    if (ZSTD_isError(code)) fail_system("zstd: {}", ZSTD_getErrorName(code));
    return code;
  }

  Handle<ContextTraits> context_;
  std::string frame_;
};

/// Pages whose bytes hardly repeat in runs (packed codes and differences, numbers as text) are coded byte by byte,
/// which takes a third of the time that it takes to look for repeats in vain. The others look for repeats in larger
/// steps than level 1. On the access log 29 ms a row group became 17, for 2 % more bytes.
class PageFrames : public FrameCodec {
 public:
  std::string_view compress(std::string_view page) override {
    return (repeats(page) ? repeats_ : bytes_).compress(page);
  }

 private:
  static constexpr std::size_t kSampleBytes = 32 << 10;
  static constexpr int kRepeatsLevel = -3;
  static constexpr int kBytesLevel = -(1 << 17);  // the lowest: in steps as long as a page

  /// Whether a piece of the page becomes much smaller when repeats are looked for.
  bool repeats(std::string_view page) {
    if (page.size() < kSampleBytes) return true;
    const std::string_view sample = page.substr((page.size() - kSampleBytes) / 2, kSampleBytes);
    return repeats_.compress(sample).size() * 8 < bytes_.compress(sample).size() * 7;
  }

  ZstdFrames repeats_ = ZstdFrames::with_coded_literals(kRepeatsLevel);
  ZstdFrames bytes_ = ZstdFrames::with_coded_literals(kBytesLevel);
};

}  // namespace

std::unique_ptr<FrameCodec> make_zstd_codec(std::optional<int> level) {
  const int chosen = level.value_or(kZstdLevel);
  if (chosen < ZSTD_minCLevel() || chosen > ZSTD_maxCLevel()) {
    fail_user("compression_level: {} is out of range for zstd ({} to {})", chosen, -7, ZSTD_maxCLevel());
  }
  return std::make_unique<ZstdFrames>(chosen, true);
}

std::unique_ptr<FrameCodec> make_page_codec(std::optional<int> level) {
  if (level) return std::make_unique<ZstdFrames>(*level, false);
  return std::make_unique<PageFrames>();
}

}  // namespace evclean
