// SPDX-License-Identifier: Apache-2.0
// Small values as bytes, for messages between ranks of the same program.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "evclean/error.hpp"

namespace evclean {

class Packer {
 public:
  template <typename T>
  Packer& put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Packer& text(std::string_view value) {
    put(static_cast<std::int64_t>(value.size()));
    bytes_.append(value);
    return *this;
  }
  std::string take() { return std::move(bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
  template <typename T>
  T get() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    const std::string_view piece = take(sizeof value);
    std::memcpy(&value, piece.data(), sizeof value);
    return value;
  }
  std::string text() { return std::string(take(static_cast<std::size_t>(get<std::int64_t>()))); }
  bool empty() const { return at_ == bytes_.size(); }

 private:
  std::string_view take(std::size_t length) {
    EVCLEAN_CHECK(length <= bytes_.size() - at_, "message of {} bytes is too short", bytes_.size());
    const std::string_view piece = bytes_.substr(at_, length);
    at_ += length;
    return piece;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
};

}  // namespace evclean
