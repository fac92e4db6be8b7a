// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>

#include "evclean/error.hpp"
#include "evclean/function.hpp"

namespace evclean::functions {
namespace {

/// At most `decimals` decimals, without trailing zeros.
std::string short_number(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

/// Parts of whole seconds, those that are zero left out.
std::string long_duration(std::uint64_t seconds) {
  struct Unit {
    std::string_view name;
    std::uint64_t seconds;
  };
  static constexpr std::array<Unit, 4> kUnits{{{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}}};
  std::string out;
  for (const Unit& unit : kUnits) {
    if (seconds >= unit.seconds)
      out += fmt::format("{}{}{}", out.empty() ? "" : " ", seconds / unit.seconds, unit.name);
    seconds %= unit.seconds;
  }
  return out;
}

}  // namespace

std::string human_bytes(std::int64_t bytes) {
  static constexpr std::array<std::string_view, 7> kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double size = std::abs(static_cast<double>(bytes));
  std::size_t unit = 0;
  // 1023.95 would be written 1024.0 of the smaller unit.
  while ((unit == 0 ? size >= 1024 : size >= 1023.95) && unit + 1 < kUnits.size()) {
    size /= 1024;
    ++unit;
  }
  return fmt::format("{}{:.{}f} {}", bytes < 0 ? "-" : "", size, unit == 0 ? 0 : 1, kUnits[unit]);
}

std::string human_seconds(std::int64_t seconds) {
  if (seconds == 0) return "0s";
  const auto size = static_cast<std::uint64_t>(seconds);
  return fmt::format("{}{}", seconds < 0 ? "-" : "", long_duration(seconds < 0 ? 0 - size : size));
}

std::string human_duration(double seconds) {
  const double size = std::abs(seconds);
  if (!std::isfinite(seconds)) return fmt::format("{}", seconds);
  if (size >= 9223372036854775808.0) return fmt::format("{}s", seconds);  // so long that nobody has its seconds
  if (size < 0.0000005) return "0s";                                      // less than is written of a millisecond
  std::string text;
  if (size < 0.9995) {
    text = short_number(size * 1000, 3) + "ms";
  } else if (size < 59.9995) {
    text = short_number(size, 3) + "s";
  } else {
    text = long_duration(static_cast<std::uint64_t>(std::round(size)));
  }
  return seconds < 0 ? "-" + text : text;
}

}  // namespace evclean::functions
