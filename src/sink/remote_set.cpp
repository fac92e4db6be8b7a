// SPDX-License-Identifier: Apache-2.0
#include "remote_set.hpp"

#include "evclean/error.hpp"

namespace evclean {
namespace {

/// Keys that belong to a set, whatever their number; with `hive` those in hive folders too.
std::set<std::string> list_set(const RemoteSet& set) {
  S3Client& client = *S3Client::of(set.place.s3);
  const OutputName wanted = split_output_name(set.url.key);
  std::set<std::string> keys;
  const auto take = [&](const S3Listing& listing) {
    for (const S3Object& object : listing.objects) {
      if (belongs(object.key, wanted)) keys.insert(object.key);
    }
  };
  const S3Listing top = client.list({set.url.bucket, wanted.folder + (set.hive ? "" : wanted.stem)}, true);
  take(top);
  if (!set.hive) return keys;
  std::set<std::string> columns;  // "logs/day="
  for (const std::string& folder : top.folders) {
    const std::size_t equals = folder.find('=', wanted.folder.size());
    if (equals != std::string::npos) columns.insert(folder.substr(0, equals + 1));
  }
  for (const std::string& column : columns) take(client.list({set.url.bucket, column}, false));
  return keys;
}

}  // namespace

bool belongs(const std::string& key, const OutputName& wanted) {
  const OutputName here = split_output_name(key);
  return here.stem == wanted.stem && here.extension == wanted.extension;
}

/// Keys of a set that are there; each is listed once.
const std::set<std::string>& RemoteTrial::old_keys_of(const RemoteSet& set) {
  const OutputName name = split_output_name(set.url.key);
  const std::string key = fmt::format("{}/{}{}{}{}", set.url.bucket, name.folder, name.stem, name.extension, set.hive);
  const auto known = listings_.find(key);
  return known != listings_.end() ? known->second : listings_[key] = list_set(set);
}

void RemoteTrial::try_set(RemoteSet& set) {
  if (set.url.key.empty() || set.url.key.ends_with('/'))
    fail_user("cannot write {}: it names no object", set.base_path);
  const S3Settings& s3 = set.place.s3;
  const std::string place = fmt::format("{}\n{}\n{}\n{}", set.url.bucket, s3.endpoint, s3.profile, s3.role_arn);
  S3Client& client = *S3Client::of(s3);
  if (tried_.insert(place).second) client.try_upload(set.url);
  try {
    set.old_keys = old_keys_of(set);
  } catch (const Error& error) {
    // Who may write but not list: S3 itself refuses to replace an object when it is published.
    if (error.code() != ExitCode::kSystem) throw;
    if (set.overwrite) {
      fmt::print(stderr, "evclean: warning: older files of {} cannot be found and stay: {}\n", set.base_path,
                 error.what());
    }
  }
  if (!set.overwrite) refuse_existing(set);
}

void RemoteTrial::refuse_existing(const RemoteSet& set) const {
  for (const std::string& key : set.old_keys) {
    const S3Url url{set.url.bucket, key};
    if (is_ours_(url)) continue;
    fail_user("{} exists already{} (--overwrite or overwrite: true replaces it)", url.text(),
              key == set.url.key ? "" : " and belongs to the same output as " + set.base_path);
  }
}

}  // namespace evclean
