// SPDX-License-Identifier: Apache-2.0
#include "http.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "evclean/error.hpp"
#include "evclean/handle.hpp"
#include "evclean/interrupt.hpp"
#include "worker_pool.hpp"

namespace evclean::s3 {
namespace {

struct EasyTraits {
  using Raw = CURL*;
  static Raw null() { return nullptr; }
  static void close(Raw raw) { curl_easy_cleanup(raw); }
};
using Easy = Handle<EasyTraits>;

struct ListTraits {
  using Raw = curl_slist*;
  static Raw null() { return nullptr; }
  static void close(Raw raw) { curl_slist_free_all(raw); }
};

constexpr long kDefaultStall_s = 20;
constexpr int kPartialContent = 206;
constexpr long kReceiveBytes = 256L << 10;  ///< still in the cache when they are moved on

/// Seconds without a byte after which a connection counts as dead.
long stall_seconds() {
  const char* text = std::getenv("EVCLEAN_S3_STALL_S");
  const long value = text == nullptr ? 0 : std::strtol(text, nullptr, 10);
  return value > 0 ? value : kDefaultStall_s;
}

/// Handles with their open connections, the last used first.
class HandlePool {
 public:
  HandlePool() { curl_global_init(CURL_GLOBAL_DEFAULT); }

  Easy take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return Easy(curl_easy_init());
    Easy easy = std::move(idle_.back());
    idle_.pop_back();
    curl_easy_reset(easy.get());  // the connection stays
    return easy;
  }
  void give_back(Easy easy) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(easy));
  }

 private:
  std::mutex mutex_;
  std::vector<Easy> idle_;
};

/// Lives until the process ends: threads may hold handles when statics die.
HandlePool& pool() {
  static auto* const kPool = new HandlePool;
  return *kPool;
}

std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* into) {
  auto& reply = *static_cast<HttpReply*>(into);
  std::string_view line(bytes, size * count);
  if (line.starts_with("HTTP/")) reply.headers.clear();  // "100 Continue" came before
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && std::isspace(static_cast<unsigned char>(value.front()))) value.remove_prefix(1);
    while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back()))) value.remove_suffix(1);
    reply.headers[name] = value;
  }
  return size * count;
}

struct Unsent {
  std::string_view rest;
  std::string_view all;
};

std::size_t give_body(char* into, std::size_t size, std::size_t count, void* from) {
  auto& unsent = *static_cast<Unsent*>(from);
  const std::size_t part = std::min(size * count, unsent.rest.size());
  unsent.rest.copy(into, part);
  unsent.rest.remove_prefix(part);
  return part;
}

int rewind_body(void* from, curl_off_t offset, int origin) {
  auto& unsent = *static_cast<Unsent*>(from);
  if (origin != SEEK_SET || offset > static_cast<curl_off_t>(unsent.all.size())) return CURL_SEEKFUNC_CANTSEEK;
  unsent.rest = unsent.all.substr(static_cast<std::size_t>(offset));
  return CURL_SEEKFUNC_OK;
}

int stop_when_interrupted(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return interrupt_signal() != 0 || is_ending();
}

/// One request on one handle.
class Exchange {
 public:
  Exchange(CURL* easy, const HttpRequest& request) : easy_(easy), request_(request) {
    unsent_ = {request.body, request.body};
  }

  HttpReply run() {
    if (request_.sink != nullptr) request_.sink->begin();
    reply_.body.reserve(request_.sink == nullptr ? static_cast<std::size_t>(request_.expected_bytes) : 0);
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set_times();
    set_method();
    set_headers();
    set(CURLOPT_HEADERFUNCTION, take_header);
    set(CURLOPT_HEADERDATA, &reply_);
    set(CURLOPT_WRITEFUNCTION, take_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_BUFFERSIZE, kReceiveBytes);
    set(CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
    set(CURLOPT_ERRORBUFFER, message_);
    if (request_.counts_attempts) set(CURLOPT_FRESH_CONNECT, 1L);
    if (!request_.through_proxy) set(CURLOPT_NOPROXY, "*");
    if (const char* bundle = std::getenv("AWS_CA_BUNDLE"); bundle != nullptr && *bundle != '\0') {
      set(CURLOPT_CAINFO, bundle);
    }
    const CURLcode code = curl_easy_perform(easy_);
    curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, nullptr);
    if (!request_.cleans_up) throw_if_interrupted();
    return finish(code);
  }

 private:
  static std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* into) {
    static_cast<Exchange*>(into)->take({bytes, size * count});
    return size * count;
  }

  void take(std::string_view bytes) {
    if (reply_.status == 0) reply_.status = status();
    if (request_.sink != nullptr && reply_.status == kPartialContent) {
      request_.sink->take(bytes);
    } else {
      reply_.body.append(bytes);
    }
  }

  int status() {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
  }

  template <typename Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(easy_, option, value);
  }

  void set_times() {
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout_s * 1000));
    if (request_.total_timeout_s > 0) set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.total_timeout_s * 1000));
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, stall_seconds());
    if (request_.cleans_up) return;
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, stop_when_interrupted);
  }

  void set_method() {
    if (request_.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (request_.method == "PUT") {
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_READFUNCTION, give_body);
      set(CURLOPT_READDATA, &unsent_);
      set(CURLOPT_SEEKFUNCTION, rewind_body);
      set(CURLOPT_SEEKDATA, &unsent_);
      set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    } else if (request_.method == "POST") {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, request_.body.data() != nullptr ? request_.body.data() : "");
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    } else if (request_.method != "GET") {
      set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    }
  }

  void set_headers() {
    for (const auto& [name, value] : request_.headers) add(name + ": " + value);
    // Waiting for "100 Continue" costs a round trip; a retry costs less. POST must not claim to be a form.
    add("Expect:");
    const bool typed = std::any_of(request_.headers.begin(), request_.headers.end(),
                                   [](const Header& header) { return header.first == "content-type"; });
    if (!typed) add("Content-Type:");
    set(CURLOPT_HTTPHEADER, list_.get());
  }

  void add(const std::string& line) { list_ = Handle<ListTraits>(curl_slist_append(list_.release(), line.c_str())); }

  HttpReply finish(CURLcode code) {
    reply_.status = status();
    if (code != CURLE_OK) reply_.failure = message_[0] != '\0' ? message_ : curl_easy_strerror(code);
    return std::move(reply_);
  }

  CURL* easy_;
  const HttpRequest& request_;
  HttpReply reply_;
  Unsent unsent_;
  Handle<ListTraits> list_;
  char message_[CURL_ERROR_SIZE] = {};
};

}  // namespace

std::string HttpReply::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

HttpReply send_http(const HttpRequest& request) {
  Easy easy = pool().take();
  if (!easy) fail_system("libcurl cannot make a connection");
  HttpReply reply = Exchange(easy.get(), request).run();
  pool().give_back(std::move(easy));
  return reply;
}

std::int64_t parse_http_date(const std::string& text) { return curl_getdate(text.c_str(), nullptr); }

}  // namespace evclean::s3
