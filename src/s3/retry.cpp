// SPDX-License-Identifier: Apache-2.0
#include "retry.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "evclean/interrupt.hpp"
#include "profile_file.hpp"
#include "worker_pool.hpp"

namespace evclean::s3 {
namespace {

constexpr int kDefaultAttempts = 10;
constexpr int kCleaningAttempts = 3;
constexpr double kFirstWait_s = 0.1;
constexpr double kLongestWait_s = 20;

double chance() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

/// Sleeps in short pieces, so that Ctrl-C is heard, and that the process can end.
void wait(double seconds, bool heeds_signals) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < end) {
    if (heeds_signals) throw_if_interrupted();
    if (heeds_signals && is_ending()) return;
    std::this_thread::sleep_for(
        std::min(std::chrono::duration<double>(0.05), std::chrono::duration<double>(end - Clock::now())));
  }
}

}  // namespace

bool may_pass(const HttpReply& reply, const std::string& code) {
  constexpr std::array<const char*, 8> kPassing = {"SlowDown",         "InternalError",       "ServiceUnavailable",
                                                   "RequestTimeout",   "Throttling",          "ThrottlingException",
                                                   "OperationAborted", "RequestLimitExceeded"};
  if (!reply.failure.empty() || reply.status == 0) return true;
  if (std::find(kPassing.begin(), kPassing.end(), code) != kPassing.end()) return true;
  return reply.status == 429 || (reply.status >= 500 && reply.status != 501);
}

Attempts::Attempts(bool cleans_up) : most_(std::atoi(environment("AWS_MAX_ATTEMPTS").c_str())), cleans_up_(cleans_up) {
  if (most_ <= 0) most_ = kDefaultAttempts;
}

bool Attempts::again(const HttpReply& reply, const std::string& code) {
  return may_pass(reply, code) && again_after_wait();
}

bool Attempts::again_after_wait() {
  const bool hurries = cleans_up_ && interrupt_signal() != 0;
  if (made_ >= (hurries ? std::min(most_, kCleaningAttempts) : most_)) return false;
  const double bound = std::min(kLongestWait_s, kFirstWait_s * static_cast<double>(1 << std::min(made_ - 1, 16)));
  wait(bound / 2 + bound / 2 * chance(), !cleans_up_);
  ++made_;
  return cleans_up_ || !is_ending();
}

}  // namespace evclean::s3
