// SPDX-License-Identifier: Apache-2.0
#include "object_file.hpp"

#include <algorithm>
#include <deque>

#include "evclean/s3.hpp"
#include "object_foresight.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kLeastBlock = 64 << 10;
constexpr std::int64_t kMostGrown = 8 * kMiB;
constexpr std::int64_t kBytesHeld = 120 * kMiB;  ///< of all blocks together
constexpr std::int64_t kTail = 64 << 10;         ///< the last record of a range mostly ends in it

/// Blocks under way, beside the one that is read.
std::size_t blocks_ahead() { return static_cast<std::size_t>(S3Client::connections()); }

/// A request costs a server as much as some 2 MiB of data: few and large ones, but all connections busy.
std::int64_t most_block() {
  const auto held = static_cast<std::int64_t>(blocks_ahead()) + 2;
  return std::clamp(kBytesHeld / held / (2 * kMiB) * 2 * kMiB, 2 * kMiB, 16 * kMiB);
}

struct Block {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::shared_ptr<S3Range> bytes;
};

/// Reads mostly go forward. What is expected is fetched in big blocks, several at a time, and given out as it arrives;
/// a read elsewhere begins with small blocks that grow.
class ObjectFile final : public FetchedFile {
 public:
  ObjectFile(const InputFile& file, StoredRange expected)
      : FetchedFile(file.size_bytes), client_(S3Client::of(*file.s3)), url_(S3Url::parse(file.path)), etag_(file.etag) {
    if (expected.end < 0 || expected.end > size_bytes_ - kTail) expected.end = size_bytes_ - kTail;
    expected_ = {expected.begin, expected.end + kTail};
    block_bytes_ = block_size(expected_.end - expected_.begin);
    next_ = expected_.begin;
    if (auto whole = ObjectForesight::instance().take(file)) {
      blocks_.push_back({0, size_bytes_, std::move(whole)});
      next_ = size_bytes_;
    }
  }
  ~ObjectFile() override { *unwanted_ = true; }

  std::size_t read_at(std::int64_t offset, char* out, std::size_t size) override {
    std::size_t done = 0;
    while (done < size && offset < size_bytes_ && trouble_.empty()) {
      const Block& block = find(offset);
      const auto from = static_cast<std::size_t>(offset - block.begin);
      const std::size_t part = block.bytes->read(from, out + done, size - done);
      if (part == 0) trouble_ = block.bytes->trouble();
      if (part == 0 && trouble_.empty()) trouble_ = "the object ended before its listed size";
      done += part;
      offset += static_cast<std::int64_t>(part);
    }
    return done;
  }
  bool has_grown() const override { return false; }
  void fetch(std::size_t blocks) override {
    while (blocks_.size() < blocks && is_expected(next_)) fetch_next();
  }

 private:
  /// Splits a range evenly.
  static std::int64_t block_size(std::int64_t range) {
    const std::int64_t connections = static_cast<std::int64_t>(blocks_ahead());
    const std::int64_t count =
        std::max({std::int64_t{1}, (range + most_block() - 1) / most_block(), std::min(connections, range / kMiB)});
    const std::int64_t least = (range + count - 1) / count;
    return range < kMiB ? least : (least + kMiB - 1) / kMiB * kMiB;
  }

  std::size_t place_of(std::int64_t offset) const {
    std::size_t at = 0;
    while (at < blocks_.size() && (offset < blocks_[at].begin || offset >= blocks_[at].end)) ++at;
    return at;
  }

  /// The block that holds the byte.
  Block& find(std::int64_t offset) {
    std::size_t at = place_of(offset);
    if (at == blocks_.size()) {
      if (offset != next_) restart(offset);
      fetch_next();
      at = blocks_.size() - 1;
    }
    for (; at > 1; --at) blocks_.pop_front();  // the block before stays: a decoder may look back a little
    fetch_ahead(at);
    return blocks_[at];
  }

  void restart(std::int64_t offset) {
    *unwanted_ = true;
    unwanted_ = std::make_shared<std::atomic<bool>>(false);
    blocks_.clear();
    next_ = offset;
    growing_ = kLeastBlock;
  }

  void fetch_ahead(std::size_t reading) {
    const std::size_t wanted = reading + 1 + blocks_ahead();
    fetch(wanted);
    if (!is_expected(next_) && blocks_.size() < wanted) ObjectForesight::instance().fetch(wanted - blocks_.size());
    // A reader that goes on where nobody expected it to.
    if (next_ < size_bytes_ && blocks_.size() < 2 && growing_ > kMiB) fetch_next();
  }

  bool is_expected(std::int64_t offset) const { return offset >= expected_.begin && offset < expected_.end; }

  void fetch_next() {
    std::int64_t end = next_;
    if (is_expected(next_)) {
      end = next_ + block_bytes_;
      if (expected_.end - end < kMiB) end = expected_.end;
    } else {
      end += growing_;
      growing_ = std::min(2 * growing_, kMostGrown);
    }
    end = std::min(end, size_bytes_);
    blocks_.push_back({next_, end, client_->open_range(url_, etag_, next_, end - next_, unwanted_)});
    next_ = end;
  }

  std::shared_ptr<S3Client> client_;
  S3Url url_;
  std::string etag_;
  StoredRange expected_;
  std::int64_t block_bytes_ = kMiB;
  std::deque<Block> blocks_;  ///< side by side
  std::int64_t next_ = 0;     ///< where the next block begins
  std::int64_t growing_ = kLeastBlock;
  std::shared_ptr<std::atomic<bool>> unwanted_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace

std::unique_ptr<StoredFile> open_object(const InputFile& file, StoredRange expected) {
  if (auto begun = ObjectForesight::instance().take_next(file, expected)) return begun;
  return std::make_unique<ObjectFile>(file, expected);
}

std::unique_ptr<FetchedFile> begin_object(const InputFile& file, StoredRange expected) {
  return std::make_unique<ObjectFile>(file, expected);
}

}  // namespace evclean
