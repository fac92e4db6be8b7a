// SPDX-License-Identifier: Apache-2.0
// SHA-256 of a finished file.
#pragma once

#include <cstdint>
#include <string>

#include "evclean/s3_settings.hpp"

namespace evclean {

/// Gives 64 hex digits. Errors: system Error naming `shown`.
std::string sha256_of_file(const std::string& path, const std::string& shown);

/// The same for an object that was written.
std::string sha256_of_object(const std::string& path, std::int64_t size_bytes, const S3Settings& s3);

}  // namespace evclean
