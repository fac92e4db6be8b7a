// SPDX-License-Identifier: Apache-2.0
// Small texts that outlive a run (the state of only_new, rejects to be replayed), on this machine or on S3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "evclean/s3_settings.hpp"

namespace evclean {

/// All of a file or object; nothing when there is none. `what` begins the messages. Errors: user Error for a file that
/// cannot be read, or an object above `most_bytes`; system Error of S3.
std::optional<std::string> read_kept(const std::string& what, const std::string& path, const S3Settings& s3,
                                     std::int64_t most_bytes = INT64_MAX);

/// Puts the text under its name at once, whole or not at all. Errors: system Error, which ends with `consequence`.
void write_kept(const std::string& what, const std::string& path, const S3Settings& s3, const std::string& text,
                const std::string& consequence);

/// A number of a JSON line of such a text; -1 when it has none under this key.
std::int64_t kept_number(const std::string& line, const char* key);

}  // namespace evclean
