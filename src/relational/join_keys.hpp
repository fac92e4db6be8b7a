// SPDX-License-Identifier: Apache-2.0
// A row's key in 24 bytes: two keys are equal exactly when their values are. Short keys (text of up to 16 bytes, one or
// two numbers, small mixes) are in it whole; of a long one it has the hash and where its bytes are.
#pragma once

#include <cstring>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "evclean/batch.hpp"
#include "evclean/hash.hpp"
#include "join_plan.hpp"

namespace evclean {

struct JoinKey {
  static constexpr std::uint32_t kNull = 0xffffffffu;  ///< one of the columns is null: matches nothing
  static constexpr std::uint32_t kLong = 0x80000000u;  ///< low: hash; high: address of the bytes
  static constexpr std::uint32_t kNumbers = 0x100u;    ///< low, high: values; bits 0 and 1: not an integer

  std::uint64_t low = 0, high = 0;
  std::uint32_t length = 0;  ///< of the bytes, with kLong; or one of the marks above

  bool null() const noexcept { return length == kNull; }
  bool is_long() const noexcept { return (length & kLong) != 0; }
  std::string_view bytes() const noexcept {
    return {reinterpret_cast<const char*>(high), static_cast<std::size_t>(length & ~kLong)};
  }
  std::uint64_t hash() const noexcept {
    if (is_long()) return low;
    std::uint64_t x = low * 0x9e3779b97f4a7c15ULL ^ (high + length) * 0xc2b2ae3d27d4eb4fULL;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    return x ^ (x >> 29);
  }
  friend bool operator==(const JoinKey& a, const JoinKey& b) noexcept {
    if (a.low != b.low || a.length != b.length) return false;
    return a.high == b.high || (a.is_long() && a.bytes() == b.bytes());
  }
};

/// Makes keys of batches. Long keys point into the batch or into this object: both live as long as the keys.
class KeyMaker {
 public:
  KeyMaker(std::vector<KeyKind> kinds, std::vector<int> columns)
      : kinds_(std::move(kinds)), columns_(std::move(columns)) {}
  /// One key a row. Columns are typed.
  void make(const Batch& batch, std::vector<JoinKey>& keys);
  /// The same of raw text, where that is the only column.
  static void make(const SpanColumn& column, std::vector<JoinKey>& keys);
  /// Forgets the bytes of keys made before.
  void forget() { blocks_.clear(), left_ = 0; }

 private:
  void make_texts(const arrow::Array& array, std::vector<JoinKey>& keys) const;
  void make_numbers(const Batch& batch, std::vector<JoinKey>& keys) const;
  void make_mixed(const Batch& batch, std::vector<JoinKey>& keys);
  char* store(std::string_view bytes);

  std::vector<KeyKind> kinds_;
  std::vector<int> columns_;
  std::deque<std::unique_ptr<char[]>> blocks_;  ///< bytes of long keys of several columns
  char* at_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace evclean
