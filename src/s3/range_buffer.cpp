// SPDX-License-Identifier: Apache-2.0
#include "range_buffer.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <new>

#include "evclean/heap_pages.hpp"

namespace evclean::s3 {
namespace {

constexpr std::size_t kLargePage = 2 << 20;
constexpr std::size_t kWokenFor = 2 << 20;    ///< a reader that has to wait sleeps until so much is there
constexpr std::size_t kMostKept = 160 << 20;  ///< bytes in use and waiting; what is beyond is given back

/// Pieces of memory of whole large pages.
class Kept {
 public:
  /// Lives until the process ends: threads may hold ranges when statics die.
  static Kept& instance() {
    static auto* const kKept = new Kept;
    return *kKept;
  }

  /// A piece of at least `capacity` bytes, which is then its true one; nothing when there is none. Counted as used
  /// either way.
  char* take(std::size_t& capacity) {
    const std::lock_guard lock(mutex_);
    const auto found = idle_.lower_bound(capacity);
    char* data = nullptr;
    if (found != idle_.end() && found->first <= 2 * capacity) {
      capacity = found->first;
      data = found->second;
      idle_.erase(found);
      idle_bytes_ -= capacity;
    }
    used_bytes_ += capacity;
    return data;
  }

  /// False: there is enough, it is to be freed.
  bool give(std::size_t capacity, char* data) {
    const std::lock_guard lock(mutex_);
    used_bytes_ -= capacity;
    if (used_bytes_ + idle_bytes_ + capacity > kMostKept) return false;
    idle_.emplace(capacity, data);
    idle_bytes_ += capacity;
    return true;
  }

 private:
  std::mutex mutex_;
  std::multimap<std::size_t, char*> idle_;
  std::size_t idle_bytes_ = 0;
  std::size_t used_bytes_ = 0;
};

bool is_large(std::size_t size) { return size >= kLargePage / 2; }

/// Apart from the heap, where holes between such pieces would be lost.
char* allocate(std::size_t capacity) {
  void* const mapped =
      ::mmap(nullptr, capacity + kLargePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  char* const begin = static_cast<char*>(mapped);
  const std::size_t over = reinterpret_cast<std::uintptr_t>(begin) % kLargePage;
  const std::size_t before = over == 0 ? 0 : kLargePage - over;
  if (before > 0) ::munmap(begin, before);
  ::munmap(begin + before + capacity, kLargePage - before);
  wish_huge_pages(begin + before, capacity);
  return begin + before;
}

}  // namespace

RangeMemory::RangeMemory(std::size_t size)
    : capacity_(is_large(size) ? (size + kLargePage - 1) / kLargePage * kLargePage : size) {
  data_ = is_large(size) ? Kept::instance().take(capacity_) : new char[capacity_];
  if (data_ == nullptr) data_ = allocate(capacity_);
}

RangeMemory::~RangeMemory() {
  if (!is_large(capacity_)) {
    delete[] data_;
  } else if (!Kept::instance().give(capacity_, data_)) {
    ::munmap(data_, capacity_);
  }
}

RangeBuffer::RangeBuffer(std::size_t size, bool as_they_come)
    : size_(size), as_they_come_(as_they_come), memory_(size) {}

std::size_t RangeBuffer::read(std::size_t from, char* out, std::size_t size) {
  const std::size_t end = std::min(from + size, size_);
  std::size_t part = 0;
  {
    std::unique_lock lock(mutex_);
    if (!ended_ && readable_ < end) {
      wanted_ = std::min(size_, std::max(end, from + kWokenFor));
      changed_.wait(lock, [&] { return ended_ || readable_ >= wanted_; });
      wanted_ = 0;
    }
    if (error_) std::rethrow_exception(error_);
    if (!trouble_.empty() || readable_ <= from) return 0;
    part = std::min(end, readable_.load()) - from;
  }
  std::memcpy(out, bytes_ + from, part);
  return part;
}

std::string RangeBuffer::trouble() {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

/// What an earlier attempt brought stays: it may be in the reader's hands.
void RangeBuffer::take(std::string_view bytes) {
  const std::size_t begin = brought_;
  brought_ += bytes.size();
  const std::size_t end = std::min(brought_, size_);
  const std::size_t from = as_they_come_ ? std::max(begin, kept_) : begin;
  if (end <= from) return;
  std::memcpy(bytes_ + from, bytes.data() + (from - begin), end - from);
  kept_ = end;
  if (!as_they_come_) return;
  readable_.store(kept_);  // before the look at what is wanted, as the reader looks the other way round
  if (const std::size_t wanted = wanted_.load(); wanted == 0 || kept_ < wanted) return;
  const std::lock_guard lock(mutex_);
  changed_.notify_one();
}

void RangeBuffer::finish(std::string trouble) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(trouble);
  if (trouble_.empty()) readable_ = kept_;
  ended_ = true;
  changed_.notify_one();
}

void RangeBuffer::fail(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  error_ = std::move(error);
  ended_ = true;
  changed_.notify_one();
}

}  // namespace evclean::s3
