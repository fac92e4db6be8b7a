// SPDX-License-Identifier: Apache-2.0
// Reads the small part of YAML that uap-core's files and data/device_class.yml use: named sections, each a list of flat
// maps from a key to one scalar. It exists so that the rule generator needs no YAML library.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace evclean::functions {

struct FlatEntry {
  int line = 0;
  std::vector<std::pair<std::string, std::string>> fields;

  /// The value of `key`; empty if the entry does not have it.
  std::string_view get(std::string_view key) const;
};

struct FlatSection {
  std::string name;
  std::vector<FlatEntry> entries;
};

using FlatYaml = std::vector<FlatSection>;

/// Parses `text`; `file` is for messages.
/// Errors: user Error with file and line for anything outside the subset, never a silent skip.
FlatYaml parse_flat_yaml(std::string_view text, std::string_view file);

/// Reads and parses a file. Errors: user Error if it cannot be read.
FlatYaml read_flat_yaml(const std::string& path);

/// The entries of a section. Errors: user Error if the section is absent.
const std::vector<FlatEntry>& section(const FlatYaml& yaml, std::string_view name);

}  // namespace evclean::functions
