// SPDX-License-Identifier: Apache-2.0
// `warehouse:` beside an output: its statements, manifest and names, published with it.
#pragma once

#include <memory>

#include "evclean/sink.hpp"

namespace evclean {

/// Wraps the sink of an output. Collective. Errors: user Error for names that the warehouse does not take.
std::unique_ptr<Sink> make_warehouse_sink(std::unique_ptr<Sink> inside, const OutputSpec& spec, const Fields& fields,
                                          const Comm& comm, Publisher& publisher, const SinkOptions& options);

}  // namespace evclean
