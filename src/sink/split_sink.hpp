// SPDX-License-Identifier: Apache-2.0
// `files: N` for any format: rows are staged until their number is known, then dealt to N groups of the sink inside,
// which differ by one row at most.
#pragma once

#include <memory>

#include "file_sinks.hpp"

namespace evclean {

/// Collective.
std::unique_ptr<FileSink> make_split_sink(std::unique_ptr<FileSink> inside, const FileTarget& target,
                                          const Fields& fields, const Comm& comm, const SinkOptions& options);

}  // namespace evclean
