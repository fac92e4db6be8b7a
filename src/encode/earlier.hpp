// SPDX-License-Identifier: Apache-2.0
// What earlier encode steps of a table have made, as far as it is still there and the next one does not name it: it
// goes along as it is.
#pragma once

#include <string>
#include <vector>

#include "columns.hpp"
#include "mapping.hpp"

namespace evclean {

struct EarlierColumns {
  int split = -1;             ///< holds train or test; -1: none
  int label = -1;             ///< y
  std::vector<int> features;  ///< in the order of the table

  /// Their names are taken.
  void take_names(const Dataset& data, std::set<std::string>& taken) const;
};

/// `named`: columns that the step uses. Errors: user Error where the step splits or labels what is split or labelled.
EarlierColumns earlier_columns(const Dataset& data, const EncodeStep& step, const std::set<std::string>& named,
                               const EncodeContext& context);

/// Columns that a step uses, but for missing indicators: those say something beside what is there.
std::set<std::string> columns_named(const EncodeStep& step);
/// The same of a fitted mapping.
std::set<std::string> columns_named(const EncodeStep& step, const Mapping& mapping);

/// The column with train and test of an earlier step, or -1. The rows to train with are chosen by it though the step
/// names the column.
int earlier_split(const Dataset& data, const EncodeContext& context);

}  // namespace evclean
