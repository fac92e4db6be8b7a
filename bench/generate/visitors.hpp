// SPDX-License-Identifier: Apache-2.0
// Who sends a row: addresses with bursts (57 % of the rows come from the sender of the row before, as measured on real
// access logs) and user agents.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profile.hpp"
#include "random.hpp"

namespace generate {

class Visitors {
 public:
  explicit Visitors(const ProfileOptions& options);

  /// The row that began the burst `row` belongs to; looks back at most 64 rows, so that any row can be made alone.
  std::int64_t burst_of(std::int64_t row) const noexcept;
  std::string_view address(std::int64_t burst) const noexcept;
  /// One sender keeps its agent; "-" for 1.9 %.
  std::string_view agent(std::int64_t burst) const noexcept;

 private:
  std::uint64_t seed_;
  double hot_;
  Zipf address_ranks_;
  Zipf agent_ranks_;
  std::vector<std::string> addresses_;
  std::vector<std::string_view> agents_;
};

}  // namespace generate
