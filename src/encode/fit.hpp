// SPDX-License-Identifier: Apache-2.0
// Fits a mapping on the rows to train with: categories, means and scales, what is missing.
#pragma once

#include "columns.hpp"
#include "earlier.hpp"
#include "mapping.hpp"

namespace evclean {

/// `earlier`: goes along, so its names are taken. Collective. Errors: user Error.
Mapping fit_mapping(const Dataset& data, const EncodeStep& step, const EarlierColumns& earlier,
                    const EncodeContext& context, OperatorReport& report);

/// Columns that are to be numbers: refuses those with text, dates or times in them. `needed`: column and the word that
/// wants it. Collective.
struct NumberColumn {
  Text column;
  std::string_view word;
};
void check_numbers(const Dataset& data, const std::vector<NumberColumn>& needed, const EncodeContext& context);

/// Refuses rows without a label. Collective.
void check_label(const Dataset& data, const Text& label, const EncodeContext& context);

}  // namespace evclean
