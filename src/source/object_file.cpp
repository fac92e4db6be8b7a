// SPDX-License-Identifier: Apache-2.0
#include "object_file.hpp"

#include <algorithm>
#include <deque>
#include <future>
#include <optional>

#include "evclean/s3.hpp"
#include "object_foresight.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kLeastBlock = 64 << 10;
constexpr std::int64_t kUsualBlock = 1 << 20;
constexpr std::int64_t kMostBlock = 8 << 20;
constexpr std::int64_t kBlocksOfRange = 16;
constexpr std::size_t kAhead = 8;  ///< blocks under way at a time

struct Block {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::future<S3Piece> coming;
  std::string bytes;  ///< once they are here
};

/// Reads mostly go forward. What is expected is fetched in big blocks, several at a time; a read elsewhere begins with
/// small blocks that grow.
class ObjectFile final : public StoredFile {
 public:
  ObjectFile(const InputFile& file, StoredRange expected)
      : StoredFile(file.size_bytes), client_(S3Client::of(*file.s3)), url_(S3Url::parse(file.path)), etag_(file.etag) {
    if (expected.end < 0 || expected.end > size_bytes_) expected.end = size_bytes_;
    expected_ = expected;
    if (auto whole = ObjectForesight::instance().take(file)) {
      blocks_.push_back({0, size_bytes_, std::move(*whole), {}});
      next_ = size_bytes_;
    }
  }
  ~ObjectFile() override { *unwanted_ = true; }

  std::size_t read_at(std::int64_t offset, char* out, std::size_t size) override {
    std::size_t done = 0;
    while (done < size && offset < size_bytes_ && trouble_.empty()) {
      Block* const block = find(offset);
      if (block == nullptr) break;
      const auto from = static_cast<std::size_t>(offset - block->begin);
      const std::size_t part = std::min(size - done, block->bytes.size() - from);
      block->bytes.copy(out + done, part, from);
      done += part;
      offset += static_cast<std::int64_t>(part);
    }
    return done;
  }
  bool has_grown() const override { return false; }

 private:
  /// The block that holds the byte, its bytes at hand; none in trouble.
  Block* find(std::int64_t offset) {
    auto at = std::find_if(blocks_.begin(), blocks_.end(),
                           [&](const Block& b) { return b.begin <= offset && offset < b.end; });
    if (at == blocks_.end()) {
      if (blocks_.empty() || offset != next_) restart(offset);
      fetch_next();
      at = blocks_.end() - 1;
    }
    // The block before stays: a decoder may look back a little.
    while (at - blocks_.begin() > 1) {
      blocks_.pop_front();
      at = std::find_if(blocks_.begin(), blocks_.end(),
                        [&](const Block& b) { return b.begin <= offset && offset < b.end; });
    }
    fetch_ahead();
    at = std::find_if(blocks_.begin(), blocks_.end(),
                      [&](const Block& b) { return b.begin <= offset && offset < b.end; });
    return wait_for(*at) ? &*at : nullptr;
  }

  bool wait_for(Block& block) {
    if (!block.coming.valid()) return true;
    S3Piece piece = block.coming.get();
    trouble_ = std::move(piece.trouble);
    block.bytes = std::move(piece.bytes);
    return trouble_.empty();
  }

  void restart(std::int64_t offset) {
    *unwanted_ = true;
    unwanted_ = std::make_shared<std::atomic<bool>>(false);
    blocks_.clear();
    next_ = offset;
    growing_ = kLeastBlock;
  }

  void fetch_ahead() {
    while (blocks_.size() < kAhead && is_expected(next_)) fetch_next();
    // A reader that goes on where nobody expected it to.
    if (next_ < size_bytes_ && blocks_.size() < 2 && growing_ > kUsualBlock) fetch_next();
  }

  bool is_expected(std::int64_t offset) const { return offset >= expected_.begin && offset < expected_.end; }

  void fetch_next() {
    std::int64_t end = next_;
    if (is_expected(next_)) {
      const std::int64_t share = (expected_.end - expected_.begin) / kBlocksOfRange;
      end = std::min(next_ + std::clamp(share, kUsualBlock, kMostBlock), expected_.end);
    } else {
      end += growing_;
      growing_ = std::min(2 * growing_, kMostBlock);
    }
    end = std::min(end, size_bytes_);
    blocks_.push_back({next_, end, client_->read(url_, etag_, next_, end - next_, unwanted_), {}});
    next_ = end;
  }

  std::shared_ptr<S3Client> client_;
  S3Url url_;
  std::string etag_;
  StoredRange expected_;
  std::deque<Block> blocks_;  ///< side by side
  std::int64_t next_ = 0;     ///< where the next block begins
  std::int64_t growing_ = kLeastBlock;
  std::shared_ptr<std::atomic<bool>> unwanted_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace

std::unique_ptr<StoredFile> open_object(const InputFile& file, StoredRange expected) {
  return std::make_unique<ObjectFile>(file, expected);
}

}  // namespace evclean
