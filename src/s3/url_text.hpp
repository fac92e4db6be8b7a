// SPDX-License-Identifier: Apache-2.0
// Percent-encoding as signatures want it: everything but letters, digits and -_.~
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace evclean::s3 {

using Query = std::vector<std::pair<std::string, std::string>>;

std::string url_encode(std::string_view text, bool keep_slashes = false);
/// What is not a percent sequence stays.
std::string url_decode(std::string_view text);
/// "a=1&b=2": encoded, sorted by encoded name and value.
std::string query_text(const Query& query);

}  // namespace evclean::s3
