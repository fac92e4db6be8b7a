// SPDX-License-Identifier: Apache-2.0
// The integer encodings of Parquet's pages, as its specification (Encodings.md) has them.
#pragma once

#include <cstdint>
#include <string>

namespace evclean {

/// Bits that the numbers below `count` need; at least one.
int bits_below(std::uint64_t count);

/// Appends numbers below 2^bit_width (1 to 32) as runs of equal ones and packed ones (RLE/bit-packing hybrid).
void append_runs(std::string& out, const std::uint32_t* values, std::int64_t count, int bit_width);
void append_runs(std::string& out, const std::uint8_t* values, std::int64_t count, int bit_width);

/// Appends `count` times the same number, as one run.
void append_run(std::string& out, std::uint32_t value, std::int64_t count, int bit_width);

/// Appends differences of neighbours (DELTA_BINARY_PACKED).
void append_deltas(std::string& out, const std::int64_t* values, std::int64_t count);
/// Bytes that append_deltas would take, at most a few more.
std::int64_t delta_size(const std::int64_t* values, std::int64_t count);

}  // namespace evclean
