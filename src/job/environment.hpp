// SPDX-License-Identifier: Apache-2.0
// ${VAR} and ${VAR:-default} in the scalars of a job.
#pragma once

#include "problems.hpp"
#include "yaml_tree.hpp"

namespace evclean::job {

/// Expands variables in all keys and scalars, except below `patterns`. `$$` becomes `$`; a `$` before anything else
/// stays. As in the shell, the default also stands in for an empty variable. An unset variable without default is a
/// problem that names it. Text that was expanded is not expanded again.
void expand_environment(YamlNode& root, Problems& problems);

}  // namespace evclean::job
