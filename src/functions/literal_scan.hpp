// SPDX-License-Identifier: Apache-2.0
// Finds which of several thousand literals occur in a text, in one pass: every three bytes are looked up in a bitmap
// that stays in the first-level cache, and only hits are compared with the literals that have these bytes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "agent_rules.hpp"

namespace evclean::functions {

class LiteralScan {
 public:
  explicit LiteralScan(std::span<const AgentLiteral> literals);

  /// Looks for the literals in `text`, which is in ASCII lower case. Replaces what the last call found.
  void run(std::string_view text);

  /// The literals found by the last run, each once, by number.
  std::span<const std::uint16_t> found() const { return found_; }
  bool has(std::uint16_t literal) const { return seen_[literal] == run_; }

 private:
  void check(std::string_view text, std::size_t at, std::uint32_t slot);

  static constexpr std::size_t kSlots = 1 << 16;

  std::span<const AgentLiteral> literals_;
  std::array<std::uint64_t, kSlots / 64> bitmap_{};
  std::vector<std::uint16_t> slot_begin_;  ///< kSlots + 1 places in by_slot_
  std::vector<std::uint16_t> by_slot_;
  std::vector<std::uint32_t> seen_;  ///< number of the run in which a literal was last found
  std::uint32_t run_ = 0;
  std::vector<std::uint16_t> found_;
};

}  // namespace evclean::functions
