// SPDX-License-Identifier: Apache-2.0
// Environment, profiles and programs that print credentials.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdio>
#include <set>

#include "credentials.hpp"
#include "evclean/error.hpp"
#include "evclean/suggest.hpp"
#include "flat_json.hpp"
#include "profile_file.hpp"
#include "xml_reply.hpp"

namespace evclean::s3 {
namespace {

std::string value_of(const Profile& profile, const char* key) {
  const auto found = profile.find(key);
  return found == profile.end() ? std::string() : found->second;
}

struct PipeCloser {
  void operator()(std::FILE* pipe) const { ::pclose(pipe); }
};

/// What a profile's program prints; it says itself on stderr what went wrong.
Credentials process_credentials(const std::string& command, const std::string& profile) {
  std::unique_ptr<std::FILE, PipeCloser> pipe(::popen(command.c_str(), "r"));
  if (!pipe) fail_system("S3: the credential_process of profile '{}' cannot be started", profile);
  std::string text;
  std::array<char, 4096> piece{};
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), pipe.get())) text.append(piece.data(), got);
  const int status = ::pclose(pipe.release());
  auto members = flat_json(text);
  if (status != 0 || members["AccessKeyId"].empty()) {
    fail_system("S3: the credential_process of profile '{}' gave no credentials (status {})", profile, status >> 8);
  }
  Credentials found{members["AccessKeyId"], members["SecretAccessKey"], members["SessionToken"],
                    parse_time_stamp(members["Expiration"])};
  found.from = fmt::format("profile '{}' (credential_process)", profile);
  return found;
}

/// Reads profiles that lead to one another; each only once.
class ProfileReader {
 public:
  explicit ProfileReader(const S3Settings& settings) : settings_(settings), profiles_(read_profiles()) {}

  Credentials read(const std::string& name, bool must_exist) {
    const Profile* const profile = profiles_.find(name);
    if (profile == nullptr) {
      if (!must_exist) return {};
      std::vector<std::string> names;
      for (const auto& [known, keys] : profiles_.by_name) names.push_back(known);
      fail_user("S3: there is no profile '{}' in {}{}", printable(name, 60), fmt::join(profiles_.files, " or "),
                did_you_mean(name, names));
    }
    if (!seen_.insert(name).second) fail_user("S3: the profile '{}' leads back to itself by source_profile", name);
    if (!value_of(*profile, "role_arn").empty()) return role(name, *profile);
    Credentials found = plain(name, *profile);
    if (found.access_key.empty() && must_exist) refuse_unknown_kind(name, *profile);
    return found;
  }

 private:
  static Credentials plain(const std::string& name, const Profile& profile) {
    Credentials found{value_of(profile, "aws_access_key_id"), value_of(profile, "aws_secret_access_key"),
                      value_of(profile, "aws_session_token")};
    found.from = fmt::format("profile '{}'", name);
    if (!found.access_key.empty() && found.secret_key.empty()) {
      fail_user("S3: profile '{}' has aws_access_key_id but no aws_secret_access_key", name);
    }
    if (!found.access_key.empty()) return found;
    const std::string command = value_of(profile, "credential_process");
    return command.empty() ? Credentials{} : process_credentials(command, name);
  }

  [[noreturn]] static void refuse_unknown_kind(const std::string& name, const Profile& profile) {
    for (const auto& [key, value] : profile) {
      if (!key.starts_with("sso_")) continue;
      fail_user(
          "S3: profile '{0}' signs in by SSO, which is not available yet: give it the key credential_process = aws "
          "configure export-credentials --profile {0}, or export the variables with that command",
          name);
    }
    fail_user("S3: profile '{}' has no credentials (aws_access_key_id, credential_process or role_arn)", name);
  }

  Credentials role(const std::string& name, const Profile& profile) {
    if (!value_of(profile, "mfa_serial").empty()) {
      fail_user("S3: profile '{}' asks for an MFA code (mfa_serial), which a job cannot give", name);
    }
    const RoleRequest request{value_of(profile, "role_arn"), value_of(profile, "external_id"),
                              value_of(profile, "role_session_name"), value_of(profile, "duration_seconds"),
                              value_of(profile, "web_identity_token_file")};
    Credentials base;
    if (request.web_token_file.empty()) base = source(name, profile);
    Credentials taken = take_on_role(request, base, settings_);
    taken.from += fmt::format(" for profile '{}'", name);
    return taken;
  }

  Credentials source(const std::string& name, const Profile& profile) {
    const std::string other = value_of(profile, "source_profile");
    const std::string machine = value_of(profile, "credential_source");
    if (other == name) {
      Credentials own = plain(name, profile);  // a profile may lend its own keys
      if (!own.access_key.empty()) return own;
    }
    if (!other.empty()) return read(other, true);
    Credentials found;
    if (machine == "Environment") {
      found = environment_credentials();
    } else if (machine == "Ec2InstanceMetadata") {
      found = instance_credentials();
    } else if (machine == "EcsContainer") {
      found = container_credentials();
    } else {
      fail_user("S3: profile '{}' has role_arn but neither source_profile nor credential_source", name);
    }
    if (found.access_key.empty()) fail_system("S3: profile '{}': {} has no credentials", name, machine);
    return found;
  }

  const S3Settings& settings_;
  Profiles profiles_;
  std::set<std::string> seen_;
};

}  // namespace

Credentials environment_credentials() {
  Credentials found{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                    environment("AWS_SESSION_TOKEN")};
  found.from = "the environment";
  if (!found.access_key.empty() && found.secret_key.empty()) {
    fail_user("S3: AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
  }
  return found;
}

Credentials web_identity_from_environment(const S3Settings& settings) {
  const RoleRequest request{environment("AWS_ROLE_ARN"),
                            {},
                            environment("AWS_ROLE_SESSION_NAME"),
                            {},
                            environment("AWS_WEB_IDENTITY_TOKEN_FILE")};
  if (request.arn.empty() || request.web_token_file.empty()) return {};
  return take_on_role(request, {}, settings);
}

Credentials profile_credentials(const std::string& profile, bool must_exist, const S3Settings& settings) {
  return ProfileReader(settings).read(profile, must_exist);
}

}  // namespace evclean::s3
