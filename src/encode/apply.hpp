// SPDX-License-Identifier: Apache-2.0
// Applies a mapping: rows stay where they are, their columns become features.
#pragma once

#include "columns.hpp"
#include "earlier.hpp"
#include "mapping.hpp"

namespace evclean {

/// A mapping and what stands beside it in the step. `label`: the table has that column.
struct ApplySpec {
  const Mapping& mapping;
  const EncodeStep& step;
  bool label = false;
  EarlierColumns earlier = {};
};

/// Collective. Errors: user Error (two columns of a name, a label of no known class).
DatasetPtr apply_mapping(const Dataset& data, const ApplySpec& spec, const EncodeContext& context,
                         OperatorReport& report);

}  // namespace evclean
