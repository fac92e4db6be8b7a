// SPDX-License-Identifier: Apache-2.0
// --set key.path=value: changes a job's tree before it is read.
#pragma once

#include <string>
#include <vector>

#include "problems.hpp"
#include "yaml_tree.hpp"

namespace evclean::job {

/// Applies overrides in order. A path is keys and list positions (from 0) joined by dots; a key with a dot in it is
/// written in double quotes (types."req.id") or found as it is when the job has it. Missing maps are made, position N
/// of N items appends. A value alone counts as a list of one. A value that begins with [ { ' or " is YAML, anything
/// else is the text as it stands (null, true and numbers as in the file). A path that leads nowhere is a problem.
void apply_overrides(YamlNode& root, const std::vector<std::string>& overrides, Problems& problems);

}  // namespace evclean::job
