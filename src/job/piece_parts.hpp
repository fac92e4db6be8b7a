// SPDX-License-Identifier: Apache-2.0
// What a file that is used gives to who uses it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "problems.hpp"
#include "yaml_tree.hpp"

namespace evclean::job {

/// Keys and values of a map, in their order.
using NamedNodes = std::vector<std::pair<YamlNode, YamlNode>>;

const std::pair<YamlNode, YamlNode>* find_named(const NamedNodes& nodes, std::string_view name);

struct PieceParts {
  NamedNodes tables, functions, steps, resources;
  NamedNodes s3;  ///< the block, or nothing

  /// Another file of the same `use`: a name that both have is a problem, unless it is the same place or `user`, the
  /// file that uses them, has it itself.
  void add_beside(PieceParts other, const YamlNode& user, Problems& problems);
  /// What this file uses: its own names stay.
  void add_below(PieceParts used);
  /// Adds to a job what it does not have itself. Named steps are not in a job.
  void put_into(YamlNode& job) const;
};

/// Takes a file apart. Mistakes: keys that are none of a piece, sections of another kind.
PieceParts parts_of(const YamlNode& piece, Problems& problems);

}  // namespace evclean::job
