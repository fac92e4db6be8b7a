// SPDX-License-Identifier: Apache-2.0
// Numbers that repeat become codes of a dictionary.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace evclean {

struct NumberBounds {
  std::int64_t smallest;
  std::int64_t largest;
};

/// At least one value.
NumberBounds bounds_of(const std::vector<std::int64_t>& values);

struct NumberCodes {
  std::vector<std::int64_t> dictionary;  ///< by first appearance
  std::vector<std::uint32_t> codes;      ///< one a value
};

/// Empty when dictionary and codes would take more than `budget_bytes`; a dictionary's entry counts `entry_bytes`.
/// Numbers are what their bits are: floats may be given as such.
std::optional<NumberCodes> code_numbers(const std::vector<std::int64_t>& values, std::int64_t budget_bytes,
                                        std::int64_t entry_bytes);

}  // namespace evclean
