// SPDX-License-Identifier: Apache-2.0
// STS: taking on roles, and asking who we are.
#include <fmt/format.h>

#include <ctime>
#include <fstream>
#include <iterator>

#include "credentials.hpp"
#include "endpoint.hpp"
#include "evclean/digest.hpp"
#include "evclean/error.hpp"
#include "evclean/suggest.hpp"
#include "profile_file.hpp"
#include "retry.hpp"
#include "signature.hpp"
#include "xml_reply.hpp"

namespace evclean::s3 {
namespace {

constexpr const char* kDefaultSession = "evclean";

std::string sts_endpoint(const S3Settings& settings, const std::string& region) {
  for (const char* name : {"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"}) {
    if (std::string url = environment(name); !url.empty()) return url;
  }
  // Another server answers for STS at the place where it answers for S3; AWS's own endpoints do not.
  const std::string own = configured_endpoint(settings, region);
  if (!own.empty() && own.find(".amazonaws.com") == std::string::npos) return own;
  return fmt::format("https://sts.{}.{}", region, domain_of(region));
}

HttpReply ask_sts(const Query& form, const Credentials& credentials, const S3Settings& settings) {
  const std::string region = first_region(settings);
  const Endpoint endpoint = Endpoint::parse(sts_endpoint(settings, region));
  const std::string body = query_text(form);
  SignedParts parts;
  parts.method = "POST";
  parts.host = endpoint.host;
  parts.path = endpoint.path + "/";
  parts.headers = {{"content-type", "application/x-www-form-urlencoded"}};
  parts.payload_hash = sha256_hex(body);
  Attempts attempts;
  for (;;) {
    HttpRequest request;
    request.method = "POST";
    request.url = endpoint.scheme + "://" + endpoint.host + parts.path;
    request.headers = sign(parts, credentials, region, "sts", std::time(nullptr));
    request.body = body;
    HttpReply reply = send_http(request);
    if (reply.is_good() || !attempts.again(reply, parse_service_error(reply.body).code)) return reply;
  }
}

std::string what_went_wrong(const HttpReply& reply) {
  const ServiceError error = parse_service_error(reply.body);
  if (!error.code.empty()) return fmt::format("{}: {}", error.code, printable(error.message, 300));
  return reply.failure.empty() ? fmt::format("HTTP {}", reply.status) : reply.failure;
}

std::string token_in(const std::string& path) {
  std::ifstream file(path);
  if (!file) fail_system("S3: the web identity token file '{}' cannot be read", path);
  std::string token{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  return token;
}

}  // namespace

Credentials take_on_role(const RoleRequest& role, const Credentials& base, const S3Settings& settings) {
  const bool by_token = !role.web_token_file.empty();
  Query form = {{"Action", by_token ? "AssumeRoleWithWebIdentity" : "AssumeRole"},
                {"Version", "2011-06-15"},
                {"RoleArn", role.arn},
                {"RoleSessionName", role.session_name.empty() ? kDefaultSession : role.session_name}};
  if (!role.external_id.empty()) form.emplace_back("ExternalId", role.external_id);
  if (!role.duration_s.empty()) form.emplace_back("DurationSeconds", role.duration_s);
  if (by_token) form.emplace_back("WebIdentityToken", token_in(role.web_token_file));
  Credentials unsigned_request;
  unsigned_request.anonymous = true;
  const HttpReply reply = ask_sts(form, by_token ? unsigned_request : base, settings);
  const std::string asker = by_token ? "a web identity" : shown_identity(base);
  auto taken = reply.is_good() ? parse_role_credentials(reply.body) : std::nullopt;
  if (!taken || taken->access_key.empty()) {
    fail_system("S3: the role {} cannot be taken on by {}: {}{}", role.arn, asker, what_went_wrong(reply),
                reply.status == 403 ? " (does the role's trust policy name this identity, and its external_id?)" : "");
  }
  taken->from = fmt::format("role {} taken on by {}", role.arn, by_token ? asker : base.from);
  return *taken;
}

std::string caller_arn(const Credentials& credentials, const S3Settings& settings) {
  if (credentials.anonymous) return {};
  const HttpReply reply = ask_sts({{"Action", "GetCallerIdentity"}, {"Version", "2011-06-15"}}, credentials, settings);
  return reply.is_good() ? element_text(reply.body, "Arn") : std::string();
}

}  // namespace evclean::s3
