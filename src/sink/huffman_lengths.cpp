// SPDX-License-Identifier: Apache-2.0
#include "huffman_lengths.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "evclean/error.hpp"

namespace evclean {
namespace {

constexpr int kMaxBits = 15;

struct Leaf {
  std::uint32_t count;
  std::uint16_t symbol;
};

/// Ascending by count; symbols that occur, and as many of the others as make two.
std::vector<Leaf> leaves_of(std::span<const std::uint32_t> counts) {
  std::vector<Leaf> leaves;
  for (std::size_t s = 0; s < counts.size(); ++s) {
    if (counts[s] > 0) leaves.push_back({counts[s], static_cast<std::uint16_t>(s)});
  }
  for (std::size_t s = 0; leaves.size() < 2; ++s) {
    if (counts[s] == 0) leaves.push_back({1, static_cast<std::uint16_t>(s)});
  }
  std::sort(leaves.begin(), leaves.end(),
            [](const Leaf& a, const Leaf& b) { return a.count != b.count ? a.count < b.count : a.symbol < b.symbol; });
  return leaves;
}

/// How many leaves lie at each depth of the Huffman tree; depths above the limit count as the limit.
std::array<std::uint32_t, kMaxBits + 1> depth_counts(const std::vector<Leaf>& leaves, int limit) {
  const std::size_t inner = leaves.size() - 1;
  std::vector<std::uint64_t> weight(inner);
  std::vector<std::uint32_t> parent(inner + leaves.size());  // inner nodes first, then leaves
  std::size_t leaf = 0, node = 0;
  for (std::size_t made = 0; made < inner; ++made) {
    for (int child = 0; child < 2; ++child) {
      const bool take_leaf = leaf < leaves.size() && (node == made || leaves[leaf].count <= weight[node]);
      weight[made] += take_leaf ? leaves[leaf].count : weight[node];
      parent[take_leaf ? inner + leaf++ : node++] = static_cast<std::uint32_t>(made);
    }
  }
  std::vector<int> depth(inner);
  for (std::size_t n = inner - 1; n-- > 0;) depth[n] = depth[parent[n]] + 1;
  std::array<std::uint32_t, kMaxBits + 1> counts{};
  for (std::size_t l = 0; l < leaves.size(); ++l) ++counts[std::min(limit, depth[parent[inner + l]] + 1)];
  return counts;
}

/// Makes codes longer until all of them fit (Kraft's sum is at most 1).
void fit(std::array<std::uint32_t, kMaxBits + 1>& counts, int limit) {
  std::int64_t excess = -(std::int64_t{1} << limit);
  for (int bits = 1; bits <= limit; ++bits) excess += std::int64_t{counts[bits]} << (limit - bits);
  for (; excess > 0; --excess) {  // one leaf at the limit finds its place below a leaf further up
    int bits = limit - 1;
    while (counts[bits] == 0) --bits;
    --counts[bits];
    counts[bits + 1] += 2;
    --counts[limit];
  }
}

std::uint16_t reversed(std::uint32_t code, int bits) {
  std::uint32_t turned = 0;
  for (int i = 0; i < bits; ++i) turned |= ((code >> i) & 1) << (bits - 1 - i);
  return static_cast<std::uint16_t>(turned);
}

}  // namespace

void huffman_lengths(std::span<const std::uint32_t> counts, int limit, std::span<std::uint8_t> lengths) {
  EVCLEAN_CHECK(limit <= kMaxBits && counts.size() >= 2 && counts.size() <= (std::size_t{1} << limit),
                "{} symbols do not fit {} bits", counts.size(), limit);
  const std::vector<Leaf> leaves = leaves_of(counts);
  auto at_depth = depth_counts(leaves, limit);
  fit(at_depth, limit);
  std::fill(lengths.begin(), lengths.end(), std::uint8_t{0});
  std::size_t next = 0;
  for (int bits = limit; bits >= 1; --bits) {
    for (std::uint32_t i = 0; i < at_depth[bits]; ++i) lengths[leaves[next++].symbol] = static_cast<std::uint8_t>(bits);
  }
}

void huffman_codes(std::span<const std::uint8_t> lengths, std::span<std::uint16_t> codes) {
  std::array<std::uint32_t, kMaxBits + 1> of_length{};
  for (const std::uint8_t bits : lengths) of_length[bits] += bits > 0 ? 1 : 0;
  std::array<std::uint32_t, kMaxBits + 1> next{};
  for (int bits = 1; bits <= kMaxBits; ++bits) next[bits] = (next[bits - 1] + of_length[bits - 1]) << 1;
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    const int bits = lengths[s];
    codes[s] = bits == 0 ? std::uint16_t{0} : reversed(next[bits]++, bits);
  }
}

}  // namespace evclean
