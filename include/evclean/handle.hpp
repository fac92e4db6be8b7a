// SPDX-License-Identifier: Apache-2.0
// A move-only owner of one C handle. Traits gives: `using Raw`, `static Raw null()`, `static void close(Raw)`.
// close() never throws; a sink that must report a failed close has an explicit close() of its own.
#pragma once

#include <utility>

namespace evclean {

template <typename Traits>
class Handle {
 public:
  using Raw = typename Traits::Raw;

  Handle() noexcept = default;
  explicit Handle(Raw raw) noexcept : raw_(raw) {}
  Handle(Handle&& other) noexcept : raw_(std::exchange(other.raw_, Traits::null())) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) reset(std::exchange(other.raw_, Traits::null()));
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { reset(); }

  Raw get() const noexcept { return raw_; }
  explicit operator bool() const noexcept { return raw_ != Traits::null(); }
  Raw release() noexcept { return std::exchange(raw_, Traits::null()); }
  void reset(Raw raw = Traits::null()) noexcept {
    if (raw_ != Traits::null()) Traits::close(raw_);
    raw_ = raw;
  }

 private:
  Raw raw_ = Traits::null();
};

}  // namespace evclean
