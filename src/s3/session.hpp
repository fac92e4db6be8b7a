// SPDX-License-Identifier: Apache-2.0
// Requests to buckets under one identity: signed, sent to the bucket's own region, sent again when that helps.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "credentials.hpp"
#include "endpoint.hpp"
#include "evclean/s3.hpp"
#include "http.hpp"
#include "url_text.hpp"
#include "xml_reply.hpp"

namespace evclean::s3 {

/// A request to a bucket or an object.
struct Call {
  std::string method = "GET";
  S3Url url;
  Query query;
  std::vector<Header> headers;  ///< names in lower case
  std::string_view body;
  std::int64_t expected_bytes = 0;
  BodySink* sink = nullptr;      ///< as in HttpRequest
  bool cleans_up = false;        ///< goes on after an interrupt
  bool counts_attempts = false;  ///< the answer must say whether one may have succeeded before
};

/// Its last reply, with what an error message needs.
struct Answer {
  HttpReply reply;
  ServiceError error;  ///< empty when all is well
  std::string region;
  std::string identity;
  int attempts = 1;
  bool is_good() const { return reply.is_good() && error.code.empty(); }
};

class Session {
 public:
  explicit Session(const S3Settings& settings) : settings_(settings), keeper_(settings) {}

  /// Errors: those of finding credentials. Anything about the request is in the answer.
  Answer send(const Call& call);
  /// Throws the Error for an answer that is not good: "cannot `doing` s3://…".
  [[noreturn]] void fail(const Answer& answer, std::string_view doing, const S3Url& url) const;
  /// Only what is wrong: "AccessDenied: …".
  static std::string problem(const Answer& answer);

  std::string region_of(const std::string& bucket);
  Credentials credentials() { return keeper_.get(); }
  const S3Settings& settings() const { return settings_; }

  static std::atomic<std::int64_t> requests;
  static std::atomic<std::int64_t> sent_again;

 private:
  std::string known_region(const std::string& bucket);
  Endpoint endpoint_of(const std::string& bucket, const std::string& region);
  HttpReply send_once(const Call& call, const std::string& region, const Credentials& credentials);
  bool learn_region(const Call& call, const Answer& answer);
  std::string ask_region(const std::string& bucket);
  bool renew(const Credentials& refused);
  bool set_clock(const HttpReply& reply);

  S3Settings settings_;
  CredentialKeeper keeper_;
  std::mutex mutex_;
  std::map<std::string, std::string> regions_;                         ///< by bucket
  std::map<std::pair<std::string, std::string>, Endpoint> endpoints_;  ///< by bucket and region
  std::string first_region_;
  std::atomic<std::int64_t> clock_ahead_s_{0};  ///< of the server
};

}  // namespace evclean::s3
