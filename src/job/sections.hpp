// SPDX-License-Identifier: Apache-2.0
// The sections of a job file, each from its node to the public struct. Mistakes go to `problems`; what could be read is
// returned all the same, so that everything behind a mistake is checked too.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evclean/job.hpp"
#include "map_reader.hpp"
#include "problems.hpp"
#include "yaml_tree.hpp"

namespace evclean::job {

/// The keys of `input` and of a table that is read from files; the caller calls finish().
InputSpec read_input_keys(MapReader& map);
/// `input:` itself: a map, or just its paths.
InputSpec read_input(const YamlNode& node, Problems& problems);

/// `steps:` of the job or of a table: a list, or one step.
std::vector<StepSpec> read_steps(const YamlNode& node, Problems& problems);

/// `output:`: a list, one map, or one path.
std::vector<OutputSpec> read_outputs(const YamlNode& node, Problems& problems);

/// A block `s3:`. What is read only has no keys for what is written (acl, sse, kms_key).
enum class S3Use { kRead, kWrite };
S3Settings read_s3(const YamlNode& node, const std::string& what, S3Use use, Problems& problems);
/// Gives every input, reject file and output the block that is nearest to it, whole.
void spread_s3(Job& job);

/// Rows written in the job: a list of maps, or one map. Nested maps become dotted names, nested lists JSON text.
std::vector<InlineRow> read_rows(const YamlNode& node, const std::string& what, Problems& problems);

/// `tests:`: a list, or one test.
std::vector<TestSpec> read_tests(const YamlNode& node, Problems& problems);

}  // namespace evclean::job
