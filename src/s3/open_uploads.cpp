// SPDX-License-Identifier: Apache-2.0
#include "open_uploads.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <vector>

#include "evclean/error.hpp"
#include "evclean/interrupt.hpp"
#include "worker_pool.hpp"

namespace evclean::s3 {
namespace {

constexpr auto kWatch = std::chrono::milliseconds(20);
constexpr auto kBetweenAborts = std::chrono::milliseconds(50);
constexpr int kMostAborts = 10;
constexpr std::size_t kMostThreads = 16;

bool is_there(Session& session, const S3Url& url, const std::string& id) {
  Call call;
  call.url = url;
  call.query = {{"uploadId", id}, {"max-parts", "1"}};
  call.cleans_up = true;
  return session.send(call).is_good();
}

}  // namespace

OpenUploads& OpenUploads::instance() {
  static OpenUploads uploads;
  return uploads;
}

OpenUploads::~OpenUploads() { end(); }

void OpenUploads::end() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  if (watcher_.joinable()) watcher_.join();
  // Whatever way the process took to its end.
  for (const auto& [id, place] : open_) abort_quietly(*place.first, place.second, id);
  open_.clear();
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

/// On threads of their own: those for connections may all be busy with parts, and the queue is behind them. What fails
/// here is tried again where the outputs are discarded, and when the process ends.
void OpenUploads::abort_all() {
  const std::vector<std::pair<std::string, std::pair<Session*, S3Url>>> all(open_.begin(), open_.end());
  std::vector<char> gone(all.size());
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < std::min(all.size(), kMostThreads); ++i) {
    threads.push_back(start_quiet_thread([&] {
      for (std::size_t at = next++; at < all.size(); at = next++) {
        const auto& [id, place] = all[at];
        gone[at] = abort_quietly(*place.first, place.second, id);
      }
    }));
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (gone[i] != 0) open_.erase(all[i].first);
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

Answer abort_until_gone(Session& session, const S3Url& url, const std::string& id) {
  Answer answer = session.send(abort_call(url, id));
  for (int made = 1; made < kMostAborts && answer.is_good() && is_there(session, url, id); ++made) {
    std::this_thread::sleep_for(kBetweenAborts);
    answer = session.send(abort_call(url, id));
  }
  return answer;
}

bool is_aborted(const Answer& answer) { return answer.is_good() || answer.reply.status == 404; }

bool abort_quietly(Session& session, const S3Url& url, const std::string& id) {
  try {
    return is_aborted(abort_until_gone(session, url, id));
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace evclean::s3
