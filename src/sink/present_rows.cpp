// SPDX-License-Identifier: Apache-2.0
#include "present_rows.hpp"

#include <algorithm>
#include <cstring>

namespace evclean {

void transpose_bits(std::uint64_t (&bits)[64]) noexcept {
  // Blocks of 32 by 32 bits change places across the diagonal, then those of 16 by 16 within each, down to single bits.
  std::uint64_t low = 0x00000000FFFFFFFFull;
  for (unsigned width = 32; width != 0; width >>= 1, low ^= low << width) {
    for (unsigned block = 0; block < 64; block += 2 * width) {
      for (unsigned i = block; i < block + width; ++i) {
        const std::uint64_t swap = ((bits[i] >> width) ^ bits[i + width]) & low;
        bits[i] ^= swap << width;
        bits[i + width] ^= swap;
      }
    }
  }
}

void PresentRows::load(std::int64_t row) {
  first_ = row;
  const std::int64_t count = std::min<std::int64_t>(64, rows_ - row);
  end_ = row + count;
  for (std::size_t w = 0; w < words_; ++w) {
    std::uint64_t block[64] = {};
    const std::size_t columns = std::min<std::size_t>(64, columns_.size() - 64 * w);
    for (std::size_t c = 0; c < columns; ++c) block[c] = columns_[64 * w + c].present(row, count);
    transpose_bits(block);
    std::copy_n(block, 64, bits_.begin() + static_cast<std::ptrdiff_t>(64 * w));
  }
}

}  // namespace evclean
