// SPDX-License-Identifier: Apache-2.0
// `files: N` for any format: rows are staged until their number is known, then dealt to N one-file sinks, which differ
// by one row at most.
#pragma once

#include <memory>
#include <vector>

#include "evclean/sink.hpp"

namespace evclean {

/// Makes a sink of the sinks given (at least two). Collective.
std::unique_ptr<Sink> make_split_sink(std::vector<std::unique_ptr<Sink>> files, const Fields& fields, const Comm& comm,
                                      const SinkOptions& options);

}  // namespace evclean
