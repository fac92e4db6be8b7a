// SPDX-License-Identifier: Apache-2.0
#include "endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "credentials.hpp"
#include "evclean/error.hpp"
#include "evclean/s3.hpp"
#include "evclean/suggest.hpp"
#include "profile_file.hpp"
#include "url_text.hpp"

namespace evclean {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

std::string region_problem(std::string_view region) {
  if (region.size() >= 2 && is_letter(region.back()) && is_digit(region[region.size() - 2])) {
    const std::string_view meant = region.substr(0, region.size() - 1);
    if (std::count(meant.begin(), meant.end(), '-') >= 2)
      return fmt::format("'{}' is a zone, not a region: write {}", region, meant);
  }
  const bool plain = !region.empty() && std::all_of(region.begin(), region.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '_';
  });
  if (plain) return {};
  return fmt::format("'{}' is no region: write one such as eu-central-1", printable(region, 40));
}

std::string endpoint_problem(std::string_view endpoint) {
  const bool http = endpoint.starts_with("http://"), https = endpoint.starts_with("https://");
  const std::string_view rest = endpoint.substr(std::min<std::size_t>(endpoint.size(), https ? 8 : 7));
  if ((!http && !https) || rest.empty() || rest[0] == '/') {
    return fmt::format("'{}' is no endpoint: write a URL such as https://minio.example.com:9000",
                       printable(endpoint, 100));
  }
  if (rest.find_first_of("@?# ") != std::string_view::npos) {
    return "an endpoint is a scheme, a host and a port: it holds no user, query or blank";
  }
  return {};
}

std::string s3_path_problem(std::string_view path) {
  const std::string_view rest = path.substr(5);
  const std::string_view bucket = rest.substr(0, rest.find('/'));
  const std::string shown = printable(path, 200);
  if (bucket.empty()) return fmt::format("'{}' names no bucket: write s3://bucket/key", shown);
  const bool plain = std::all_of(bucket.begin(), bucket.end(), [](char c) {
    return is_letter(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
  });
  if (!plain) {
    const bool wild = bucket.find_first_of("*?[") != std::string_view::npos;
    return fmt::format("'{}': '{}' is no bucket's name{}", shown, printable(bucket, 80),
                       wild ? " (wildcards stand behind the bucket)" : "");
  }
  constexpr std::size_t kLongestKey = 1024;
  if (rest.size() > bucket.size() + 1 + kLongestKey) {
    return fmt::format("'{}': a key has at most {} bytes", shown, kLongestKey);
  }
  return {};
}

S3Url S3Url::parse(std::string_view path) {
  if (!is_s3_path(path)) fail_bug("'{}' is no path on S3", path);
  if (const std::string problem = s3_path_problem(path); !problem.empty()) fail_user("{}", problem);
  const std::string_view rest = path.substr(5);
  const std::size_t slash = rest.find('/');
  return {std::string(rest.substr(0, slash)),
          slash == std::string_view::npos ? std::string() : std::string(rest.substr(slash + 1))};
}

namespace s3 {

Endpoint Endpoint::parse(const std::string& url) {
  if (const std::string problem = endpoint_problem(url); !problem.empty()) fail_user("S3: {}", problem);
  const std::size_t colon = url.find("://");
  const std::string rest = url.substr(colon + 3);
  const std::size_t slash = rest.find('/');
  Endpoint endpoint{url.substr(0, colon), rest.substr(0, slash), slash == std::string::npos ? "" : rest.substr(slash)};
  while (endpoint.path.ends_with('/')) endpoint.path.pop_back();
  const std::string usual = endpoint.scheme == "https" ? ":443" : ":80";
  if (endpoint.host.ends_with(usual)) endpoint.host.resize(endpoint.host.size() - usual.size());
  return endpoint;
}

std::string configured_endpoint(const S3Settings& settings, const std::string& region) {
  std::string url = settings.endpoint;
  if (environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") != "true") {
    for (const char* name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) {
      if (url.empty()) url = environment(name);
    }
    if (url.empty()) url = profile_value(settings, "endpoint_url");
  }
  constexpr std::string_view kMark = "{region}";
  if (const std::size_t mark = url.find(kMark); mark != std::string::npos) url.replace(mark, kMark.size(), region);
  return url;
}

std::string domain_of(const std::string& region) {
  return region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

Endpoint bucket_endpoint(const S3Settings& settings, const std::string& bucket, const std::string& region) {
  const std::string own = configured_endpoint(settings, region);
  Endpoint endpoint = Endpoint::parse(own.empty() ? fmt::format("https://s3.{}.{}", region, domain_of(region)) : own);
  const std::string style = profile_value(settings, "s3.addressing_style");
  // TLS names have no place for a bucket's dots.
  const bool by_default = !own.empty() ? style != "virtual" : style == "path" || bucket.find('.') != std::string::npos;
  if (settings.path_style.value_or(by_default)) {
    endpoint.path += fmt::format("/{}", url_encode(bucket));
  } else {
    endpoint.host = bucket + "." + endpoint.host;
  }
  return endpoint;
}

}  // namespace s3
}  // namespace evclean
