// SPDX-License-Identifier: Apache-2.0
#include "visitors.hpp"

#include "text.hpp"
#include "user_agents.hpp"

namespace generate {
namespace {

constexpr double kBurst = 0.57;
constexpr std::int64_t kLookBack = 64;
constexpr double kNoAgent = 0.019;
enum Purpose : std::uint64_t { kBurstDraw = 1, kAddressDraw, kAgentDraw };

std::vector<std::string_view> agent_list() {
  std::vector<std::string_view> agents;
  for (std::string_view rest = kUserAgents; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    agents.push_back(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return agents;
}

std::vector<std::string> address_list(const ProfileOptions& options) {
  std::vector<std::string> addresses;
  addresses.reserve(options.addresses);
  for (std::size_t rank = 0; rank < options.addresses; ++rank) addresses.push_back(address_of_rank(options.seed, rank));
  return addresses;
}

}  // namespace

std::string address_of_rank(std::uint64_t seed, std::size_t rank) {
  const std::uint64_t bits = mix(mix(seed) + rank);
  std::string text;
  append_number(text, static_cast<std::int64_t>(1 + bits % 223));
  for (int byte = 1; byte < 4; ++byte) {
    text += '.';
    append_number(text, static_cast<std::int64_t>((bits >> (16 * byte)) % 256));
  }
  return text;
}

Visitors::Visitors(const ProfileOptions& options)
    : seed_(options.seed),
      hot_(options.hot),
      address_ranks_(options.addresses, options.skew),
      agent_ranks_(agent_list().size(), 1.0),
      addresses_(address_list(options)),
      agents_(agent_list()) {}

std::int64_t Visitors::burst_of(std::int64_t row) const noexcept {
  const std::int64_t first = row - kLookBack;
  while (row > 0 && row > first && Draws(seed_, row, kBurstDraw).happens(kBurst)) --row;
  return row;
}

std::string_view Visitors::address(std::int64_t burst) const noexcept {
  Draws draws(seed_, burst, kAddressDraw);
  return addresses_[draws.happens(hot_) ? 0 : address_ranks_.draw(draws)];
}

std::string_view Visitors::agent(std::int64_t burst) const noexcept {
  Draws draws(seed_, burst, kAgentDraw);
  return draws.happens(kNoAgent) ? std::string_view("-") : agents_[agent_ranks_.draw(draws)];
}

}  // namespace generate
