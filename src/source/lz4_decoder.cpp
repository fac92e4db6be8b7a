// SPDX-License-Identifier: Apache-2.0
// lz4 frames, skippable ones included. As with zstd, no call gets more than one block.
#include <lz4frame.h>

#include <algorithm>
#include <new>

#include "member_decoder.hpp"

namespace evclean {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLz4BlockHeader = 4;

struct Lz4Traits {
  using Raw = LZ4F_dctx*;
  static Raw null() { return nullptr; }
  static void close(Raw raw) noexcept { LZ4F_freeDecompressionContext(raw); }
};

class Lz4Decoder final : public MemberDecoder {
 public:
  Lz4Decoder() {
    LZ4F_dctx* raw = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION))) throw std::bad_alloc();
    context_.reset(raw);
  }
  std::string_view unit() const override { return "lz4 frame"; }
  std::string_view magic() const override { return "\x04\x22\x4d\x18"sv; }

  bool begins_with(std::string_view head) const override {
    if (head.size() < 4) return !head.empty() && magic().starts_with(head);
    return head.starts_with(magic()) ||
           ((static_cast<unsigned char>(head[0]) & 0xf0) == 0x50 && head.substr(1, 3) == "\x2a\x4d\x18"sv);
  }

  void begin() override {
    LZ4F_resetDecompressionContext(context_.get());
    wanted_ = LZ4F_HEADER_SIZE_MIN;
  }

  MemberStep step(StoredCursor& in, char* out, std::size_t room) override {
    while (true) {
      const std::string_view ahead = in.peek();
      const std::size_t given = std::min(ahead.size(), share());
      std::size_t taken = given;
      std::size_t produced = room;
      const std::size_t result = LZ4F_decompress(context_.get(), out, &produced, ahead.data(), &taken, nullptr);
      const bool failed = LZ4F_isError(result) != 0;
      in.skip(failed ? given : taken);
      if (failed) return failure(result);
      if (result == 0) return {MemberState::kEnd, produced};
      wanted_ = result;
      if (produced > 0) return {MemberState::kMore, produced};
      if (ahead.empty()) return {MemberState::kTruncated};
    }
  }

 private:
  /// The library asks for a block and the next block's header at once; an error in the latter must not cost the former.
  std::size_t share() const { return wanted_ > kLz4BlockHeader ? wanted_ - kLz4BlockHeader : kLz4BlockHeader; }

  static MemberStep failure(std::size_t result) {
    const std::string_view name = LZ4F_getErrorName(result);
    if (name == "ERROR_contentChecksum_invalid") return {MemberState::kChecksumWrong};
    return {MemberState::kBroken, 0, std::string(name)};
  }

  Handle<Lz4Traits> context_;
  std::size_t wanted_ = 0;
};

}  // namespace

std::unique_ptr<MemberDecoder> make_lz4_decoder() { return std::make_unique<Lz4Decoder>(); }

}  // namespace evclean
