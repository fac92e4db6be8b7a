// SPDX-License-Identifier: Apache-2.0
// The words for types in `types:` and `cast:`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scalar.hpp"

namespace evclean::job {

/// What is wrong with a type's word (string, int64, float64, bool, date, timestamp, date:FORMAT, timestamp:FORMAT);
/// empty when it is right.
std::optional<std::string> type_word_problem(std::string_view word);
/// The word for a type; a problem when it is wrong or none. Nothing: no word stands there.
std::optional<Text> read_type_word(const YamlNode& node, std::string_view what, Problems& problems);

}  // namespace evclean::job
