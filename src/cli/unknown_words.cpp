// SPDX-License-Identifier: Apache-2.0
#include "unknown_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "evclean/suggest.hpp"

namespace evclean::cli {

std::string misspelt_command(const std::string& word, const std::vector<std::string>& commands) {
  if (word.find_first_of("./") != std::string::npos || !nearest(word, commands)) return {};
  return fmt::format("unknown command '{0}'{1}; a job file of that name is written ./{0}", printable(word, 60),
                     did_you_mean(word, commands));
}

std::string unexpected_arguments(const std::vector<std::string>& arguments, const std::string& command,
                                 const std::vector<std::string>& options) {
  std::vector<std::string> messages;
  for (const std::string& argument : arguments) {
    const bool is_option = argument.size() > 1 && argument.front() == '-';
    const std::string name = argument.substr(0, argument.find('='));
    messages.push_back(
        is_option ? fmt::format("{} has no option {}{}", command, printable(name, 60), did_you_mean(name, options))
                  : fmt::format("{} did not expect '{}'", command, printable(argument, 60)));
    // What follows an unknown option may be its value.
    if (is_option) break;
  }
  return fmt::to_string(fmt::join(messages, "; "));
}

}  // namespace evclean::cli
