// SPDX-License-Identifier: Apache-2.0
// xz streams. Checks stand at the end of blocks and liblzma reports a wrong one as damaged data, so the text of a
// damaged stream ends where that is noticed.
#include <lzma.h>

#include <new>

#include "evclean/error.hpp"
#include "member_decoder.hpp"

namespace evclean {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kMemoryLimit = 256u << 20;  // xz -9 needs 65 MiB

std::string broken_reason(lzma_ret result) {
  switch (result) {
    case LZMA_MEMLIMIT_ERROR:
      return "it needs more than 256 MiB of memory to be read";
    case LZMA_OPTIONS_ERROR:
      return "it uses options that are not known";
    case LZMA_FORMAT_ERROR:
      return "it does not begin as xz";
    default:
      return {};
  }
}

class XzDecoder final : public MemberDecoder {
 public:
  ~XzDecoder() override { lzma_end(&stream_); }
  std::string_view unit() const override { return "xz stream"; }
  std::string_view magic() const override {
    return "\xfd"
           "7zXZ\0"sv;
  }
  bool begins_with(std::string_view head) const override {
    return !head.empty() && (head.starts_with(magic()) || magic().starts_with(head));
  }

  void begin() override {
    if (lzma_stream_decoder(&stream_, kMemoryLimit, 0) != LZMA_OK) throw std::bad_alloc();
  }

  MemberStep step(StoredCursor& in, char* out, std::size_t room) override {
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out);
    stream_.avail_out = room;
    while (true) {
      const std::string_view ahead = in.peek();
      stream_.next_in = reinterpret_cast<const std::uint8_t*>(ahead.data());
      stream_.avail_in = ahead.size();
      const lzma_ret result = lzma_code(&stream_, LZMA_RUN);
      in.skip(ahead.size() - stream_.avail_in);
      const std::size_t produced = room - stream_.avail_out;
      if (result == LZMA_STREAM_END) return {MemberState::kEnd, produced};
      if (result == LZMA_MEM_ERROR) throw std::bad_alloc();
      if (result != LZMA_OK && result != LZMA_BUF_ERROR) return {MemberState::kBroken, produced, broken_reason(result)};
      if (produced > 0) return {MemberState::kMore, produced};
      if (ahead.empty()) return {MemberState::kTruncated};
    }
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

}  // namespace

std::unique_ptr<MemberDecoder> make_xz_decoder() { return std::make_unique<XzDecoder>(); }

}  // namespace evclean
