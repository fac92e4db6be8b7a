// SPDX-License-Identifier: Apache-2.0
// What was fitted, as it is written beside an output and read again. Written values read back to the same bits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/job.hpp"
#include "evclean/value_type.hpp"

namespace evclean {

/// One use of a column and the features it makes.
struct FittedColumn {
  EncodedColumn::Kind kind = EncodedColumn::Kind::kKeep;
  std::string column;
  ValueType type = ValueType::kString;  ///< when it was fitted
  std::vector<std::string> categories;  ///< one-hot, ordinal
  std::int64_t buckets = 0;             ///< hash
  double mean = 0, scale = 1;           ///< standardise
  std::vector<std::string> features;    ///< one; of one-hot and hash one for each category or bucket
};

struct FittedLabel {
  std::string column;
  ValueType type = ValueType::kInt64;
  std::vector<std::string> classes;  ///< of text, dates and times; of numbers none
};

struct FittedSplit {
  std::vector<std::string> by;
  double test = 0;
  std::int64_t seed = 0;
};

struct Mapping {
  std::int64_t rows = 0;             ///< it was fitted on
  std::optional<FittedSplit> split;  ///< those were the rows to train with
  std::optional<FittedLabel> label;
  std::vector<FittedColumn> columns;

  std::size_t features() const;
};

inline constexpr int kMappingVersion = 1;

/// The word of the job file and of the mapping: one_hot …
std::string_view kind_word(EncodedColumn::Kind kind);

/// Gives the mapping as JSON, a column a line, with a line end.
std::string mapping_json(const Mapping& mapping);
/// Errors: user Error naming `shown` (no mapping, of another version, damaged).
Mapping parse_mapping(std::string_view json, const std::string& shown);

}  // namespace evclean
