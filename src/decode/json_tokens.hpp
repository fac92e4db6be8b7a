// SPDX-License-Identifier: Apache-2.0
// Where the tokens of JSON text stand: simdjson's first pass (brackets, commas, colons and the first byte of every
// scalar, none of them inside strings). The only file that includes simdjson.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace evclean {

class JsonTokens {
 public:
  JsonTokens();
  ~JsonTokens();
  JsonTokens(const JsonTokens&) = delete;
  JsonTokens& operator=(const JsonTokens&) = delete;

  /// Indexes text of `size` bytes. Gives nullptr, or what is wrong with it (then there are no tokens).
  const char* index(const char* text, std::size_t size);
  /// Positions of the tokens, ascending; four more entries behind the last one hold `size`.
  const std::uint32_t* positions() const noexcept { return positions_; }
  std::size_t count() const noexcept { return count_; }

 private:
  struct Parser;
  void reserve(std::size_t size);

  std::unique_ptr<Parser> parser_;
  std::size_t capacity_ = 0;
  std::uint32_t* positions_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace evclean
