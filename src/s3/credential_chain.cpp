// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <ctime>

#include "credentials.hpp"
#include "evclean/error.hpp"
#include "evclean/suggest.hpp"
#include "profile_file.hpp"

namespace evclean::s3 {
namespace {

/// Credentials are renewed this long before they end, so that none ends within a request.
constexpr std::int64_t kRenewBefore_s = 300;

/// The first source that has something. A profile named in the job stands before the environment.
Credentials from_chain(const S3Settings& settings) {
  if (!settings.profile.empty()) return profile_credentials(settings.profile, true, settings);
  if (Credentials found = environment_credentials(); !found.access_key.empty()) return found;
  if (Credentials found = web_identity_from_environment(settings); !found.access_key.empty()) return found;
  const std::string profile = default_profile();
  if (Credentials found = profile_credentials(profile, profile != "default", settings); !found.access_key.empty())
    return found;
  if (Credentials found = container_credentials(); !found.access_key.empty()) return found;
  return instance_credentials();
}

}  // namespace

std::string shown_identity(const Credentials& credentials) {
  if (credentials.anonymous) return "anonymous";
  const std::string& key = credentials.access_key;
  return fmt::format("{}, access key ...{}", credentials.from,
                     key.substr(key.size() - std::min<std::size_t>(4, key.size())));
}

Credentials find_credentials(const S3Settings& settings) {
  if (settings.anonymous) {
    Credentials nobody;
    nobody.anonymous = true;
    return nobody;
  }
  const Credentials base = from_chain(settings);
  if (base.access_key.empty()) {
    std::string files;
    for (const std::string& file : read_profiles().files) files += (files.empty() ? "" : ", ") + file;
    fail_system(
        "S3: no credentials: nothing in AWS_ACCESS_KEY_ID, {} (profile '{}'), a container's or an instance's role; for "
        "a public bucket write s3: {{anonymous: true}}",
        files, default_profile());
  }
  if (settings.role_arn.empty()) return base;
  return take_on_role({settings.role_arn, settings.external_id, settings.session_name, {}, {}}, base, settings);
}

Credentials CredentialKeeper::get() {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = std::time(nullptr);
  const bool fresh = valid_ && (kept_.expires_s == 0 || now < kept_.expires_s - kRenewBefore_s);
  if (fresh) return kept_;
  try {
    kept_ = find_credentials(settings_);
    valid_ = true;
  } catch (const Error&) {
    if (!valid_ || now >= kept_.expires_s) throw;  // those at hand serve a little longer
  }
  return kept_;
}

void CredentialKeeper::refuse(const Credentials& refused) {
  const std::lock_guard lock(mutex_);
  if (kept_.access_key == refused.access_key && kept_.session_token == refused.session_token) valid_ = false;
}

std::string profile_value(const S3Settings& settings, const std::string& key) {
  const Profiles profiles = read_profiles();
  const Profile* const profile = profiles.find(settings.profile.empty() ? default_profile() : settings.profile);
  if (profile == nullptr) return {};
  const auto found = profile->find(key);
  return found == profile->end() ? std::string() : found->second;
}

std::string first_region(const S3Settings& settings) {
  const std::pair<std::string, std::string> places[] = {{settings.region, "s3.region"},
                                                        {environment("AWS_REGION"), "AWS_REGION"},
                                                        {environment("AWS_DEFAULT_REGION"), "AWS_DEFAULT_REGION"},
                                                        {profile_value(settings, "region"), "region of the profile"}};
  for (const auto& [region, place] : places) {
    if (region.empty()) continue;
    if (const std::string problem = region_problem(region); !problem.empty()) fail_user("{}: {}", place, problem);
    return region;
  }
  return "us-east-1";
}

}  // namespace evclean::s3
