// SPDX-License-Identifier: Apache-2.0
// One HTTP request and its reply. Connections stay open for the next request of the process.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace evclean::s3 {

using Header = std::pair<std::string, std::string>;

/// Takes the body of a reply as it arrives.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual void begin() = 0;  ///< a request is sent (again)
  virtual void take(std::string_view bytes) = 0;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<Header> headers;
  std::string_view body;            ///< must live until the reply
  std::int64_t expected_bytes = 0;  ///< of the reply's body, to make room
  BodySink* sink = nullptr;         ///< where the body goes if the status is 206, instead of the reply
  double connect_timeout_s = 10;
  double total_timeout_s = 0;  ///< 0: as long as bytes come
  bool through_proxy = true;   ///< false: instance and container services are on this machine
  /// On a connection of its own: libcurl itself sends a request again when one that was open breaks without a reply,
  /// and nobody learns of it.
  bool counts_attempts = false;
  bool cleans_up = false;  ///< goes on after an interrupt
};

struct HttpReply {
  int status = 0;                              ///< 0: no reply came
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  std::string failure;  ///< why there is none, or why it is cut off; empty: whole

  std::string header(const std::string& name) const;
  bool is_good() const { return failure.empty() && status >= 200 && status < 300; }
};

/// Sends the request and waits for its reply. Errors: the Error of an interrupt; anything about the network is in the
/// reply.
HttpReply send_http(const HttpRequest& request);

/// Seconds since 1970 of "Sun, 01 Nov 2026 06:52:16 GMT"; not above 0 when the text is none.
std::int64_t parse_http_date(const std::string& text);

}  // namespace evclean::s3
