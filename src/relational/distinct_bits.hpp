// SPDX-License-Identifier: Apache-2.0
// Which values a group has, as a bit for each group and value: exact, and small where groups are few or values repeat
// over them. Values meet at the rank that owns them, with the bits of their groups.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "group_input.hpp"
#include "group_table.hpp"
#include "memory_claim.hpp"

namespace evclean {

class DistinctBits {
 public:
  /// `column`: of the input, whose values are counted.
  DistinctBits(const GroupInput& input, int column, const Workspace& workspace);

  /// Adds rows with a value; the input's columns. Local.
  void add(const Batch& rows);
  /// Bits take too much here: counting them is of no use any more.
  bool gave_up() const { return gave_up_; }
  /// Gives counts of groups, whose sums over the ranks are the numbers of their values. False, and nothing is given,
  /// when any rank gave up. Collective.
  bool count(OperatorReport& report, const std::function<void(std::string_view key, std::int64_t values)>& take);

 private:
  /// Bits of groups by value: a word for 64 groups and a value.
  struct Bits {
    std::vector<std::vector<std::uint64_t>> words;  ///< [group / 64][value]
    void fit(std::size_t groups, std::size_t values);
    void set(std::uint32_t group, std::uint32_t value) { words[group / 64][value] |= std::uint64_t{1} << (group % 64); }
    std::int64_t memory_bytes() const;
  };
  void watch(const GroupTable& values, const Bits& bits);
  bool agree_to_go_on() const;
  void meet(OperatorReport& report);
  std::vector<std::vector<std::uint32_t>> agree_on_groups();
  Batch travelling(std::size_t begin, std::size_t end, const Fields& fields) const;
  void take_in(const Batch& rows, const std::vector<std::uint32_t>& groups, GroupTable& values, Bits& bits);

  const Workspace& workspace_;
  KeyCodec group_codec_, value_codec_;
  GroupTable groups_, values_;
  Bits bits_;
  MemoryClaim claim_;
  std::int64_t rows_ = 0;
  std::int64_t held_bytes_ = 0;  ///< by this rank's own values, while they travel
  bool gave_up_ = false;
  KeyRows keys_;
  std::vector<std::uint32_t> group_of_, value_of_;
};

}  // namespace evclean
