// SPDX-License-Identifier: Apache-2.0
#include "open_uploads.hpp"

#include <chrono>
#include <future>
#include <vector>

#include "evclean/error.hpp"
#include "evclean/interrupt.hpp"
#include "worker_pool.hpp"

namespace evclean::s3 {
namespace {

constexpr auto kWatch = std::chrono::milliseconds(20);

}  // namespace

OpenUploads& OpenUploads::instance() {
  static OpenUploads uploads;
  return uploads;
}

OpenUploads::~OpenUploads() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  if (watcher_.joinable()) watcher_.join();
}

void OpenUploads::add(Session& session, const S3Url& url, const std::string& id) {
  const std::lock_guard lock(mutex_);
  open_[id] = {&session, url};
  if (!watcher_.joinable()) watcher_ = start_quiet_thread([this] { watch(); });
}

void OpenUploads::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  open_.erase(id);
}

void OpenUploads::watch() {
  for (;;) {
    std::this_thread::sleep_for(kWatch);
    const std::lock_guard lock(mutex_);
    if (ending_) return;
    if (interrupt_signal() == 0) continue;
    abort_all();
    return;
  }
}

/// What fails here is tried again where the outputs are discarded.
void OpenUploads::abort_all() {
  std::vector<std::future<Answer>> aborts;
  for (const auto& [id, place] : open_) {
    aborts.push_back(WorkerPool::instance().run(
        [session = place.first, call = abort_call(place.second, id)] { return session->send(call); }));
  }
  for (auto& abort : aborts) {
    try {
      abort.get();
    } catch (const std::exception&) {
    }
  }
}

Call abort_call(const S3Url& url, const std::string& id) {
  Call call;
  call.method = "DELETE";
  call.url = url;
  call.query = {{"uploadId", id}};
  call.cleans_up = true;
  return call;
}

}  // namespace evclean::s3
