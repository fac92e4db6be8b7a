// SPDX-License-Identifier: Apache-2.0
// An object on S3 as a stored file: ranges are fetched ahead of the reader by several connections.
#pragma once

#include <cstddef>
#include <memory>

#include "stored_file.hpp"

namespace evclean {

/// A file whose expected range is fetched before anybody reads it.
class FetchedFile : public StoredFile {
 public:
  /// Goes on fetching until so many blocks are under way or at hand.
  virtual void fetch(std::size_t blocks) = 0;

 protected:
  using StoredFile::StoredFile;
};

std::unique_ptr<StoredFile> open_object(const InputFile& file, StoredRange expected);
/// The same, always with connections of its own.
std::unique_ptr<FetchedFile> begin_object(const InputFile& file, StoredRange expected);

}  // namespace evclean
