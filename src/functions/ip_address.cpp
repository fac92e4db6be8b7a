// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "evclean/function.hpp"

namespace evclean::functions {
namespace {

/// An address in network byte order: 4 or 16 bytes.
struct Address {
  std::array<unsigned char, 16> bytes{};
  bool is_v6 = false;

  bool is_mapped_v4() const {
    static constexpr std::array<unsigned char, 12> kPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    return is_v6 && std::equal(kPrefix.begin(), kPrefix.end(), bytes.begin());
  }
  unsigned char* v4() { return bytes.data() + (is_v6 ? 12 : 0); }
};

/// What stands in logs around an address and is not part of it: blanks, the brackets of a URL, the zone of
/// fe80::1%eth0.
std::string_view bare(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  text = text.substr(first, text.find_last_not_of(' ') - first + 1);
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  const auto zone = text.find('%');
  return text.find(':') < zone ? text.substr(0, zone) : text;
}

std::optional<Address> parse(std::string_view text) {
  text = bare(text);
  std::array<char, INET6_ADDRSTRLEN + 1> buffer{};
  if (text.empty() || text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(text.begin(), text.end(), buffer.begin());
  Address address;
  address.is_v6 = text.find(':') != std::string_view::npos;
  const int family = address.is_v6 ? AF_INET6 : AF_INET;
  if (inet_pton(family, buffer.data(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::string text_of(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  inet_ntop(address.is_v6 ? AF_INET6 : AF_INET, address.bytes.data(), buffer.data(), buffer.size());
  return buffer.data();
}

bool is_private_v4(const unsigned char* b) {
  return b[0] == 10 || b[0] == 127 || (b[0] == 172 && (b[1] & 0xF0) == 16) || (b[0] == 192 && b[1] == 168) ||
         (b[0] == 169 && b[1] == 254);
}

bool is_private_v6(const std::array<unsigned char, 16>& b) {
  const bool loopback = b[15] == 1 && std::all_of(b.begin(), b.end() - 1, [](unsigned char c) { return c == 0; });
  const bool link_local = b[0] == 0xFE && (b[1] & 0xC0) == 0x80;
  const bool unique_local = (b[0] & 0xFE) == 0xFC;
  return loopback || link_local || unique_local;
}

}  // namespace

std::optional<bool> ip_is_private(std::string_view text) {
  auto address = parse(text);
  if (!address) return std::nullopt;
  if (!address->is_v6 || address->is_mapped_v4()) return is_private_v4(address->v4());
  return is_private_v6(address->bytes);
}

std::optional<std::string> mask_ip(std::string_view text) {
  auto address = parse(text);
  if (!address) return std::nullopt;
  if (!address->is_v6 || address->is_mapped_v4()) {
    address->v4()[3] = 0;
  } else {
    std::fill(address->bytes.begin() + 6, address->bytes.end(), 0);
  }
  return text_of(*address);
}

}  // namespace evclean::functions
