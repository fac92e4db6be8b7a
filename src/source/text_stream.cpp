// SPDX-License-Identifier: Apache-2.0
#include "text_stream.hpp"

#include "object_foresight.hpp"

#include <algorithm>
#include <cstring>

#include "evclean/error.hpp"
#include "member_decoder.hpp"
#include "transcode.hpp"

namespace evclean {
namespace {

constexpr std::size_t kPieceBytes = 256 << 10;  ///< still in the cache when it is checked
constexpr std::size_t kConvertBytes = 64 << 10;

void make_room(TextBlock& block, std::size_t bytes) {
  const std::size_t needed = block.size() + bytes;
  if (needed > block.capacity()) block.reserve(std::max(needed, block.capacity() + block.capacity() / 2));
}

void append(TextBlock& block, std::string_view text) {
  if (text.empty()) return;
  make_room(block, text.size());
  std::memcpy(block.data() + block.size(), text.data(), text.size());
  block.set_size(block.size() + text.size());
}

std::string_view text_from(const TextBlock& block, std::size_t begin) {
  return {block.data() + begin, block.size() - begin};
}

}  // namespace

bool is_cut_off(const ReadDamage& damage, std::int64_t begin, std::int64_t length) {
  // In the order of the text, so few need a look even if there are many.
  auto cut = std::upper_bound(damage.cuts.begin(), damage.cuts.end(), begin,
                              [](std::int64_t offset, const TextCut& each) { return offset < each.at_bytes; });
  if (cut != damage.cuts.end() && cut->at_bytes <= begin + length) return true;
  while (cut != damage.cuts.begin() && (--cut)->at_bytes >= begin - 1) {
    if (cut->head_lost && cut->resume_bytes == begin) return true;
  }
  return false;
}

TextStream::TextStream(std::unique_ptr<RawSource> source, std::int64_t begin, const StreamOptions& options)
    : source_(std::move(source)),
      options_(options),
      window_(options.begin, options.end),
      opened_at_(begin),
      text_offset_(begin) {
  if (begin > 0) encoding_ = Encoding::kUtf8;  // only UTF-8 is opened in the middle
  damage_.checked_to = begin;
}

std::int64_t TextStream::read(TextBlock& block, std::int64_t want_bytes) {
  const std::size_t before = block.size();
  const auto want = static_cast<std::size_t>(std::max<std::int64_t>(want_bytes, 1));
  while (!ended_ && block.size() - before < want) {
    const std::size_t room = std::min(want - (block.size() - before), kPieceBytes);
    const RawEvent event = encoding_ == Encoding::kAuto   ? read_head(block)
                           : encoding_ == Encoding::kUtf8 ? read_utf8(block, room)
                                                          : read_converted(block, room);
    if (event != RawEvent::kBytes) take_event(block, event);
    if (cut_open_ && block.size() > before) break;
  }
  return static_cast<std::int64_t>(block.size() - before);
}

/// Gathers the file's first three bytes, which may be a mark.
RawEvent TextStream::read_head(TextBlock& block) {
  char head[kUtf8Mark.size()];
  const RawPiece piece = source_->read(head, kUtf8Mark.size() - carry_.size());
  if (piece.event != RawEvent::kBytes) return piece.event;
  resume_behind_cut(block);
  note_raw(head, piece.size);
  carry_.append(head, piece.size);
  if (carry_.size() == kUtf8Mark.size()) settle_encoding();
  return piece.event;
}

void TextStream::settle_encoding() {
  const auto take_mark = [this](std::string_view mark, Encoding encoding) {
    if (!std::string_view(carry_).starts_with(mark)) return false;
    carry_.erase(0, mark.size());
    encoding_ = encoding;
    return true;
  };
  if (take_mark(kUtf8Mark, Encoding::kUtf8)) return;
  if (take_mark("\xff\xfe", Encoding::kUtf16Le)) return;
  if (take_mark("\xfe\xff", Encoding::kUtf16Be)) return;
  encoding_ = options_.encoding == Encoding::kAuto ? Encoding::kUtf8 : options_.encoding;
}

/// What text never begins with.
void TextStream::refuse_packed(std::string_view begin) const {
  constexpr std::size_t kTarSign = 257;
  const ContentSign sign = sign_of_content(begin.substr(0, kHeadBytes));
  const bool tar = begin.size() > kTarSign && begin.substr(kTarSign).starts_with("ustar") &&
                   begin.substr(0, kTarSign).find('\0') != std::string_view::npos;
  if (!tar && sign.codec == Codec::kPlain && sign.refused.empty()) return;
  const std::string inside = tar                    ? "a tar archive"
                             : sign.refused.empty() ? fmt::format("{} again", codec_name(sign.codec))
                                                    : std::string(sign.refused);
  fail_user("input '{}' holds {}, not text: unpack it first, or leave it out", shown_, inside);
}

/// Where a stream begins before its segment does, it may begin within a character: as one blank a byte, what is left of
/// that moves no offset.
void TextStream::blank_tail(char* text, std::size_t size) {
  const auto goes_on = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  for (std::size_t i = 0; i < std::min<std::size_t>(size, 3) && goes_on(text[i]); ++i) text[i] = ' ';
}

RawEvent TextStream::read_utf8(TextBlock& block, std::size_t room) {
  make_room(block, carry_.size() + room + 1);
  const std::size_t line_end = needs_line_end() ? 1 : 0;
  const std::size_t kept = carry_.size();
  char* out = block.data() + block.size() + line_end;
  if (kept > 0) std::memcpy(out, carry_.data(), kept);
  const RawPiece piece = source_->read(out + kept, room);
  if (piece.event != RawEvent::kBytes) return piece.event;
  note_raw(out + kept, piece.size);
  carry_.clear();
  if (text_offset_ == opened_at_ && opened_at_ < options_.begin) blank_tail(out, piece.size);
  if (text_offset_ == 0 && !shown_.empty()) refuse_packed({out, kept + piece.size});
  resume_behind_cut(block);
  const std::size_t begin = block.size();
  block.set_size(begin + kept + piece.size);
  take_utf8(block, begin, false);
  return piece.event;
}

void TextStream::take_utf8(TextBlock& block, std::size_t begin, bool at_end) {
  const std::string_view text = text_from(block, begin);
  const Utf8Scan scan = scan_utf8(text);
  const std::string_view rest = text.substr(scan.valid_bytes);
  if (!rest.empty() && (at_end || !bad_sequence(rest).incomplete)) {
    repair(block, begin, scan.valid_bytes, at_end);
    return;
  }
  carry_ = rest;
  block.set_size(begin + scan.valid_bytes);
  accept(block, begin, scan.has_nul);
}

void TextStream::repair(TextBlock& block, std::size_t begin, std::size_t good, bool at_end) {
  converted_.clear();
  repairs_.clear();
  const std::string_view bad = text_from(block, begin + good);
  const std::size_t taken = repair_utf8(bad, at_end, converted_, repairs_);
  carry_ = bad.substr(taken);
  block.set_size(begin + good);
  append(block, converted_);
  const std::int64_t first = text_offset_ + static_cast<std::int64_t>(good);
  constexpr auto kWidth = static_cast<std::int64_t>(kReplacement.size());
  for (const Utf8Repair& place : repairs_) {
    const std::int64_t grown = kWidth - static_cast<std::int64_t>(place.source_bytes);
    if (grown > 0) offsets_.add(first + static_cast<std::int64_t>(place.out) + kWidth, grown);
  }
  accept(block, begin, true);
  replaced_ += std::count_if(repairs_.begin(), repairs_.end(), [&](const Utf8Repair& place) {
    return window_.holds(first + static_cast<std::int64_t>(place.out));
  });
}

RawEvent TextStream::read_converted(TextBlock& block, std::size_t room) {
  const std::size_t kept = carry_.size();
  raw_.resize(kept + std::min(room, kConvertBytes));
  const RawPiece piece = source_->read(raw_.data() + kept, raw_.size() - kept);
  if (piece.event != RawEvent::kBytes) return piece.event;
  note_raw(raw_.data() + kept, piece.size);
  raw_.resize(kept + piece.size);
  raw_.replace(0, kept, carry_);
  carry_.swap(raw_);
  // The mark of UTF-32 begins like that of UTF-16.
  if (text_offset_ == 0 && !shown_.empty() && encoding_ == Encoding::kUtf16Le)
    refuse_packed("\xff\xfe" + carry_.substr(0, kHeadBytes));
  resume_behind_cut(block);
  convert(block, false);
  return piece.event;
}

/// Converts what carry_ holds, apart from an unfinished character at its end.
void TextStream::convert(TextBlock& block, bool at_end) {
  converted_.clear();
  const bool big_endian = encoding_ == Encoding::kUtf16Be;
  const Transcoded done =
      is_utf16() ? utf16_to_utf8(carry_, big_endian, at_end, converted_) : latin1_to_utf8(carry_, converted_);
  carry_.erase(0, done.taken);
  replaced_ += done.replaced;
  const std::size_t begin = block.size();
  append(block, converted_);
  accept(block, begin, true);
}

void TextStream::accept(const TextBlock& block, std::size_t begin, bool may_have_nul) {
  const std::string_view text = text_from(block, begin);
  if (text.empty()) return;
  window_.see(text, text_offset_, offsets_);
  if (may_have_nul) nul_bytes_ += count_nul(window_.part(text, text_offset_));
  text_offset_ += static_cast<std::int64_t>(text.size());
  last_byte_ = text.back();
}

void TextStream::take_event(TextBlock& block, RawEvent event) {
  // A member that is wrong may lack its end, unless lines are known to go on from member to member.
  const bool doubtful = event == RawEvent::kMemberWrong && !members_cut_lines_;
  if (event == RawEvent::kLost || event == RawEvent::kEnd || doubtful) flush_carry(block);
  if (event == RawEvent::kMemberWrong) {
    note_damage(damage_.checked_to);
    damage_.unverified.push_back({damage_.checked_to, text_offset_});
    damage_.unverified_from = damage_.unverified.front().begin;
  }
  if (event == RawEvent::kLost) {
    note_damage(text_offset_);
    damage_.cuts.push_back({text_offset_, -1, false});
  }
  damage_.checked_to = text_offset_;
  // The member behind the last one's open line is lost as a whole: what goes on with that line is lost with it.
  members_cut_lines_ = members_cut_lines_ || (event == RawEvent::kLost && at_member_end_ && line_is_open());
  at_member_end_ = event == RawEvent::kMemberEnd;
  cut_listed_ = cut_listed_ || event == RawEvent::kLost;
  cut_open_ = cut_open_ || event == RawEvent::kLost || (doubtful && last_byte_ != '\n');
  ended_ = event == RawEvent::kEnd;
}

/// What is unfinished when nothing follows is ill-formed; a short file is all in here.
void TextStream::flush_carry(TextBlock& block) {
  if (carry_.empty()) return;
  if (encoding_ == Encoding::kAuto) settle_encoding();
  if (encoding_ != Encoding::kUtf8) return convert(block, true);
  const std::size_t begin = block.size();
  append(block, carry_);
  carry_.clear();
  take_utf8(block, begin, true);
}

void TextStream::note_damage(std::int64_t at_bytes) {
  const StoredDamage& stored = source_->damage();
  damage_.lost_stored_bytes = stored.lost_stored_bytes;
  if (damage_.count++ > 0) return;
  damage_.damaged = true;
  damage_.at_bytes = at_bytes;
  damage_.stored_offset = stored.stored_offset;
  damage_.reason = stored.reason;
}

void TextStream::note_raw(const char* bytes, std::size_t size) {
  members_cut_lines_ = members_cut_lines_ || (at_member_end_ && line_is_open());
  at_member_end_ = false;
  last_raw_byte_ = bytes[size - 1];
}

bool TextStream::line_is_open() const {
  return is_utf16() ? last_byte_ != '\n' || !carry_.empty() : last_raw_byte_ != '\n';
}

/// Text goes on behind lost bytes: two half records must not become one.
void TextStream::resume_behind_cut(TextBlock& block) {
  if (!cut_open_) return;
  if (!cut_listed_) damage_.cuts.push_back({text_offset_, -1, false});
  if (needs_line_end()) {
    make_room(block, 1);
    block.data()[block.size()] = '\n';
    block.set_size(block.size() + 1);
    accept(block, block.size() - 1, false);
    offsets_.add(text_offset_, 1);
  }
  damage_.cuts.back().resume_bytes = text_offset_;
  damage_.cuts.back().head_lost = members_cut_lines_;
  damage_.checked_to = text_offset_;
  cut_open_ = cut_listed_ = false;
}

std::unique_ptr<ByteStream> open_stream(const InputFile& file, std::int64_t begin, const StreamOptions& options) {
  const bool in_middle = begin > 0;
  EVCLEAN_CHECK(!in_middle || (file.splittable && file.codec == Codec::kPlain), "'{}' opened at byte {}", file.shown,
                begin);
  auto source = file.codec == Codec::kPlain ? make_plain_source(file, in_middle ? begin + file.mark_bytes : 0,
                                                                options.end < 0 ? -1 : options.end + file.mark_bytes)
                                            : make_member_source(file, options);
  auto stream = std::make_unique<TextStream>(std::move(source), begin, options);
  if (begin == 0) stream->expect_text(file.shown);
  return stream;
}

void expect_reads(const std::vector<InputFile>& files, const std::vector<SplitSegment>& segments) {
  ObjectForesight::instance().expect(files, segments);
}

std::string read_head(const InputFile& file, const StreamOptions& options, std::int64_t bytes, OffsetMap* offsets) {
  StreamOptions only_head = options;
  only_head.end = bytes;
  const auto stream = open_stream(file, 0, file.codec == Codec::kPlain ? only_head : options);
  TextBlock block(static_cast<std::size_t>(bytes) + 64);
  while (static_cast<std::int64_t>(block.size()) < bytes) {
    if (stream->read(block, bytes - static_cast<std::int64_t>(block.size())) == 0) break;
  }
  if (offsets != nullptr) *offsets = stream->offsets();
  return {block.data(), std::min(block.size(), static_cast<std::size_t>(bytes))};
}

}  // namespace evclean
