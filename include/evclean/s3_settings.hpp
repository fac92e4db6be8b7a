// SPDX-License-Identifier: Apache-2.0
// The block `s3:` of a job: which account, which server. What is not said follows the AWS command line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace evclean {

struct S3Settings {
  std::string region;    ///< where to ask first; a bucket elsewhere is found all the same
  std::string profile;   ///< of ~/.aws/config and ~/.aws/credentials
  std::string role_arn;  ///< taken on through STS by the identity found otherwise
  std::string external_id;
  std::string session_name;
  std::string endpoint;  ///< URL of another server; "{region}" in it stands for the bucket's region
  bool anonymous = false;
  std::optional<bool> path_style;  ///< unset: for endpoints of one's own, and for names with dots
  bool request_payer = false;
  // For what is written.
  std::string acl;
  std::string sse;
  std::string kms_key;

  bool operator==(const S3Settings&) const = default;
};

/// Whether a path is on S3: begins with "s3://".
inline bool is_s3_path(std::string_view path) { return path.starts_with("s3://"); }

/// What is wrong with a region's name, with the region it means; empty when nothing is ("us-east-1a" is a zone).
std::string region_problem(std::string_view region);

/// What is wrong with the URL of an endpoint; empty when nothing is.
std::string endpoint_problem(std::string_view endpoint);

/// What is wrong with a path on S3; empty when nothing is. A bucket alone is fine for input, not for output.
std::string s3_path_problem(std::string_view path);

}  // namespace evclean
