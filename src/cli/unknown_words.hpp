// SPDX-License-Identifier: Apache-2.0
// Words on the command line that are neither a command nor an option: what was meant.
#pragma once

#include <string>
#include <vector>

namespace evclean::cli {

/// The message for a first word that looks like a misspelt command; empty when it can be a job file. A job file may
/// have any name, but one near a command's and without a dot or slash is more likely a slip.
std::string misspelt_command(const std::string& word, const std::vector<std::string>& commands);

/// The message for arguments that `command` did not expect; `options` are those it knows, with their dashes.
std::string unexpected_arguments(const std::vector<std::string>& arguments, const std::string& command,
                                 const std::vector<std::string>& options);

}  // namespace evclean::cli
