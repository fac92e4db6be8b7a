// SPDX-License-Identifier: Apache-2.0
#include <zstd.h>

#include "evclean/handle.hpp"
#include "frame_codec.hpp"

namespace evclean {
namespace {

// On access logs level 3 is 26 % slower than level 1 and 2 % smaller (frames of 1 MiB).
constexpr int kDefaultLevel = 1;

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

}  // namespace

std::unique_ptr<FrameCodec> make_zstd_codec(std::optional<int> level) {
  const int chosen = level.value_or(kDefaultLevel);
  if (chosen < ZSTD_minCLevel() || chosen > ZSTD_maxCLevel()) {
    fail_user("compression_level: {} is out of range for zstd ({} to {})", chosen, -7, ZSTD_maxCLevel());
  }
  return std::make_unique<ZstdFrames>(chosen, true);
}

std::unique_ptr<FrameCodec> make_page_codec(int level) { return std::make_unique<ZstdFrames>(level, false); }

}  // namespace evclean
