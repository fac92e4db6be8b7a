// SPDX-License-Identifier: Apache-2.0
// The step encode: columns become numbers for models (one-hot, ordinal, hashed, standardised, missing indicators), by a
// mapping that is fitted on the rows to train with, or read from where an earlier run left it. The same features, bit
// for bit, for any number of ranks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "evclean/job.hpp"
#include "evclean/relational.hpp"

namespace evclean {

/// Bytes of a mapping's file at most.
inline constexpr std::int64_t kLargestMapping = 256 << 20;

/// What an earlier encode of the table has made, by the names that the columns bear now; those that are gone are passed
/// over. A later step takes it along, but for what it names itself.
struct EncodedBefore {
  std::string label, split;  ///< empty: none
  std::vector<std::string> features = {};
};

struct EncodeContext {
  const Workspace& workspace;
  std::string job_path;           ///< for messages
  std::string base_dir;           ///< `fitted` is relative to it
  std::vector<int> carried = {};  ///< columns that go along behind all others, as they are
  bool sample = false;  ///< of the rows: what only all of them can say (that none is left to fit on) is no mistake
  std::optional<EncodedBefore> before = {};
  /// Gives a mapping on S3, or nothing when there is none.
  std::function<std::optional<std::string>(const std::string& path)> read_remote = {};
};

struct EncodeOutcome {
  DatasetPtr data;                    ///< ids, split, label, features; then what was carried
  std::string label;                  ///< empty: none
  std::string split;                  ///< the column with train or test; empty: none
  std::vector<std::string> features;  ///< those of earlier steps first
  std::string mapping;                ///< as JSON, with its line end
};

/// Encodes a table; rows and their order stay. Collective. Errors: user Error with the place in the job (unknown
/// column, text that is to be a number, rows without label, too many categories, a mapping that does not fit).
EncodeOutcome encode(const Dataset& data, const EncodeStep& step, const EncodeContext& context, OperatorReport& report);

/// Columns of the table that the step reads; nothing: its mapping says that.
std::optional<std::vector<Text>> encode_columns(const EncodeStep& step);

}  // namespace evclean
