// SPDX-License-Identifier: Apache-2.0
#include "deflate_blocks.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>

#include "huffman_lengths.hpp"

namespace evclean {
namespace {

// RFC 1951, 3.2.5 to 3.2.7.
constexpr int kEndOfBlock = 256;
constexpr int kFirstLength = 257;
constexpr std::size_t kLiteralSymbols = 286;
constexpr std::size_t kDistanceSymbols = 30;
constexpr std::size_t kLengthOfCodeSymbols = 19;
constexpr std::array<std::uint8_t, kLengthOfCodeSymbols> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                                   11, 4,  12, 3, 13, 2, 14, 1, 15};
constexpr int kMaxCode = 15;
constexpr int kMaxLengthOfCode = 7;
constexpr std::size_t kMaxStored = 65535;

/// A block ends with the run that brings it to one of these: codes follow the data, and cost about 80 bytes a block.
constexpr std::size_t kBlockRuns = 1 << 13;
constexpr std::size_t kBlockBytes = 1 << 18;

struct Symbol {
  std::uint16_t symbol;
  std::uint8_t extra_bits;
  std::uint16_t extra;
};

/// Distances of one symbol: `first` and those up to 2^extra_bits behind it.
struct DistanceRange {
  std::uint16_t first;
  std::uint8_t extra_bits;
};

constexpr std::array<Symbol, 259> length_symbols() {
  std::array<Symbol, 259> table{};
  std::size_t length = 3;
  for (int s = 0; s < 28; ++s) {
    const int bits = s < 8 ? 0 : s / 4 - 1;
    for (int extra = 0; extra < (1 << bits) && length < 258; ++extra, ++length) {
      table[length] = {static_cast<std::uint16_t>(kFirstLength + s), static_cast<std::uint8_t>(bits),
                       static_cast<std::uint16_t>(extra)};
    }
  }
  table[258] = {285, 0, 0};
  return table;
}
constexpr std::array<Symbol, 259> kLengths = length_symbols();

constexpr std::array<DistanceRange, kDistanceSymbols> distance_ranges() {
  std::array<DistanceRange, kDistanceSymbols> ranges{};
  std::uint32_t first = 1;
  for (std::size_t s = 0; s < kDistanceSymbols; ++s) {
    const auto bits = static_cast<std::uint8_t>(s < 4 ? 0 : s / 2 - 1);
    ranges[s] = {static_cast<std::uint16_t>(first), bits};
    first += 1u << bits;
  }
  return ranges;
}
constexpr std::array<DistanceRange, kDistanceSymbols> kDistances = distance_ranges();

[[gnu::always_inline]] inline std::uint8_t distance_symbol(std::uint32_t distance) {
  const std::uint32_t steps = distance - 1;
  if (steps < 2) return static_cast<std::uint8_t>(steps);
  const int top = std::bit_width(steps) - 1;
  return static_cast<std::uint8_t>(2 * top + static_cast<int>((steps >> (top - 1)) & 1));
}

struct Bits {
  std::uint32_t bits = 0;
  std::int32_t count = 0;
};

/// Bits, lowest first: at most 56 between two flushes. Loops work on a copy of their own: then it stays in registers,
/// as no byte that is written can be part of it.
class BitWriter {
 public:
  explicit BitWriter(std::uint8_t* out) : out_(out) {}
  void put(Bits bits) { put(bits.bits, bits.count); }
  void put(std::uint64_t bits, int count) {
    pending_ |= bits << count_;
    count_ += count;
  }
  void flush() {
    std::memcpy(out_, &pending_, sizeof pending_);
    out_ += count_ / 8;
    pending_ >>= count_ & ~7;
    count_ &= 7;
  }
  std::uint8_t* at_byte() {
    flush();
    if (count_ > 0) ++out_;
    pending_ = 0;
    count_ = 0;
    return out_;
  }
  void set(std::uint8_t* out) { out_ = out; }

 private:
  std::uint8_t* out_;
  std::uint64_t pending_ = 0;
  int count_ = 0;
};

template <std::size_t kSymbols>
struct Code {
  std::array<std::uint32_t, kSymbols> counts{};
  std::array<std::uint8_t, kSymbols> lengths{};
  std::array<std::uint16_t, kSymbols> codes{};

  void settle(int limit) {
    huffman_lengths(counts, limit, lengths);
    huffman_codes(lengths, codes);
  }
  std::uint64_t bits() const {
    std::uint64_t sum = 0;
    for (std::size_t s = 0; s < kSymbols; ++s) sum += std::uint64_t{counts[s]} * lengths[s];
    return sum;
  }
  Bits of(std::size_t symbol) const { return {codes[symbol], lengths[symbol]}; }
  /// Symbols up to the last one with a code.
  std::size_t used(std::size_t least) const {
    std::size_t count = kSymbols;
    while (count > least && lengths[count - 1] == 0) --count;
    return count;
  }
};

/// A length of a code as it stands in a block's head: itself, or a repetition (16, 17, 18) with its extra bits.
struct HeadSymbol {
  std::uint8_t symbol;
  std::uint8_t extra;
};
constexpr int head_extra_bits(std::uint8_t symbol) {
  return symbol == 16 ? 2 : symbol == 17 ? 3 : symbol == 18 ? 7 : 0;
}

std::vector<HeadSymbol> head_symbols(std::span<const std::uint8_t> lengths) {
  std::vector<HeadSymbol> symbols;
  for (std::size_t at = 0; at < lengths.size();) {
    const std::uint8_t length = lengths[at];
    std::size_t same = 1;
    while (at + same < lengths.size() && lengths[at + same] == length) ++same;
    at += same;
    if (length != 0) {
      symbols.push_back({length, 0});
      --same;
    }
    for (const std::size_t most = length == 0 ? 138 : 6; same >= 3;) {
      const std::size_t take = std::min(same, most);
      const std::uint8_t symbol = length != 0 ? 16 : take > 10 ? 18 : 17;
      symbols.push_back({symbol, static_cast<std::uint8_t>(take - (symbol == 18 ? 11 : 3))});
      same -= take;
    }
    symbols.insert(symbols.end(), same, {length, 0});
  }
  return symbols;
}

/// One block: codes made for its runs, and what they cost.
class Block {
 public:
  Block(const std::uint8_t* text, std::span<const LiteralsAndMatch> runs) : text_(text), runs_(runs) {
    count();
    literals_.settle(kMaxCode);
    distances_.settle(kMaxCode);
    make_head();
  }

  std::size_t text_bytes() const { return text_bytes_; }
  /// Rounded up, with the three bits that begin a block.
  std::size_t coded_bytes() const {
    return (3 + head_bits_ + literals_.bits() + distances_.bits() + extra_bits_ + 7) / 8;
  }

  void write(BitWriter& writer, bool last) const {
    writer.put((last ? 1 : 0) | 2 << 1, 3);
    write_head(writer);
    write_runs(writer);
  }

 private:
  void count() {
    std::array<std::uint32_t, 259> length_counts{};
    distance_symbols_.reserve(runs_.size());
    const std::uint8_t* at = text_;
    for (const LiteralsAndMatch& run : runs_) {
      for (const std::uint8_t* end = at + run.literals; at < end; ++at) ++literals_.counts[*at];
      if (run.length == 0) continue;
      const std::uint8_t distance = distance_symbol(run.distance);
      ++length_counts[run.length];
      ++distances_.counts[distance];
      distance_symbols_.push_back(distance);
      at += run.length;
    }
    add_up(length_counts);
    text_bytes_ = static_cast<std::size_t>(at - text_);
  }

  void add_up(const std::array<std::uint32_t, 259>& length_counts) {
    for (std::size_t length = 3; length < length_counts.size(); ++length) {
      literals_.counts[kLengths[length].symbol] += length_counts[length];
      extra_bits_ += std::uint64_t{length_counts[length]} * kLengths[length].extra_bits;
    }
    for (std::size_t d = 0; d < kDistanceSymbols; ++d) {
      extra_bits_ += std::uint64_t{distances_.counts[d]} * kDistances[d].extra_bits;
    }
    ++literals_.counts[kEndOfBlock];
  }

  void make_head() {
    literal_count_ = literals_.used(kFirstLength);
    distance_count_ = distances_.used(1);
    std::vector<std::uint8_t> lengths(literals_.lengths.begin(),
                                      literals_.lengths.begin() + static_cast<std::ptrdiff_t>(literal_count_));
    lengths.insert(lengths.end(), distances_.lengths.begin(),
                   distances_.lengths.begin() + static_cast<std::ptrdiff_t>(distance_count_));
    head_ = head_symbols(lengths);
    for (const HeadSymbol& symbol : head_) {
      ++head_code_.counts[symbol.symbol];
      head_bits_ += static_cast<std::size_t>(head_extra_bits(symbol.symbol));
    }
    head_code_.settle(kMaxLengthOfCode);
    order_count_ = kOrder.size();
    while (order_count_ > 4 && head_code_.lengths[kOrder[order_count_ - 1]] == 0) --order_count_;
    head_bits_ += 5 + 5 + 4 + 3 * order_count_ + head_code_.bits();
  }

  void write_head(BitWriter& writer) const {
    writer.put(literal_count_ - 257, 5);
    writer.put(distance_count_ - 1, 5);
    writer.put(order_count_ - 4, 4);
    writer.flush();
    for (std::size_t i = 0; i < order_count_; ++i) {
      writer.put(head_code_.lengths[kOrder[i]], 3);
      writer.flush();
    }
    for (const HeadSymbol& symbol : head_) {
      writer.put(head_code_.of(symbol.symbol));
      writer.put(symbol.extra, head_extra_bits(symbol.symbol));
      writer.flush();
    }
  }

  void write_runs(BitWriter& to) const {
    const Words words = make_words();
    BitWriter writer = to;
    const std::uint8_t* distance_symbol = distance_symbols_.data();
    const std::uint8_t* at = text_;
    for (const LiteralsAndMatch& run : runs_) {
      at = write_literals(writer, words, at, run.literals);
      if (run.length == 0) continue;
      writer.put(words.lengths[run.length]);  // at most 20 bits, behind two literals at most
      writer.flush();
      const DistanceWord& distance = words.distances[*distance_symbol++];
      writer.put(distance.code | (std::uint64_t{run.distance} - distance.first) << distance.code_bits, distance.bits);
      writer.flush();
      at += run.length;
    }
    writer.put(literals_.of(kEndOfBlock));
    writer.flush();
    to = writer;
  }

  struct DistanceWord {
    std::uint16_t code = 0;
    std::uint16_t first = 0;
    std::uint8_t code_bits = 0;
    std::uint8_t bits = 0;  ///< with the extra ones
  };

  /// What is written for a literal, a length with its extra bits, and a distance, whose extra bits are to come.
  struct Words {
    std::array<Bits, 256> literals;
    std::array<Bits, 259> lengths;
    std::array<DistanceWord, kDistanceSymbols> distances;
  };
  Words make_words() const {
    Words words;
    for (std::size_t c = 0; c < words.literals.size(); ++c) words.literals[c] = literals_.of(c);
    for (std::size_t d = 0; d < words.distances.size(); ++d) {
      words.distances[d] = {distances_.codes[d], kDistances[d].first, distances_.lengths[d],
                            static_cast<std::uint8_t>(distances_.lengths[d] + kDistances[d].extra_bits)};
    }
    for (std::size_t length = 3; length < words.lengths.size(); ++length) {
      const Symbol symbol = kLengths[length];
      const Bits code = literals_.of(symbol.symbol);
      words.lengths[length] = {code.bits | std::uint32_t{symbol.extra} << code.count, code.count + symbol.extra_bits};
    }
    return words;
  }

  /// Leaves at most 30 bits for the next flush, beside the 7 that one leaves.
  [[gnu::always_inline]] static const std::uint8_t* write_literals(BitWriter& writer, const Words& words,
                                                                   const std::uint8_t* at, std::uint32_t count) {
    for (; count >= 3; count -= 3, at += 3) {
      for (int i = 0; i < 3; ++i) writer.put(words.literals[at[i]]);
      writer.flush();
    }
    for (; count > 0; --count, ++at) writer.put(words.literals[*at]);
    return at;
  }

  const std::uint8_t* text_;
  std::span<const LiteralsAndMatch> runs_;
  Code<kLiteralSymbols> literals_;
  Code<kDistanceSymbols> distances_;
  Code<kLengthOfCodeSymbols> head_code_;
  std::vector<std::uint8_t> distance_symbols_;  ///< of the runs with a match
  std::vector<HeadSymbol> head_;
  std::size_t literal_count_ = 0, distance_count_ = 0, order_count_ = 0;
  std::size_t text_bytes_ = 0;
  std::uint64_t head_bits_ = 0, extra_bits_ = 0;
};

std::size_t stored_bytes(std::size_t size) { return size + 5 * (size / kMaxStored + 1); }

void write_stored(BitWriter& writer, const std::uint8_t* text, std::size_t size, bool last) {
  do {
    const std::size_t take = std::min(size, kMaxStored);
    writer.put(last && take == size ? 1 : 0, 3);
    std::uint8_t* out = writer.at_byte();
    const std::array<std::uint16_t, 2> head = {static_cast<std::uint16_t>(take), static_cast<std::uint16_t>(~take)};
    std::memcpy(out, head.data(), 4);
    std::memcpy(out + 4, text, take);
    writer.set(out + 4 + take);
    text += take;
    size -= take;
  } while (size > 0);
}

std::size_t block_end(const std::vector<LiteralsAndMatch>& runs, std::size_t begin) {
  std::size_t bytes = 0, end = begin;
  while (end < runs.size() && end - begin < kBlockRuns && bytes < kBlockBytes) {
    bytes += runs[end].literals + runs[end].length;
    ++end;
  }
  return end;
}

}  // namespace

/// Each block is at most stored, and has at least kBlockRuns runs of four bytes or kBlockBytes, but for the last.
std::size_t deflate_bound(std::size_t size) noexcept {
  return stored_bytes(size) + 8 * (size / kBlockRuns + 2) + sizeof(std::uint64_t);
}

std::uint8_t* write_deflate(std::string_view text, const std::vector<LiteralsAndMatch>& runs, std::uint8_t* out) {
  BitWriter writer(out);
  const auto* at = reinterpret_cast<const std::uint8_t*>(text.data());
  std::size_t begin = 0;
  do {
    const std::size_t end = block_end(runs, begin);
    const bool last = end == runs.size();
    const Block block(at, std::span(runs).subspan(begin, end - begin));
    if (block.coded_bytes() < stored_bytes(block.text_bytes())) {
      block.write(writer, last);
    } else {
      write_stored(writer, at, block.text_bytes(), last);
    }
    at += block.text_bytes();
    begin = end;
  } while (begin < runs.size());
  return writer.at_byte();
}

}  // namespace evclean
