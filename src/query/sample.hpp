// SPDX-License-Identifier: Apache-2.0
// A value of a text column for the messages about columns that are no numbers.
#pragma once

#include <string>

#include "evclean/dataset.hpp"

namespace evclean::query {

/// "'abc' at a.csv:7", or "'abc'" where nobody knows its place any more: the first value that is no number, else the
/// first; empty without any. Collective.
std::string sample_of(const Dataset& data, const std::string& name, const Comm& comm);

}  // namespace evclean::query
