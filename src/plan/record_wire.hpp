// SPDX-License-Identifier: Apache-2.0
// What one reading of a split found, as bytes, for a checkpoint.
#pragma once

#include <string>
#include <string_view>

#include "split_record.hpp"

namespace evclean {

/// Everything of a record but its rejects and its block. Local.
std::string pack_record(SplitRecord& record);
/// The other way. Local. Errors: a bug Error for bytes that are no record.
void unpack_record(std::string_view bytes, SplitRecord& record);

/// How patterns did, a list each of them, as bytes and back. Local.
std::string pack_tallies(std::vector<std::vector<PatternTally>>& tallies);
std::vector<std::vector<PatternTally>> unpack_tallies(std::string_view bytes);

}  // namespace evclean
