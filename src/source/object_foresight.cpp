// SPDX-License-Identifier: Apache-2.0
#include "object_foresight.hpp"

#include <algorithm>

namespace evclean {
namespace {

/// Larger objects keep all connections busy by themselves.
constexpr std::int64_t kSmallObject = 4 << 20;
constexpr std::int64_t kBytesAhead = 32 << 20;
constexpr std::size_t kObjectsAhead = 64;

}  // namespace

ObjectForesight& ObjectForesight::instance() {
  static ObjectForesight foresight;
  return foresight;
}

void ObjectForesight::expect(const std::vector<InputFile>& files, const std::vector<SplitSegment>& segments) {
  wishes_.clear();
  for (const SplitSegment& segment : segments) {
    const InputFile& file = files[static_cast<std::size_t>(segment.file)];
    const bool small = file.s3 && file.size_bytes > 0 && file.size_bytes <= kSmallObject;
    if (small && segment.begin == 0) wishes_.push_back({file, {}});
  }
  if (wishes_.size() < 2) wishes_.clear();
  fetch_ahead();
}

std::optional<std::future<S3Piece>> ObjectForesight::take(const InputFile& file) {
  const auto at = std::find_if(wishes_.begin(), wishes_.end(), [&](const Wish& wish) {
    return wish.file.path == file.path && wish.file.etag == file.etag && *wish.file.s3 == *file.s3;
  });
  if (at == wishes_.end() || !at->coming.valid()) return std::nullopt;
  std::future<S3Piece> coming = std::move(at->coming);
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
    if (wish.coming.valid()) continue;
    wish.coming =
        S3Client::of(*wish.file.s3)->read(S3Url::parse(wish.file.path), wish.file.etag, 0, wish.file.size_bytes);
  }
}

}  // namespace evclean
