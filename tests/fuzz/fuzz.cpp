// SPDX-License-Identifier: Apache-2.0
// usage: fuzz CORPUS SECONDS [SEED [TARGET...]]
//
// Runs every target on its kept inputs, then on mutations of them, its share of SECONDS (0: the kept inputs only).
// Built with EVCLEAN_COVERAGE (gcc's -fsanitize-coverage=trace-pc) an input that reaches code that none reached before
// is kept in CORPUS/TARGET. An input that fails is written to CORPUS/TARGET/failed-* and told; the exit code is 1 then.
// With clang the targets serve libFuzzer and AFL++ as they are (LLVMFuzzerTestOneInput, target by EVCLEAN_FUZZ_TARGET).
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>

#include "targets.hpp"

namespace evclean::fuzz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostBytes = 1 << 16;
constexpr std::size_t kEdges = 1 << 16;
constexpr unsigned kMostSecondsAnInput = 20;

/// Counts of code reached; filled by the compiler's calls.
unsigned char edges[kEdges];
bool seen[kEdges];
std::uintptr_t last_place;

/// Bytes being tried, for the signal handler.
std::string_view current;
std::string crash_path;

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// A crash or a hang: the input is written by the means that a handler may use.
void on_signal(int signal) {
  if (FILE* file = std::fopen(crash_path.c_str(), "wb")) {
    std::fwrite(current.data(), 1, current.size(), file);
    std::fclose(file);
  }
  std::fprintf(stderr, "signal %d; the input is in %s\n", signal, crash_path.c_str());
  std::_Exit(1);
}

class Mutator {
 public:
  explicit Mutator(std::mt19937& random) : random_(random) {}

  std::string mutate(const std::vector<std::string>& pool) {
    std::string text = pick(pool);
    for (std::size_t changes = 1 + below(5); changes > 0; --changes) change(text, pool);
    if (text.size() > kMostBytes) text.resize(kMostBytes);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const std::string& pick(const std::vector<std::string>& pool) { return pool[below(pool.size())]; }

  void change(std::string& text, const std::vector<std::string>& pool) {
    static const std::string kWords[] = {"\n",
                                         "\r\n",
                                         "\"",
                                         "'",
                                         "\\",
                                         ",",
                                         ";",
                                         "\t",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         ":",
                                         "=",
                                         " ",
                                         "#",
                                         "\xff",
                                         "\xef\xbb\xbf",
                                         std::string(1, '\0'),
                                         "-",
                                         "0",
                                         "9223372036854775808",
                                         "1e999",
                                         "null",
                                         "\\u",
                                         "\\ud800",
                                         "\\x",
                                         "%",
                                         "2026-02-30",
                                         "\xe2\x82",
                                         "(",
                                         ")",
                                         "*",
                                         "&a",
                                         "!"};
    const std::size_t at = below(text.size() + 1), length = below(16);
    switch (below(8)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, kWords[below(std::size(kWords))]);
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random_());
        break;
      case 3:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 4:
        text.insert(at, text.substr(below(text.size() + 1), below(200)));
        break;
      case 5:
        text.insert(at, std::string(below(300), text.empty() ? 'x' : text[below(text.size())]));
        break;
      case 6: {
        const std::string& other = pick(pool);
        text = text.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      }
      default:
        text.resize(at);
    }
  }

  std::mt19937& random_;
};

class Runner {
 public:
  Runner(const Target& target, fs::path folder) : target_(target), folder_(std::move(folder)) {
    fs::create_directories(folder_);
    for (const auto& entry : fs::directory_iterator(folder_)) paths_.push_back(entry.path());
    std::sort(paths_.begin(), paths_.end());
  }

  bool replay() {
    for (const std::string& seed : target_.seeds) take(seed);
    for (const fs::path& path : paths_) take(slurp(path));
    return good_;
  }

  bool search(double seconds, std::mt19937& random) {
    Mutator mutator(random);
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (good_ && Clock::now() < end) {
      const std::string input = mutator.mutate(pool_);
      if (!try_one(input)) break;
      if (!found_new()) continue;
      pool_.push_back(input);
      put(folder_ / fmt::format("{:016x}", std::hash<std::string>()(input)), input);
      ++kept_;
    }
    return good_;
  }

  std::string summary() const { return fmt::format("{} runs, {} inputs, {} new", runs_, pool_.size(), kept_); }

 private:
  void take(const std::string& input) {
    if (!try_one(input)) return;
    found_new();
    pool_.push_back(input);
  }

  bool try_one(const std::string& input) {
    current = input;
    crash_path = (folder_ / "failed-crash").string();
    std::fill(std::begin(edges), std::end(edges), 0);
    last_place = 0;
    ::alarm(kMostSecondsAnInput);
    ++runs_;
    try {
      target_.run(input);
    } catch (const std::exception& error) {
      good_ = false;
      const fs::path path = folder_ / fmt::format("failed-{:016x}", std::hash<std::string>()(input));
      put(path, input);
      fmt::print(stderr, "{}: {}; the input is in {}\n", target_.name, error.what(), path.string());
    }
    ::alarm(0);
    return good_;
  }

  static bool found_new() {
    bool fresh = false;
    for (std::size_t i = 0; i < kEdges; ++i) {
      if (edges[i] == 0 || seen[i]) continue;
      seen[i] = fresh = true;
    }
    return fresh;
  }

  const Target& target_;
  fs::path folder_;
  std::vector<fs::path> paths_;
  std::vector<std::string> pool_;
  std::int64_t runs_ = 0, kept_ = 0;
  bool good_ = true;
};

}  // namespace

void must(bool fact, const char* what) {
  if (!fact) throw std::logic_error(what);
}

std::vector<Target> all_targets() {
  std::vector<Target> targets;
  add_decoders(targets);
  add_streams(targets);
  add_jobs(targets);
  return targets;
}

/// Number of targets that failed.
int run_all(const fs::path& corpus, double seconds, unsigned seed, const std::vector<std::string>& wanted) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGBUS, SIGILL, SIGALRM}) ::signal(signal, on_signal);
  std::mt19937 random(seed);
  std::vector<Target> targets = all_targets();
  std::erase_if(targets, [&](const Target& target) {
    return !wanted.empty() && std::find(wanted.begin(), wanted.end(), target.name) == wanted.end();
  });
  int failed = 0;
  for (const Target& target : targets) {
    Runner runner(target, corpus / target.name);
    const bool good = runner.replay() && runner.search(seconds / static_cast<double>(targets.size()), random);
    failed += good ? 0 : 1;
    fmt::print("{:16} {} (seed {}){}\n", target.name, runner.summary(), seed, good ? "" : "  FAILED");
  }
  return failed;
}

}  // namespace evclean::fuzz

#ifdef EVCLEAN_COVERAGE
/// Called by code compiled with -fsanitize-coverage=trace-pc at each of its branches.
extern "C" __attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_pc() {
  const auto place = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  const std::uintptr_t edge = (place >> 1 ^ evclean::fuzz::last_place) % evclean::fuzz::kEdges;
  evclean::fuzz::edges[edge] = 1;
  evclean::fuzz::last_place = place >> 2;
}
#endif

#ifdef EVCLEAN_LIBFUZZER
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const auto targets = evclean::fuzz::all_targets();
  const char* wanted = std::getenv("EVCLEAN_FUZZ_TARGET");
  for (const auto& target : targets) {
    if (wanted != nullptr && target.name == wanted) target.run({reinterpret_cast<const char*>(data), size});
  }
  return 0;
}
#else
int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: {} CORPUS SECONDS [SEED [TARGET...]]\n", argv[0]);
    return 2;
  }
  const unsigned seed = argc > 3 ? static_cast<unsigned>(std::strtoul(argv[3], nullptr, 10)) : std::random_device{}();
  const std::vector<std::string> wanted(argv + std::min(argc, 4), argv + argc);
  return evclean::fuzz::run_all(argv[1], std::strtod(argv[2], nullptr), seed, wanted) == 0 ? 0 : 1;
}
#endif
