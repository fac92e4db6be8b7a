// SPDX-License-Identifier: Apache-2.0
// Credentials that the machine hands out: to containers, and to EC2 instances (version 2 of their service, which wants
// a token first).
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "credentials.hpp"
#include "evclean/error.hpp"
#include "flat_json.hpp"
#include "http.hpp"
#include "profile_file.hpp"
#include "xml_reply.hpp"

namespace evclean::s3 {
namespace {

constexpr double kMachineTimeout_s = 2;

HttpReply ask(const std::string& method, const std::string& url, std::vector<Header> headers) {
  HttpRequest request;
  request.method = method;
  request.url = url;
  request.headers = std::move(headers);
  request.connect_timeout_s = 1;
  request.total_timeout_s = kMachineTimeout_s;
  request.through_proxy = false;
  return send_http(request);
}

Credentials from_json(const std::string& text) {
  auto members = flat_json(text);
  Credentials found{members["AccessKeyId"], members["SecretAccessKey"], members["Token"],
                    parse_time_stamp(members["Expiration"])};
  return found;
}

std::string first_line(const std::string& text) {
  std::string line = text.substr(0, text.find_first_of("\r\n"));
  return line;
}

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

Credentials container_credentials() {
  const std::string relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string full = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative.empty() && full.empty()) return {};
  std::vector<Header> headers;
  const std::string token_file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const std::string token =
      token_file.empty() ? environment("AWS_CONTAINER_AUTHORIZATION_TOKEN") : first_line(file_text(token_file));
  if (!token.empty()) headers.emplace_back("Authorization", token);
  const HttpReply reply = ask("GET", relative.empty() ? full : "http://169.254.170.2" + relative, headers);
  Credentials found = reply.is_good() ? from_json(reply.body) : Credentials{};
  if (found.access_key.empty()) {
    fail_system("S3: the container's credential service gave none ({})",
                reply.failure.empty() ? fmt::format("HTTP {}", reply.status) : reply.failure);
  }
  found.from = "the container's role";
  return found;
}

Credentials instance_credentials() {
  if (environment("AWS_EC2_METADATA_DISABLED") == "true") return {};
  std::string service = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (service.empty()) service = "http://169.254.169.254";
  while (service.ends_with('/')) service.pop_back();
  const HttpReply token =
      ask("PUT", service + "/latest/api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}});
  if (!token.is_good()) return {};
  const std::vector<Header> headers = {{"X-aws-ec2-metadata-token", token.body}};
  const std::string roles = service + "/latest/meta-data/iam/security-credentials/";
  const HttpReply names = ask("GET", roles, headers);
  const std::string role = names.is_good() ? first_line(names.body) : std::string();
  if (role.empty()) return {};
  const HttpReply reply = ask("GET", roles + role, headers);
  Credentials found = reply.is_good() ? from_json(reply.body) : Credentials{};
  found.from = fmt::format("the instance role {}", role);
  return found;
}

}  // namespace evclean::s3
