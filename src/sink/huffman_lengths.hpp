// SPDX-License-Identifier: Apache-2.0
// Code lengths for the symbols of a block, none longer than a limit, and the codes that follow from them.
#pragma once

#include <cstdint>
#include <span>

namespace evclean {

/// Gives each symbol the length of its code in bits; 0 for one that does not occur. At least two symbols get a code,
/// since readers disagree about codes of one. `lengths` has the size of `counts`, at least 2. Source: the two queues of
/// van Leeuwen (1976); lengths above the limit are cut, and the shortest codes that pay for it are made longer until
/// Kraft's sum is 1 again.
void huffman_lengths(std::span<const std::uint32_t> counts, int limit, std::span<std::uint8_t> lengths);

/// The canonical codes of RFC 1951, 3.2.2, with their bits turned around: deflate writes codes from the highest bit on.
void huffman_codes(std::span<const std::uint8_t> lengths, std::span<std::uint16_t> codes);

}  // namespace evclean
