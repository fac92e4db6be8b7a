// SPDX-License-Identifier: Apache-2.0
// The bytes of a range while a connection brings them and a reader takes them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>

#include "evclean/s3.hpp"
#include "http.hpp"

namespace evclean::s3 {

/// Memory for ranges. Those of large objects follow each other for the whole run: it is used again, in large pages
/// where the system has them, because a fresh page costs more than to fill it.
class RangeMemory {
 public:
  explicit RangeMemory(std::size_t size);
  ~RangeMemory();
  RangeMemory(const RangeMemory&) = delete;
  RangeMemory& operator=(const RangeMemory&) = delete;
  char* data() const { return data_; }

 private:
  std::size_t capacity_;
  char* data_;
};

class RangeBuffer final : public S3Range, public BodySink {
 public:
  /// `as_they_come`: bytes may be read before the request has ended, as another attempt would bring the same.
  RangeBuffer(std::size_t size, bool as_they_come);

  std::size_t read(std::size_t from, char* out, std::size_t size) override;
  std::string trouble() override;

  // On the connection's thread.
  void begin() override { brought_ = 0; }
  void take(std::string_view bytes) override;
  /// Bytes of this attempt, those that were too many too.
  std::size_t brought() const { return brought_; }
  std::size_t size() const { return size_; }
  void finish(std::string trouble);
  void fail(std::exception_ptr error);

 private:
  const std::size_t size_;
  const bool as_they_come_;
  const RangeMemory memory_;
  char* const bytes_ = memory_.data();
  std::size_t brought_ = 0;
  std::size_t kept_ = 0;  ///< bytes at hand, on the connection's side

  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<std::size_t> readable_ = 0;
  std::atomic<std::size_t> wanted_ = 0;  ///< a reader waits for so many
  bool ended_ = false;
  std::string trouble_;
  std::exception_ptr error_;
};

}  // namespace evclean::s3
