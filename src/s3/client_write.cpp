// SPDX-License-Identifier: Apache-2.0
// Writing: whole objects, and multipart uploads.
#include <fmt/format.h>

#include <ctime>

#include "client_impl.hpp"
#include "evclean/error.hpp"
#include "evclean/interrupt.hpp"
#include "open_uploads.hpp"
#include "worker_pool.hpp"

namespace evclean {

using s3::Answer;
using s3::Call;

namespace {

/// Who owns and who encrypts what is written; for the request that makes the object.
std::vector<s3::Header> making_headers(const S3Settings& settings) {
  std::vector<s3::Header> headers;
  if (!settings.acl.empty()) headers.emplace_back("x-amz-acl", settings.acl);
  const std::string sse = settings.sse.empty() && !settings.kms_key.empty() ? "aws:kms" : settings.sse;
  if (!sse.empty()) headers.emplace_back("x-amz-server-side-encryption", sse);
  if (!settings.kms_key.empty()) {
    headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", settings.kms_key);
  }
  return headers;
}

/// Sends the request that makes an object visible. With `only_new` the server itself refuses to replace one; where a
/// server does not know that condition, it is looked for just before. When a reply was lost, the object that stands
/// there now is our own.
void make_visible(s3::Session& session, S3Client& client, Call call, bool only_new) {
  const std::int64_t begin = std::time(nullptr);
  const auto refuse = [&] {
    fail_user("{} appeared while the job ran: nothing is published (--overwrite replaces it)", call.url.text());
  };
  throw_if_interrupted();
  call.counts_attempts = true;
  call.cleans_up = true;  // cut off, nobody would know whether the object is there
  Call conditional = call;
  if (only_new) conditional.headers.emplace_back("if-none-match", "*");
  Answer answer = session.send(conditional);
  if (only_new && (answer.reply.status == 501 || answer.error.code == "NotImplemented")) {
    if (client.look_at(call.url)) refuse();
    answer = session.send(call);
  }
  if (answer.is_good()) return;
  const bool may_be_ours = answer.reply.status == 412 || answer.error.code == "NoSuchUpload";
  if (may_be_ours && answer.attempts > 1) {
    constexpr std::int64_t kClocksDiffer_s = 60;
    const auto there = client.look_at(call.url);
    if (there && there->modified_s + kClocksDiffer_s >= begin) return;
  }
  if (answer.reply.status == 412) refuse();
  session.fail(answer, "write", call.url);
}

/// An attempt whose reply was lost may have begun an upload that nobody knows: aborts those of this key that are as
/// young as ours. Who may not list uploads leaves them to the bucket's lifecycle rules.
void abort_strays(s3::Session& session, const S3Url& url, const std::string& ours, std::int64_t begin_s) {
  constexpr std::int64_t kClocksDiffer_s = 60;
  Call call;
  call.url.bucket = url.bucket;
  call.query = {{"uploads", ""}, {"prefix", url.key}};
  call.cleans_up = true;
  const Answer answer = session.send(call);
  if (!answer.is_good()) return;
  for (const s3::ListedUpload& upload : s3::parse_uploads(answer.reply.body)) {
    const bool stray = upload.key == url.key && upload.id != ours && upload.begun_s + kClocksDiffer_s >= begin_s;
    if (stray) session.send(s3::abort_call(url, upload.id));
  }
}

}  // namespace

void S3Client::put(const S3Url& url, std::string_view bytes, bool only_new) {
  Call call;
  call.method = "PUT";
  call.url = url;
  call.headers = making_headers(impl_->session.settings());
  call.body = bytes;
  make_visible(impl_->session, *this, std::move(call), only_new);
}

void S3Client::remove(const S3Url& url) {
  Call call;
  call.method = "DELETE";
  call.url = url;
  call.cleans_up = true;  // it may take back what was made before a signal
  const Answer answer = impl_->session.send(call);
  if (!answer.is_good() && answer.reply.status != 404) impl_->session.fail(answer, "remove", url);
}

std::string S3Client::begin_upload(const S3Url& url) {
  Call call;
  call.method = "POST";
  call.url = url;
  call.query = {{"uploads", ""}};
  call.headers = making_headers(impl_->session.settings());
  call.cleans_up = true;  // cut off, it would leave an upload that nobody knows
  call.counts_attempts = true;
  const std::int64_t begin = std::time(nullptr);
  const Answer answer = impl_->session.send(call);
  const std::string id = answer.is_good() ? s3::element_text(answer.reply.body, "UploadId") : std::string();
  if (id.empty()) impl_->session.fail(answer, "write", url);
  s3::OpenUploads::instance().add(impl_->session, url, id);
  if (answer.attempts > 1) abort_strays(impl_->session, url, id, begin);
  if (interrupt_signal() != 0) abort_upload(url, id);  // the caller never hears of it
  throw_if_interrupted();
  return id;
}

std::future<std::string> S3Client::send_part(const S3Url& url, const std::string& upload, int number,
                                             std::string bytes) {
  return s3::WorkerPool::instance().run([self = impl_.get(), url, upload, number, bytes = std::move(bytes)] {
    Call call;
    call.method = "PUT";
    call.url = url;
    call.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload}};
    call.body = bytes;
    const Answer answer = self->session.send(call);
    if (!answer.is_good()) self->session.fail(answer, "write", url);
    return answer.reply.header("etag");
  });
}

void S3Client::complete_upload(const S3Url& url, const std::string& upload, const std::vector<std::string>& etags,
                               bool only_new) {
  const std::string body = s3::complete_upload_xml(etags);
  Call call;
  call.method = "POST";
  call.url = url;
  call.query = {{"uploadId", upload}};
  call.headers = {{"content-type", "application/xml"}};
  call.body = body;
  make_visible(impl_->session, *this, std::move(call), only_new);
  s3::OpenUploads::instance().remove(upload);
}

void S3Client::abort_upload(const S3Url& url, const std::string& upload) {
  const Answer answer = s3::abort_until_gone(impl_->session, url, upload);
  if (!s3::is_aborted(answer)) impl_->session.fail(answer, "abort the upload of", url);
  s3::OpenUploads::instance().remove(upload);
}

void S3Client::try_upload(const S3Url& url) {
  const std::string upload = begin_upload(url);
  const Answer answer = impl_->session.send(s3::abort_call(url, upload));
  if (!s3::is_aborted(answer)) impl_->session.fail(answer, "abort the upload of", url);
  s3::OpenUploads::instance().remove(upload);
}

std::future<bool> S3Client::beside(std::function<void()> work) {
  return s3::WorkerPool::instance().run([work = std::move(work)] {
    work();
    return true;
  });
}

std::string S3Client::write_problem(const S3Url& url) {
  try {
    try_upload(url);
    return {};
  } catch (const Error& error) {
    const std::string text = error.what();
    const std::size_t colon = text.find("): ");
    return colon == std::string::npos ? text : text.substr(colon + 3);
  }
}

}  // namespace evclean
