// SPDX-License-Identifier: Apache-2.0
#include "evclean/text_block.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>

#include "evclean/error.hpp"

namespace evclean {

TextBlock::TextBlock(std::size_t capacity_bytes) { reserve(capacity_bytes); }

TextBlock::~TextBlock() { std::free(data_); }

void TextBlock::reserve(std::size_t capacity_bytes) {
  if (data_ != nullptr && capacity_bytes <= capacity_) return;
  EVCLEAN_CHECK(capacity_bytes < std::numeric_limits<std::uint32_t>::max() - kPadding, "text block of {} bytes",
                capacity_bytes);
  char* grown = static_cast<char*>(std::realloc(data_, capacity_bytes + kPadding));
  if (grown == nullptr) throw std::bad_alloc();
  data_ = grown;
  capacity_ = capacity_bytes;
  // Padding is read by vector code, never used: defined bytes keep checkers quiet and results repeatable.
  std::memset(data_ + std::min(size_, capacity_), 0, kPadding);
}

std::uint32_t TextBlock::append(std::string_view bytes) {
  if (size_ + bytes.size() > capacity_) reserve(std::max(size_ + bytes.size(), capacity_ + capacity_ / 2 + 4096));
  const std::size_t offset = size_;
  if (!bytes.empty()) std::memcpy(data_ + offset, bytes.data(), bytes.size());
  size_ += bytes.size();
  return static_cast<std::uint32_t>(offset);
}

}  // namespace evclean
