// SPDX-License-Identifier: Apache-2.0
// What travels between two ranks at a time: blocks of rows in columns, one behind the other, each buffer at a multiple
// of 64 bytes. The receiver's arrays point into the letter: nothing is copied or parsed a value.
#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <span>

#include "evclean/batch.hpp"

namespace evclean {

/// Bytes that grow without being cleared.
class Bytes {
 public:
  Bytes() = default;
  ~Bytes() { std::free(data_); }
  Bytes(Bytes&& other) noexcept { swap(other); }
  Bytes& operator=(Bytes&& other) noexcept {
    swap(other);
    return *this;
  }
  char* data() noexcept { return data_; }
  const char* data() const noexcept { return data_; }
  std::int64_t size() const noexcept { return size_; }
  std::int64_t capacity() const noexcept { return capacity_; }
  void reserve(std::int64_t capacity);
  void resize(std::int64_t size);
  void clear() noexcept { size_ = 0; }

 private:
  void swap(Bytes& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  char* data_ = nullptr;
  std::int64_t size_ = 0, capacity_ = 0;
};

/// Rows of a batch: a run of it, or those named.
struct RowChoice {
  std::int64_t first = 0, count = 0;
  const std::int32_t* picked = nullptr;  ///< `count` of them, or null: the run

  RowChoice part(std::int64_t from, std::int64_t rows) const {
    return {picked ? 0 : first + from, rows, picked ? picked + from : nullptr};
  }
};

/// Upper bound of the bytes that pack_block appends. Columns are typed.
std::int64_t block_bytes(const Batch& batch, const RowChoice& rows);
/// Appends a block.
void pack_block(Bytes& letter, std::int64_t tag, const Batch& batch, const RowChoice& rows);
/// Gives a letter's blocks in order. Errors: bug Error when the bytes are no letter.
void open_letter(const std::shared_ptr<arrow::Buffer>& letter, const Fields& fields,
                 const std::function<void(std::int64_t tag, Batch rows)>& take);

}  // namespace evclean
