// SPDX-License-Identifier: Apache-2.0
#include "text_feed.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <utility>

namespace evclean {
namespace {

constexpr std::int64_t kMostBlockBytes = 1 << 20, kLeastBlockBytes = 4 << 10;
constexpr std::int64_t kAskedAhead = 8;  ///< blocks that an asker has asked for and not received
constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kDone = -1;  ///< as the offset of a request: the part needs nothing any more

constexpr std::size_t kMostUsed = 32;

using Block = std::shared_ptr<std::string>;
using Clock = std::chrono::steady_clock;
constexpr auto kMostWait = std::chrono::seconds(5);

}  // namespace

/// The stream as its feeder has it. Blocks are numbered from 0; all but the last have the same size.
class TextFeeds::Feed {
 public:
  Feed(const TableInput& input, std::int32_t file, std::int64_t block_bytes, std::int64_t memory_bytes)
      : block_bytes_(block_bytes), most_blocks_(std::max<std::int64_t>(2, memory_bytes / block_bytes)) {
    const TextLayout& layout = input.layouts[static_cast<std::size_t>(file)];
    for (const Split& split : input.splits) {
      if (split.segments.empty() || split.segments[0].file != file) continue;
      if (needs_.empty()) first_split_ = split.ordinal;
      const std::int64_t begin = split.segments[0].begin;
      needs_.push_back(begin == 0 ? 0 : (begin - 1 + layout.mark_bytes) / block_bytes);
    }
    source_ = open_bytes(input.files[static_cast<std::size_t>(file)], input.stream);
  }

  bool ended() const { return ended_ || broken_; }
  bool broken() const { return broken_; }
  void fail() { broken_ = true; }
  std::int64_t end() const { return first_ + static_cast<std::int64_t>(blocks_.size()); }
  /// Nobody waits for ever for a part that is not fetched: after some seconds without any change memory counts less.
  bool has_room() const {
    return static_cast<std::int64_t>(blocks_.size()) < most_blocks_ || Clock::now() - last_change_ > kMostWait;
  }

  /// The block, if it is here: null means not yet, or not any more.
  Block block(std::int64_t number) const {
    return number < first_ || number >= end() ? nullptr : blocks_[static_cast<std::size_t>(number - first_)];
  }

  /// Decompresses one more block. Local; what goes wrong makes it broken.
  void produce() {
    Block block = fresh();
    std::size_t size = 0;
    try {
      while (size < block->size()) {
        const std::size_t got = source_->read(block->data() + size, block->size() - size);
        if (got == 0) break;
        size += got;
      }
    } catch (const std::exception&) {
      broken_ = true;  // the file is read again as a whole, where the same error is told properly
    }
    broken_ = broken_ || source_->broken();
    ended_ = size < block->size();
    block->resize(size);
    if (size > 0 && !broken_) blocks_.push_back(std::move(block));
    last_change_ = Clock::now();
  }

  /// From now on the part needs this block and later ones.
  void need(std::int64_t split, std::int64_t number) {
    std::int64_t& needs = needs_.at(static_cast<std::size_t>(split - first_split_));
    needs = std::max(needs, number);
    const std::int64_t lowest = *std::min_element(needs_.begin(), needs_.end());
    for (; first_ < lowest && !blocks_.empty(); ++first_) {
      used_.push_back(std::move(blocks_.front()));
      blocks_.pop_front();
      last_change_ = Clock::now();
    }
  }

 private:
  /// Memory that was used before, if it has been sent: fresh memory costs a tenth of decompressing into it.
  Block fresh() {
    Block block;
    if (!used_.empty() && used_.front().use_count() == 1) {
      block = std::move(used_.front());
      used_.pop_front();
    }
    if (used_.size() > kMostUsed) used_.pop_front();
    if (!block) block = std::make_shared<std::string>();
    block->resize(static_cast<std::size_t>(block_bytes_));
    return block;
  }

  std::int64_t block_bytes_;
  std::int64_t most_blocks_;
  std::unique_ptr<ByteSource> source_;
  std::int64_t first_split_ = 0;
  std::vector<std::int64_t> needs_;  ///< a part: the first block it needs; kNone: nothing any more
  std::int64_t first_ = 0;           ///< number of blocks_[0]
  std::deque<Block> blocks_;
  std::deque<Block> used_;  ///< dropped; some may still be on their way to an asker
  Clock::time_point last_change_ = Clock::now();
  bool ended_ = false;
  bool broken_ = false;
};

/// A part that its feeder parses itself.
class TextFeeds::OwnSource final : public ByteSource {
 public:
  OwnSource(TextFeeds& feeds, Feed& feed, std::int64_t split, std::int64_t offset)
      : feeds_(feeds), feed_(feed), split_(split), number_(offset / feeds.block_bytes_) {
    at_ = static_cast<std::size_t>(offset % feeds.block_bytes_);
  }

  std::size_t read(char* out, std::size_t room) override {
    while (true) {
      await_block();
      const Block block = feed_.block(number_);
      broken_ = feed_.broken() || (!block && number_ < feed_.end());
      if (!block || broken_) return 0;
      if (at_ < block->size()) return copy(*block, out, room);
      at_ = 0;
      feed_.need(split_, ++number_);
    }
  }
  bool broken() const override { return broken_; }

 private:
  /// Parts before this one may be behind: what they need is not to fill the memory.
  void await_block() {
    for (Patience patience; number_ >= feed_.end() && !feed_.ended();) {
      if (feed_.has_room()) {
        feed_.produce();
        continue;
      }
      feeds_.serve();
      feeds_.idle_();
      patience.wait();
    }
  }

  std::size_t copy(const std::string& block, char* out, std::size_t room) {
    const std::size_t size = std::min(room, block.size() - at_);
    std::memcpy(out, block.data() + at_, size);
    at_ += size;
    return size;
  }

  TextFeeds& feeds_;
  Feed& feed_;
  std::int64_t split_;
  std::int64_t number_;
  std::size_t at_;  ///< in the block
  bool broken_ = false;
};

/// A part that another rank feeds. Blocks are asked for ahead, but not beyond the part's end before they are needed.
class TextFeeds::RemoteSource final : public ByteSource {
 public:
  RemoteSource(TextFeeds& feeds, std::int32_t file, std::int64_t split, int feeder, std::int64_t offset)
      : feeds_(feeds), file_(file), split_(split), feeder_(feeder), next_(offset / feeds.block_bytes_) {
    at_ = static_cast<std::size_t>(offset % feeds.block_bytes_);
    skip_ = at_;
    const SplitSegment& segment = feeds.input_.splits[static_cast<std::size_t>(split)].segments[0];
    const TextLayout& layout = feeds.input_.layouts[static_cast<std::size_t>(file)];
    part_end_ = segment.end < 0 ? kNone : (segment.end + layout.mark_bytes) / feeds.block_bytes_;
  }

  /// Receives what is still on its way, so that no message is left behind.
  ~RemoteSource() override {
    Patience patience;
    try {
      while (asked_ > 0) {
        if (feeds_.desk_.receive(feeder_)) {
          --asked_;
          continue;
        }
        feeds_.serve();
        patience.wait();
      }
    } catch (const std::exception&) {
      // MPI itself has failed: nothing can be done here.
    }
  }

  std::size_t read(char* out, std::size_t room) override {
    while (at_ >= piece_.bytes.size() && !over_) receive();
    if (over_) return 0;
    const std::size_t size = std::min(room, piece_.bytes.size() - at_);
    std::memcpy(out, piece_.bytes.data() + at_, size);
    at_ += size;
    return size;
  }
  bool broken() const override { return piece_.answer == PieceDesk::Answer::kBroken; }

 private:
  void receive() {
    ask_ahead();
    Patience patience;
    while (true) {
      if (auto piece = feeds_.desk_.receive(feeder_, std::move(piece_.bytes))) {
        --asked_;
        piece_ = std::move(*piece);
        break;
      }
      feeds_.serve();
      feeds_.idle_();
      patience.wait();
    }
    at_ = std::exchange(skip_, 0);
    over_ = piece_.answer != PieceDesk::Answer::kBytes;
    if (!over_) ask_ahead();
  }

  void ask_ahead() {
    while (asked_ == 0 || (asked_ < kAskedAhead && next_ <= part_end_)) {
      feeds_.desk_.ask(feeder_, {file_, split_, next_++});
      ++asked_;
    }
  }

  TextFeeds& feeds_;
  std::int32_t file_;
  std::int64_t split_;
  int feeder_;
  std::int64_t next_;      ///< block to ask for next
  std::int64_t part_end_;  ///< the block that holds the part's end
  std::int64_t asked_ = 0;
  PieceDesk::Piece piece_;
  std::size_t at_;    ///< in the piece
  std::size_t skip_;  ///< bytes of the first piece that are not wanted
  bool over_ = false;
};

TextFeeds::TextFeeds(const TableInput& input, const Comm& comm, std::int64_t memory_bytes)
    : input_(input),
      comm_(comm),
      desk_(comm),
      memory_bytes_(memory_bytes),
      block_bytes_(std::clamp(input.job->resources.chunk_bytes, kLeastBlockBytes, kMostBlockBytes)) {}

TextFeeds::~TextFeeds() = default;

TextFeeds::Feed& TextFeeds::feed(std::int32_t file) {
  auto& feed = feeds_[file];
  if (!feed) feed = std::make_unique<Feed>(input_, file, block_bytes_, memory_bytes_);
  return *feed;
}

std::unique_ptr<ByteSource> TextFeeds::open(std::int32_t file, std::int64_t split, int feeder, std::int64_t offset) {
  if (feeder == comm_.rank()) return std::make_unique<OwnSource>(*this, feed(file), split, offset);
  return std::make_unique<RemoteSource>(*this, file, split, feeder, offset);
}

void TextFeeds::close(std::int32_t file, std::int64_t split, int feeder) {
  if (feeder == comm_.rank()) {
    feed(file).need(split, kNone);
  } else {
    desk_.ask(feeder, {file, split, kDone});
  }
}

void TextFeeds::take_requests() {
  while (const auto arrived = desk_.next_request()) {
    const auto& [asker, request] = *arrived;
    if (request.offset == kDone) {
      feed(static_cast<std::int32_t>(request.text)).need(request.part, kNone);
    } else {
      waiting_.push_back({asker, request});
    }
  }
  desk_.reap();
}

/// False: the block is not there yet.
bool TextFeeds::answer(const Waiting& waiting) {
  const PieceDesk::Request& request = waiting.request;
  Feed& feed = this->feed(static_cast<std::int32_t>(request.text));
  const Block block = feed.block(request.offset);
  if (!block && request.offset >= feed.end() && !feed.ended()) return false;
  const bool good = block && !feed.broken();
  const bool at_end = !block && request.offset >= feed.end() && !feed.broken();
  desk_.reply(waiting.asker,
              good     ? PieceDesk::Answer::kBytes
              : at_end ? PieceDesk::Answer::kEnd
                       : PieceDesk::Answer::kBroken,
              good ? block : nullptr);
  if (good) feed.need(request.part, request.offset + 1);
  return true;
}

void TextFeeds::serve() {
  while (true) {
    take_requests();
    std::erase_if(waiting_, [this](const Waiting& each) { return answer(each); });
    bool produced = false;
    for (const Waiting& each : waiting_) {
      Feed& feed = this->feed(static_cast<std::int32_t>(each.request.text));
      if (!feed.has_room()) continue;
      feed.produce();
      produced = true;
      break;
    }
    if (!produced) return;
    between_();
  }
}

void TextFeeds::fail() {
  for (auto& [file, feed] : feeds_) feed->fail();
}

}  // namespace evclean
