// SPDX-License-Identifier: Apache-2.0
// Makes sure of disk space before a library writes that cannot cope with a full disk: parallel HDF5 on Open MPI hangs
// or crashes when a write fails on some ranks only.
#pragma once

#include <cstdint>
#include <string>

#include "evclean/descriptor.hpp"

namespace evclean {

class SpaceReserve {
 public:
  /// Opens the file, which exists. Errors: system Error naming `shown`.
  SpaceReserve(const std::string& path, std::string shown);
  /// Reserves room for `size_bytes` behind the file's end; its size stays. Errors: system Error (disk full, limits).
  void reserve(std::int64_t size_bytes);
  /// Gives back what is reserved and not used.
  void release() noexcept;
  /// Gives back everything: the file is to be thrown away.
  void empty() noexcept;

 private:
  std::string shown_;
  Descriptor file_;
};

}  // namespace evclean
