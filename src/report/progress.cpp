// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "evclean/report.hpp"

namespace evclean {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kBarInterval_s = 0.1;
constexpr double kLineInterval_s = 10.0;
constexpr int kBarWidth = 28;

std::string left_text(double seconds) {
  if (seconds < 0 || seconds > 359'999) return "--:--";
  const auto whole = static_cast<long>(seconds + 0.5);
  return whole >= 3600 ? fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
                       : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

struct Progress::Impl {
  ProgressMode mode;
  std::string what;
  std::int64_t total = 0, bytes = 0, records = 0;
  Clock::time_point begin = Clock::now(), last{};
  int last_tenth = 0;
  bool bar_shown = false;

  double elapsed() const { return std::max(1e-6, std::chrono::duration<double>(Clock::now() - begin).count()); }
  double share() const {
    return total > 0 ? std::min(1.0, static_cast<double>(bytes) / static_cast<double>(total)) : 1.0;
  }

  void bar() {
    const int filled = static_cast<int>(share() * kBarWidth);
    const double left = share() > 0.01 ? elapsed() / share() * (1 - share()) : -1;
    const std::string line =
        fmt::format("\r{} [{}{}] {:3.0f}%  {:.2f} M rows  {:.0f} MB/s  left {}\x1b[K", what,
                    std::string(static_cast<std::size_t>(filled), '='),
                    std::string(static_cast<std::size_t>(kBarWidth - filled), ' '), share() * 100,
                    static_cast<double>(records) / 1e6, static_cast<double>(bytes) / 1e6 / elapsed(), left_text(left));
    std::fputs(line.c_str(), stderr);
    std::fflush(stderr);
    bar_shown = true;
  }

  void line() const {
    fmt::print(stderr, "{}: {:.0f}% of {:.1f} MB, {} records, {:.0f} MB/s\n", what, share() * 100,
               static_cast<double>(total) / 1e6, records, static_cast<double>(bytes) / 1e6 / elapsed());
  }

  void json() const {
    fmt::print(stderr, "{{\"progress\":\"{}\",\"share\":{:.4f},\"bytes\":{},\"records\":{},\"seconds\":{:.3f}}}\n",
               what, share(), bytes, records, elapsed());
  }

  bool due(double interval_s) {
    const auto now = Clock::now();
    const int tenth = static_cast<int>(share() * 10);
    const bool step = mode != ProgressMode::kAuto && tenth > last_tenth && elapsed() > 1.0;
    if (!step && std::chrono::duration<double>(now - last).count() < interval_s) return false;
    last = now;
    last_tenth = tenth;
    return true;
  }
};

Progress::Progress(ProgressMode mode, std::int64_t stored_bytes) : impl_(std::make_unique<Impl>()) {
  impl_->mode = mode == ProgressMode::kAuto && isatty(STDERR_FILENO) == 0 ? ProgressMode::kPlain : mode;
  impl_->total = stored_bytes;
}

Progress::~Progress() { finish(); }

void Progress::begin(const std::string& what, std::int64_t stored_bytes) {
  finish();
  impl_->what = what;
  impl_->total = stored_bytes;
  impl_->bytes = impl_->records = 0;
  impl_->begin = impl_->last = Clock::now();
  impl_->last_tenth = 0;
}

void Progress::advance(std::int64_t stored_bytes, std::int64_t records) {
  impl_->bytes += stored_bytes;
  impl_->records += records;
  switch (impl_->mode) {
    case ProgressMode::kNone:
      return;
    case ProgressMode::kAuto:
      if (impl_->due(kBarInterval_s)) impl_->bar();
      return;
    case ProgressMode::kPlain:
      if (impl_->due(kLineInterval_s)) impl_->line();
      return;
    case ProgressMode::kJson:
      if (impl_->due(kBarInterval_s)) impl_->json();
      return;
  }
}

void Progress::finish() {
  if (!impl_->bar_shown) return;
  impl_->bar();
  std::fputs("\n", stderr);
  impl_->bar_shown = false;
}

}  // namespace evclean
