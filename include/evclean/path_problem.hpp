// SPDX-License-Identifier: Apache-2.0
// Paths that would silently be taken for a local one: other schemes, and what only a shell expands.
#pragma once

#include <string>
#include <string_view>

namespace evclean {

/// What is wrong with a path; empty when nothing is, and for s3://.
std::string path_problem(std::string_view path);

}  // namespace evclean
