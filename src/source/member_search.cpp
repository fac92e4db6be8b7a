// SPDX-License-Identifier: Apache-2.0
#include "member_search.hpp"

#include <algorithm>

namespace evclean {
namespace {

constexpr std::int64_t kUnlimitedBytes = 16 << 20;
constexpr std::int64_t kFailedShare = 4;
constexpr std::size_t kTextBytes = 256 << 10;

}  // namespace

bool is_over_ratio(std::int64_t text_bytes, std::int64_t stored_bytes, std::int64_t max_ratio) {
  return text_bytes > kUnlimitedBytes && text_bytes / std::max<std::int64_t>(max_ratio, 1) > stored_bytes;
}

MemberSearch::MemberSearch(StoredFile& file, Codec codec, std::int64_t max_ratio)
    : file_(file),
      codec_(codec),
      max_ratio_(max_ratio),
      failed_bytes_left_(kFailedShare * file.size_bytes() + kUnlimitedBytes) {}

bool MemberSearch::is_member(std::int64_t offset) {
  const MemberState state = try_member(offset);
  return state == MemberState::kEnd || state == MemberState::kChecksumWrong;
}

bool MemberSearch::is_right_member(std::int64_t offset) { return try_member(offset) == MemberState::kEnd; }

std::optional<std::int64_t> MemberSearch::next_member(std::int64_t from) {
  if (!decoder_) decoder_ = make_member_decoder(codec_);
  const std::string_view magic = decoder_->magic();
  StoredCursor cursor(file_, from);
  for (std::string_view ahead = cursor.peek(kHeadBytes); !ahead.empty(); ahead = cursor.peek(kHeadBytes)) {
    const std::size_t found = ahead.find(magic);
    if (found == std::string_view::npos) {
      // The last bytes may be the first of a magic that goes on in the next buffer.
      cursor.skip(ahead.size() < magic.size() ? ahead.size() : ahead.size() - magic.size() + 1);
      continue;
    }
    cursor.skip(found);
    const std::int64_t offset = cursor.offset();
    if (is_right_member(offset)) return offset;
    if (failed_bytes_left_ <= 0) return std::nullopt;
    cursor.skip(1);
  }
  return std::nullopt;
}

MemberState MemberSearch::try_member(std::int64_t offset) {
  if (failed_bytes_left_ <= 0) return MemberState::kBroken;
  if (!decoder_) decoder_ = make_member_decoder(codec_);
  text_.resize(kTextBytes);
  StoredCursor cursor(file_, offset);
  if (!decoder_->begins_with(cursor.peek(kHeadBytes))) return MemberState::kBroken;
  decoder_->begin();
  MemberStep step;
  std::int64_t text_bytes = 0;
  do {
    step = decoder_->step(cursor, text_.data(), text_.size());
    text_bytes += static_cast<std::int64_t>(step.produced);
    if (is_over_ratio(text_bytes, cursor.offset() - offset, max_ratio_)) step.state = MemberState::kBroken;
  } while (step.state == MemberState::kMore);
  if (step.state != MemberState::kEnd) failed_bytes_left_ -= std::max<std::int64_t>(1, cursor.offset() - offset);
  return step.state;
}

}  // namespace evclean
