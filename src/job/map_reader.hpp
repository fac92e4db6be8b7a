// SPDX-License-Identifier: Apache-2.0
// Reads a map whose keys are known: what is not asked for is an unknown key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "problems.hpp"
#include "yaml_tree.hpp"

namespace evclean::job {

/// Life: construct, take() each known key, then finish(). A node that is not a map is a problem of its own
/// and reads as an empty map.
class MapReader {
 public:
  /// `what` names the map in messages ("input", "step parse").
  MapReader(const YamlNode& node, std::string what, Problems& problems);

  /// The value of a known key; a null pointer when the key is absent.
  const YamlNode* take(std::string_view key);
  /// As take(), and absent is a problem.
  const YamlNode* need(std::string_view key);
  /// Reports the keys nobody asked for.
  void finish();

  bool is_map() const noexcept { return node_.is_map(); }
  const YamlNode& node() const noexcept { return node_; }
  const std::string& what() const noexcept { return what_; }
  Problems& problems() noexcept { return problems_; }

 private:
  const YamlNode& node_;
  std::string what_;
  Problems& problems_;
  std::vector<std::string> known_;
};

/// "join is not available yet".
std::string not_available(std::string_view what);

}  // namespace evclean::job
