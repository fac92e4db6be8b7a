// SPDX-License-Identifier: Apache-2.0
// SHA-256 of a finished file.
#pragma once

#include <string>

namespace evclean {

/// Gives 64 hex digits. Errors: system Error naming `shown`.
std::string sha256_of_file(const std::string& path, const std::string& shown);

}  // namespace evclean
