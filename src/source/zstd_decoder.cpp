// SPDX-License-Identifier: Apache-2.0
// zstd frames, skippable ones included. Input is handed over block by block, as the library asks for it: when a block
// is damaged, a call that was given several would also lose the text of the whole ones before it.
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <new>

#include "member_decoder.hpp"

namespace evclean {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kBlockHeader = 3;

struct ZstdTraits {
  using Raw = ZSTD_DCtx*;
  static Raw null() { return nullptr; }
  static void close(Raw raw) noexcept { ZSTD_freeDCtx(raw); }
};

std::string broken_reason(std::size_t result) {
  if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge) {
    return "its window is above the limit of 128 MiB (made with zstd --long or --ultra?)";
  }
  return ZSTD_getErrorName(result);
}

class ZstdDecoder final : public MemberDecoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
  }
  std::string_view unit() const override { return "zstd frame"; }
  std::string_view magic() const override { return "\x28\xb5\x2f\xfd"sv; }

  bool begins_with(std::string_view head) const override {
    if (head.size() < 4) return !head.empty() && magic().starts_with(head);
    return head.starts_with(magic()) ||
           ((static_cast<unsigned char>(head[0]) & 0xf0) == 0x50 && head.substr(1, 3) == "\x2a\x4d\x18"sv);
  }

  void begin() override {
    ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
    wanted_ = 5;  // what the library needs to know a frame's header by
  }

  MemberStep step(StoredCursor& in, char* out, std::size_t room) override {
    ZSTD_outBuffer output{out, room, 0};
    while (output.pos == 0) {
      const std::string_view ahead = in.peek();
      ZSTD_inBuffer input{ahead.data(), std::min(ahead.size(), share()), 0};
      const std::size_t result = ZSTD_decompressStream(context_.get(), &output, &input);
      const bool failed = ZSTD_isError(result) != 0;
      in.skip(failed ? input.size : input.pos);
      if (failed) return failure(result);
      if (result == 0) return {MemberState::kEnd, output.pos};
      wanted_ = result;
      if (ahead.empty() && output.pos == 0) return {MemberState::kTruncated};
    }
    return {MemberState::kMore, output.pos};
  }

 private:
  /// The library asks for a block and the next one's header at once; an error in the latter must not cost the former.
  std::size_t share() const {
    return wanted_ > kBlockHeader ? wanted_ - kBlockHeader : std::max<std::size_t>(wanted_, 1);
  }

  static MemberStep failure(std::size_t result) {
    if (ZSTD_getErrorCode(result) == ZSTD_error_checksum_wrong) return {MemberState::kChecksumWrong};
    return {MemberState::kBroken, 0, broken_reason(result)};
  }

  Handle<ZstdTraits> context_;
  std::size_t wanted_ = 0;
};

}  // namespace

std::unique_ptr<MemberDecoder> make_zstd_decoder() { return std::make_unique<ZstdDecoder>(); }

}  // namespace evclean
