// SPDX-License-Identifier: Apache-2.0
// What an entry of `paths` on S3 stands for, by the rules for local paths.
#pragma once

#include <string>
#include <vector>

#include "evclean/s3.hpp"
#include "evclean/source.hpp"

namespace evclean {

/// The object of that name, or what is below that folder, or what matches that pattern; sorted by key. Names beginning
/// with . or _ are skipped below folders, and so are the empty objects ending in / that stand for folders. Empty when
/// nothing is there (or the bucket is not). Errors: as S3Client.
std::vector<S3Object> find_objects(S3Client& client, const S3Url& entry);

/// " (did you mean 's3://…'?)", or why nothing can be there.
std::string nearest_object(S3Client& client, const S3Url& entry);

/// Describes objects by their first bytes, read side by side. Errors: as inspect_file.
std::vector<InputFile> inspect_objects(const std::vector<S3Object>& objects, const std::string& bucket,
                                       const S3Settings& settings, Encoding encoding);

}  // namespace evclean
