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

/// From one minute on: whole seconds, parts that are zero left out.
std::string long_duration(double seconds) {
  struct Unit {
    std::string_view name;
    double seconds;
  };
  static constexpr std::array<Unit, 4> kUnits{{{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}}};
  std::string out;
  for (const Unit& unit : kUnits) {
    const double count = std::floor(seconds / unit.seconds);
    seconds -= count * unit.seconds;
    if (count > 0) out += fmt::format("{}{:.0f}{}", out.empty() ? "" : " ", count, unit.name);
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

std::string human_duration(double seconds) {
  if (!std::isfinite(seconds)) return fmt::format("{}", seconds);
  const double size = std::abs(seconds);
  std::string text;
  if (size < 0.9995) {
    text = size == 0 ? "0s" : short_number(size * 1000, 3) + "ms";
  } else if (size < 59.9995) {
    text = short_number(size, 3) + "s";
  } else {
    text = long_duration(std::round(size));
  }
  return seconds < 0 ? "-" + text : text;
}

}  // namespace evclean::functions
