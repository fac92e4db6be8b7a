// SPDX-License-Identifier: Apache-2.0
// ~/.aws/config and ~/.aws/credentials.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace evclean::s3 {

/// Keys of a profile. Indented keys below "s3 =" are "s3.addressing_style" and the like.
using Profile = std::map<std::string, std::string>;

struct Profiles {
  std::map<std::string, Profile> by_name;
  std::vector<std::string> files;  ///< where was looked

  const Profile* find(const std::string& name) const;
};

/// Reads both files (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE); what the credentials file says wins. Files that are
/// not there are empty.
Profiles read_profiles();

/// AWS_PROFILE, AWS_DEFAULT_PROFILE, or "default".
std::string default_profile();

/// A variable's value; empty when it is not set.
std::string environment(const char* name);

}  // namespace evclean::s3
