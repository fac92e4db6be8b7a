// SPDX-License-Identifier: Apache-2.0
// Path patterns as a shell knows them: * ? [..] within a name, ** for any number of folders.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace evclean {

/// The names between the slashes of a path.
using PathNames = std::vector<std::string>;
PathNames names_of(std::string_view path);

/// Whether names from `from` on may stand below a folder that is read whole.
bool are_visible(const PathNames& names, std::size_t from = 0);

/// Whether a path matches a pattern, as expand_pattern finds it, or lies below a folder that does and is read whole.
bool matches_pattern(const PathNames& pattern, const PathNames& names);

/// What stands in a folder: names sorted by bytes. A folder that is gone is empty. Errors: system Error without
/// permission, naming the folder.
std::vector<std::string> folder_names(const std::string& folder);

/// Calls `found` with every existing path below `root` (empty: the working directory, or / for an absolute pattern)
/// that matches, in no particular order; wildcards in `root` itself mean nothing. `**` as a whole name stands for
/// any number of folders (none included) and does not enter names beginning with . or _; a wildcard at the begin of a
/// name does not match a dot there. Links to folders are not followed by `**`.
void expand_pattern(const std::string& root, const std::string& pattern,
                    const std::function<void(const std::string&)>& found);

}  // namespace evclean
