// SPDX-License-Identifier: Apache-2.0
// Paths that would silently be taken for a local one: other schemes, and what only a shell expands.
#pragma once

#include <string>
#include <string_view>

namespace evclean {

/// What is wrong with a path that is not on S3; empty when nothing is.
std::string path_problem(std::string_view path);

}  // namespace evclean
