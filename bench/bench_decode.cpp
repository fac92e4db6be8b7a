// SPDX-License-Identifier: Apache-2.0
// One stage of reading alone, on one core: simdjson's own parsing of a stream of objects, a decoder of ours, or
// decompression. usage: bench_decode simdjson|json|csv|gunzip FILE    prints {"stage", "bytes", "records", "seconds"}
#include <simdjson.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "evclean/decoder.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBlockBytes = 1 << 20;

struct Result {
  std::int64_t bytes = 0;
  std::int64_t records = 0;
};

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty()) throw std::runtime_error("nothing in " + path);
  return text;
}

/// Documents one after another, each walked to its values: the tape is built, nothing is kept.
Result run_simdjson(const std::string& text) {
  const simdjson::padded_string padded(text);
  simdjson::dom::parser parser;
  Result result{static_cast<std::int64_t>(text.size()), 0};
  simdjson::dom::document_stream documents;
  if (parser.parse_many(padded, std::size_t{1} << 20).get(documents) != simdjson::SUCCESS)
    throw std::runtime_error("simdjson cannot begin");
  for (const auto document : documents) result.records += document.error() == simdjson::SUCCESS;
  return result;
}

/// As the engine does it: blocks of 1 MiB, the rest of a record carried over.
Result run_decoder(const std::string& format, const std::string& text) {
  const auto decoder = evclean::make_decoder({}, format);
  decoder->begin_file(evclean::InputFile{}, std::string_view(text).substr(0, 64 << 10));
  Result result{static_cast<std::int64_t>(text.size()), 0};
  auto block = std::make_shared<evclean::TextBlock>(2 * kBlockBytes);
  for (std::size_t at = 0, room = kBlockBytes; at < text.size();) {
    const std::size_t size = std::min(room, text.size() - at);
    if (block.use_count() > 1) block = std::make_shared<evclean::TextBlock>(room + kBlockBytes);
    block->set_size(0);
    block->append(std::string_view(text).substr(at, size));
    const bool at_end = at + size == text.size();
    const auto decoded = decoder->decode({block, 0, size, size + 1, at_end, {0, static_cast<std::int64_t>(at), 0, 0}});
    result.records += decoded.batch.num_rows;
    room = decoded.consumed == 0 ? 2 * room : kBlockBytes;
    if (at_end && decoded.consumed == 0) break;
    at += decoded.consumed;
  }
  return result;
}

Result run_gunzip(const std::string& path) {
  const auto stream = evclean::open_stream(evclean::list_inputs({path}, {}).files.at(0), 0, {});
  Result result;
  for (evclean::TextBlock block(2 * kBlockBytes); stream->read(block, kBlockBytes) > 0; block.set_size(0))
    result.bytes += static_cast<std::int64_t>(block.size());
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s simdjson|json|csv|gunzip FILE\n", argv[0]);
    return 2;
  }
  try {
    const std::string stage = argv[1], path = argv[2];
    const std::string text = stage == "gunzip" ? std::string() : slurp(path);
    const auto begin = Clock::now();
    const Result result = stage == "gunzip"     ? run_gunzip(path)
                          : stage == "simdjson" ? run_simdjson(text)
                                                : run_decoder(stage, text);
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    std::printf("{\"stage\": \"%s\", \"bytes\": %lld, \"records\": %lld, \"seconds\": %.6f}\n", stage.c_str(),
                static_cast<long long>(result.bytes), static_cast<long long>(result.records), seconds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_decode: %s\n", error.what());
    return 1;
  }
  return 0;
}
