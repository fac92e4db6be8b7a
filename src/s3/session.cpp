// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iterator>

#include "evclean/digest.hpp"
#include "evclean/error.hpp"
#include "evclean/suggest.hpp"
#include "retry.hpp"
#include "signature.hpp"

namespace evclean::s3 {
namespace {

constexpr int kMostRedirects = 3;

/// The server says that these credentials are no more: look for new ones.
bool is_stale_identity(const std::string& code) {
  constexpr std::string_view kCodes[] = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired",
                                         "InvalidToken", "RequestExpired",        "InvalidAccessKeyId"};
  return std::find(std::begin(kCodes), std::end(kCodes), code) != std::end(kCodes);
}

/// The server says that the bucket is elsewhere.
bool is_elsewhere(const HttpReply& reply, const std::string& code) {
  return reply.status == 301 || reply.status == 307 || code == "PermanentRedirect" || code == "TemporaryRedirect" ||
         code == "AuthorizationHeaderMalformed" || code == "IllegalLocationConstraintException";
}

std::string_view advice_for(const std::string& code, const S3Settings& settings) {
  if (code == "AccessDenied" || code == "Forbidden" || code == "AllAccessDisabled") {
    return settings.request_payer
               ? " (the identity's policy, the bucket's policy or its key's policy does not allow this)"
               : " (the identity's policy, the bucket's policy or its key's policy does not allow this; buckets whose "
                 "readers pay want s3: {request_payer: true})";
  }
  if (code == "SignatureDoesNotMatch") return " (the secret key does not belong to this access key)";
  if (is_stale_identity(code)) return " (the source of these credentials gives no newer ones)";
  return "";
}

}  // namespace

std::atomic<std::int64_t> Session::requests{0};
std::atomic<std::int64_t> Session::sent_again{0};

std::string Session::known_region(const std::string& bucket) {
  const std::lock_guard lock(mutex_);
  const auto found = regions_.find(bucket);
  if (found != regions_.end()) return found->second;
  if (first_region_.empty()) first_region_ = first_region(settings_);
  return first_region_;
}

Endpoint Session::endpoint_of(const std::string& bucket, const std::string& region) {
  const std::lock_guard lock(mutex_);
  const auto found = endpoints_.find({bucket, region});
  if (found != endpoints_.end()) return found->second;
  return endpoints_[{bucket, region}] = bucket_endpoint(settings_, bucket, region);
}

HttpReply Session::send_once(const Call& call, const std::string& region, const Credentials& credentials) {
  const Endpoint endpoint = endpoint_of(call.url.bucket, region);
  SignedParts parts;
  parts.method = call.method;
  parts.host = endpoint.host;
  parts.path = fmt::format("{}/{}", endpoint.path, url_encode(call.url.key, true));
  parts.query = call.query;
  parts.headers = call.headers;
  if (settings_.request_payer) parts.headers.emplace_back("x-amz-request-payer", "requester");
  parts.payload_hash = sha256_hex(call.body);
  HttpRequest request;
  request.method = call.method;
  request.url = endpoint.scheme + "://" + endpoint.host + parts.path;
  if (!call.query.empty()) request.url += fmt::format("?{}", query_text(call.query));
  request.headers = sign(parts, credentials, region, "s3", std::time(nullptr) + clock_ahead_s_);
  request.body = call.body;
  request.expected_bytes = call.expected_bytes;
  request.sink = call.sink;
  request.cleans_up = call.cleans_up;
  request.counts_attempts = call.counts_attempts;
  ++requests;
  return send_http(request);
}

Answer Session::send(const Call& call) {
  Attempts attempts(call.cleans_up);
  for (int redirects = 0;;) {
    Answer answer;
    answer.attempts = attempts.made();
    answer.region = known_region(call.url.bucket);
    const Credentials credentials = keeper_.get();
    answer.identity = shown_identity(credentials);
    answer.reply = send_once(call, answer.region, credentials);
    // S3 may say 200 first and find out later that a multipart upload cannot be completed.
    const bool may_hide_error = call.method == "POST" || !answer.reply.is_good();
    if (may_hide_error) answer.error = parse_service_error(answer.reply.body);
    if (answer.is_good()) return answer;
    if (answer.reply.is_good()) answer.reply.status = 500;
    if (redirects < kMostRedirects && learn_region(call, answer)) {
      ++redirects;
    } else if (is_stale_identity(answer.error.code)) {
      if (!renew(credentials) && !attempts.again_after_wait()) return answer;
    } else if (answer.error.code == "RequestTimeTooSkewed" && redirects < kMostRedirects && set_clock(answer.reply)) {
      ++redirects;
    } else if (attempts.again(answer.reply, answer.error.code)) {
      ++sent_again;
    } else {
      return answer;
    }
  }
}

/// Looks for newer credentials than the refused ones; true when there are.
bool Session::renew(const Credentials& refused) {
  keeper_.refuse(refused);
  const Credentials now = keeper_.get();
  return now.access_key != refused.access_key || now.session_token != refused.session_token ||
         now.secret_key != refused.secret_key;
}

/// Signs with the server's clock from now on.
bool Session::set_clock(const HttpReply& reply) {
  const std::int64_t theirs = parse_http_date(reply.header("date"));
  if (theirs <= 0) return false;
  clock_ahead_s_ = theirs - std::time(nullptr);
  return true;
}

/// Notes where the bucket is, if the answer says that it is not where it was asked.
bool Session::learn_region(const Call& call, const Answer& answer) {
  if (answer.reply.status == 0) return false;
  std::string region = answer.reply.header("x-amz-bucket-region");
  if (region.empty()) region = answer.error.region;
  if (region.empty() && is_elsewhere(answer.reply, answer.error.code)) region = ask_region(call.url.bucket);
  if (region.empty() || region == answer.region) return false;
  const std::lock_guard lock(mutex_);
  regions_[call.url.bucket] = region;
  return true;
}

/// HeadBucket names the region even to those who may not enter.
std::string Session::ask_region(const std::string& bucket) {
  Call call;
  call.method = "HEAD";
  call.url.bucket = bucket;
  return send_once(call, known_region(bucket), keeper_.get()).header("x-amz-bucket-region");
}

std::string Session::region_of(const std::string& bucket) {
  Call call;
  call.method = "HEAD";
  call.url.bucket = bucket;
  const Answer answer = send(call);
  if (answer.reply.status == 404) fail(answer, "find", call.url);
  const std::string region = answer.reply.header("x-amz-bucket-region");
  return region.empty() ? known_region(bucket) : region;
}

std::string Session::problem(const Answer& answer) {
  const ServiceError& error = answer.error;
  if (!error.code.empty()) return fmt::format("{}: {}", error.code, printable(error.message, 300));
  if (!answer.reply.failure.empty()) return answer.reply.failure;
  switch (answer.reply.status) {  // replies to HEAD have no text
    case 403:
      return "AccessDenied: HTTP 403";
    case 404:
      return "not found: HTTP 404";
    default:
      return fmt::format("HTTP {}", answer.reply.status);
  }
}

void Session::fail(const Answer& answer, std::string_view doing, const S3Url& url) const {
  const std::string what = problem(answer);
  const std::string code = what.substr(0, what.find(':'));
  const std::string tries = answer.attempts > 1 ? fmt::format(", {} attempts", answer.attempts) : "";
  const std::string text = fmt::format("S3: cannot {} {} (region {}, as {}{}): {}{}", doing, printable(url.text(), 300),
                                       answer.region, answer.identity, tries, what, advice_for(code, settings_));
  throw Error(code == "NoSuchBucket" ? ExitCode::kUser : ExitCode::kSystem, text);
}

}  // namespace evclean::s3
