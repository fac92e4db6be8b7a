// SPDX-License-Identifier: Apache-2.0
// What one stage alone could do on the same bytes: the floor under a job that does all of them. Files are read into
// memory first; several processes share the bytes evenly; the slowest one's time counts.
// usage: bench_limits pcre2|zstd PROCESSES FILE...     prints {"stage", "bytes", "records", "out_bytes", "seconds"}
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Result {
  std::int64_t records = 0;
  std::int64_t out_bytes = 0;
  double seconds = 0;
};

/// Every line is matched and its nine fields captured, as a combined log's decoder must.
Result run_pcre2(std::string_view text) {
  const std::string pattern =
      R"re(^([^ ]+) ([^ ]+) ([^\[]+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d+) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")re";
  int error = 0;
  PCRE2_SIZE offset = 0;
  const std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)> code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), 0, &error, &offset, nullptr),
      pcre2_code_free);
  if (!code || pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE) != 0)
    throw std::runtime_error("PCRE2 has no JIT here");
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(
      pcre2_match_data_create_from_pattern(code.get(), nullptr), pcre2_match_data_free);
  Result result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    result.records +=
        pcre2_jit_match(code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), end, 0, 0, match.get(), nullptr) > 0;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

/// Level 3 in frames of 1 MiB, as the output is written.
Result run_zstd(std::string_view text) {
  constexpr std::size_t kFrame = 1 << 20;
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  std::vector<char> out(ZSTD_compressBound(kFrame));
  Result result;
  while (!text.empty()) {
    const std::string_view frame = text.substr(0, kFrame);
    const std::size_t size = ZSTD_compressCCtx(context.get(), out.data(), out.size(), frame.data(), frame.size(), 3);
    if (ZSTD_isError(size) != 0) throw std::runtime_error(ZSTD_getErrorName(size));
    result.out_bytes += static_cast<std::int64_t>(size);
    ++result.records;
    text.remove_prefix(frame.size());
  }
  return result;
}

std::string read_files(char** begin, char** end) {
  std::string text;
  for (char** path = begin; path != end; ++path) {
    std::ifstream file(*path, std::ios::binary | std::ios::ate);
    if (!file) throw std::runtime_error(std::string("cannot read ") + *path);
    const auto size = static_cast<std::size_t>(file.tellg());
    const std::size_t before = text.size();
    text.resize(before + size);
    file.seekg(0).read(text.data() + before, static_cast<std::streamsize>(size));
  }
  return text;
}

/// Whole lines: part `part` of `parts`.
std::string_view part_of(std::string_view text, int part, int parts) {
  const auto cut = [&](int at) {
    if (at == 0 || at == parts) return at == 0 ? std::size_t{0} : text.size();
    const std::size_t end =
        text.find('\n', text.size() / static_cast<std::size_t>(parts) * static_cast<std::size_t>(at));
    return end == std::string_view::npos ? text.size() : end + 1;
  };
  const std::size_t begin = cut(part);
  return text.substr(begin, cut(part + 1) - begin);
}

Result run_part(const std::string& stage, std::string_view text) {
  const auto begin = Clock::now();
  Result result = stage == "zstd" ? run_zstd(text) : run_pcre2(text);
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return result;
}

/// Runs a part in each of `processes` children, which leave their results in shared memory.
Result run_all(const std::string& stage, std::string_view text, int processes) {
  const std::size_t size = sizeof(Result) * static_cast<std::size_t>(processes);
  void* const shared = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::runtime_error("no shared memory");
  auto* const results = static_cast<Result*>(shared);
  for (int part = 0; part < processes; ++part) {
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child > 0) continue;
    results[part] = run_part(stage, part_of(text, part, processes));
    ::_exit(0);
  }
  Result all;
  for (int part = 0; part < processes; ++part) {
    int status = 0;
    if (::wait(&status) < 0 || status != 0) throw std::runtime_error("a process failed");
  }
  for (int part = 0; part < processes; ++part) {
    all.records += results[part].records;
    all.out_bytes += results[part].out_bytes;
    all.seconds = std::max(all.seconds, results[part].seconds);
  }
  ::munmap(shared, size);
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string stage = argc > 3 ? argv[1] : "";
    const int processes = argc > 3 ? std::atoi(argv[2]) : 0;
    if ((stage != "pcre2" && stage != "zstd") || processes < 1) {
      std::fputs("usage: bench_limits pcre2|zstd PROCESSES FILE...\n", stderr);
      return 2;
    }
    const std::string text = read_files(argv + 3, argv + argc);
    const Result result = run_all(stage, text, processes);
    std::printf(R"({"stage": "%s", "bytes": %zu, "records": %lld, "out_bytes": %lld, "seconds": %.4f})"
                "\n",
                stage.c_str(), text.size(), static_cast<long long>(result.records),
                static_cast<long long>(result.out_bytes), result.seconds);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_limits: %s\n", error.what());
    return 3;
  }
}
