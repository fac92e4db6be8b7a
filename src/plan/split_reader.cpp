// SPDX-License-Identifier: Apache-2.0
#include "split_reader.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <limits>

#include "evclean/carried_state.hpp"
#include "evclean/line_ends.hpp"
#include "evclean/read_ahead.hpp"
#include "segment_text.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kBlockBytes = 1 << 20;

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

}  // namespace

/// One segment while it is read.
class SplitReader::Segment {
 public:
  using EndPart = std::function<void(SegmentOutcome)>;

  Segment(SplitReader& reader, const Split& split, int index, const ReadOrders& orders)
      : reader_(reader),
        segment_(split.segments[static_cast<std::size_t>(index)]),
        index_(index),
        text_(reader.input_, reader.feeds_, segment_, split.ordinal, orders.feeder) {
    outcome_.file = segment_.file;
    const auto forced = orders.starts.find(index);
    forced_ = forced != orders.starts.end();
    at_ = forced_ ? forced->second : std::max<std::int64_t>(0, segment_.begin - 1);
    started_ = forced_ || segment_.begin == 0;
    if (const auto known = orders.states.find(index); known != orders.states.end()) known_state_ = known->second;
    outcome_.skipped = orders.excluded.count(segment_.file) > 0;
  }

  /// Goes on with these parts of the file; `end_part` is told of all but the last one that is read.
  void go_on_with(std::deque<SplitSegment> later, EndPart end_part) {
    later_ = std::move(later);
    end_part_ = std::move(end_part);
    reads_whole_ = true;
  }

  /// False when the consumer wants no more.
  bool read(const std::function<bool(DecodedBlock&)>& consumer, const std::function<void()>& pause) {
    if (outcome_.skipped) return true;
    if (forced_ && segment_.end >= 0 && at_ >= segment_.end) {  // a record of the split before covers this segment
      outcome_.first = outcome_.end = at_;
      outcome_.state_before = outcome_.state_behind = known_state_.value_or(std::string());
      return true;
    }
    text_.open(at_, forced_, reads_whole_);
    block_ = reader_.fresh_block(first_capacity());
    bool go_on = true;
    while (go_on && !finished_) {
      const bool at_end = fill();
      if (text_.damage_ends_it()) break;
      if (!started_ && !start(at_end)) {
        if (at_end) note_end(block_->size());
        if (at_end || !may_still_begin()) break;
        continue;
      }
      go_on = (cut_at_ == std::string::npos || decode_before_cut(consumer)) &&
              decode_parts(block_->size(), at_end, consumer);
      if (at_end && begin_ >= text_end_) note_end(text_end_);
      if (go_on && !finished_) carry();
      pause();
    }
    finish(go_on);
    return go_on;
  }

  SegmentOutcome take() { return std::move(outcome_); }
  /// Parts that were not reached.
  std::size_t parts_left() const { return later_.size(); }

 private:
  void note_end(std::size_t text_bytes) {
    const std::int64_t end = at_ + static_cast<std::int64_t>(text_bytes);
    outcome_.text_end = text_bytes > 0 || at_ == 0 ? text_.offsets().to_source(end) : SegmentOutcome::kEndUnseen;
  }

  std::size_t first_capacity() const {
    const InputFile& file = text_.file();
    const std::int64_t want = file.codec == Codec::kPlain ? std::min(kBlockBytes, file.size_bytes + 64) : kBlockBytes;
    return static_cast<std::size_t>(want) + (want >> 1) + 4096;
  }

  /// Appends text to the block; true at the end of the file.
  bool fill() {
    const auto begin = Clock::now();
    const std::size_t size_before = block_->size(), resumed_before = text_.cuts_resumed();
    const std::int64_t got =
        text_.read(*block_, std::max<std::int64_t>(kBlockBytes, static_cast<std::int64_t>(block_->size())));
    reader_.read_seconds_ += seconds_since(begin);
    cut_at_ = text_.cuts_resumed() > resumed_before ? size_before : std::string::npos;
    if (!file_begun_) begin_file();
    note_last_byte(size_before);
    return got == 0;
  }

  /// Of the text that has come behind `begin`.
  void note_last_byte(std::size_t begin) {
    const auto is_blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    std::size_t end = block_->size();
    while (end > begin && is_blank(block_->data()[end - 1])) --end;
    if (end > begin) last_byte_ = block_->data()[end - 1];
  }

  /// The decoder sniffs the head of the file; in the middle of a file that is read apart.
  void begin_file() {
    file_begun_ = true;
    const std::string_view here(block_->data(), std::min(block_->size(), kHeadBytes));
    const bool goes_on = here.size() == kHeadBytes && here.find_first_of("\r\n") == std::string_view::npos;
    const bool have_head = segment_.begin == 0 && !forced_ && !(reader_.input_.reads_csv() && goes_on);
    const FileHead head = have_head ? FileHead{segment_.file, std::string(here), {}} : reader_.head_of(segment_.file);
    reader_.decoder().begin_file(text_.file(), head.text);
    head_shift_ = head.shift_at(at_);
    if (known_state_ && carrier() != nullptr) carrier()->set_state(*known_state_);
    outcome_.state_before = state();
  }

  CarriesState* carrier() const { return dynamic_cast<CarriesState*>(&reader_.decoder()); }
  std::string state() const { return carrier() != nullptr ? carrier()->state() : std::string(); }

  /// In the block; as the decoder counts them.
  std::int64_t line_ends_before(std::size_t offset) const {
    return count_line_ends(block_->data(), 0, offset, reader_.decoder().lone_cr());
  }

  /// Finds the first record of a segment that begins inside the file; false: not in the text at hand.
  bool start(bool at_end) {
    const std::string_view text(block_->data(), block_->size());
    const std::size_t found = text.empty() ? std::string_view::npos : reader_.decoder().first_record(text, 1, at_end);
    if (found == std::string_view::npos) return false;
    begin_ = found;
    lines_in_block_ = line_ends_before(found);
    first_line_ = -lines_in_block_;
    started_ = true;
    return true;
  }

  /// Whether a record can still begin inside the segment; in a line that fills it, none does. What has been searched is
  /// let go, but for the byte before the next.
  bool may_still_begin() {
    if (segment_.end >= 0 && static_cast<std::int64_t>(block_->size()) + at_ >= text_.offsets().to_text(segment_.end))
      return false;
    if (!records_are_lines() || block_->size() < 2) return true;
    const char last = block_->data()[block_->size() - 1];
    at_ += static_cast<std::int64_t>(block_->size()) - 1;
    block_->set_size(0);
    block_->append({&last, 1});
    return true;
  }

  bool records_are_lines() const { return evclean::records_are_lines(reader_.input_); }

  /// A line longer than max_line is a reject before its end is seen: the segment ends where the line does.
  void skip_rest_of_line() {
    if (reads_whole_) return;  // the decoder knows
    if (outcome_.first < 0 || !records_are_lines() || !finished_) return;
    while (begin_ > 0 && block_->data()[begin_ - 1] != '\n') {
      const void* found = std::memchr(block_->data() + begin_, '\n', block_->size() - begin_);
      if (found != nullptr) {
        begin_ = static_cast<std::size_t>(static_cast<const char*>(found) - block_->data()) + 1;
        return;
      }
      at_ += static_cast<std::int64_t>(block_->size()) - 1;
      const char last = block_->data()[block_->size() - 1];
      if (block_.use_count() > 1) block_ = reader_.fresh_block(static_cast<std::size_t>(2 * kBlockBytes));
      block_->set_size(0);
      block_->append({&last, 1});
      begin_ = 1;
      if (text_.read(*block_, kBlockBytes) == 0) return;
    }
  }

  std::size_t owned_end() const {
    std::int64_t end = std::numeric_limits<std::int64_t>::max();
    if (segment_.end >= 0) end = text_.offsets().to_text(segment_.end) - at_;
    if (segment_.last >= 0) end = std::min(end, text_.offsets().to_text(segment_.last) + 1 - at_);
    return static_cast<std::size_t>(std::max<std::int64_t>(0, end));
  }

  /// A quoted field or an open object must not go on behind lost bytes: what stands before them is decoded as an end.
  /// Lines need no care, as a line end stands at the cut.
  bool decode_before_cut(const std::function<bool(DecodedBlock&)>& consumer) {
    if (records_are_lines() || begin_ >= cut_at_) return true;
    if (!decode_parts(cut_at_, true, consumer)) return false;
    finished_ = false;
    const TextCut& cut = text_.last_resumed();
    begin_ = cut_at_ + static_cast<std::size_t>(std::max<std::int64_t>(0, cut.resume_bytes - cut.at_bytes));
    return true;
  }

  bool decode(std::size_t text_end, bool at_end, const std::function<bool(DecodedBlock&)>& consumer) {
    const std::size_t owned = owned_end();
    if (outcome_.first < 0 && begin_ < owned) note_first();
    while (begin_ < owned && (begin_ < text_end || at_end)) {
      const auto clock = Clock::now();
      DecodeInput in{block_,
                     begin_,
                     text_end,
                     std::min(owned, text_end + 1),
                     at_end,
                     {segment_.file, at_ + head_shift_, first_line_, index_},
                     at_end && text_.is_cut_at(at_ + static_cast<std::int64_t>(text_end))};
      DecodedBlock out{reader_.decoder().decode(in), block_, index_, nullptr};
      reader_.decode_seconds_ += seconds_since(clock);
      const std::size_t before = begin_;
      begin_ = std::max(begin_, out.result.consumed);
      take_back_shift(out.result, head_shift_);
      text_.reject_cut_rows(out.result);
      outcome_.unverified += text_.unverified_rows(out.result.batch);
      text_.to_source_offsets(out.result);
      out.columns = &reader_.decoder().columns();
      const bool go_on = out.result.lines == 0 || consumer(out);
      account(out.result);
      if (!go_on) return false;
      if (begin_ == before) break;
    }
    text_end_ = text_end;
    finished_ = begin_ >= owned || at_end;
    return true;
  }

  /// The same, and on with the parts that begin in this text.
  bool decode_parts(std::size_t text_end, bool at_end, const std::function<bool(DecodedBlock&)>& consumer) {
    while (decode(text_end, at_end, consumer)) {
      if (later_.empty() || begin_ < owned_end()) return true;
      next_part();
    }
    return false;
  }

  void next_part() {
    outcome_.end = text_.offsets().to_source(at_ + static_cast<std::int64_t>(begin_));
    outcome_.state_behind = state();
    end_part_(std::exchange(outcome_, SegmentOutcome{}));
    segment_ = later_.front();
    later_.pop_front();
    outcome_.file = segment_.file;
    outcome_.state_before = state();
    lines_in_block_ = line_ends_before(begin_);
    first_line_ = -lines_in_block_;
    finished_ = false;
  }

  void note_first() { outcome_.first = text_.offsets().to_source(at_ + static_cast<std::int64_t>(begin_)); }

  void account(const DecodeResult& result) {
    outcome_.newlines += result.newlines;
    outcome_.lines += result.lines;
    outcome_.blank += result.blank;
    outcome_.rejected += static_cast<std::int64_t>(result.rejects.size());
    outcome_.extra_fields += result.extra_fields;
    outcome_.duplicate_keys += result.duplicate_keys;
    outcome_.lone_surrogates += result.lone_surrogates;
    outcome_.preamble_lines += result.preamble_lines;
    lines_in_block_ += result.newlines;
  }

  /// Moves what is left to the begin of a block: the same one when no batch holds it.
  void carry() {
    const std::string rest(block_->data() + begin_, text_end_ - begin_);
    at_ += static_cast<std::int64_t>(begin_);
    first_line_ += lines_in_block_;
    lines_in_block_ = 0;
    begin_ = 0;
    const std::size_t room = rest.size() + std::max<std::size_t>(kBlockBytes, rest.size()) + 4096;
    if (block_.use_count() > 1) block_ = reader_.fresh_block(room);
    block_->set_size(0);
    block_->reserve(room);
    block_->append(rest);
  }

  void finish(bool went_on) {
    skip_rest_of_line();
    if (outcome_.first >= 0) outcome_.end = text_.offsets().to_source(at_ + static_cast<std::int64_t>(begin_));
    outcome_.unverified += text_.unverified_rest();
    outcome_.state_behind = state();
    outcome_.damage = text_.damage_of(segment_);
    note_ending(went_on);
    outcome_.replaced = text_.replaced();
    outcome_.nul_bytes = text_.nul_bytes();
    if (block_.use_count() == 1) reader_.spare_ = std::move(block_);
  }

  /// Damage is told of anyway, and who wants no more does not see the end.
  void note_ending(bool went_on) {
    const char closing = reader_.decoder().closing_byte();
    if (closing == 0 || last_byte_ == 0) return;
    const bool open = went_on && segment_.last < 0 && !outcome_.damage.damaged && last_byte_ != closing;
    outcome_.ending = open ? SegmentOutcome::Ending::kOpen : SegmentOutcome::Ending::kFine;
  }

  SplitReader& reader_;
  SplitSegment segment_;
  const int index_;
  SegmentText text_;
  std::deque<SplitSegment> later_;  ///< parts still to come
  EndPart end_part_;
  std::optional<std::string> known_state_;
  bool reads_whole_ = false;
  SegmentOutcome outcome_;
  TextBlockPtr block_;
  std::int64_t at_ = 0;          ///< text offset of the block's first byte
  std::int64_t head_shift_ = 0;  ///< added to it for the decoder, which counts as in the head that it has sniffed
  std::int64_t first_line_ = 0;  ///< line ends before it, counted from the first record owned
  std::int64_t lines_in_block_ = 0;
  std::size_t cut_at_ = std::string::npos;  ///< in the block: bytes are missing before this one
  std::size_t begin_ = 0;                   ///< first byte of the block not decoded yet
  std::size_t text_end_ = 0;
  char last_byte_ = 0;  ///< of the text so far that is not blank
  bool forced_ = false;
  bool started_ = false;
  bool file_begun_ = false;
  bool finished_ = false;
};

SplitReader::SplitReader(const TableInput& input, TextFeeds* feeds) : input_(input), feeds_(feeds) {}
SplitReader::~SplitReader() = default;

/// A decoder keeps the columns it has met. Going back, it would tell of columns that first appear later: a new one
/// then.
void SplitReader::begin(std::int32_t first, std::int32_t last) {
  if (first <= last_split_) decoder_.reset();
  last_split_ = last;
}

/// The parts of a file come one after another, and each needs its head.
const FileHead& SplitReader::head_of(std::int32_t file) {
  if (head_.file != file) head_ = read_file_head(input_, file);
  return head_;
}

Decoder& SplitReader::decoder() {
  if (!decoder_) decoder_ = make_decoder(input_.format_spec(), input_.format);
  return *decoder_;
}

bool SplitReader::carries_state() {
  const auto* const carrier = dynamic_cast<CarriesState*>(&decoder());
  return carrier != nullptr && carrier->carries_state();
}

TextBlockPtr SplitReader::fresh_block(std::size_t capacity) {
  TextBlockPtr block = spare_ && spare_.use_count() == 1 ? std::move(spare_) : std::make_shared<TextBlock>(capacity);
  spare_.reset();
  block->set_size(0);
  block->reserve(capacity);
  return block;
}

std::vector<SegmentOutcome> SplitReader::read(const Split& split, const ReadOrders& orders,
                                              const std::function<bool(DecodedBlock&)>& consumer,
                                              const std::function<void()>& pause) {
  begin(split.ordinal, split.ordinal);
  std::vector<SegmentOutcome> outcomes;
  expect_reads(input_.files, split.segments);
  if (orders.next >= 0) {
    const SplitSegment& next = input_.splits[static_cast<std::size_t>(orders.next)].segments.front();
    expect_next(input_.files[static_cast<std::size_t>(next.file)], next);
  }
  for (int index = 0; index < static_cast<int>(split.segments.size()); ++index) {
    Segment segment(*this, split, index, orders);
    const bool go_on = segment.read(consumer, pause);
    outcomes.push_back(segment.take());
    // Fields beyond the known ones made a column; they may be none where the part is read again by what is in force
    // there.
    const bool guessed = split.segments[static_cast<std::size_t>(index)].begin > 0 && !orders.states.contains(index);
    if (guessed && outcomes.back().extra_fields > 0 && carries_state()) decoder_.reset();
    if (!go_on) break;
  }
  return outcomes;
}

void SplitReader::read_whole(const std::vector<const Split*>& parts, const std::function<bool(DecodedBlock&)>& consumer,
                             const std::function<void(SegmentOutcome)>& end_part, const std::function<void()>& pause) {
  begin(parts.front()->ordinal, parts.back()->ordinal);
  Segment segment(*this, *parts[0], 0, {});
  std::deque<SplitSegment> later;
  for (std::size_t i = 1; i < parts.size(); ++i) later.push_back(parts[i]->segments[0]);
  segment.go_on_with(std::move(later), end_part);
  const bool go_on = segment.read(consumer, pause);
  const std::size_t left = segment.parts_left();
  end_part(segment.take());
  if (!go_on) return;
  for (std::size_t i = parts.size() - left; i < parts.size(); ++i) {
    SegmentOutcome empty;
    empty.file = parts[i]->segments[0].file;
    end_part(std::move(empty));
  }
}

}  // namespace evclean
