// SPDX-License-Identifier: Apache-2.0
#include "scratch_file.hpp"

#include <fcntl.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>

#include "evclean/error.hpp"

namespace evclean {

void ScratchFile::open() {
  if (folder_.empty()) folder_ = "/var/tmp";
  std::string name = folder_ + "/.evclean-stage-XXXXXX";
  file_.reset(::mkostemp(name.data(), O_CLOEXEC));
  if (!file_) {
    fail_system("cannot make a scratch file in {}: {} (resources.scratch names another folder)", folder_,
                std::strerror(errno));
  }
  ::unlink(name.c_str());
}

std::int64_t ScratchFile::append(std::string_view bytes) {
  if (!file_) open();
  const std::int64_t offset = size_bytes_;
  write_at(file_.get(), offset, bytes, "the scratch folder " + folder_);
  size_bytes_ += static_cast<std::int64_t>(bytes.size());
  return offset;
}

void ScratchFile::read(std::int64_t offset, char* into, std::int64_t size_bytes) const {
  while (size_bytes > 0) {
    const ssize_t n = ::pread(file_.get(), into, static_cast<std::size_t>(size_bytes), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      fail_system("cannot read back from the scratch folder {}: {}", folder_, std::strerror(n < 0 ? errno : EIO));
    into += n;
    offset += n;
    size_bytes -= n;
  }
}

}  // namespace evclean
