// SPDX-License-Identifier: Apache-2.0
// The body of the step encode.
#pragma once

#include <optional>

#include "evclean/job.hpp"
#include "problems.hpp"
#include "yaml_tree.hpp"

namespace evclean::job {

std::optional<StepBody> read_encode(const YamlNode& value, Problems& problems);

}  // namespace evclean::job
