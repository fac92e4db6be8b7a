// SPDX-License-Identifier: Apache-2.0
// The bytes of a YAML document: places for byte offsets, and what yaml-cpp would take without a word.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "evclean/job.hpp"

namespace evclean::job {

/// Finds line and column of byte offsets. Columns count characters, not bytes. Cheap when offsets ascend.
/// Lifetime: `text` must outlive it.
class YamlSource {
 public:
  explicit YamlSource(std::string_view text) : text_(text) {}

  std::string_view text() const noexcept { return text_; }
  JobPlace place(std::size_t offset);
  /// The bytes from an offset on; empty at the end.
  std::string_view from(std::size_t offset) const;
  /// The line that holds the offset, without its end.
  std::string_view line_of(std::size_t offset) const;
  std::size_t line_begin(std::size_t offset) const;
  /// The dash of a list's item with nothing behind it but blanks and comments up to the offset.
  std::optional<std::size_t> dash_before(std::size_t offset) const;

 private:
  void step_back(std::size_t offset);

  std::string_view text_;
  std::size_t last_offset_ = 0;
  JobPlace last_{1, 1};
};

/// A byte that no job file may hold: ill-formed UTF-8, or a control byte (NUL first of all). Message and offset.
struct BadByte {
  std::size_t offset;
  std::string message;
};
std::optional<BadByte> find_bad_byte(std::string_view text);

/// Where a line of more than 1 MiB begins, if there is one.
std::optional<std::size_t> find_long_line(std::string_view text);

/// Tells whether brackets open without end, counted without regard to quotes.
bool opens_too_much(std::string_view text);

/// Tells whether the quoted scalar that begins at `offset` has its closing quote.
bool quote_is_closed(std::string_view text, std::size_t offset);

}  // namespace evclean::job
