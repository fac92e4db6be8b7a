// SPDX-License-Identifier: Apache-2.0
// What stands on S3 under the names of an output before the job writes it: found, tried, refused. How outputs get there
// remote_outputs.hpp knows. Local, for the first rank.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "evclean/s3.hpp"
#include "evclean/sink.hpp"
#include "output_names.hpp"

namespace evclean {

/// The files that one output may have, by their name without numbers.
struct RemoteSet {
  std::string base_path;
  S3Url url;  ///< of the base path
  RemotePlace place;
  bool overwrite = false;
  bool hive = false;               ///< files may stand in folders name=value, and are not known yet
  std::set<std::string> old_keys;  ///< when it was reserved; known on the first rank
};

/// Whether a key is that of a file of the set with this name, whatever its number and folder.
bool belongs(const std::string& key, const OutputName& wanted);

class RemoteTrial {
 public:
  /// `is_ours`: whether an address is that of an output of this job.
  explicit RemoteTrial(std::function<bool(const S3Url&)> is_ours) : is_ours_(std::move(is_ours)) {}

  /// Finds the set's old_keys, and whether it may be written and can be. Errors: user Error when it may not; system
  /// Error when it cannot.
  void try_set(RemoteSet& set);

 private:
  const std::set<std::string>& old_keys_of(const RemoteSet& set);
  void refuse_existing(const RemoteSet& set) const;

  std::function<bool(const S3Url&)> is_ours_;
  std::map<std::string, std::set<std::string>> listings_;
  std::set<std::string> tried_;
};

}  // namespace evclean
