// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "evclean/function.hpp"

namespace evclean::functions {
namespace {

struct Status {
  std::int64_t code;
  std::string_view text;
};

/// The IANA registry (RFC 9110 and later), 418 by its RFC, and what nginx and Cloudflare put into logs.
constexpr std::array kStatuses{
    Status{100, "Continue"},
    Status{101, "Switching Protocols"},
    Status{102, "Processing"},
    Status{103, "Early Hints"},
    Status{104, "Upload Resumption Supported"},
    Status{200, "OK"},
    Status{201, "Created"},
    Status{202, "Accepted"},
    Status{203, "Non-Authoritative Information"},
    Status{204, "No Content"},
    Status{205, "Reset Content"},
    Status{206, "Partial Content"},
    Status{207, "Multi-Status"},
    Status{208, "Already Reported"},
    Status{226, "IM Used"},
    Status{300, "Multiple Choices"},
    Status{301, "Moved Permanently"},
    Status{302, "Found"},
    Status{303, "See Other"},
    Status{304, "Not Modified"},
    Status{305, "Use Proxy"},
    Status{307, "Temporary Redirect"},
    Status{308, "Permanent Redirect"},
    Status{400, "Bad Request"},
    Status{401, "Unauthorized"},
    Status{402, "Payment Required"},
    Status{403, "Forbidden"},
    Status{404, "Not Found"},
    Status{405, "Method Not Allowed"},
    Status{406, "Not Acceptable"},
    Status{407, "Proxy Authentication Required"},
    Status{408, "Request Timeout"},
    Status{409, "Conflict"},
    Status{410, "Gone"},
    Status{411, "Length Required"},
    Status{412, "Precondition Failed"},
    Status{413, "Content Too Large"},
    Status{414, "URI Too Long"},
    Status{415, "Unsupported Media Type"},
    Status{416, "Range Not Satisfiable"},
    Status{417, "Expectation Failed"},
    Status{418, "I'm a teapot"},
    Status{421, "Misdirected Request"},
    Status{422, "Unprocessable Content"},
    Status{423, "Locked"},
    Status{424, "Failed Dependency"},
    Status{425, "Too Early"},
    Status{426, "Upgrade Required"},
    Status{428, "Precondition Required"},
    Status{429, "Too Many Requests"},
    Status{431, "Request Header Fields Too Large"},
    Status{444, "No Response"},
    Status{451, "Unavailable For Legal Reasons"},
    Status{494, "Request Header Too Large"},
    Status{495, "SSL Certificate Error"},
    Status{496, "SSL Certificate Required"},
    Status{497, "HTTP Request Sent to HTTPS Port"},
    Status{499, "Client Closed Request"},
    Status{500, "Internal Server Error"},
    Status{501, "Not Implemented"},
    Status{502, "Bad Gateway"},
    Status{503, "Service Unavailable"},
    Status{504, "Gateway Timeout"},
    Status{505, "HTTP Version Not Supported"},
    Status{506, "Variant Also Negotiates"},
    Status{507, "Insufficient Storage"},
    Status{508, "Loop Detected"},
    Status{510, "Not Extended"},
    Status{511, "Network Authentication Required"},
    Status{520, "Web Server Returned an Unknown Error"},
    Status{521, "Web Server Is Down"},
    Status{522, "Connection Timed Out"},
    Status{523, "Origin Is Unreachable"},
    Status{524, "A Timeout Occurred"},
    Status{525, "SSL Handshake Failed"},
    Status{526, "Invalid SSL Certificate"},
};

}  // namespace

std::optional<std::string_view> http_status_text(std::int64_t status) {
  const auto at = std::lower_bound(kStatuses.begin(), kStatuses.end(), status,
                                   [](const Status& entry, std::int64_t code) { return entry.code < code; });
  if (at == kStatuses.end() || at->code != status) return std::nullopt;
  return at->text;
}

}  // namespace evclean::functions
