// SPDX-License-Identifier: Apache-2.0
// A growing buffer for encoded text. Unlike std::string it does not clear what it makes room for.
#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

namespace evclean {

class TextBuffer {
 public:
  /// Bytes behind `limit()` that may be overwritten by copies that overshoot.
  static constexpr std::size_t kSlack = 64;

  char* end() noexcept { return end_; }
  /// At least `wanted` bytes can be written from `at` on, plus the slack. `at` lies in the buffer; gives its new place.
  char* room(char* at, std::size_t wanted) {
    if (static_cast<std::size_t>(limit_ - at) >= wanted) return at;
    const auto used = static_cast<std::size_t>(at - data_.get());
    const std::size_t capacity = 2 * used + wanted + (64 << 10);
    char* moved = static_cast<char*>(std::realloc(data_.get(), capacity + kSlack));
    if (!moved) throw std::bad_alloc();
    (void)data_.release();
    data_.reset(moved);
    limit_ = moved + capacity;
    return moved + used;
  }
  const char* limit() const noexcept { return limit_; }
  void set_end(char* end) noexcept { end_ = end; }
  std::size_t size() const noexcept { return static_cast<std::size_t>(end_ - data_.get()); }
  std::string_view view() const noexcept { return {data_.get(), size()}; }
  void clear() noexcept { end_ = data_.get(); }
  /// Gives back the room behind the text.
  void shrink() noexcept {
    const std::size_t used = size();
    char* moved = data_ ? static_cast<char*>(std::realloc(data_.get(), used + kSlack)) : nullptr;
    if (!moved) return;
    (void)data_.release();
    data_.reset(moved);
    end_ = limit_ = moved + used;
  }
  void append(std::string_view text) {
    char* at = room(end_, text.size());
    std::memcpy(at, text.data(), text.size());
    end_ = at + text.size();
  }

 private:
  struct Free {
    void operator()(char* data) const { std::free(data); }
  };
  std::unique_ptr<char, Free> data_;
  char* end_ = nullptr;
  char* limit_ = nullptr;
};

/// Room that any value but a text needs, with its delimiter.
inline constexpr std::size_t kValueRoom = 64;

/// Where there is room. Gives the end of the copy.
inline char* copy_short(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace evclean
