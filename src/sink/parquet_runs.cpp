// SPDX-License-Identifier: Apache-2.0
#include "parquet_runs.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "thrift_compact.hpp"

#ifdef __BMI2__
#include <immintrin.h>
#endif

namespace evclean {
namespace {

constexpr std::int64_t kGroup = 8;  ///< packed values come in groups of eight
constexpr std::int64_t kMiniBlock = 32;
constexpr std::int64_t kBlock = 4 * kMiniBlock;

/// Packs values bit by bit, lowest first. `out` has room for 8 bytes more than they take.
template <typename Value>
char* pack_any(char* out, const Value* values, std::int64_t count, int bit_width) {
  if (bit_width == 0) return out;
  std::uint64_t waiting = 0;
  int filled = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t value = values[i];
    waiting |= value << filled;
    filled += bit_width;
    if (filled < 64) continue;
    std::memcpy(out, &waiting, sizeof waiting);
    out += sizeof waiting;
    filled -= 64;
    waiting = filled == 0 ? 0 : value >> (bit_width - filled);
  }
  std::memcpy(out, &waiting, sizeof waiting);
  return out + (filled + 7) / 8;
}

#ifdef __BMI2__
/// Packs groups of eight, some values in one instruction: eight that fit a byte each, four of 16 bits, two of 32.
char* pack_groups(char* out, const std::uint32_t* values, std::int64_t groups, int bit_width) {
  if (bit_width > 16 || bit_width == 0) return pack_any(out, values, groups * kGroup, bit_width);
  const std::uint64_t lane = (std::uint64_t{1} << bit_width) - 1;
  const std::uint64_t mask = lane * 0x0001000100010001ULL;
  for (std::int64_t g = 0; g < groups; ++g, values += kGroup, out += bit_width) {
    const __m256i eight = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values));
    const __m128i narrow = _mm_packus_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    const std::uint64_t low = _pext_u64(static_cast<std::uint64_t>(_mm_cvtsi128_si64(narrow)), mask);
    const std::uint64_t high = _pext_u64(static_cast<std::uint64_t>(_mm_extract_epi64(narrow, 1)), mask);
    // Four values take bit_width / 2 bytes; half a byte is left over when it is odd.
    const int half = 4 * bit_width;
    const std::uint64_t first = half == 64 ? low : low | (high << half);
    std::memcpy(out, &first, sizeof first);
    const std::uint64_t second = half == 64 ? high : high >> (64 - half);
    std::memcpy(out + 8, &second, sizeof second);
  }
  return out;
}
#else
char* pack_groups(char* out, const std::uint32_t* values, std::int64_t groups, int bit_width) {
  return pack_any(out, values, groups * kGroup, bit_width);
}
#endif

char* pack_groups(char* out, const std::uint8_t* values, std::int64_t groups, int bit_width) {
  return pack_any(out, values, groups * kGroup, bit_width);
}

template <typename Value>
bool all_equal(const Value* eight) {
  Value differing = 0;  // without branches: the compiler compares all at once
  for (std::int64_t i = 1; i < kGroup; ++i) differing |= static_cast<Value>(eight[i] ^ eight[0]);
  return differing == 0;
}

/// Groups from `at` on that hold one value only.
template <typename Value>
std::int64_t equal_groups(const Value* values, std::int64_t at, std::int64_t groups) {
  const Value* first = values + at * kGroup;
  if (!all_equal(first)) return 0;
  std::int64_t end = at + 1;
  while (end < groups && values[end * kGroup] == first[0] && all_equal(values + end * kGroup)) ++end;
  return end - at;
}

template <typename Value>
void append_packed(std::string& out, const Value* values, std::int64_t groups, int bit_width) {
  if (groups == 0) return;
  append_varint(out, static_cast<std::uint64_t>(groups) << 1 | 1);
  const std::size_t before = out.size();
  const std::size_t size = static_cast<std::size_t>(groups) * static_cast<std::size_t>(bit_width);
  constexpr std::size_t kOvershoot = 16;
  out.resize(before + size + kOvershoot);
  pack_groups(out.data() + before, values, groups, bit_width);
  out.resize(before + size);
}

/// Whether all values are the first one.
template <typename Value>
bool is_one_run(const Value* values, std::int64_t count) {
  const std::int64_t whole = count / kGroup;
  if (count == 0 || (whole > 0 && equal_groups(values, 0, whole) != whole)) return false;
  return std::all_of(values + whole * kGroup, values + count, [&](Value value) { return value == values[0]; });
}

template <typename Value>
void append_all_runs(std::string& out, const Value* values, std::int64_t count, int bit_width) {
  if (is_one_run(values, count)) return append_run(out, values[0], count, bit_width);
  const std::int64_t whole = count / kGroup;
  const std::int64_t worth = (16 + bit_width - 1) / bit_width;  // what a run must spare: 16 bytes of packed groups
  std::int64_t packed_from = 0;
  for (std::int64_t at = 0; at < whole;) {
    const std::int64_t equal = equal_groups(values, at, whole);
    if (equal >= worth) {
      append_packed(out, values + packed_from * kGroup, at - packed_from, bit_width);
      append_run(out, values[at * kGroup], equal * kGroup, bit_width);
      packed_from = at + equal;
    }
    at += std::max<std::int64_t>(equal, 1);
  }
  append_packed(out, values + packed_from * kGroup, whole - packed_from, bit_width);
  if (whole * kGroup == count) return;
  Value rest[kGroup] = {};  // filled up with zeros, whatever stands behind the values
  std::copy(values + whole * kGroup, values + count, rest);
  append_packed(out, rest, 1, bit_width);
}

/// Differences of up to 128 values to those before them, the smallest, and the bits of each miniblock above it.
struct DeltaBlock {
  DeltaBlock(const std::int64_t* values, std::int64_t wanted) : count(wanted) {
    if (count == kBlock) {
      fill(values, kBlock);  // of a known length: in vectors
    } else {
      fill(values, count);
    }
  }

  std::int64_t count;
  std::int64_t smallest = 0;
  std::uint64_t deltas[kBlock];  ///< zeros from `count` to the end of its miniblock
  std::uint8_t widths[kBlock / kMiniBlock] = {};

 private:
  [[gnu::always_inline]] void fill(const std::int64_t* values, std::int64_t known_count) {
    for (std::int64_t i = 0; i < known_count; ++i) {
      deltas[i] = static_cast<std::uint64_t>(values[i]) - static_cast<std::uint64_t>(values[i - 1]);
    }
    auto least = static_cast<std::int64_t>(deltas[0]);
    for (std::int64_t i = 0; i < known_count; ++i) least = std::min(least, static_cast<std::int64_t>(deltas[i]));
    smallest = least;
    const std::int64_t miniblocks = (known_count + kMiniBlock - 1) / kMiniBlock;
    for (std::int64_t i = 0; i < known_count; ++i) deltas[i] -= static_cast<std::uint64_t>(least);
    for (std::int64_t i = known_count; i < miniblocks * kMiniBlock; ++i) deltas[i] = 0;
    for (std::int64_t m = 0; m < miniblocks; ++m) {
      std::uint64_t all = 0;
      for (std::int64_t i = 0; i < kMiniBlock; ++i) all |= deltas[m * kMiniBlock + i];
      widths[m] = static_cast<std::uint8_t>(std::bit_width(all));
    }
  }
};

}  // namespace

int bits_below(std::uint64_t count) { return count <= 2 ? 1 : std::bit_width(count - 1); }

void append_run(std::string& out, std::uint32_t value, std::int64_t count, int bit_width) {
  append_varint(out, static_cast<std::uint64_t>(count) << 1);
  out.append(reinterpret_cast<const char*>(&value), static_cast<std::size_t>((bit_width + 7) / 8));
}

void append_runs(std::string& out, const std::uint32_t* values, std::int64_t count, int bit_width) {
  append_all_runs(out, values, count, bit_width);
}

void append_runs(std::string& out, const std::uint8_t* values, std::int64_t count, int bit_width) {
  append_all_runs(out, values, count, bit_width);
}

void append_deltas(std::string& out, const std::int64_t* values, std::int64_t count) {
  append_varint(out, kBlock);
  append_varint(out, kBlock / kMiniBlock);
  append_varint(out, static_cast<std::uint64_t>(count));
  append_varint(out, zigzag(count == 0 ? 0 : values[0]));
  for (std::int64_t at = 1; at < count; at += kBlock) {
    const DeltaBlock block(values + at, std::min(kBlock, count - at));
    append_varint(out, zigzag(block.smallest));
    out.append(reinterpret_cast<const char*>(block.widths), sizeof block.widths);
    for (std::int64_t m = 0; m * kMiniBlock < block.count; ++m) {
      char packed[kMiniBlock * 8 + 8];
      const char* end = pack_any(packed, block.deltas + m * kMiniBlock, kMiniBlock, block.widths[m]);
      out.append(packed, static_cast<std::size_t>(end - packed));
    }
  }
}

std::int64_t delta_size(const std::int64_t* values, std::int64_t count) {
  constexpr std::int64_t kHeader = 16;
  std::int64_t size = kHeader;
  for (std::int64_t at = 1; at < count; at += kBlock) {
    const DeltaBlock block(values + at, std::min(kBlock, count - at));
    size += kHeader;
    for (const std::uint8_t width : block.widths) size += kMiniBlock / 8 * width;
  }
  return size;
}

}  // namespace evclean
