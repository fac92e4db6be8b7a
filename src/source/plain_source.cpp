// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "raw_source.hpp"
#include "stored_file.hpp"

namespace evclean {
namespace {

/// A file that grows meanwhile is read as it was listed; that is damage only if its last line was not whole then.
class PlainSource final : public RawSource {
 public:
  PlainSource(const InputFile& file, StoredRange expected)
      : file_(open_stored(file, expected)),
        position_(expected.begin),
        is_far_(file.s3 != nullptr),
        expected_(expected) {}

  RawPiece read(char* out, std::size_t room) override {
    if (is_far_) room = wanted(room);
    const std::size_t got = file_->read_at(position_, out, room);
    if (got == 0) return finish();
    position_ += static_cast<std::int64_t>(got);
    last_byte_ = out[got - 1];
    return {RawEvent::kBytes, got};
  }
  const StoredDamage& damage() const override { return damage_; }
  std::int64_t stored_position() const override { return position_; }

 private:
  /// What is far away is not fetched for nothing: up to the expected end, then in small pieces.
  std::size_t wanted(std::size_t room) const {
    constexpr std::int64_t kPiece = 64 << 10;
    const std::int64_t left = expected_.end < 0 ? file_->size_bytes() - position_ : expected_.end - position_;
    return std::min(room, static_cast<std::size_t>(std::max(left, kPiece)));
  }

  RawPiece finish() {
    if (finished_) return {RawEvent::kEnd};
    finished_ = true;
    if (!file_->trouble().empty()) {
      damage_ = {file_->trouble(), position_, file_->size_bytes() - position_};
      return {RawEvent::kLost};
    }
    if (last_byte_ != '\n' && file_->has_grown()) {
      damage_ = {"the file grew while it was read, and its last line was not whole when it was listed", position_, 0};
      return {RawEvent::kLost};
    }
    return {RawEvent::kEnd};
  }

  std::unique_ptr<StoredFile> file_;
  std::int64_t position_;
  bool is_far_;  ///< on S3
  StoredRange expected_;
  StoredDamage damage_;
  char last_byte_ = '\n';
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<RawSource> make_plain_source(const InputFile& file, std::int64_t stored_begin,
                                             std::int64_t stored_end) {
  return std::make_unique<PlainSource>(file, StoredRange{stored_begin, stored_end});
}

}  // namespace evclean
