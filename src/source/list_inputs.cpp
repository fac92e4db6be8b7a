// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "evclean/error.hpp"
#include "evclean/source.hpp"
#include "evclean/suggest.hpp"
#include "file_walk.hpp"
#include "find_objects.hpp"
#include "path_pattern.hpp"

namespace evclean {
namespace {

constexpr int kMostNestedLists = 8;

/// The folder part of a path, with its last '/'; empty if there is none.
std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

std::string resolved(const std::string& base, const std::string& path) {
  if (path.starts_with('/') || base.empty() || is_s3_path(path)) return path;
  return base.back() == '/' ? base + path : base + "/" + path;
}

/// " (did you mean 'x'?)" with the nearest name in the same folder.
std::string nearest_name(const std::string& path) {
  const std::string folder = folder_of(path);
  const std::string name = path.substr(folder.size());
  if (name.empty() || !is_folder(folder.empty() ? "." : folder)) return {};
  return did_you_mean(name, folder_names(folder));
}

/// Those of which is_without_text must see all bytes.
std::vector<SplitSegment> small_compressed(const std::vector<InputFile>& files) {
  std::vector<SplitSegment> segments;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (is_small_compressed(files[i])) segments.push_back({static_cast<std::int32_t>(i), 0, -1});
  }
  return segments;
}

/// An error that names the line of the list of paths.
class ListedError : public Error {
 public:
  explicit ListedError(const Error& error) : Error(error) {}
};

class Lister {
 public:
  explicit Lister(const ListOptions& options) : options_(options) {}

  /// `base`: what `entry` is relative to; `shown_base`: how that is written for people.
  void add(const std::string& entry, const std::string& base, const std::string& shown_base, int depth) {
    if (entry.empty()) fail_user("an input path is empty");
    const std::string path = resolved(base, entry);
    const std::string shown = resolved(shown_base, entry);
    if (entry.starts_with('@')) return add_list(resolved(base, entry.substr(1)), shown_base, entry, depth);
    if (is_s3_path(path)) return add_objects(path);
    const auto info = look_at(path);
    if (info && S_ISDIR(info->st_mode)) return add_folder(path, shown);
    if (info) return add_file(path, shown, *info);
    if (has_wildcard(entry)) return add_pattern(base, entry, shown_base);
    missing(fmt::format("'{}': nothing is there{}", shown, nearest_name(path)), shown);
  }

  Listing finish() { return std::move(listing_); }

 private:
  using Found = std::vector<std::string>;

  void add_list(const std::string& path, const std::string& shown_base, const std::string& entry, int depth) {
    if (depth >= kMostNestedLists) fail_user("input '{}': lists are nested more than {} deep", entry, kMostNestedLists);
    if (is_s3_path(path)) return add_remote_list(path, entry, depth);
    const auto info = look_at(path);
    if (!info && look_at(resolved(folder_of(path), '@' + path.substr(folder_of(path).size())))) {
      return missing(
          fmt::format("'{0}': '@' names a list of paths, which is not there; for the file write './{0}'", entry),
          entry);
    }
    if (!info) return missing(fmt::format("'{}': that list of paths is not there{}", entry, nearest_name(path)), entry);
    if (!S_ISREG(info->st_mode)) fail_user("input '{}': a list of paths must be a file", entry);
    inspect_file(path, entry, *info, Encoding::kUtf8);  // says why if it cannot be read
    std::ifstream list(path);
    add_lines(list, resolved(shown_base, entry.substr(1)), folder_of(path), depth);
  }

  void add_remote_list(const std::string& path, const std::string& entry, int depth) {
    const S3Url url = S3Url::parse(path);
    S3Client& client = *S3Client::of(options_.s3);
    const auto object = client.look_at(url);
    if (!object) {
      return missing(fmt::format("'{}': that list of paths is not there{}", entry, nearest_object(client, url)), entry);
    }
    if (object->size_bytes == 0) return;
    const S3Piece piece = client.read(url, object->etag, 0, object->size_bytes).get();
    if (!piece.trouble.empty()) fail_system("input '{}': {}", entry, piece.trouble);
    std::istringstream list(piece.bytes);
    add_lines(list, path, folder_of(path), depth);
  }

  /// `shown`: the list as it is written for people, beside which its entries are shown.
  void add_lines(std::istream& list, const std::string& shown, const std::string& base, int depth) {
    std::int64_t number = 0;
    for (std::string line; std::getline(list, line);) {
      ++number;
      if (line.ends_with('\r')) line.pop_back();
      if (line.empty()) continue;
      try {
        add(line, base, folder_of(shown), depth + 1);
      } catch (const ListedError&) {
        throw;  // a list in a list has said where
      } catch (const Error& error) {
        throw ListedError(Error(error.code(), fmt::format("{} (line {} of {})", error.what(), number, shown)));
      }
    }
  }

  void add_objects(const std::string& path) {
    const S3Url url = S3Url::parse(path);
    S3Client& client = *S3Client::of(options_.s3);
    std::vector<S3Object> fresh;
    const std::vector<S3Object> found = find_objects(client, url);
    for (const S3Object& object : found) {
      const std::string shown = S3Url{url.bucket, object.key}.text();
      if (reached_objects_.insert(shown).second) {
        fresh.push_back(object);
      } else {
        note("reached twice, read once: " + shown);
      }
    }
    if (found.empty()) missing(fmt::format("'{}': nothing is there{}", path, nearest_object(client, url)), path);
    std::vector<InputFile> files = inspect_objects(fresh, url.bucket, options_.s3, options_.encoding);
    expect_reads(files, small_compressed(files));
    for (InputFile& file : files) {
      const bool without_text = is_without_text(file);
      const std::string shown = file.shown;
      listing_.files.push_back(std::move(file));
      if (without_text) empty(shown);
    }
  }

  void add_folder(const std::string& path, const std::string& shown) {
    Found found;
    walk_folder(path, [&](const std::string& file) { found.push_back(file); });
    if (add_found(std::move(found), path, shown) == 0)
      missing(fmt::format("'{}': no files in this folder", shown), shown);
  }

  void add_pattern(const std::string& base, const std::string& pattern, const std::string& shown_base) {
    Found found;
    expand_pattern(base, pattern, [&](const std::string& match) {
      if (is_folder(match)) {
        walk_folder(match, [&](const std::string& file) { found.push_back(file); });
      } else if (!pattern.ends_with('/')) {
        found.push_back(match);
      }
    });
    const std::string root = resolved(base, pattern.starts_with('/') ? "/" : "");
    if (add_found(std::move(found), root, resolved(shown_base, root == "/" ? "/" : "")) == 0) {
      const std::string shown = resolved(shown_base, pattern);
      missing(fmt::format("'{}': no files match", shown), shown);
    }
  }

  /// Adds files in the order of their path bytes; `root` at their begin is shown as `shown_root`.
  std::size_t add_found(Found found, const std::string& root, const std::string& shown_root) {
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    std::size_t usable = 0;
    for (const std::string& path : found) {
      const std::string shown = path.starts_with(root) ? shown_root + path.substr(root.size()) : path;
      const auto info = look_at(path);
      if (!info) {
        note("skipped, a link that points nowhere: " + shown);
      } else if (!S_ISREG(info->st_mode)) {
        note("skipped, neither file nor folder: " + shown);
      } else {
        add_file(path, shown, *info);
        ++usable;
      }
    }
    return usable;
  }

  void add_file(const std::string& path, const std::string& shown, const struct stat& info) {
    if (!S_ISREG(info.st_mode)) fail_user("input '{}' is neither a file nor a folder", shown);
    const auto [first, is_new] = reached_.try_emplace({info.st_dev, info.st_ino}, shown);
    if (!is_new) {
      const std::string other = first->second == shown ? "" : " (the same file as " + first->second + ")";
      return note("reached twice, read once: " + shown + other);
    }
    listing_.files.push_back(inspect_file(path, shown, info, options_.encoding));
    if (is_without_text(listing_.files.back())) empty(shown);
  }

  void missing(const std::string& message, const std::string& shown) {
    ++listing_.missing;
    if (options_.missing == OnMissing::kFail) {
      fail_user("input {}; to go on without it, write 'missing: skip'", message);
    }
    note("skipped, missing: " + shown);
  }

  void empty(const std::string& shown) {
    ++listing_.empty;
    if (options_.empty == OnEmpty::kFail) fail_user("input '{}' is empty (the job says 'empty: fail')", shown);
    note("skipped, empty: " + shown);
  }

  void note(std::string text) { listing_.notes.push_back(std::move(text)); }

  const ListOptions& options_;
  Listing listing_;
  std::map<std::pair<dev_t, ino_t>, std::string> reached_;
  std::set<std::string> reached_objects_;
};

}  // namespace

Listing list_inputs(const std::vector<std::string>& paths, const ListOptions& options) {
  Lister lister(options);
  for (std::size_t entry = 0; entry < paths.size(); ++entry) {
    try {
      lister.add(paths[entry], options.base_dir, "", 0);
    } catch (const Error& error) {
      throw ListError(error, entry);
    }
  }
  return lister.finish();
}

}  // namespace evclean
