// SPDX-License-Identifier: Apache-2.0
#include "stored_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "evclean/error.hpp"

namespace evclean {
namespace {

/// Errors that say nothing about the file: another file would fail as well.
bool is_process_problem(int error) { return error == EMFILE || error == ENFILE || error == ENOMEM; }

std::string opening_trouble(int error) {
  if (error == ENOENT) return "the file vanished after it was listed";
  return fmt::format("the file cannot be opened any more: {}", std::strerror(error));
}

}  // namespace

void DescriptorTraits::close(Raw raw) noexcept { ::close(raw); }

StoredFile::StoredFile(const InputFile& file) : size_bytes_(file.size_bytes) {
  const int raw = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (raw < 0) {
    if (is_process_problem(errno)) fail_system("cannot open '{}': {}", file.shown, std::strerror(errno));
    trouble_ = opening_trouble(errno);
    return;
  }
  descriptor_.reset(raw);
  ::posix_fadvise(raw, 0, 0, POSIX_FADV_SEQUENTIAL);
}

std::size_t StoredFile::read_at(std::int64_t offset, char* out, std::size_t size) {
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

void StoredFile::note_short_read(std::int64_t end) {
  struct stat now {};
  if (::fstat(descriptor_.get(), &now) == 0) end = std::min<std::int64_t>(end, now.st_size);
  trouble_ = fmt::format("the file shrank from {} to {} bytes while it was read", size_bytes_, end);
}

bool StoredFile::has_grown() const {
  struct stat now {};
  return descriptor_ && ::fstat(descriptor_.get(), &now) == 0 && now.st_size > size_bytes_;
}

StoredCursor::StoredCursor(StoredFile& file, std::int64_t offset, std::size_t buffer_bytes)
    : file_(file),
      buffer_(static_cast<std::size_t>(
          std::clamp<std::int64_t>(file.size_bytes(), 4096, static_cast<std::int64_t>(buffer_bytes)))),
      base_(offset) {}

std::string_view StoredCursor::peek(std::size_t want) {
  if (filled_ - position_ < want) {
    std::memmove(buffer_.data(), buffer_.data() + position_, filled_ - position_);
    base_ += static_cast<std::int64_t>(position_);
    filled_ -= position_;
    position_ = 0;
    filled_ +=
        file_.read_at(base_ + static_cast<std::int64_t>(filled_), buffer_.data() + filled_, buffer_.size() - filled_);
  }
  return {buffer_.data() + position_, filled_ - position_};
}

void StoredCursor::seek(std::int64_t offset) {
  if (offset >= base_ && offset <= base_ + static_cast<std::int64_t>(filled_)) {
    position_ = static_cast<std::size_t>(offset - base_);
    return;
  }
  base_ = offset;
  position_ = filled_ = 0;
}

}  // namespace evclean
