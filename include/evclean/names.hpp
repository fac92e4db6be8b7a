// SPDX-License-Identifier: Apache-2.0
// Column names that Redshift and Athena accept: the versioned rule `rename: warehouse`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace evclean {

struct NameRule {
  int version = 1;
  bool camel_split = false;  ///< HTTPStatus -> http_status
  int max_bytes = 127;
};

struct RenamedColumn {
  std::string source;
  std::string name;
  std::vector<std::string>
      reasons;  ///< "characters", "reserved word", "leading digit", "collision", "length", "empty", "case", "accents"
};

/// Renames all columns at once: NFKD, marks dropped, runs outside [A-Za-z0-9_] to one "_", lower case, "_" stripped at
/// both ends and collapsed; empty: col_<n>; digit first: c_; reserved in Athena or Redshift: "_" behind; cut to
/// max_bytes; collisions _2, _3 in source order, checked again.
std::vector<RenamedColumn> warehouse_names(const std::vector<std::string>& names, const NameRule& rule = {});

/// Adds what a further step renames, all at once, to what earlier ones did, so that `source` stays the first name.
void add_renames(std::vector<RenamedColumn>& renames, const std::vector<RenamedColumn>& step);

}  // namespace evclean
