// SPDX-License-Identifier: Apache-2.0
// The step `use: name`: the steps of that name, written out where it stands.
#pragma once

#include <string>
#include <vector>

#include "piece_parts.hpp"
#include "problems.hpp"

namespace evclean::job {

class NamedSteps {
 public:
  NamedSteps(const NamedNodes& steps, Problems& problems) : steps_(steps), problems_(problems) {}

  /// In the steps of the job and of all its tables.
  void write_out(YamlNode& job);

 private:
  void write_out_steps(YamlNode& steps);
  void append(const YamlNode& step, std::vector<YamlNode>& out);
  void append_named(const YamlNode& name, std::vector<YamlNode>& out);

  const NamedNodes& steps_;
  Problems& problems_;
  std::vector<std::string> open_;
  std::size_t written_ = 0;
};

}  // namespace evclean::job
