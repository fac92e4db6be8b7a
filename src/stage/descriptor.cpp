// SPDX-License-Identifier: Apache-2.0
#include "evclean/descriptor.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "evclean/error.hpp"

namespace evclean {

void fail_write(const std::string& shown, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
  fail_system("cannot write {}: {}{}", shown, std::strerror(error_number),
              full ? " (make room there, or write to another folder)" : "");
}

Descriptor open_for_writing(const std::string& path, const std::string& shown) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) fail_write(shown, errno);
  return file;
}

void write_at(int file, std::int64_t offset, std::string_view bytes, const std::string& shown) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(file, bytes.data(), bytes.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail_write(shown, n < 0 ? errno : EIO);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += n;
  }
}

void close_checked(Descriptor file, const std::string& shown) {
  if (::close(file.release()) != 0 && errno != EINTR) fail_write(shown, errno);
}

void start_writeback(int file, std::int64_t offset, std::int64_t size_bytes) noexcept {
#ifdef SYNC_FILE_RANGE_WRITE
  (void)::sync_file_range(file, offset, size_bytes, SYNC_FILE_RANGE_WRITE);
#else
  (void)file, (void)offset, (void)size_bytes;
#endif
}

}  // namespace evclean
