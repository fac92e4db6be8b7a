// SPDX-License-Identifier: Apache-2.0
// File descriptors that close themselves, and whole reads and writes on them.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "evclean/handle.hpp"

namespace evclean {

struct DescriptorTraits {
  using Raw = int;
  static Raw null() { return -1; }
  static void close(Raw raw) { ::close(raw); }
};
using Descriptor = Handle<DescriptorTraits>;

/// Opens a file that exists already, for writing. Errors: system Error naming `shown`.
Descriptor open_for_writing(const std::string& path, const std::string& shown);

/// Writes all bytes at an offset. Errors: system Error naming `shown` (disk full, quota, I/O).
void write_at(int file, std::int64_t offset, std::string_view bytes, const std::string& shown);

/// Closes and reports what close() says, which is where network file systems tell of a full disk.
void close_checked(Descriptor file, const std::string& shown);

/// Asks the kernel to start writing these bytes to disk now, so that the later flush has less to wait for.
void start_writeback(int file, std::int64_t offset, std::int64_t size_bytes) noexcept;

/// Throws the system Error for a failed write to `shown`, with what to do about it.
[[noreturn]] void fail_write(const std::string& shown, int error_number);

}  // namespace evclean
