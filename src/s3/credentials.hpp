// SPDX-License-Identifier: Apache-2.0
// Who we are to S3, found as the AWS command line finds it. Every look reads the sources anew: files, environment and
// services may have changed.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "evclean/s3_settings.hpp"

namespace evclean::s3 {

struct Credentials {
  std::string access_key = {};
  std::string secret_key = {};
  std::string session_token = {};
  std::int64_t expires_s = 0;  ///< seconds since 1970; 0: not known
  bool anonymous = false;
  std::string from = {};  ///< for people: "profile 'logs'", "role arn:... taken on by profile 'logs'"
};

/// "profile 'logs', access key ...1234": what may be said of an identity.
std::string shown_identity(const Credentials& credentials);

/// Looks in the order of the AWS command line, then takes on `role_arn`. Errors: user Error for a profile that is not
/// there or asks for what is not available; system Error when nothing was found or STS refuses.
Credentials find_credentials(const S3Settings& settings);

/// Keeps credentials until shortly before they expire.
class CredentialKeeper {
 public:
  explicit CredentialKeeper(S3Settings settings) : settings_(std::move(settings)) {}
  Credentials get();
  /// These were refused: the next get() looks again, unless somebody else has already.
  void refuse(const Credentials& refused);

 private:
  S3Settings settings_;
  std::mutex mutex_;
  Credentials kept_;
  bool valid_ = false;
};

// The sources, each empty (no access key) when it has nothing.
Credentials environment_credentials();
Credentials web_identity_from_environment(const S3Settings& settings);
Credentials profile_credentials(const std::string& profile, bool must_exist, const S3Settings& settings);
Credentials container_credentials();
Credentials instance_credentials();

/// Takes on a role through STS.
struct RoleRequest {
  std::string arn;
  std::string external_id;
  std::string session_name;
  std::string duration_s;      ///< empty: STS's default
  std::string web_token_file;  ///< a web identity instead of `base`
};
Credentials take_on_role(const RoleRequest& role, const Credentials& base, const S3Settings& settings);

/// ARN of the identity; empty when STS does not say.
std::string caller_arn(const Credentials& credentials, const S3Settings& settings);

/// The region where nothing else is known: settings, AWS_REGION, AWS_DEFAULT_REGION, the profile, us-east-1.
/// Errors: user Error for a zone.
std::string first_region(const S3Settings& settings);

/// A profile's own key from the files ("endpoint_url"); empty when there is none.
std::string profile_value(const S3Settings& settings, const std::string& key);

}  // namespace evclean::s3
