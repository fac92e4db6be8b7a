// SPDX-License-Identifier: Apache-2.0
// The steps of the warehouse rule that look at one name only.
#pragma once

#include <string>
#include <string_view>

namespace evclean::names {

/// NFKD without non-spacing marks (Mn): 'é' gives 'e'. Other scripts stay as they are; a name that is not UTF-8 too.
std::string without_marks(std::string_view name);

/// Underscores at the humps: processedAt gives processed_At, HTTPStatus gives HTTP_Status. ASCII letters only.
std::string with_split_humps(std::string_view name);

/// Every run of bytes outside [A-Za-z0-9] becomes one '_', none at the ends.
std::string with_plain_characters(std::string_view name);

/// ASCII lower case.
std::string lower_case(std::string_view name);

}  // namespace evclean::names
