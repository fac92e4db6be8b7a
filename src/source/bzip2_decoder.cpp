// SPDX-License-Identifier: Apache-2.0
// bzip2 streams. A block's text comes out of the library before its checksum is compared, and a damaged block is
// scrambled as a whole: text is held back until the block it belongs to is known to be right. Block ends are found by
// giving the library its input only up to the next mark that may begin a block (48 bits, at any bit position). When
// the input fails behind a block whose successor's mark is missing, the block's own checksum is compared here.
#include <bzlib.h>

#include <array>
#include <cstring>
#include <new>
#include <optional>
#include <vector>

#include "evclean/error.hpp"
#include "member_decoder.hpp"

namespace evclean {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kBlockMark = 0x314159265359, kEndMark = 0x177245385090, kMarkMask = (1ULL << 48) - 1;
constexpr std::size_t kMostHeldBytes = 64 << 20;  // 900 kB a block, unless it is one long run: then give it out early

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i << 24;
    for (int bit = 0; bit < 8; ++bit) value = value << 1 ^ ((value >> 31) != 0 ? 0x04c11db7u : 0u);
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrcTable = make_crc_table();

/// CRC-32 of bzip2: the polynomial of gzip's, highest bit first.
std::uint32_t block_crc(const std::vector<char>& text) {
  std::uint32_t crc = ~0u;
  for (const char byte : text) crc = crc << 8 ^ kCrcTable[crc >> 24 ^ static_cast<unsigned char>(byte)];
  return ~crc;
}

class Bzip2Decoder final : public MemberDecoder {
 public:
  ~Bzip2Decoder() override { close(); }
  std::string_view unit() const override { return "bzip2 stream"; }
  std::string_view magic() const override { return "BZh"sv; }

  bool begins_with(std::string_view head) const override {
    if (head.size() < 4) return !head.empty() && magic().starts_with(head);
    if (!head.starts_with(magic()) || head[3] < '1' || head[3] > '9') return false;
    const std::string_view mark = head.substr(4, 6);
    return "1AY&SY"sv.starts_with(mark) || "\x17\x72\x45\x38\x50\x90"sv.starts_with(mark);
  }

  void begin() override {
    close();
    stream_ = {};
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc();
    open_ = true;
    held_.clear();
    given_ = whole_ = 0;
    bits_ = 0;
    crc_wait_ = 0;
    held_crc_.reset();
    ended_ = MemberState::kMore;
  }

  MemberStep step(StoredCursor& in, char* out, std::size_t room) override {
    while (given_ == whole_ && ended_ == MemberState::kMore) decode_block(in);
    const std::size_t part = std::min(room, whole_ - given_);
    if (part > 0) std::memcpy(out, held_.data() + given_, part);
    given_ += part;
    return {given_ == whole_ ? ended_ : MemberState::kMore, part};
  }

 private:
  void close() {
    if (open_) BZ2_bzDecompressEnd(&stream_);
    open_ = false;
  }

  /// Decodes up to the next mark. Text before it is whole then, as the library has compared that block's checksum.
  void decode_block(StoredCursor& in) {
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(given_));
    given_ = whole_ = 0;
    bool at_mark = false;
    while (!at_mark && ended_ == MemberState::kMore && held_.size() < kMostHeldBytes) {
      const std::string_view ahead = in.peek();
      if (ahead.empty()) ended_ = MemberState::kTruncated;
      in.skip(feed(ahead.substr(0, bytes_to_mark(ahead, &at_mark))));
    }
    const bool right = ended_ == MemberState::kMore || ended_ == MemberState::kEnd || block_crc(held_) == held_crc_;
    if (right) whole_ = held_.size();
  }

  /// Bytes up to and with the one in which the next mark ends.
  std::size_t bytes_to_mark(std::string_view ahead, bool* found) {
    for (std::size_t i = 0; i < ahead.size(); ++i) {
      bits_ = bits_ << 8 | static_cast<unsigned char>(ahead[i]);
      if (crc_wait_ > 0 && --crc_wait_ == 0) held_crc_ = static_cast<std::uint32_t>(bits_ >> crc_shift_);
      for (int shift = 7; shift >= 0; --shift) {
        const std::uint64_t window = bits_ >> shift & kMarkMask;
        if (window == kBlockMark || window == kEndMark) {
          *found = true;
          crc_shift_ = shift;
          crc_wait_ = 4;  // bytes until the 32 bits behind the mark are in sight
          return i + 1;
        }
      }
    }
    return ahead.size();
  }

  /// Gives the library all of `input`, or up to the stream's end; returns the bytes taken.
  std::size_t feed(std::string_view input) {
    stream_.next_in = const_cast<char*>(input.data());
    stream_.avail_in = static_cast<unsigned>(input.size());
    int result = BZ_OK;
    unsigned out_left = 0;
    while (result == BZ_OK && (stream_.avail_in > 0 || out_left == 0)) {
      const std::size_t begin = held_.size();
      held_.resize(begin + kPieceBytes);
      stream_.next_out = held_.data() + begin;
      stream_.avail_out = kPieceBytes;
      result = BZ2_bzDecompress(&stream_);
      out_left = stream_.avail_out;
      held_.resize(held_.size() - out_left);
    }
    if (result == BZ_MEM_ERROR) throw std::bad_alloc();
    if (result == BZ_STREAM_END) ended_ = MemberState::kEnd;
    if (result < 0) ended_ = MemberState::kBroken;
    return input.size() - stream_.avail_in;
  }

  static constexpr unsigned kPieceBytes = 256 << 10;
  bz_stream stream_{};
  bool open_ = false;
  std::vector<char> held_;  ///< decoded text, from the last byte given out
  std::size_t given_ = 0;   ///< of held_, bytes given out
  std::size_t whole_ = 0;   ///< of held_, bytes known to be right
  std::uint64_t bits_ = 0;  ///< the last input bytes, to find marks by
  int crc_wait_ = 0;
  int crc_shift_ = 0;
  std::optional<std::uint32_t> held_crc_;  ///< stored checksum of the block being decoded
  MemberState ended_ = MemberState::kMore;
};

}  // namespace

std::unique_ptr<MemberDecoder> make_bzip2_decoder() { return std::make_unique<Bzip2Decoder>(); }

}  // namespace evclean
