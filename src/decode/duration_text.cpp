// SPDX-License-Identifier: Apache-2.0
#include "duration_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace evclean {
namespace {

struct Unit {
  std::string_view word;
  int power_of_ten;  ///< of its seconds; hours and minutes are multiples
  int multiple;
};

/// The longer ones first.
constexpr Unit kUnits[] = {{"ns", -9, 1}, {"us", -6, 1}, {"\xC2\xB5s", -6, 1}, {"\xCE\xBCs", -6, 1},
                           {"ms", -3, 1}, {"s", 0, 1},   {"m", 0, 60},         {"h", 0, 3600}};

}  // namespace

bool read_duration(std::string_view text, double& seconds) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty()) return false;
  double sum = 0;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string_view number = text.substr(0, digits);
    if (number.empty() || number.find_first_of("0123456789") == std::string_view::npos ||
        std::count(number.begin(), number.end(), '.') > 1)
      return false;
    text.remove_prefix(digits);
    const auto unit =
        std::find_if(std::begin(kUnits), std::end(kUnits), [&](const Unit& one) { return text.starts_with(one.word); });
    if (unit == std::end(kUnits)) return false;
    text.remove_prefix(unit->word.size());
    // By the decimal power, so that 1.2ms is the double that 0.0012 reads as.
    sum += std::strtod(fmt::format("{}e{}", number, unit->power_of_ten).c_str(), nullptr) * unit->multiple;
  }
  seconds = negative ? -sum : sum;
  return true;
}

}  // namespace evclean
