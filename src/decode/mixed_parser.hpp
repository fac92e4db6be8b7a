// SPDX-License-Identifier: Apache-2.0
// Several formats in one input: each record is tried with one after another. First only readings without unknown
// trailing fields count, so that a lenient format does not take what a later one knows; then any reading.
// Columns are united by name; a column whose type differs between formats is inferred.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "record_parser.hpp"

namespace evclean {

using NamedParsers = std::vector<std::pair<std::string, std::unique_ptr<RecordParser>>>;

/// `format_column`: adds `_format`, the name of the format that read the record.
std::unique_ptr<RecordParser> make_mixed_parser(NamedParsers parsers, bool format_column);

}  // namespace evclean
