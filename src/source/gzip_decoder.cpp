// SPDX-License-Identifier: Apache-2.0
// gzip members (RFC 1952). ISA-L inflates; header and trailer are read here, so that a wrong checksum can be told from
// data that cannot be decoded.
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <limits>

#include "little_endian.hpp"
#include "member_decoder.hpp"

namespace evclean {
namespace {

using namespace std::string_view_literals;

constexpr unsigned kHeaderCrc = 2, kExtra = 4, kName = 8, kComment = 16, kReserved = 0xe0;
constexpr std::size_t kFixedHeader = 10, kTrailer = 8;

class GzipDecoder final : public MemberDecoder {
 public:
  std::string_view unit() const override { return "gzip member"; }
  std::string_view magic() const override { return "\x1f\x8b\x08"sv; }

  bool begins_with(std::string_view head) const override {
    if (head.size() < kFixedHeader) return !head.empty() && ("\x1f\x8b\x08"sv.starts_with(head.substr(0, 3)));
    return head.starts_with(magic()) && (static_cast<unsigned char>(head[3]) & kReserved) == 0;
  }

  void begin() override {
    isal_inflate_init(&inflate_);
    inflate_.crc_flag = ISAL_GZIP_NO_HDR;
    part_ = Part::kHeader;
    size_ = 0;
  }

  MemberStep step(StoredCursor& in, char* out, std::size_t room) override {
    if (part_ == Part::kHeader) {
      if (!skip_header(in)) return {MemberState::kTruncated};
      part_ = Part::kBody;
    }
    if (part_ == Part::kBody) {
      const MemberStep step = inflate(in, out, room);
      if (part_ != Part::kTrailer || step.produced > 0) return step;
    }
    return part_ == Part::kBroken ? drain(out, room) : compare_trailer(in);
  }

 private:
  enum class Part { kHeader, kBody, kBroken, kTrailer };

  static bool skip_text(StoredCursor& in) {
    for (std::string_view ahead = in.peek(); !ahead.empty(); ahead = in.peek()) {
      const std::size_t end = ahead.find('\0');
      in.skip(end == std::string_view::npos ? ahead.size() : end + 1);
      if (end != std::string_view::npos) return true;
    }
    return false;
  }

  static bool skip_bytes(StoredCursor& in, std::size_t count) {
    while (count > 0) {
      const std::size_t part = std::min(count, in.peek().size());
      if (part == 0) return false;
      in.skip(part);
      count -= part;
    }
    return true;
  }

  static bool skip_header(StoredCursor& in) {
    const std::string_view head = in.peek(kFixedHeader);
    if (head.size() < kFixedHeader) return false;
    const unsigned flags = static_cast<unsigned char>(head[3]);
    in.skip(kFixedHeader);
    if ((flags & kExtra) != 0) {
      const std::string_view length = in.peek(2);
      if (length.size() < 2 || !skip_bytes(in, 2 + static_cast<std::size_t>(little_endian(length.substr(0, 2)))))
        return false;
    }
    if ((flags & kName) != 0 && !skip_text(in)) return false;
    if ((flags & kComment) != 0 && !skip_text(in)) return false;
    return (flags & kHeaderCrc) == 0 || skip_bytes(in, 2);
  }

  MemberStep inflate(StoredCursor& in, char* out, std::size_t room) {
    inflate_.next_out = reinterpret_cast<std::uint8_t*>(out);
    inflate_.avail_out = static_cast<std::uint32_t>(std::min<std::size_t>(room, 1u << 30));
    const auto produced = [&] {
      return static_cast<std::size_t>(inflate_.next_out - reinterpret_cast<std::uint8_t*>(out));
    };
    while (produced() == 0 && part_ == Part::kBody) {
      const std::string_view ahead = in.peek();
      inflate_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(ahead.data()));
      inflate_.avail_in = static_cast<std::uint32_t>(ahead.size());
      const int result = isal_inflate(&inflate_);
      in.skip(ahead.size() - inflate_.avail_in);
      if (result < 0) {
        part_ = Part::kBroken;
        const std::size_t before = produced();
        const MemberStep rest = drain(out + before, room - before);
        return {rest.state, before + rest.produced};
      }
      if (inflate_.block_state == ISAL_BLOCK_FINISH) {
        // Whole bytes that went into the bit buffer belong to the trailer.
        in.seek(in.offset() - inflate_.read_in_length / 8);
        part_ = Part::kTrailer;
      } else if (ahead.empty() && produced() == 0) {
        return {MemberState::kTruncated};
      }
    }
    return finish_piece({MemberState::kMore, produced()});
  }

  /// What was inflated before the damage and waits in ISA-L's own buffer, which holds 64 KiB: it gives none of it once
  /// it has failed.
  MemberStep drain(char* out, std::size_t room) {
    const auto waiting = static_cast<std::size_t>(inflate_.tmp_out_valid - inflate_.tmp_out_processed);
    const std::size_t size = std::min(waiting, room);
    std::copy_n(reinterpret_cast<const char*>(inflate_.tmp_out_buffer) + inflate_.tmp_out_processed, size, out);
    inflate_.tmp_out_processed += static_cast<std::int32_t>(size);
    return {size == waiting ? MemberState::kBroken : MemberState::kMore, size};
  }

  MemberStep finish_piece(MemberStep step) {
    size_ += step.produced;
    return step;
  }

  MemberStep compare_trailer(StoredCursor& in) {
    const std::string_view trailer = in.peek(kTrailer);
    if (trailer.size() < kTrailer) return {MemberState::kTruncated};
    in.skip(kTrailer);
    const bool right = little_endian(trailer.substr(0, 4)) == inflate_.crc &&
                       little_endian(trailer.substr(4, 4)) == static_cast<std::uint32_t>(size_);
    return {right ? MemberState::kEnd : MemberState::kChecksumWrong};
  }

  inflate_state inflate_{};
  Part part_ = Part::kHeader;
  std::uint64_t size_ = 0;
};

}  // namespace

std::unique_ptr<MemberDecoder> make_gzip_decoder() { return std::make_unique<GzipDecoder>(); }

}  // namespace evclean
