// SPDX-License-Identifier: Apache-2.0
#include "find_objects.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <deque>

#include "evclean/error.hpp"
#include "evclean/suggest.hpp"
#include "file_walk.hpp"
#include "path_pattern.hpp"

namespace evclean {
namespace {

using Names = std::vector<std::string>;

Names names_of(std::string_view path) {
  Names names;
  for (;;) {
    const std::size_t slash = path.find('/');
    names.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return names;
    path.remove_prefix(slash + 1);
  }
}

/// Whether names[from..] may stand below a folder that is read whole.
bool are_visible(const Names& names, std::size_t from) {
  return std::none_of(names.begin() + static_cast<std::ptrdiff_t>(from), names.end(), is_hidden);
}

/// Whether a key matches: as a path, or as something below a folder that matches.
bool matches(const Names& pattern, std::size_t p, const Names& names, std::size_t n) {
  if (p == pattern.size()) return are_visible(names, n);
  if (n == names.size()) return false;
  if (pattern[p] == "**") {
    if (p + 1 == pattern.size()) return are_visible(names, n);
    return matches(pattern, p + 1, names, n) || (!is_hidden(names[n]) && matches(pattern, p, names, n + 1));
  }
  if (pattern[p].empty() && p + 1 == pattern.size()) return are_visible(names, n);  // "logs-*/"
  const bool same = has_wildcard(pattern[p]) ? ::fnmatch(pattern[p].c_str(), names[n].c_str(), FNM_PERIOD) == 0
                                             : pattern[p] == names[n];
  return same && matches(pattern, p + 1, names, n + 1);
}

/// Finds what matches a pattern. Levels without ** are listed one by one, so that only folders that match are entered.
class PatternSearch {
 public:
  PatternSearch(S3Client& client, const S3Url& entry)
      : client_(client), bucket_(entry.bucket), pattern_(names_of(entry.key)) {}

  std::vector<S3Object> run() {
    enter("", 0);
    return std::move(found_);
  }

 private:
  /// `folder` (ending in /, or empty) matches the names before `at`.
  void enter(const std::string& folder, std::size_t at) {
    std::string known = folder;
    while (at < pattern_.size() && !has_wildcard(pattern_[at])) {
      known += pattern_[at];
      if (++at < pattern_.size()) known += '/';
    }
    if (at < pattern_.size()) known += pattern_[at].substr(0, pattern_[at].find_first_of("*?["));
    const bool deep = at >= pattern_.size() || pattern_[at] == "**" || at + 1 == pattern_.size();
    bool no_bucket = false;
    const S3Listing listing = client_.list({bucket_, known}, !deep, &no_bucket);
    for (const S3Object& object : listing.objects) {
      if (!object.key.ends_with('/') && matches(pattern_, 0, names_of(object.key), 0)) found_.push_back(object);
    }
    for (const std::string& next : listing.folders) {
      const Names names = names_of(std::string_view(next).substr(0, next.size() - 1));
      if (::fnmatch(pattern_[at].c_str(), names.back().c_str(), FNM_PERIOD) == 0) enter(next, at + 1);
    }
  }

  S3Client& client_;
  std::string bucket_;
  Names pattern_;
  std::vector<S3Object> found_;
};

std::vector<S3Object> below_folder(S3Client& client, const S3Url& folder) {
  bool no_bucket = false;
  std::vector<S3Object> found;
  for (S3Object& object : client.list(folder, false, &no_bucket).objects) {
    if (object.key.ends_with('/')) continue;
    if (are_visible(names_of(std::string_view(object.key).substr(folder.key.size())), 0))
      found.push_back(std::move(object));
  }
  return found;
}

std::vector<S3Object> find_unsorted(S3Client& client, const S3Url& entry) {
  if (entry.key.empty() || (entry.key.ends_with('/') && !has_wildcard(entry.key))) return below_folder(client, entry);
  if (has_wildcard(entry.key)) {
    auto found = PatternSearch(client, entry).run();
    if (!found.empty() || entry.key.ends_with('/')) return found;
  }
  if (auto object = client.look_at(entry)) return {*object};
  return has_wildcard(entry.key) ? std::vector<S3Object>() : below_folder(client, {entry.bucket, entry.key + "/"});
}

constexpr std::int64_t kObjectSignBytes = 4096;
constexpr std::size_t kHeadsAhead = 256;

}  // namespace

std::vector<S3Object> find_objects(S3Client& client, const S3Url& entry) {
  std::vector<S3Object> found = find_unsorted(client, entry);
  std::sort(found.begin(), found.end(), [](const S3Object& a, const S3Object& b) { return a.key < b.key; });
  return found;
}

std::string nearest_object(S3Client& client, const S3Url& entry) {
  bool no_bucket = false;
  const std::string folder = entry.key.substr(0, entry.key.rfind('/') + 1);
  try {
    const S3Listing near = client.list({entry.bucket, folder}, true, &no_bucket);
    if (no_bucket) return fmt::format(" (there is no bucket '{}')", entry.bucket);
    std::vector<std::string> names;
    for (const S3Object& object : near.objects) names.push_back(object.key.substr(folder.size()));
    for (const std::string& name : near.folders) names.push_back(name.substr(folder.size()));
    return did_you_mean(entry.key.substr(folder.size()), names);
  } catch (const Error&) {
    return {};  // who may not list gets no suggestion
  }
}

std::vector<InputFile> inspect_objects(const std::vector<S3Object>& objects, const std::string& bucket,
                                       const S3Settings& settings, Encoding encoding) {
  const auto shared = std::make_shared<const S3Settings>(settings);
  S3Client& client = *S3Client::of(settings);
  std::deque<std::future<S3Piece>> heads;
  std::size_t asked = 0;
  std::vector<InputFile> files;
  for (const S3Object& object : objects) {
    for (; asked < objects.size() && asked < files.size() + kHeadsAhead; ++asked) {
      const S3Object& next = objects[asked];
      heads.emplace_back();
      if (next.size_bytes == 0) continue;
      heads.back() = client.read({bucket, next.key}, next.etag, 0, std::min(kObjectSignBytes, next.size_bytes));
    }
    const S3Piece head = heads.front().valid() ? heads.front().get() : S3Piece{};
    heads.pop_front();
    const std::string path = S3Url{bucket, object.key}.text();
    InputFile file = describe_file(path, path, object.size_bytes, object.modified_s, head.bytes, encoding);
    file.etag = object.etag;
    file.s3 = shared;
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace evclean
