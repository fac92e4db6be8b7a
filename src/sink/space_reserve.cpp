// SPDX-License-Identifier: Apache-2.0
#include "space_reserve.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>

namespace evclean {
namespace {

std::int64_t size_of(int file) {
  struct stat status;
  return ::fstat(file, &status) == 0 ? status.st_size : 0;
}

/// The limit on file sizes does not count for reserved room, but it will for the writes.
void check_limit(std::int64_t end_bytes, const std::string& shown) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  if (static_cast<rlim_t>(end_bytes) > limit.rlim_cur) fail_write(shown, EFBIG);
}

/// For file systems that reserve nothing: looks whether there is room now.
void check_free(int file, std::int64_t size_bytes, const std::string& shown) {
  struct statvfs status;
  if (::fstatvfs(file, &status) != 0) return;
  if (status.f_bavail * status.f_frsize < static_cast<std::uint64_t>(size_bytes)) fail_write(shown, ENOSPC);
}

}  // namespace

SpaceReserve::SpaceReserve(const std::string& path, std::string shown)
    : shown_(std::move(shown)), file_(open_for_writing(path, shown_)) {}

void SpaceReserve::reserve(std::int64_t size_bytes) {
  const std::int64_t end = size_of(file_.get());
  check_limit(end + size_bytes, shown_);
#ifdef FALLOC_FL_KEEP_SIZE
  if (::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, end, size_bytes) == 0) return;
  if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) fail_write(shown_, errno);
#endif
  check_free(file_.get(), size_bytes, shown_);
}

void SpaceReserve::release() noexcept { (void)!::ftruncate(file_.get(), size_of(file_.get())); }

void SpaceReserve::empty() noexcept { (void)!::ftruncate(file_.get(), 0); }

}  // namespace evclean
