// SPDX-License-Identifier: Apache-2.0
// Of ASCII, whatever the locale.
#pragma once

namespace evclean {

constexpr bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

}  // namespace evclean
