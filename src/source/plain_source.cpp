// SPDX-License-Identifier: Apache-2.0
#include "raw_source.hpp"
#include "stored_file.hpp"

namespace evclean {
namespace {

/// A file that grows meanwhile is read as it was listed; that is damage only if its last line was not whole then.
class PlainSource final : public RawSource {
 public:
  PlainSource(const InputFile& file, std::int64_t begin) : file_(file), position_(begin) {}

  RawPiece read(char* out, std::size_t room) override {
    const std::size_t got = file_.read_at(position_, out, room);
    if (got == 0) return finish();
    position_ += static_cast<std::int64_t>(got);
    last_byte_ = out[got - 1];
    return {RawEvent::kBytes, got};
  }
  const StoredDamage& damage() const override { return damage_; }
  std::int64_t stored_position() const override { return position_; }

 private:
  RawPiece finish() {
    if (finished_) return {RawEvent::kEnd};
    finished_ = true;
    if (!file_.trouble().empty()) {
      damage_ = {file_.trouble(), position_, file_.size_bytes() - position_};
      return {RawEvent::kLost};
    }
    if (last_byte_ != '\n' && file_.has_grown()) {
      damage_ = {"the file grew while it was read, and its last line was not whole when it was listed", position_, 0};
      return {RawEvent::kLost};
    }
    return {RawEvent::kEnd};
  }

  StoredFile file_;
  std::int64_t position_;
  StoredDamage damage_;
  char last_byte_ = '\n';
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<RawSource> make_plain_source(const InputFile& file, std::int64_t stored_begin) {
  return std::make_unique<PlainSource>(file, stored_begin);
}

}  // namespace evclean
