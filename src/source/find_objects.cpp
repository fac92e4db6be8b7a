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
      if (!object.key.ends_with('/') && matches_pattern(pattern_, names_of(object.key))) found_.push_back(object);
    }
    for (const std::string& next : listing.folders) {
      const PathNames names = names_of(std::string_view(next).substr(0, next.size() - 1));
      if (::fnmatch(pattern_[at].c_str(), names.back().c_str(), FNM_PERIOD) == 0) enter(next, at + 1);
    }
  }

  S3Client& client_;
  std::string bucket_;
  PathNames pattern_;
  std::vector<S3Object> found_;
};

std::vector<S3Object> below_folder(S3Client& client, const S3Url& folder) {
  bool no_bucket = false;
  std::vector<S3Object> found;
  for (S3Object& object : client.list(folder, false, &no_bucket).objects) {
    if (object.key.ends_with('/')) continue;
    if (are_visible(names_of(std::string_view(object.key).substr(folder.key.size()))))
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
