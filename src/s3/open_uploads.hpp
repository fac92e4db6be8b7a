// SPDX-License-Identifier: Apache-2.0
// Multipart uploads that this process has begun. When a signal arrives they are aborted at once: mpirun leaves a
// second. What is open when the process ends is aborted then; the sessions must live as long.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "evclean/s3.hpp"
#include "session.hpp"

namespace evclean::s3 {

class OpenUploads {
 public:
  static OpenUploads& instance();
  ~OpenUploads();
  /// Aborts what is still open, for the end of the process.
  void end();
  void add(Session& session, const S3Url& url, const std::string& id);
  void remove(const std::string& id);

 private:
  void watch();
  void abort_all();

  std::mutex mutex_;
  std::map<std::string, std::pair<Session*, S3Url>> open_;  ///< by id
  std::thread watcher_;
  bool ending_ = false;
};

/// The request that aborts an upload; goes on after an interrupt.
Call abort_call(const S3Url& url, const std::string& id);

/// Aborts, again as long as the upload is still listed: a part that was under way may keep it there. The answer is the
/// last abort's.
Answer abort_until_gone(Session& session, const S3Url& url, const std::string& id);
/// Whether the answer to an abort says that there is no such upload now.
bool is_aborted(const Answer& answer);
/// The same, without errors: whether it is gone.
bool abort_quietly(Session& session, const S3Url& url, const std::string& id);

}  // namespace evclean::s3
