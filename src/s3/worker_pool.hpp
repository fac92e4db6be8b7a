// SPDX-License-Identifier: Apache-2.0
// Threads that wait for replies, one for each connection; they hear no signals. Queued work runs in order.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace evclean::s3 {

/// Starts a thread that hears no signals: those are for the main thread.
std::thread start_quiet_thread(std::function<void()> body);

/// Connections of this process at a time: EVCLEAN_S3_CONNECTIONS, or 8.
int connection_count();

class WorkerPool {
 public:
  /// The one pool of the process.
  static WorkerPool& instance();
  /// Its threads end; what they wait for is given up. At the latest when the process ends: but what is static and used
  /// by them may be gone by then.
  static void end();

  template <typename Body>
  auto run(Body body) -> std::future<decltype(body())> {
    auto task = std::make_shared<std::packaged_task<decltype(body())()>>(std::move(body));
    auto result = task->get_future();
    add([task] { (*task)(); });
    return result;
  }

 private:
  void add(std::function<void()> work);
  void serve();
  void join();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
  int idle_ = 0;
  bool ending_ = false;
};

/// Whether the process ends: requests under way stop.
bool is_ending() noexcept;

}  // namespace evclean::s3
