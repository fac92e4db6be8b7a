// SPDX-License-Identifier: Apache-2.0
#include "segment_text.hpp"

#include <algorithm>
#include <limits>

#include "text_feed.hpp"

namespace evclean {
namespace {

/// A range of members begins one byte early, unless that costs more text than this: then a line end is assumed.
constexpr std::int64_t kMostReadBefore = 8 << 20;

}  // namespace

SegmentText::SegmentText(const TableInput& input, TextFeeds* feeds, const SplitSegment& segment, std::int64_t split,
                         int feeder)
    : input_(input), feeds_(feeds), segment_(segment), split_(split), feeder_(feeder) {}

const InputFile& SegmentText::file() const { return input_.files[static_cast<std::size_t>(segment_.file)]; }

const TextLayout& SegmentText::layout() const {
  static const TextLayout kWhole;
  return input_.layouts.empty() ? kWhole : input_.layouts[static_cast<std::size_t>(segment_.file)];
}

void SegmentText::open(std::int64_t at, bool forced, bool whole) {
  StreamOptions options = input_.stream;
  options.begin = segment_.begin;
  options.end = whole ? -1 : segment_.end;
  is_part_ = !whole && layout().access != TextAccess::kWhole && (segment_.begin > 0 || segment_.end >= 0);
  stream_ = is_part_ ? open_part(at, forced, options) : open_stream(file(), at, options);
  watches_members_ = options.corrupt == OnCorrupt::kSalvage && file().codec != Codec::kPlain && !is_part_;
}

std::unique_ptr<ByteStream> SegmentText::open_part(std::int64_t at, bool forced, const StreamOptions& options) const {
  const TextLayout& layout = this->layout();
  if (layout.access == TextAccess::kStream && feeder_ < 0) return open_stream(file(), at, options);
  const std::int64_t begin = at == 0 ? 0 : at + layout.mark_bytes;
  if (layout.access == TextAccess::kStream) {
    return text_of(feeds_->open(segment_.file, split_, feeder_, begin), at, options);
  }
  const bool assume = !forced && bytes_behind_place(layout, begin) > kMostReadBefore;
  const std::int64_t end = segment_.end < 0 ? -1 : segment_.end + layout.mark_bytes;
  return text_of(open_members(file(), layout, assume ? begin + 1 : begin, end, assume), at, options);
}

bool SegmentText::damage_ends_it() const {
  const ReadDamage& damage = stream_->damage();
  if (!damage.damaged) return false;
  if (is_part_) return true;
  const OnCorrupt policy = input_.stream.corrupt;
  if (policy == OnCorrupt::kFail) {
    const bool grows = damage.reason.find("(max_ratio)") != std::string::npos;
    fail_user("{}: {} (byte {} of the file, {} bytes of text were good). {}, or set corrupt: skip or corrupt: salvage",
              file().shown, damage.reason, damage.stored_offset, damage.at_bytes,
              grows ? "If so much text is meant to be in it, set a larger max_ratio" : "Mend the file");
  }
  return policy == OnCorrupt::kSkip;
}

/// Of a plain file that has become shorter, every segment behind its new end sees all that is missing.
ReadDamage SegmentText::damage_of(const SplitSegment& segment) const {
  ReadDamage damage = stream_->damage();
  if (!damage.damaged || file().codec != Codec::kPlain || segment.end < 0) return damage;
  const std::int64_t mark = file().mark_bytes;
  const std::int64_t begin = std::max(damage.stored_offset, segment.begin + mark);
  damage.lost_stored_bytes = std::min(damage.lost_stored_bytes, std::max<std::int64_t>(0, segment.end + mark - begin));
  return damage;
}

/// A cut may be known with the last text before it, a call earlier.
std::size_t SegmentText::cuts_resumed() const {
  const std::vector<TextCut>& cuts = stream_->damage().cuts;
  return cuts.size() - (!cuts.empty() && cuts.back().resume_bytes < 0 ? 1 : 0);
}

bool SegmentText::is_cut_at(std::int64_t end) const {
  const auto& cuts = stream_->damage().cuts;
  return std::any_of(cuts.begin(), cuts.end(), [end](const TextCut& cut) { return cut.at_bytes == end; });
}

void SegmentText::reject_cut_rows(DecodeResult& result) const {
  const ReadDamage& damage = stream_->damage();
  if (damage.cuts.empty()) return;
  std::vector<std::int32_t> whole;
  Batch& batch = result.batch;
  for (std::int64_t row = 0; row < batch.num_rows; ++row) {
    const RecordRef record = batch.records[static_cast<std::size_t>(row)];
    if (is_cut_off(damage, batch.origin.byte_offset + record.offset, record.length)) {
      result.rejects.push_back(make_reject(batch, row, "cut off"));
    } else {
      whole.push_back(static_cast<std::int32_t>(row));
    }
  }
  batch.keep(whole);
  for (Reject& reject : result.rejects) {
    if (is_cut_off(damage, reject.byte_offset, static_cast<std::int64_t>(reject.text.size())))
      reject.reason = "cut off";
  }
}

std::int64_t SegmentText::unverified_rows(const Batch& batch) {
  if (!watches_members_) return 0;
  for (const RecordRef record : batch.records) pending_.push_back(batch.origin.byte_offset + record.offset);
  return count_unverified(stream_->damage().checked_to);
}

std::int64_t SegmentText::unverified_rest() { return count_unverified(std::numeric_limits<std::int64_t>::max()); }

std::int64_t SegmentText::count_unverified(std::int64_t before) {
  const auto& ranges = stream_->damage().unverified;
  std::int64_t count = 0;
  while (!pending_.empty() && pending_.front() < before) {
    const std::int64_t at = pending_.front();
    pending_.pop_front();
    for (const TextRange& range : ranges) count += at >= range.begin && at < range.end;
  }
  return count;
}

void SegmentText::to_source_offsets(DecodeResult& result) const {
  const OffsetMap& map = stream_->offsets();
  if (map.is_identity()) return;
  Batch& batch = result.batch;
  for (Reject& reject : result.rejects) reject.byte_offset = map.to_source(reject.byte_offset);
  if (batch.records.empty()) return;
  std::int64_t& origin = batch.origin.byte_offset;
  const std::int64_t first = origin + batch.records.front().offset;
  const std::int64_t last = origin + batch.records.back().offset;
  const std::int64_t shift = first - map.to_source(first);
  if (last - map.to_source(last) == shift) {  // no repair between them, as in most blocks: a text only grows
    origin -= shift;
    return;
  }
  for (const RecordRef record : batch.records) {
    batch.source_offsets.push_back(map.to_source(origin + record.offset));
  }
}

}  // namespace evclean
