// SPDX-License-Identifier: Apache-2.0
// Reading and listing.
#include <fmt/format.h>

#include <map>
#include <mutex>

#include "client_impl.hpp"
#include "evclean/error.hpp"
#include "open_uploads.hpp"
#include "range_buffer.hpp"
#include "worker_pool.hpp"

namespace evclean {

using s3::Answer;
using s3::Call;

namespace {

Call object_call(const char* method, const S3Url& url) {
  Call call;
  call.method = method;
  call.url = url;
  return call;
}

S3Object object_of(const S3Url& url, const s3::HttpReply& reply) {
  S3Object object{url.key, std::atoll(reply.header("content-length").c_str()), 0, reply.header("etag")};
  object.modified_s = s3::parse_http_date(reply.header("last-modified"));
  return object;
}

/// One range, once: the session sends it again as needed. Its bytes go to `sink`, if there is one.
S3Piece read_range(s3::Session& session, const S3Url& url, const std::string& etag, std::int64_t offset,
                   std::int64_t size_bytes, s3::RangeBuffer* sink = nullptr) {
  Call call = object_call("GET", url);
  call.headers.emplace_back("range", fmt::format("bytes={}-{}", offset, offset + size_bytes - 1));
  if (!etag.empty()) call.headers.emplace_back("if-match", etag);
  call.expected_bytes = size_bytes;
  call.sink = sink;
  Answer answer = session.send(call);
  const int status = answer.reply.status;
  if (status == 412) return {{}, "the object changed after it was listed (its ETag is another)"};
  if (status == 404 && answer.error.code != "NoSuchBucket") return {{}, "the object vanished after it was listed"};
  if (status == 416) return {{}, "the object shrank after it was listed"};
  if (!answer.is_good()) session.fail(answer, "read", url);
  if (status == 200) {  // a server without ranges
    answer.reply.body.erase(0, std::min(answer.reply.body.size(), static_cast<std::size_t>(offset)));
    answer.reply.body.resize(std::min(answer.reply.body.size(), static_cast<std::size_t>(size_bytes)));
    if (sink != nullptr) sink->take(answer.reply.body);
  }
  const std::size_t given = sink != nullptr ? sink->brought() : answer.reply.body.size();
  if (static_cast<std::int64_t>(given) != size_bytes) {
    return {{}, fmt::format("the object gave {} bytes from byte {} on instead of {}", given, offset, size_bytes)};
  }
  return {std::move(answer.reply.body), {}};
}

}  // namespace

S3Client::S3Client(const S3Settings& settings) : impl_(std::make_unique<Impl>(settings)) {}
S3Client::~S3Client() = default;

std::shared_ptr<S3Client> S3Client::of(const S3Settings& settings) {
  static std::mutex mutex;
  static std::vector<std::shared_ptr<S3Client>> known;
  const std::lock_guard lock(mutex);
  for (const auto& client : known) {
    if (client->impl_->session.settings() == settings) return client;
  }
  known.push_back(std::make_shared<S3Client>(settings));
  return known.back();
}

std::optional<S3Object> S3Client::look_at(const S3Url& url) {
  s3::Session& session = impl_->session;
  Answer answer = session.send(object_call("HEAD", url));
  if (!answer.is_good() && answer.reply.status != 404) {
    // A reply to HEAD has no text: the same question as GET says what is wrong, and renews what has expired.
    Call call = object_call("GET", url);
    call.headers.emplace_back("range", "bytes=0-0");
    const Answer told = session.send(call);
    if (told.is_good() || told.reply.status == 416) answer = session.send(object_call("HEAD", url));
    if (!told.is_good() && told.reply.status != 416 && told.reply.status != 404) session.fail(told, "read", url);
    if (told.reply.status == 404) answer = told;
  }
  if (answer.reply.status == 404) return std::nullopt;
  if (!answer.is_good()) session.fail(answer, "read", url);
  return object_of(url, answer.reply);
}

S3Listing S3Client::list(const S3Url& url, bool one_level, bool* bucket_missing) {
  S3Listing all;
  std::string token;
  do {
    Call call = object_call("GET", {url.bucket, ""});
    call.query = {{"list-type", "2"}, {"encoding-type", "url"}};
    if (!url.key.empty()) call.query.emplace_back("prefix", url.key);
    if (one_level) call.query.emplace_back("delimiter", "/");
    if (!token.empty()) call.query.emplace_back("continuation-token", token);
    const Answer answer = impl_->session.send(call);
    if (answer.error.code == "NoSuchBucket" && bucket_missing != nullptr) {
      *bucket_missing = true;
      return {};
    }
    auto page = answer.is_good() ? s3::parse_list_page(answer.reply.body) : std::nullopt;
    if (!page) impl_->session.fail(answer, "list", url);
    auto& [objects, folders] = page->listing;
    all.objects.insert(all.objects.end(), std::make_move_iterator(objects.begin()),
                       std::make_move_iterator(objects.end()));
    all.folders.insert(all.folders.end(), std::make_move_iterator(folders.begin()),
                       std::make_move_iterator(folders.end()));
    token = page->next;
  } while (!token.empty());
  return all;
}

std::optional<S3Object> S3Client::first_below(const S3Url& url) {
  Call call = object_call("GET", {url.bucket, ""});
  call.query = {{"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", "1"}, {"prefix", url.key}};
  const Answer answer = impl_->session.send(call);
  const auto page = answer.is_good() ? s3::parse_list_page(answer.reply.body) : std::nullopt;
  if (!page) impl_->session.fail(answer, "list", url);
  if (page->listing.objects.empty()) return std::nullopt;
  return page->listing.objects.front();
}

std::future<S3Piece> S3Client::read(const S3Url& url, const std::string& etag, std::int64_t offset,
                                    std::int64_t size_bytes, std::shared_ptr<const std::atomic<bool>> unwanted) {
  return s3::WorkerPool::instance().run([self = impl_.get(), url, etag, offset, size_bytes, unwanted] {
    if (unwanted && *unwanted) return S3Piece{{}, "no longer wanted"};
    return read_range(self->session, url, etag, offset, size_bytes);
  });
}

std::shared_ptr<S3Range> S3Client::open_range(const S3Url& url, const std::string& etag, std::int64_t offset,
                                              std::int64_t size_bytes,
                                              std::shared_ptr<const std::atomic<bool>> unwanted) {
  auto range = std::make_shared<s3::RangeBuffer>(static_cast<std::size_t>(size_bytes), !etag.empty());
  s3::WorkerPool::instance().run([self = impl_.get(), url, etag, offset, size_bytes, unwanted, range] {
    try {
      range->finish(unwanted && *unwanted
                        ? "no longer wanted"
                        : read_range(self->session, url, etag, offset, size_bytes, range.get()).trouble);
    } catch (...) {
      range->fail(std::current_exception());
    }
    return true;
  });
  return range;
}

int S3Client::connections() { return s3::connection_count(); }

std::string S3Client::read_problem(const S3Url& url) {
  Call call = object_call("GET", url);
  call.headers.emplace_back("range", "bytes=0-0");
  const Answer answer = impl_->session.send(call);
  return answer.is_good() || answer.reply.status == 416 ? std::string() : s3::Session::problem(answer);
}

std::string S3Client::list_problem(const S3Url& url) {
  Call call = object_call("GET", {url.bucket, ""});
  call.query = {{"list-type", "2"}, {"max-keys", "1"}, {"prefix", url.key}};
  const Answer answer = impl_->session.send(call);
  return answer.is_good() ? std::string() : s3::Session::problem(answer);
}

std::string S3Client::region_of(const std::string& bucket) { return impl_->session.region_of(bucket); }

std::string S3Client::identity() {
  const s3::Credentials credentials = impl_->session.credentials();
  const std::string arn = s3::caller_arn(credentials, impl_->session.settings());
  const std::string shown = s3::shown_identity(credentials);
  return arn.empty() ? shown : fmt::format("{} ({})", arn, shown);
}

void S3Client::end_all() {
  s3::WorkerPool::end();
  s3::OpenUploads::instance().end();
}

S3Counts S3Client::counts() { return {s3::Session::requests, s3::Session::sent_again}; }

}  // namespace evclean
