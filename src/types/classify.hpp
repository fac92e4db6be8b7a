// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "evclean/types.hpp"

namespace evclean {

/// Whether a text that begins with a byte can be anything but a string: most text says no here.
extern const std::array<bool, 256> kMayBeTyped;

/// The first `limit` bytes of a text, less a character cut in two.
std::string_view cut_at_character(std::string_view text, std::size_t limit) noexcept;

}  // namespace evclean
