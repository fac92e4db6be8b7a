// SPDX-License-Identifier: Apache-2.0
// yaml-cpp's complaints in a user's words: what is wrong, the line with a caret, and what to do.
#pragma once

#include <cstddef>
#include <string>

#include "yaml_source.hpp"

namespace evclean::job {

/// Words a problem that the YAML parser found at `offset` (npos: unknown).
JobProblem yaml_problem(YamlSource& source, std::size_t offset, const std::string& parser_message);

/// A problem at `offset` with its line and a caret below the message.
JobProblem problem_with_line(YamlSource& source, std::size_t offset, const std::string& message);

}  // namespace evclean::job
