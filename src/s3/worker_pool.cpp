// SPDX-License-Identifier: Apache-2.0
#include "worker_pool.hpp"

#include <signal.h>

#include <atomic>
#include <cstdlib>

#include "profile_file.hpp"

namespace evclean::s3 {
namespace {

constexpr int kDefaultConnections = 8;
constexpr int kMostConnections = 256;

std::atomic<bool> ending{false};
/// Lives until the process ends, as threads may use it until then.
std::atomic<WorkerPool*> the_pool{nullptr};

}  // namespace

bool is_ending() noexcept { return ending; }

std::thread start_quiet_thread(std::function<void()> body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // a new thread inherits the mask
  std::thread thread(std::move(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

int connection_count() {
  const int asked = std::atoi(environment("EVCLEAN_S3_CONNECTIONS").c_str());
  return asked > 0 ? std::min(asked, kMostConnections) : kDefaultConnections;
}

WorkerPool& WorkerPool::instance() {
  static auto* const kPool = [] {
    std::atexit(&WorkerPool::end);
    return the_pool = new WorkerPool;
  }();
  return *kPool;
}

void WorkerPool::end() {
  WorkerPool* const pool = the_pool;
  if (pool != nullptr && !ending.exchange(true)) pool->join();
}

void WorkerPool::join() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    queue_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::add(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
    if (idle_ < static_cast<int>(queue_.size()) && static_cast<int>(threads_.size()) < connection_count()) {
      threads_.push_back(start_quiet_thread([this] { serve(); }));
    }
  }
  changed_.notify_one();
}

void WorkerPool::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    --idle_;
    if (ending_) return;
    const auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace evclean::s3
