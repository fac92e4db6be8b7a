// SPDX-License-Identifier: Apache-2.0
// The one hash of the program: XXH3-64 with a fixed seed, the same on every rank, machine and version.
// It decides samples, partitions and the SQL function hash(); it never decides what depends on its order.
#pragma once

#include <cstdint>
#include <string_view>

namespace evclean {

/// Hashes bytes (XXH3-64, Yann Collet, seed 0 unless given).
std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0) noexcept;

/// Mixes one 64-bit number (the finaliser of splitmix64).
constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace evclean
