// SPDX-License-Identifier: Apache-2.0
// A nameless file in the scratch folder: bytes are appended and read back by offset. It is unlinked while still open,
// so nothing is left after a crash. Errors: system Error naming the folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "evclean/descriptor.hpp"

namespace evclean {

class ScratchFile {
 public:
  explicit ScratchFile(std::string folder) : folder_(std::move(folder)) {}
  /// Appends bytes and gives the offset where they begin. The file is made at the first call.
  std::int64_t append(std::string_view bytes);
  /// Reads exactly `size_bytes` from `offset` on.
  void read(std::int64_t offset, char* into, std::int64_t size_bytes) const;

 private:
  void open();

  std::string folder_;
  Descriptor file_;
  std::int64_t size_bytes_ = 0;
};

}  // namespace evclean
