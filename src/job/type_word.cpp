// SPDX-License-Identifier: Apache-2.0
#include "type_word.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "evclean/suggest.hpp"

namespace evclean::job {

namespace {

/// What other tools call our types.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kOtherNames{{{"int", "int64"},
                                                                                     {"integer", "int64"},
                                                                                     {"bigint", "int64"},
                                                                                     {"long", "int64"},
                                                                                     {"int32", "int64"},
                                                                                     {"float", "float64"},
                                                                                     {"double", "float64"},
                                                                                     {"number", "float64"},
                                                                                     {"numeric", "float64"},
                                                                                     {"real", "float64"},
                                                                                     {"str", "string"},
                                                                                     {"text", "string"},
                                                                                     {"varchar", "string"},
                                                                                     {"boolean", "bool"},
                                                                                     {"datetime", "timestamp"},
                                                                                     {"time", "timestamp"}}};

constexpr std::string_view kWords =
    "string, int64, float64, bool, date, timestamp, date:FORMAT, timestamp:FORMAT, epoch_s, epoch_ms or epoch_us";

std::optional<std::string> format_problem(std::string_view word, std::string_view format) {
  static constexpr std::string_view kLetters = "YmdHMSybBaAejIpfzZsTDFR%";
  bool any = false;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') continue;
    if (at + 1 == format.size()) return fmt::format("'{}' ends in a lone %", printable(word, 60));
    if (kLetters.find(format[++at]) == std::string_view::npos) {
      return fmt::format(
          "%{} is not known in '{}' (known: %Y %m %d %H %M %S %y %b %B %a %A %e %j %I %p %f %z %Z %s %T %D "
          "%F %R %%)",
          printable(format.substr(at, 1)), printable(word, 60));
    }
    any = true;
  }
  if (any) return std::nullopt;
  return fmt::format("'{}' needs a format behind the colon, such as date:%d/%m/%Y", printable(word, 60));
}

}  // namespace

std::optional<std::string> type_word_problem(std::string_view word) {
  static const std::vector<std::string> kNames = {"string",    "int64",   "float64",  "bool",    "date",
                                                  "timestamp", "epoch_s", "epoch_ms", "epoch_us"};
  for (const std::string& name : kNames) {
    if (word == name) return std::nullopt;
  }
  for (const std::string_view name : {"date:", "timestamp:"}) {
    if (word.substr(0, name.size()) == name) return format_problem(word, word.substr(name.size()));
  }
  std::string hint = did_you_mean(word, kNames);
  for (const auto& [other, ours] : kOtherNames) {
    if (word == other) hint = fmt::format(" (did you mean '{}'?)", ours);
  }
  return fmt::format("unknown type '{}'{}: it is {}", printable(word, 60), hint, kWords);
}

std::optional<Text> read_type_word(const YamlNode& node, std::string_view what, Problems& problems) {
  if (node.is_null()) {
    problems.report(node, "{} has no type (YAML's null): write {}", what, kWords);
    return std::nullopt;
  }
  auto word = read_word(node, what, problems);
  if (!word) return word;
  if (const auto problem = type_word_problem(word->value)) problems.report(node, "{}", *problem);
  return word;
}

}  // namespace evclean::job
