// SPDX-License-Identifier: Apache-2.0
// Writes literals and matches as deflate blocks (RFC 1951): dynamic Huffman codes, or stored where that is shorter.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "token_matches.hpp"

namespace evclean {

/// At most so many bytes are written for a text of `size` bytes.
std::size_t deflate_bound(std::size_t size) noexcept;

/// Writes the whole stream, the last block marked as such, and gives its end. `out` has deflate_bound() bytes.
/// `runs` are all of `text`, in order.
std::uint8_t* write_deflate(std::string_view text, const std::vector<LiteralsAndMatch>& runs, std::uint8_t* out);

}  // namespace evclean
