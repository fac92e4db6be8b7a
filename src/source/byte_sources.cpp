// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "evclean/error.hpp"
#include "evclean/text_layout.hpp"
#include "member_decoder.hpp"
#include "text_stream.hpp"

namespace evclean {
namespace {

constexpr std::size_t kSkippedBytes = 256 << 10;

MemberPlace place_before(const TextLayout& layout, std::int64_t offset) {
  const auto after = std::upper_bound(layout.places.begin(), layout.places.end(), offset,
                                      [](std::int64_t at, const MemberPlace& place) { return at < place.bytes; });
  EVCLEAN_CHECK(after != layout.places.begin(), "no member holds byte {}", offset);
  return *std::prev(after);
}

/// Where the members before a decompressed offset end in the stored file; -1: at its end.
std::int64_t stored_end(const TextLayout& layout, std::int64_t end) {
  const auto place = std::lower_bound(layout.places.begin(), layout.places.end(), end,
                                      [](const MemberPlace& each, std::int64_t at) { return each.bytes < at; });
  return end < 0 || place == layout.places.end() ? -1 : place->stored;
}

/// From a place of the layout on, member by member, each of them where the layout says.
class MembersSource final : public ByteSource {
 public:
  MembersSource(const InputFile& file, const TextLayout& layout, std::int64_t begin, std::int64_t end,
                bool line_end_first)
      : file_(open_stored(file, {place_before(layout, begin).stored, stored_end(layout, end)})),
        layout_(layout),
        decoder_(make_member_decoder(file.codec)),
        line_end_first_(line_end_first) {
    const MemberPlace place = place_before(layout, begin);
    while (next_ < layout.places.size() && layout.places[next_].bytes <= place.bytes) ++next_;
    cursor_.seek(place.stored);
    at_ = place.bytes;
    begin_ = begin;
  }

  std::size_t read(char* out, std::size_t room) override {
    if (line_end_first_) {
      line_end_first_ = false;
      *out = '\n';
      return 1;
    }
    if (at_ < begin_ && !skip()) return 0;
    return decode(out, room);
  }
  bool broken() const override { return broken_; }

 private:
  bool skip() {
    std::vector<char> passed(kSkippedBytes);
    while (at_ < begin_) {
      const std::int64_t left = std::min<std::int64_t>(begin_ - at_, static_cast<std::int64_t>(kSkippedBytes));
      if (decode(passed.data(), static_cast<std::size_t>(left)) == 0) return false;
    }
    return true;
  }

  std::size_t decode(char* out, std::size_t room) {
    std::size_t produced = 0;
    while (produced == 0 && !broken_ && !ended_) produced = step(out, room);
    // What ends where a member is known to end is given out once that member was found right.
    while (!broken_ && !ended_ && inside_ && at_ == target().bytes) {
      if (step(nullptr, 0) > 0) broken_ = true;
    }
    return broken_ ? 0 : produced;
  }

  std::size_t step(char* out, std::size_t room) {
    if (!inside_) {
      enter();
      return 0;
    }
    char none = 0;
    const MemberStep step = decoder_->step(cursor_, room > 0 ? out : &none, std::max<std::size_t>(room, 1));
    at_ += static_cast<std::int64_t>(step.produced);
    if (step.state == MemberState::kEnd) {
      inside_ = false;
      check_place();
    } else if (step.state != MemberState::kMore) {
      broken_ = true;
    }
    broken_ = broken_ || at_ > target().bytes;
    return step.produced;
  }

  void enter() {
    const std::string_view head = cursor_.peek(kHeadBytes);
    ended_ = head.empty() && at_ == layout_.bytes && file_->trouble().empty();
    broken_ = !ended_ && !decoder_->begins_with(head);
    inside_ = !ended_ && !broken_;
    if (inside_) decoder_->begin();
  }

  /// Where the text known so far must stand next: the next place, or the end of the file.
  MemberPlace target() const {
    return next_ < layout_.places.size() ? layout_.places[next_] : MemberPlace{file_->size_bytes(), layout_.bytes};
  }

  void check_place() {
    const MemberPlace next = target();
    broken_ = broken_ || cursor_.offset() > next.stored;
    if (cursor_.offset() < next.stored) return;
    broken_ = broken_ || at_ != next.bytes;
    if (next_ < layout_.places.size()) ++next_;
  }

  std::unique_ptr<StoredFile> file_;
  const TextLayout& layout_;
  StoredCursor cursor_{*file_, 0};
  std::unique_ptr<MemberDecoder> decoder_;
  std::size_t next_ = 0;  ///< the place ahead
  std::int64_t at_ = 0;   ///< decompressed offset of the next byte
  std::int64_t begin_ = 0;
  bool line_end_first_;
  bool inside_ = false;
  bool ended_ = false;
  bool broken_ = false;
};

/// All members, up to the first damage.
class WholeSource final : public ByteSource {
 public:
  WholeSource(const InputFile& file, StreamOptions options) {
    options.corrupt = OnCorrupt::kFail;
    source_ = make_member_source(file, options);
  }

  std::size_t read(char* out, std::size_t room) override {
    while (!broken_ && !ended_) {
      const RawPiece piece = source_->read(out, room);
      if (piece.event == RawEvent::kBytes) return piece.size;
      broken_ = piece.event == RawEvent::kLost || piece.event == RawEvent::kMemberWrong;
      ended_ = piece.event == RawEvent::kEnd;
    }
    return 0;
  }
  bool broken() const override { return broken_; }

 private:
  std::unique_ptr<RawSource> source_;
  bool broken_ = false;
  bool ended_ = false;
};

/// Bytes as TextStream wants them.
class BytesAsRaw final : public RawSource {
 public:
  explicit BytesAsRaw(std::unique_ptr<ByteSource> bytes) : bytes_(std::move(bytes)) {}

  RawPiece read(char* out, std::size_t room) override {
    const std::size_t size = bytes_->read(out, room);
    read_ += static_cast<std::int64_t>(size);
    if (size > 0) return {RawEvent::kBytes, size};
    const bool lost = bytes_->broken() && damage_.reason.empty();
    if (lost) damage_.reason = "the file is not what its headers say";
    return {lost ? RawEvent::kLost : RawEvent::kEnd};
  }
  const StoredDamage& damage() const override { return damage_; }
  std::int64_t stored_position() const override { return read_; }

 private:
  std::unique_ptr<ByteSource> bytes_;
  StoredDamage damage_;
  std::int64_t read_ = 0;
};

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const InputFile& file, const StreamOptions& options) {
  return std::make_unique<WholeSource>(file, options);
}

std::unique_ptr<ByteSource> open_members(const InputFile& file, const TextLayout& layout, std::int64_t begin,
                                         std::int64_t end, bool line_end_first) {
  return std::make_unique<MembersSource>(file, layout, begin, end, line_end_first);
}

std::unique_ptr<ByteStream> text_of(std::unique_ptr<ByteSource> bytes, std::int64_t begin,
                                    const StreamOptions& options) {
  return std::make_unique<TextStream>(std::make_unique<BytesAsRaw>(std::move(bytes)), begin, options);
}

}  // namespace evclean
