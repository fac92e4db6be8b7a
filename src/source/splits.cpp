// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "evclean/error.hpp"
#include "evclean/source.hpp"
#include "evclean/text_layout.hpp"

namespace evclean {
namespace {

/// Puts segments together until the chunk is full.
class SplitCutter {
 public:
  explicit SplitCutter(std::int64_t chunk_bytes) : chunk_bytes_(chunk_bytes) {}

  void add(std::int32_t number, const InputFile& file, const TextLayout& layout) {
    if (file.size_bytes <= 0) return;
    if (layout.access == TextAccess::kStream) return cut_stream(number, file, layout);
    if (layout.access == TextAccess::kMembers) return cut_members(number, file, layout);
    if (file.splittable && file.text_bytes() > chunk_bytes_)
      return cut(number, file, (file.text_bytes() + chunk_bytes_ - 1) / chunk_bytes_);
    const std::int64_t weight = file.size_bytes * (file.codec == Codec::kPlain ? 1 : kTextPerStoredByte);
    if (weight_ + weight > chunk_bytes_) close();
    open_.segments.push_back({number, 0, -1});
    added_ = {number, &file};
    open_.size_bytes += file.size_bytes;
    weight_ += weight;
  }

  std::vector<Split> finish() {
    close();
    taper();
    share_only_one();
    return std::move(splits_);
  }

 private:
  /// Ranks take splits as they become free: small ones at the end let all of them end at about the same time. The last
  /// ranges of a big plain file become halves, and the very last quarters.
  void taper() {
    if (splits_.size() < kLeastTapered) return;
    std::vector<Split> end;
    for (const std::int64_t pieces : {4, 2, 2}) {
      const SplitSegment& segment = splits_.back().segments.front();
      if (segment.end - segment.begin < pieces * kLeastPieceBytes) break;  // -1: no range of a plain file
      Split whole = std::move(splits_.back());
      splits_.pop_back();
      const std::vector<Split> cut = in_pieces(whole, pieces);
      end.insert(end.begin(), cut.begin(), cut.end());
    }
    for (Split& piece : end) {
      piece.ordinal = static_cast<std::int32_t>(splits_.size());
      splits_.push_back(std::move(piece));
    }
  }

  /// A plain file that would be the only split is cut in a few after all, so that ranks share it.
  void share_only_one() {
    if (splits_.size() != 1 || splits_[0].segments.size() != 1 || added_.second == nullptr) return;
    const auto& [number, file] = added_;
    const std::int64_t pieces = std::min(kSharedPieces, file->text_bytes() / kLeastPieceBytes);
    if (!file->splittable || pieces < 2) return;
    splits_.clear();
    cut(number, *file, pieces);
  }

  static std::vector<Split> in_pieces(const Split& whole, std::int64_t pieces) {
    const SplitSegment segment = whole.segments.front();
    const std::int64_t size = segment.end - segment.begin;
    std::vector<Split> cut;
    for (std::int64_t i = 0; i < pieces; ++i) {
      const std::int64_t begin = segment.begin + size * i / pieces;
      const std::int64_t end = segment.begin + size * (i + 1) / pieces;
      cut.push_back({0, {{segment.file, begin, end}}, end - begin + (i == 0 ? whole.size_bytes - size : 0)});
    }
    return cut;
  }

  void close() {
    if (!open_.segments.empty()) {
      open_.ordinal = static_cast<std::int32_t>(splits_.size());
      splits_.push_back(std::move(open_));
    }
    open_ = {};
    weight_ = 0;
  }

  /// Equal ranges, so that no split is a small rest.
  void cut(std::int32_t number, const InputFile& file, std::int64_t pieces) {
    close();
    const std::int64_t text = file.text_bytes();
    const std::int64_t least = text / pieces;
    const std::int64_t longer = text % pieces;
    for (std::int64_t i = 0, begin = 0; i < pieces; ++i) {
      const std::int64_t size = least + (i < longer ? 1 : 0);
      open_.segments.push_back({number, begin, begin + size});
      open_.size_bytes = size + (i == 0 ? file.mark_bytes : 0);
      close();
      begin += size;
    }
  }

  std::int64_t pieces_of(const TextLayout& layout) const {
    return (layout.text_bytes() + chunk_bytes_ - 1) / chunk_bytes_;
  }

  /// Parts of a chunk each; whatever text there is behind the last one's begin belongs to it.
  void cut_stream(std::int32_t number, const InputFile& file, const TextLayout& layout) {
    close();
    const std::int64_t pieces = pieces_of(layout);
    for (std::int64_t i = 0; i < pieces; ++i) {
      const bool last = i + 1 == pieces;
      open_.segments.push_back({number, i * chunk_bytes_, last ? -1 : (i + 1) * chunk_bytes_});
      open_.size_bytes = file.size_bytes / pieces + (last ? file.size_bytes % pieces : 0);
      close();
    }
  }

  /// About equal parts that begin where a member does.
  void cut_members(std::int32_t number, const InputFile& file, const TextLayout& layout) {
    close();
    const std::int64_t pieces = pieces_of(layout);
    MemberPlace begin;
    for (std::int64_t i = 1; i <= pieces; ++i) {
      const std::int64_t target = layout.text_bytes() / pieces * i + layout.mark_bytes;
      const auto end = std::lower_bound(layout.places.begin(), layout.places.end(), target,
                                        [](const MemberPlace& place, std::int64_t at) { return place.bytes < at; });
      const bool last = i == pieces || end == layout.places.end();
      const std::int64_t from = begin.bytes == 0 ? 0 : begin.bytes - layout.mark_bytes;
      if (!last && end->bytes <= begin.bytes) continue;
      open_.segments.push_back({number, from, last ? -1 : end->bytes - layout.mark_bytes});
      open_.size_bytes = (last ? file.size_bytes : end->stored) - begin.stored;
      close();
      if (last) return;
      begin = *end;
    }
  }

  static constexpr std::size_t kLeastTapered = 4;
  static constexpr std::int64_t kLeastPieceBytes = 1 << 20, kSharedPieces = 4;

  std::int64_t chunk_bytes_;
  std::vector<Split> splits_;
  Split open_;
  std::int64_t weight_ = 0;
  std::pair<std::int32_t, const InputFile*> added_{};  ///< the last file that was not cut
};

}  // namespace

std::vector<Split> cut_splits(const std::vector<InputFile>& files, const std::vector<TextLayout>& layouts,
                              std::int64_t chunk_bytes) {
  EVCLEAN_CHECK(chunk_bytes > 0, "chunk of {} bytes", chunk_bytes);
  EVCLEAN_CHECK(layouts.size() == files.size(), "{} layouts of {} files", layouts.size(), files.size());
  SplitCutter cutter(chunk_bytes);
  for (std::size_t i = 0; i < files.size(); ++i) cutter.add(static_cast<std::int32_t>(i), files[i], layouts[i]);
  return cutter.finish();
}

std::vector<Split> cut_splits(const std::vector<InputFile>& files, std::int64_t chunk_bytes) {
  return cut_splits(files, std::vector<TextLayout>(files.size()), chunk_bytes);
}

}  // namespace evclean
