// SPDX-License-Identifier: Apache-2.0
// How a cast reads text, in expressions and in the step alike: wider than inference, as PostgreSQL reads it. Blanks
// around, a plus sign, leading zeros and .5 are numbers; yes/no, on/off, t/f, 1/0 in any case are truth.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace evclean::sql {

std::optional<std::int64_t> text_to_int64(std::string_view text);
std::optional<double> text_to_float64(std::string_view text);  ///< finite
std::optional<bool> text_to_bool(std::string_view text);

}  // namespace evclean::sql
