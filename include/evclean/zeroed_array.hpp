// SPDX-License-Identifier: Apache-2.0
// A large array of zeroed items on huge pages where the system has them: a hash table that is met at random costs half
// as much there, and pages that nobody touches cost nothing.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace evclean {

template <typename T>
class ZeroedArray {
  static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);

 public:
  ZeroedArray() = default;
  /// Throws std::bad_alloc.
  explicit ZeroedArray(std::size_t size) : size_(size) {
    if (size == 0) return;
    void* const memory = mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    madvise(memory, bytes(), MADV_HUGEPAGE);  // a wish: nothing is lost where it is not granted
    items_ = static_cast<T*>(memory);
  }
  ~ZeroedArray() {
    if (items_ != nullptr) munmap(items_, bytes());
  }
  ZeroedArray(ZeroedArray&& other) noexcept { swap(other); }
  ZeroedArray& operator=(ZeroedArray&& other) noexcept {
    ZeroedArray(std::move(other)).swap(*this);
    return *this;
  }

  void swap(ZeroedArray& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(size_, other.size_);
  }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T& operator[](std::size_t at) noexcept { return items_[at]; }
  const T& operator[](std::size_t at) const noexcept { return items_[at]; }
  T* begin() noexcept { return items_; }
  T* end() noexcept { return items_ + size_; }
  const T* begin() const noexcept { return items_; }
  const T* end() const noexcept { return items_ + size_; }

 private:
  std::size_t bytes() const noexcept { return size_ * sizeof(T); }

  T* items_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace evclean
