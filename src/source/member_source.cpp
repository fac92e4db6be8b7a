// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "evclean/error.hpp"
#include "member_search.hpp"
#include "raw_source.hpp"
#include "stored_file.hpp"

namespace evclean {
namespace {

/// The whole file from its first member on. A range of members (several ranks on one file) would begin at another
/// stored offset and stop at a member's end: nothing else here depends on where it starts.
class MemberSource final : public RawSource {
 public:
  MemberSource(const InputFile& file, const StreamOptions& options)
      : file_(open_stored(file)),
        cursor_(*file_, 0),
        codec_(file.codec),
        decoder_(make_member_decoder(file.codec)),
        search_(*file_, file.codec, options.max_ratio),
        max_ratio_(options.max_ratio),
        salvage_(options.corrupt == OnCorrupt::kSalvage) {}

  RawPiece read(char* out, std::size_t room) override {
    while (phase_ != Phase::kEnd) {
      if (phase_ == Phase::kBetween) {
        if (const auto event = enter_member()) return {*event};
        continue;
      }
      if (phase_ == Phase::kClosing) return {close_member()};
      const std::size_t produced = advance(out, room);
      if (produced > 0) return {RawEvent::kBytes, produced};
    }
    return {RawEvent::kEnd};
  }
  const StoredDamage& damage() const override { return damage_; }
  std::int64_t stored_position() const override { return std::min(cursor_.offset(), file_->size_bytes()); }

 private:
  enum class Phase { kBetween, kInside, kClosing, kEnd };

  std::size_t advance(char* out, std::size_t room) {
    outcome_ = decoder_->step(cursor_, out, room);
    text_bytes_ += static_cast<std::int64_t>(outcome_.produced);
    if (is_over_ratio(text_bytes_, cursor_.offset(), max_ratio_)) {
      outcome_ = {MemberState::kBroken, outcome_.produced,
                  fmt::format("its text is more than {} times as large as the file (max_ratio)", max_ratio_)};
      hopeless_ = true;
    }
    if (outcome_.state != MemberState::kMore) phase_ = Phase::kClosing;
    return outcome_.produced;
  }

  /// Begins the member at the cursor, or says what stands there instead.
  std::optional<RawEvent> enter_member() {
    if (members_ > 0) skip_zeros();
    const std::string_view head = cursor_.peek(kHeadBytes);
    if (head.empty()) return end_of_file();
    if (!decoder_->begins_with(head)) return lose(garbage_reason());
    if (damaged_ && !search_.is_member(cursor_.offset())) return lose(place("damaged"));
    begin_member();
    return std::nullopt;
  }

  void begin_member() {
    decoder_->begin();
    phase_ = Phase::kInside;
    member_begin_ = cursor_.offset();
    member_is_right_.reset();
    if (salvage_) cursor_.watch(decoder_->magic(), [this](std::int64_t offset) { return is_intruder(offset); });
  }

  /// Whether the member being decoded was cut off at `offset`, where another one begins: a writer that died and began
  /// anew leaves that. The decoder would take the new member for its own data and make text of it.
  bool is_intruder(std::int64_t offset) {
    if (member_is_right_.value_or(false) || !search_.is_right_member(offset)) return false;
    if (!member_is_right_) member_is_right_ = search_.is_right_member(member_begin_);
    return !*member_is_right_;
  }

  std::optional<RawEvent> end_of_file() {
    phase_ = Phase::kEnd;
    if (file_->trouble().empty()) return std::nullopt;
    hopeless_ = true;
    return lose(file_->trouble());
  }

  /// Tapes and block devices pad with zeros; gzip and xz allow for it.
  void skip_zeros() {
    if (codec_ != Codec::kGzip && codec_ != Codec::kXz) return;
    for (std::string_view ahead = cursor_.peek(); !ahead.empty(); ahead = cursor_.peek()) {
      const std::size_t zeros = std::min(ahead.find_first_not_of('\0'), ahead.size());
      cursor_.skip(zeros);
      if (zeros < ahead.size()) return;
    }
  }

  RawEvent close_member() {
    const MemberStep outcome = std::exchange(outcome_, MemberStep{});
    const bool intruded = cursor_.at_fence();
    cursor_.unwatch();
    ++members_;
    switch (outcome.state) {
      case MemberState::kEnd:
        phase_ = Phase::kBetween;
        search_from_ = cursor_.offset() - 1;  // bzip2 ends within a byte, which may be the next stream's
        return RawEvent::kMemberEnd;
      case MemberState::kChecksumWrong:
        note(fmt::format("checksum of {} {} is wrong", decoder_->unit(), members_));
        phase_ = salvage_ ? Phase::kBetween : Phase::kEnd;
        return RawEvent::kMemberWrong;
      case MemberState::kTruncated:
        if (!intruded) cursor_.seek(file_->size_bytes());
        return lose(truncated_reason());
      default:
        return lose(place("damaged") + (outcome.reason.empty() ? "" : ": " + outcome.reason));
    }
  }

  std::string place(std::string_view what) const {
    const std::string where = members_ > 1 ? fmt::format(" ({} {})", decoder_->unit(), members_) : "";
    return fmt::format("{} {} stream{}", what, codec_name(codec_), where);
  }

  std::string truncated_reason() {
    hopeless_ = !file_->trouble().empty();
    if (hopeless_) return file_->trouble();
    return place("truncated") + (file_->has_grown() ? ": the file was still being written" : "");
  }

  std::string garbage_reason() {
    if (members_ == 0) return fmt::format("the {} header is damaged", codec_name(codec_));
    return fmt::format("{} bytes that are no {} follow {} {}", file_->size_bytes() - cursor_.offset(),
                       codec_name(codec_), decoder_->unit(), members_);
  }

  void note(const std::string& reason) {
    if (!damaged_) {
      damage_.reason = reason;
      damage_.stored_offset = std::min(cursor_.offset(), file_->size_bytes());
    }
    damaged_ = true;
  }

  /// Notes bytes lost at the cursor and finds where to go on. The search begins where the last member ended that was
  /// right: damage may have led the decoder past the begin of members that are whole.
  RawEvent lose(const std::string& reason) {
    note(reason);
    const std::int64_t from = cursor_.offset();
    const auto next = salvage_ && !hopeless_ ? search_.next_member(search_from_) : std::nullopt;
    damage_.lost_stored_bytes += std::max<std::int64_t>(0, next.value_or(file_->size_bytes()) - from);
    phase_ = Phase::kEnd;
    if (next) {
      cursor_.seek(*next);
      begin_member();
    }
    return RawEvent::kLost;
  }

  std::unique_ptr<StoredFile> file_;
  StoredCursor cursor_;
  Codec codec_;
  std::unique_ptr<MemberDecoder> decoder_;
  MemberSearch search_;
  std::int64_t max_ratio_;
  bool salvage_;
  Phase phase_ = Phase::kBetween;
  MemberStep outcome_;
  StoredDamage damage_;
  bool damaged_ = false;
  bool hopeless_ = false;  ///< nothing behind this can be used
  std::int64_t members_ = 0;
  std::int64_t search_from_ = 0;  ///< end of the last member whose checksum was right
  std::int64_t member_begin_ = 0;
  std::optional<bool> member_is_right_;  ///< as far as a trial has shown
  std::int64_t text_bytes_ = 0;
};

}  // namespace

std::unique_ptr<RawSource> make_member_source(const InputFile& file, const StreamOptions& options) {
  return std::make_unique<MemberSource>(file, options);
}

}  // namespace evclean
