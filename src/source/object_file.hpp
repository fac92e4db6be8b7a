// SPDX-License-Identifier: Apache-2.0
// An object on S3 as a stored file: ranges are fetched ahead of the reader by several connections.
#pragma once

#include <memory>

#include "stored_file.hpp"

namespace evclean {

std::unique_ptr<StoredFile> open_object(const InputFile& file, StoredRange expected);

}  // namespace evclean
