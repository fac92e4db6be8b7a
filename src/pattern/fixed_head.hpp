// SPDX-License-Identifier: Apache-2.0
// Private to this room.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace evclean {

/// The bytes behind ^ that every text begins with that a pattern matches: most texts that do not match are known by
/// them, at a tenth of a call of PCRE2. Empty when the pattern has none, or is not plain enough to be sure.
std::string fixed_head(std::string_view pattern);

/// A pattern that is a fixed head, then as many bytes of some kinds as there are, in a group: ^/product/(?<n>\d+) or
/// ^/search\?q=([^&]*). Such a text is read in less time than PCRE2 takes to be called.
struct HeadAndRun {
  std::size_t head_bytes = 0;
  std::array<bool, 256> takes{};  ///< bytes of the run
  bool may_be_empty = false;
  bool to_the_end = false;  ///< $ stands behind the group

  /// Where the run ends, if the text matches; it begins with the head.
  std::optional<std::size_t> end_of_run(std::string_view text) const;
};
std::optional<HeadAndRun> head_and_run(std::string_view pattern);

}  // namespace evclean
