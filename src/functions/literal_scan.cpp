// SPDX-License-Identifier: Apache-2.0
#include "literal_scan.hpp"

#include <algorithm>
#include <cstring>

namespace evclean::functions {
namespace {

std::uint32_t three_bytes(const char* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, 3);
  return value;
}

/// Multiplication spreads the three bytes over 16 bits.
std::uint32_t slot_of(std::uint32_t bytes) { return (bytes * 0x9E3779B1U) >> 16; }

}  // namespace

LiteralScan::LiteralScan(std::span<const AgentLiteral> literals)
    : literals_(literals), slot_begin_(kSlots + 1), by_slot_(literals.size()), seen_(literals.size()) {
  std::vector<std::uint32_t> slots;
  for (const auto& literal : literals) slots.push_back(slot_of(three_bytes(literal.text.data() + literal.key)));
  for (const std::uint32_t slot : slots) {
    bitmap_[slot / 64] |= std::uint64_t{1} << (slot % 64);
    ++slot_begin_[slot + 1];
  }
  for (std::size_t i = 0; i < kSlots; ++i)
    slot_begin_[i + 1] = static_cast<std::uint16_t>(slot_begin_[i + 1] + slot_begin_[i]);
  std::vector<std::uint16_t> next(slot_begin_.begin(), slot_begin_.end() - 1);
  for (std::size_t i = 0; i < literals.size(); ++i) by_slot_[next[slots[i]]++] = static_cast<std::uint16_t>(i);
}

void LiteralScan::run(std::string_view text) {
  found_.clear();
  if (++run_ == 0) {  // the counter has gone round
    std::fill(seen_.begin(), seen_.end(), 0);
    run_ = 1;
  }
  for (std::size_t at = 0; at + 3 <= text.size(); ++at) {
    const std::uint32_t slot = slot_of(three_bytes(text.data() + at));
    if ((bitmap_[slot / 64] >> (slot % 64)) & 1) check(text, at, slot);
  }
}

void LiteralScan::check(std::string_view text, std::size_t at, std::uint32_t slot) {
  for (std::uint32_t i = slot_begin_[slot]; i < slot_begin_[slot + 1]; ++i) {
    const std::uint16_t number = by_slot_[i];
    const AgentLiteral& literal = literals_[number];
    if (at < literal.key || seen_[number] == run_) continue;
    if (text.substr(at - literal.key, literal.text.size()) != literal.text) continue;
    seen_[number] = run_;
    found_.push_back(number);
  }
}

}  // namespace evclean::functions
