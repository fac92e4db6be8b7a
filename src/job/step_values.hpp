// SPDX-License-Identifier: Apache-2.0
// The bodies of steps: one reader for each word of the contract's table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evclean/job.hpp"
#include "problems.hpp"
#include "yaml_tree.hpp"

namespace evclean::job {

/// Reads the value of a step; empty when it cannot be one (a problem says why).
using StepReader = std::optional<StepBody> (*)(const YamlNode& value, Problems& problems);

struct StepWord {
  std::string name;
  StepReader read;  ///< a null pointer: named by the contract, not available yet
};

/// All words of the contract, in the order of its table.
const std::vector<StepWord>& step_words();

/// `on_error: null` or `reject`, inside cast's map or beside it. True: null.
bool read_on_error(const YamlNode& value, Problems& problems);

}  // namespace evclean::job
