// SPDX-License-Identifier: Apache-2.0
#include "stored_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "evclean/error.hpp"
#include "object_file.hpp"

namespace evclean {
namespace {

/// Errors that say nothing about the file: another file would fail as well.
bool is_process_problem(int error) { return error == EMFILE || error == ENFILE || error == ENOMEM; }

std::string opening_trouble(int error) {
  if (error == ENOENT) return "the file vanished after it was listed";
  return fmt::format("the file cannot be opened any more: {}", std::strerror(error));
}

class LocalFile final : public StoredFile {
 public:
  explicit LocalFile(const InputFile& file);
  std::size_t read_at(std::int64_t offset, char* out, std::size_t size) override;
  bool has_grown() const override;

 private:
  void note_short_read(std::int64_t end);

  Descriptor descriptor_;
};

LocalFile::LocalFile(const InputFile& file) : StoredFile(file.size_bytes) {
  const int raw = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (raw < 0) {
    if (is_process_problem(errno)) fail_system("cannot open '{}': {}", file.shown, std::strerror(errno));
    trouble_ = opening_trouble(errno);
    return;
  }
  descriptor_.reset(raw);
  ::posix_fadvise(raw, 0, 0, POSIX_FADV_SEQUENTIAL);
}

std::size_t LocalFile::read_at(std::int64_t offset, char* out, std::size_t size) {
  if (!descriptor_ || offset >= size_bytes_) return 0;
  size = static_cast<std::size_t>(std::min<std::int64_t>(static_cast<std::int64_t>(size), size_bytes_ - offset));
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(descriptor_.get(), out + done, size - done, offset + static_cast<std::int64_t>(done));
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (got == 0) {
      note_short_read(offset + static_cast<std::int64_t>(done));
      break;
    } else if (errno != EINTR) {
      trouble_ = fmt::format("the file cannot be read at byte {}: {}", offset + static_cast<std::int64_t>(done),
                             std::strerror(errno));
      break;
    }
  }
  return done;
}

void LocalFile::note_short_read(std::int64_t end) {
  struct stat now {};
  if (::fstat(descriptor_.get(), &now) == 0) end = std::min<std::int64_t>(end, now.st_size);
  trouble_ = fmt::format("the file shrank from {} to {} bytes while it was read", size_bytes_, end);
}

bool LocalFile::has_grown() const {
  struct stat now {};
  return descriptor_ && ::fstat(descriptor_.get(), &now) == 0 && now.st_size > size_bytes_;
}

}  // namespace

void DescriptorTraits::close(Raw raw) noexcept { ::close(raw); }

std::unique_ptr<StoredFile> open_stored(const InputFile& file, StoredRange expected) {
  if (file.s3) return open_object(file, expected);
  return std::make_unique<LocalFile>(file);
}

StoredCursor::StoredCursor(StoredFile& file, std::int64_t offset, std::size_t buffer_bytes)
    : file_(file),
      buffer_(static_cast<std::size_t>(
          std::clamp<std::int64_t>(file.size_bytes(), 4096, static_cast<std::int64_t>(buffer_bytes)))),
      base_(offset) {}

std::string_view StoredCursor::peek(std::size_t want) {
  while (visible_ - position_ < want && see_more()) {
  }
  return {buffer_.data() + position_, visible_ - position_};
}

/// Makes more bytes visible, or finds out what hides them; false if no more can be seen.
bool StoredCursor::see_more() {
  if (stopped_) return false;
  if (magic_ahead_) {
    stopped_ = is_fence_(base_ + static_cast<std::int64_t>(visible_));
    if (stopped_) return false;
    magic_ahead_ = false;
    look(visible_ + 1);
    return true;
  }
  const std::size_t before = visible_;
  look(visible_);
  if (visible_ > before || magic_ahead_) return true;
  if (fill()) return true;
  const bool more = visible_ < filled_;
  visible_ = filled_;  // what is shorter than the magic at the file's end
  return more;
}

/// Makes bytes visible up to the next magic; some at the buffer's end may be the first of one.
void StoredCursor::look(std::size_t from) {
  if (magic_.empty()) {
    visible_ = filled_;
    return;
  }
  const std::size_t found = std::string_view(buffer_.data(), filled_).find(magic_, from);
  magic_ahead_ = found != std::string_view::npos;
  const std::size_t sure = filled_ - std::min(filled_, magic_.size() - 1);
  visible_ = magic_ahead_ ? found : std::max(from, sure);
}

bool StoredCursor::fill() {
  std::memmove(buffer_.data(), buffer_.data() + position_, filled_ - position_);
  base_ += static_cast<std::int64_t>(position_);
  filled_ -= position_;
  visible_ -= position_;
  position_ = 0;
  const std::size_t got =
      file_.read_at(base_ + static_cast<std::int64_t>(filled_), buffer_.data() + filled_, buffer_.size() - filled_);
  filled_ += got;
  return got > 0;
}

void StoredCursor::seek(std::int64_t offset) {
  const bool inside = offset >= base_ && offset <= base_ + static_cast<std::int64_t>(visible_);
  if (inside) {
    position_ = static_cast<std::size_t>(offset - base_);
    return;
  }
  base_ = offset;
  position_ = visible_ = filled_ = 0;
  magic_ahead_ = stopped_ = false;
}

void StoredCursor::watch(std::string_view magic, std::function<bool(std::int64_t)> is_fence) {
  peek(1);
  magic_ = magic;
  is_fence_ = std::move(is_fence);
  visible_ = std::min(position_ + 1, filled_);  // what begins here is no fence
  magic_ahead_ = stopped_ = false;
}

void StoredCursor::unwatch() {
  magic_ = {};
  is_fence_ = nullptr;
  magic_ahead_ = stopped_ = false;
}

}  // namespace evclean
