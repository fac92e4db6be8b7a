// SPDX-License-Identifier: Apache-2.0
// The bytes that spans point into: a block of input text, then a side area for text that is not in the
// input as it stands (unescaped strings, repaired UTF-8, constants). Spans are offsets, so the buffer may move
// while it is being filled; it is frozen once a batch leaves the decoder.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace evclean {

/// Owns up to 2^32 - 1 bytes. At least kPadding readable bytes follow the last one, so that vector code may
/// load past the end. Lifetime: shared by the batches whose spans point here.
class TextBlock {
 public:
  static constexpr std::size_t kPadding = 64;

  explicit TextBlock(std::size_t capacity_bytes = 0);
  ~TextBlock();
  TextBlock(const TextBlock&) = delete;
  TextBlock& operator=(const TextBlock&) = delete;

  char* data() noexcept { return data_; }
  const char* data() const noexcept { return data_; }
  /// Bytes in use, text and side area together.
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  /// Makes room for `capacity_bytes` (plus padding), keeping what is there.
  void reserve(std::size_t capacity_bytes);
  /// Sets the bytes in use after writing through data(); needs size_bytes <= capacity().
  void set_size(std::size_t size_bytes) noexcept { size_ = size_bytes; }
  /// Appends to the side area and gives the offset of the copy. May move the buffer.
  std::uint32_t append(std::string_view bytes);

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

using TextBlockPtr = std::shared_ptr<TextBlock>;

}  // namespace evclean
