// SPDX-License-Identifier: Apache-2.0
// Reading alone: a file or an object as text in blocks of 1 MiB, nothing decoded.
// usage: bench_source PATH [hash]    prints {"bytes", "seconds", "hash"}; the hash is only made when asked for
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include "evclean/hash.hpp"
#include "evclean/source.hpp"

namespace {

constexpr std::int64_t kBlockBytes = 1 << 20;

int read_all(const std::string& path, bool hashes) {
  evclean::ListOptions options;
  options.base_dir = ".";
  const evclean::Listing listing = evclean::list_inputs({path}, options);
  std::int64_t bytes = 0;
  std::uint64_t hash = 0;
  evclean::TextBlock block(2 * kBlockBytes);
  const auto begin = std::chrono::steady_clock::now();
  for (const evclean::InputFile& file : listing.files) {
    const auto stream = evclean::open_stream(file, 0, {});
    while (stream->read(block, kBlockBytes) > 0) {
      bytes += static_cast<std::int64_t>(block.size());
      if (hashes) hash = evclean::hash_bytes({block.data(), block.size()}, hash);
      block.set_size(0);
    }
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{{\"bytes\": {}, \"seconds\": {:.4f}, \"hash\": \"{:016x}\"}}\n", bytes, seconds, hash);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  try {
    return read_all(argv[1], argc > 2);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_source: %s\n", error.what());
    return 1;
  }
}
