// SPDX-License-Identifier: Apache-2.0
// The makers of one-file sinks, by format. Each: Collective; the hidden file is reserved already.
#pragma once

#include <memory>

#include "evclean/sink.hpp"

namespace evclean {

/// What every one-file sink is given.
struct FileTarget {
  std::string final_path;
  std::string hidden_path;
};

std::unique_ptr<Sink> make_text_sink(const OutputSpec& spec, const FileTarget& target, const Fields& fields,
                                     const Comm& comm, const SinkOptions& options);
std::unique_ptr<Sink> make_hdf5_sink(const OutputSpec& spec, const FileTarget& target, const Fields& fields,
                                     const Comm& comm, const SinkOptions& options);
/// What a one-file sink's close() gives: bytes and hash are found when all files are there.
inline std::vector<WrittenFile> written(const FileTarget& target, std::int64_t rows) {
  return {{target.final_path, rows, 0, {}}};
}

}  // namespace evclean
