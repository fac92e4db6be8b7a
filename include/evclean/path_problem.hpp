// SPDX-License-Identifier: Apache-2.0
// Paths that would silently be taken for a local one (other schemes, what only a shell expands), and names that no file
// can have.
#pragma once

#include <string>
#include <string_view>

namespace evclean {

/// What is wrong with a path; empty when nothing is, and for s3://.
std::string path_problem(std::string_view path);

/// What is wrong with the name of a local file that is to be written ("its name has 300 bytes, and 255 are the most"),
/// or with what stands there: a device, pipe or socket would be replaced by a file. Empty when nothing is.
std::string file_name_problem(std::string_view path);

}  // namespace evclean
