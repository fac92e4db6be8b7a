// SPDX-License-Identifier: Apache-2.0
// The small JSON objects in which services hand out credentials.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace evclean::s3 {

/// Members of an object whose values are strings, numbers or words; nested values are left out. Empty when the text is
/// no object.
std::map<std::string, std::string> flat_json(std::string_view text);

}  // namespace evclean::s3
