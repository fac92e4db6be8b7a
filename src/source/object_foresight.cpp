// SPDX-License-Identifier: Apache-2.0
#include "object_foresight.hpp"

#include <algorithm>

#include "evclean/read_ahead.hpp"

namespace evclean {
namespace {

/// Larger objects keep all connections busy by themselves.
constexpr std::int64_t kSmallObject = 4 << 20;
constexpr std::int64_t kBytesAhead = 32 << 20;
constexpr std::size_t kObjectsAhead = 64;

bool is_same(const InputFile& a, const InputFile& b) {
  return a.path == b.path && a.etag == b.etag && a.s3 && b.s3 && *a.s3 == *b.s3;
}

}  // namespace

ObjectForesight& ObjectForesight::instance() {
  static ObjectForesight foresight;
  return foresight;
}

void ObjectForesight::expect(const std::vector<InputFile>& files, const std::vector<SplitSegment>& segments) {
  wishes_.clear();
  fetches_next_ = false;
  for (const SplitSegment& segment : segments) {
    const InputFile& file = files[static_cast<std::size_t>(segment.file)];
    const bool small = file.s3 && file.size_bytes > 0 && file.size_bytes <= kSmallObject;
    if (small && segment.begin == 0) wishes_.push_back({file, {}});
  }
  if (wishes_.size() < 2) wishes_.clear();
  fetch_ahead();
}

std::shared_ptr<S3Range> ObjectForesight::take(const InputFile& file) {
  const auto at =
      std::find_if(wishes_.begin(), wishes_.end(), [&](const Wish& wish) { return is_same(wish.file, file); });
  if (at == wishes_.end() || !at->coming) return nullptr;
  std::shared_ptr<S3Range> coming = std::move(at->coming);
  wishes_.erase(wishes_.begin(), at + 1);  // those before were passed over
  fetch_ahead();
  return coming;
}

void ObjectForesight::fetch_ahead() {
  std::int64_t bytes = 0;
  std::size_t objects = 0;
  for (Wish& wish : wishes_) {
    bytes += wish.file.size_bytes;
    if (++objects > kObjectsAhead || (bytes > kBytesAhead && objects > 1)) return;
    if (wish.coming) continue;
    wish.coming =
        S3Client::of(*wish.file.s3)->open_range(S3Url::parse(wish.file.path), wish.file.etag, 0, wish.file.size_bytes);
  }
}

void ObjectForesight::expect_next(const InputFile& file, StoredRange range) {
  while (ranges_.size() > 1) ranges_.pop_front();
  fetches_next_ = file.size_bytes > kSmallObject;
  if (fetches_next_) ranges_.push_back({file, range, nullptr});
}

void ObjectForesight::fetch(std::size_t blocks) {
  if (!fetches_next_ || ranges_.empty()) return;
  NextRange& next = ranges_.back();
  if (!next.object) next.object = begin_object(next.file, next.range);
  next.object->fetch(blocks);
}

std::unique_ptr<StoredFile> ObjectForesight::take_next(const InputFile& file, StoredRange range) {
  const auto at = std::find_if(ranges_.begin(), ranges_.end(), [&](const NextRange& next) {
    return next.object && is_same(next.file, file) && next.range.end == range.end && next.range.begin <= range.begin;
  });
  if (at == ranges_.end()) return nullptr;
  std::unique_ptr<StoredFile> object = std::move(at->object);
  ranges_.erase(at);
  return object;
}

void expect_next(const InputFile& file, const SplitSegment& segment) {
  if (!file.s3) return;
  StoredRange range;
  if (segment.begin > 0) range.begin = segment.begin - 1 + file.mark_bytes;
  if (segment.end >= 0) range.end = segment.end + file.mark_bytes;
  ObjectForesight::instance().expect_next(file, range);
}

}  // namespace evclean
