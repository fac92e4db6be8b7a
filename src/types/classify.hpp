// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "evclean/types.hpp"

namespace evclean {

/// Says quickly of most text that it is a string; of the rest classify() must tell. The text lies in a TextBlock,
/// so that bytes past its end may be loaded. Not empty.
bool surely_string(const char* text, std::uint32_t length) noexcept;

/// The first `limit` bytes of a text, less a character cut in two.
std::string_view cut_at_character(std::string_view text, std::size_t limit) noexcept;

}  // namespace evclean
