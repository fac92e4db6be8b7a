// SPDX-License-Identifier: Apache-2.0
// Hidden files of runs that had no time to remove them (SIGKILL, a lost node).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace evclean {

/// Files beside these, of the same names but for the token at their end, that nobody has written to since `before` and
/// whose run is not going on this machine. Tokens end with the number of a run's process, in eight hexadecimal digits.
/// Local.
std::vector<std::string> left_behind(const std::vector<std::string>& hidden_paths, std::string_view token,
                                     std::filesystem::file_time_type before);

}  // namespace evclean
