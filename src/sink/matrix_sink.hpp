// SPDX-License-Identifier: Apache-2.0
// Outputs of numbers alone: float32 matrices X and y for models, and the mapping beside them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evclean/sink.hpp"

namespace evclean {

/// Numbers of a table as X, its label as y; each of them for train and test when the table is split. Reserves its
/// files. Collective. Errors: user Error for a column that is no number.
std::unique_ptr<Sink> make_matrix_sink(const OutputSpec& spec, const Fields& fields, const Comm& comm,
                                       Publisher& publisher, const SinkOptions& options);

}  // namespace evclean
