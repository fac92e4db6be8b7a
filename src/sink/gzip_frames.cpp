// SPDX-License-Identifier: Apache-2.0
#include <libdeflate.h>

#include "evclean/handle.hpp"
#include "frame_codec.hpp"

namespace evclean {
namespace {

// On CSV of access logs (frames of 1 MiB): 285 MB/s and 13.7 % of the text; level 5: 257 MB/s and 13.2 %, level 6: 205 MB/s
// and 12.8 %. ISA-L's levels are faster and too large: 1 to 3 give 1,122 to 489 MB/s and 16.4 to 15.4 %.
constexpr int kDefaultLevel = 4;

struct CompressorTraits {
  using Raw = libdeflate_compressor*;
  static Raw null() { return nullptr; }
  static void close(Raw raw) { libdeflate_free_compressor(raw); }
};

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

}  // namespace

std::unique_ptr<FrameCodec> make_gzip_codec(std::optional<int> level) {
  const int chosen = level.value_or(kDefaultLevel);
  if (chosen < 0 || chosen > 12) fail_user("compression_level: {} is out of range for gzip (0 to 12)", chosen);
  return std::make_unique<GzipMembers>(chosen);
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
