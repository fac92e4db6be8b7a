// SPDX-License-Identifier: Apache-2.0
// The attributes by which pandas and PyTables know a table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hdf5_layout.hpp"

namespace evclean {

struct TableAttribute {
  enum class Kind : std::uint8_t { kText, kPickle, kNumber };
  std::string name;
  Kind kind = Kind::kText;
  std::string text;
  std::int64_t number = 0;
};

std::vector<TableAttribute> root_attributes();
std::vector<TableAttribute> group_attributes(const StoredTable& table);
std::vector<TableAttribute> table_attributes(const StoredTable& table, std::int64_t rows);

/// A name as a protocol-0 pickle spells it: ASCII, everything else as \uXXXX.
std::string pickled_name(std::string_view name);

}  // namespace evclean
