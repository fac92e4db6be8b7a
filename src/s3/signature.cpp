// SPDX-License-Identifier: Apache-2.0
#include "signature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "evclean/digest.hpp"

namespace evclean::s3 {
namespace {

/// "20261101T065216Z".
std::string time_stamp(std::int64_t now_s) {
  const std::time_t time = now_s;
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

/// Runs of blanks count as one.
std::string folded(const std::string& value) {
  std::string out;
  for (const char c : value) {
    if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string canonical_request(const SignedParts& parts, const std::vector<Header>& headers, const std::string& names) {
  std::string text = fmt::format("{}\n{}\n{}\n", parts.method, parts.path, query_text(parts.query));
  for (const auto& [name, value] : headers) text += name + ":" + folded(value) + "\n";
  return text + "\n" + names + "\n" + parts.payload_hash;
}

}  // namespace

std::vector<Header> sign(const SignedParts& parts, const Credentials& credentials, const std::string& region,
                         const std::string& service, std::int64_t now_s) {
  std::vector<Header> headers = parts.headers;
  headers.emplace_back("host", parts.host);
  if (credentials.anonymous) return headers;
  const std::string stamp = time_stamp(now_s);
  const std::string day = stamp.substr(0, 8);
  headers.emplace_back("x-amz-date", stamp);
  if (service == "s3") headers.emplace_back("x-amz-content-sha256", parts.payload_hash);
  if (!credentials.session_token.empty()) headers.emplace_back("x-amz-security-token", credentials.session_token);
  std::sort(headers.begin(), headers.end());
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", day, region, service);
  const std::string text =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", stamp, scope, sha256_hex(canonical_request(parts, headers, names)));
  std::string key = hmac_sha256("AWS4" + credentials.secret_key, day);
  for (const std::string& part : {region, service, std::string("aws4_request")}) key = hmac_sha256(key, part);
  headers.emplace_back("authorization",
                       fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                                   credentials.access_key, scope, names, hex_digits(hmac_sha256(key, text))));
  return headers;
}

}  // namespace evclean::s3
