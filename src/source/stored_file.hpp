// SPDX-License-Identifier: Apache-2.0
// A file as it is stored, read by offset up to the size it had when it was listed. A file that vanishes, shrinks or
// cannot be read any more is no exception: its bytes end, and trouble() says why.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/handle.hpp"
#include "evclean/source.hpp"

namespace evclean {

struct DescriptorTraits {
  using Raw = int;
  static Raw null() { return -1; }
  static void close(Raw raw) noexcept;
};
using Descriptor = Handle<DescriptorTraits>;

class StoredFile {
 public:
  virtual ~StoredFile() = default;
  /// Reads up to `size` bytes at `offset`; fewer only at the end or in trouble. Errors: system Error when S3 cannot be
  /// reached or refuses.
  virtual std::size_t read_at(std::int64_t offset, char* out, std::size_t size) = 0;
  /// Whether the file is longer now than when it was listed.
  virtual bool has_grown() const = 0;
  std::int64_t size_bytes() const noexcept { return size_bytes_; }
  /// Why bytes that were listed cannot be read; empty if all is well.
  const std::string& trouble() const noexcept { return trouble_; }

 protected:
  explicit StoredFile(std::int64_t size_bytes) : size_bytes_(size_bytes) {}

  std::int64_t size_bytes_;
  std::string trouble_;
};

/// The part of a file that will be read, as far as that is known: what is far away is fetched ahead within it.
struct StoredRange {
  std::int64_t begin = 0;
  std::int64_t end = -1;  ///< -1: to the end
};

/// Opens a file of this machine, or an object. Errors: system Error when the process cannot open files any more;
/// anything about this file is trouble().
std::unique_ptr<StoredFile> open_stored(const InputFile& file, StoredRange expected = {});

/// A place in a stored file with a buffer around it.
class StoredCursor {
 public:
  StoredCursor(StoredFile& file, std::int64_t offset, std::size_t buffer_bytes = 256 << 10);

  /// The bytes ahead: at least `want` of them (at most the buffer's size) unless the file, or a fence, ends them.
  std::string_view peek(std::size_t want = 1);
  void skip(std::size_t bytes) { position_ += bytes; }
  void seek(std::int64_t offset);
  /// Offset in the file of the byte that peek() gives first.
  std::int64_t offset() const noexcept { return base_ + static_cast<std::int64_t>(position_); }

  /// From now on, asks `is_fence` before bytes are given from an offset behind this one where `magic` stands. If it
  /// says yes, nothing behind that offset is given until unwatch(). Asked only when bytes there are wanted.
  void watch(std::string_view magic, std::function<bool(std::int64_t)> is_fence);
  void unwatch();
  /// Whether a fence ended what peek() gave.
  bool at_fence() const noexcept { return stopped_; }

 private:
  bool see_more();
  void look(std::size_t from);
  bool fill();

  StoredFile& file_;
  std::vector<char> buffer_;
  std::int64_t base_;         ///< file offset of buffer_[0]
  std::size_t position_ = 0;  ///< of the next byte in the buffer
  std::size_t visible_ = 0;   ///< bytes before it may be given
  std::size_t filled_ = 0;
  std::string_view magic_;
  std::function<bool(std::int64_t)> is_fence_;
  bool magic_ahead_ = false;  ///< `magic_` stands at visible_
  bool stopped_ = false;
};

}  // namespace evclean
