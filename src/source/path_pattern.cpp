// SPDX-License-Identifier: Apache-2.0
#include "path_pattern.hpp"

#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "evclean/error.hpp"
#include "file_walk.hpp"

namespace evclean {
namespace {

std::string joined(const std::string& folder, const std::string& name) {
  if (folder.empty() || folder.back() == '/') return folder + name;
  return folder + "/" + name;
}

bool exists(const std::string& path) { return look_at(path).has_value(); }

/// A folder that is no link, so that walking down ends.
bool is_real_folder(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

class Expansion {
 public:
  Expansion(std::vector<std::string> names, const std::function<void(const std::string&)>& found)
      : names_(std::move(names)), found_(found) {}

  void match(const std::string& folder, std::size_t at) {
    if (at == names_.size()) return found_(folder);
    const std::string& name = names_[at];
    if (name == "**") return match_any_depth(folder, at);
    if (!has_wildcard(name)) {
      const std::string path = joined(folder, name);
      if (exists(path)) match(path, at + 1);
      return;
    }
    for (const std::string& entry : folder_names(folder)) {
      if (::fnmatch(name.c_str(), entry.c_str(), FNM_PERIOD) != 0) continue;
      const std::string path = joined(folder, entry);
      if (at + 1 == names_.size() || is_folder(path)) match(path, at + 1);
    }
  }

 private:
  void match_any_depth(const std::string& folder, std::size_t at) {
    const bool last = at + 1 == names_.size();
    if (!last) match(folder, at + 1);
    for (const std::string& entry : folder_names(folder)) {
      if (is_hidden(entry)) continue;
      const std::string path = joined(folder, entry);
      if (is_real_folder(path)) {
        match_any_depth(path, at);
      } else if (last) {
        found_(path);
      }
    }
  }

  std::vector<std::string> names_;
  const std::function<void(const std::string&)>& found_;
};

bool match_from(const PathNames& pattern, std::size_t p, const PathNames& names, std::size_t n) {
  if (p == pattern.size()) return are_visible(names, n);
  if (n == names.size()) return false;
  if (pattern[p] == "**") {
    if (p + 1 == pattern.size()) return are_visible(names, n);
    return match_from(pattern, p + 1, names, n) || (!is_hidden(names[n]) && match_from(pattern, p, names, n + 1));
  }
  if (pattern[p].empty() && p + 1 == pattern.size()) return are_visible(names, n);  // "logs-*/"
  const bool same = has_wildcard(pattern[p]) ? ::fnmatch(pattern[p].c_str(), names[n].c_str(), FNM_PERIOD) == 0
                                             : pattern[p] == names[n];
  return same && match_from(pattern, p + 1, names, n + 1);
}

struct FolderCloser {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

bool has_wildcard(std::string_view path) { return path.find_first_of("*?[") != std::string_view::npos; }

PathNames names_of(std::string_view path) {
  PathNames names;
  for (;;) {
    const std::size_t slash = path.find('/');
    names.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return names;
    path.remove_prefix(slash + 1);
  }
}

bool are_visible(const PathNames& names, std::size_t from) {
  return std::none_of(names.begin() + static_cast<std::ptrdiff_t>(from), names.end(), is_hidden);
}

bool matches_pattern(const PathNames& pattern, const PathNames& names) { return match_from(pattern, 0, names, 0); }

bool reads_path(std::string_view input, std::string_view file) {
  return matches_pattern(names_of(input), names_of(file));
}

std::vector<std::string> folder_names(const std::string& folder) {
  const std::string path = folder.empty() ? "." : folder;
  const std::unique_ptr<DIR, FolderCloser> open(::opendir(path.c_str()));
  if (!open) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    fail_unreadable(path, errno);
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void expand_pattern(const std::string& root, const std::string& pattern,
                    const std::function<void(const std::string&)>& found) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < pattern.size();) {
    const std::size_t end = std::min(pattern.find('/', at), pattern.size());
    if (end > at) names.push_back(pattern.substr(at, end - at));
    at = end + 1;
  }
  Expansion(std::move(names), found).match(pattern.starts_with('/') ? "/" : root, 0);
}

}  // namespace evclean
