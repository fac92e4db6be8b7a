// SPDX-License-Identifier: Apache-2.0
// The bodies of steps over whole tables: join, group, sort and their like.
#pragma once

#include <optional>

#include "evclean/job.hpp"
#include "problems.hpp"
#include "yaml_tree.hpp"

namespace evclean::job {

std::optional<StepBody> read_join(const YamlNode& value, Problems& problems);
std::optional<StepBody> read_align(const YamlNode& value, Problems& problems);
std::optional<StepBody> read_distinct(const YamlNode& value, Problems& problems);
std::optional<StepBody> read_group(const YamlNode& value, Problems& problems);
std::optional<StepBody> read_sessionize(const YamlNode& value, Problems& problems);
std::optional<StepBody> read_sort(const YamlNode& value, Problems& problems);
std::optional<StepBody> read_sql(const YamlNode& value, Problems& problems);

}  // namespace evclean::job
