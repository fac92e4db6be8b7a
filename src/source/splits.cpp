// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "evclean/error.hpp"
#include "evclean/source.hpp"

namespace evclean {
namespace {

/// Puts segments together until the chunk is full.
class SplitCutter {
 public:
  explicit SplitCutter(std::int64_t chunk_bytes) : chunk_bytes_(chunk_bytes) {}

  void add(std::int32_t number, const InputFile& file) {
    if (file.size_bytes <= 0) return;
    if (file.splittable && file.text_bytes() > chunk_bytes_) return cut(number, file);
    const std::int64_t weight = file.size_bytes * (file.codec == Codec::kPlain ? 1 : kTextPerStoredByte);
    if (weight_ + weight > chunk_bytes_) close();
    open_.segments.push_back({number, 0, -1});
    open_.size_bytes += file.size_bytes;
    weight_ += weight;
  }

  std::vector<Split> finish() {
    close();
    return std::move(splits_);
  }

 private:
  void close() {
    if (!open_.segments.empty()) {
      open_.ordinal = static_cast<std::int32_t>(splits_.size());
      splits_.push_back(std::move(open_));
    }
    open_ = {};
    weight_ = 0;
  }

  /// Equal ranges, so that no split is a small rest.
  void cut(std::int32_t number, const InputFile& file) {
    close();
    const std::int64_t text = file.text_bytes();
    const std::int64_t pieces = (text + chunk_bytes_ - 1) / chunk_bytes_;
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

  std::int64_t chunk_bytes_;
  std::vector<Split> splits_;
  Split open_;
  std::int64_t weight_ = 0;
};

}  // namespace

std::vector<Split> cut_splits(const std::vector<InputFile>& files, std::int64_t chunk_bytes) {
  EVCLEAN_CHECK(chunk_bytes > 0, "chunk of {} bytes", chunk_bytes);
  SplitCutter cutter(chunk_bytes);
  for (std::size_t i = 0; i < files.size(); ++i) cutter.add(static_cast<std::int32_t>(i), files[i]);
  return cutter.finish();
}

}  // namespace evclean
