// SPDX-License-Identifier: Apache-2.0
// Makes event data with a seed: see usage() and bench/README.md.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "options.hpp"
#include "text.hpp"
#include "truth.hpp"

namespace generate {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

/// A file written through a buffer.
class OutFile {
 public:
  explicit OutFile(const std::string& path)
      : path_(path), descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) fail();
  }
  OutFile(const OutFile&) = delete;
  OutFile& operator=(const OutFile&) = delete;
  ~OutFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  void write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(descriptor_, text.data(), text.size());
      if (written < 0 && errno != EINTR) fail();
      if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void close() {
    if (::close(std::exchange(descriptor_, -1)) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const { throw std::runtime_error(path_ + ": " + std::strerror(errno)); }
  std::string path_;
  int descriptor_;
};

std::unique_ptr<Profile> make_profile(const Options& options) {
  if (options.format == "combined") return make_combined(options.profile);
  if (options.format == "json") return make_json(options.profile);
  if (options.format == "csv") return make_csv(options.profile);
  if (options.format == "users") return make_users(options.profile);
  throw UsageError("--format: combined, json, csv or users, not " + options.format);
}

/// data/access.log, part 3 of 12: data/access-03.log
std::string part_path(const Options& options, int part) {
  if (options.files == 1) return options.output;
  const std::size_t slash = options.output.rfind('/');
  std::size_t dot = options.output.rfind('.');
  if (dot == std::string::npos || (slash != std::string::npos && dot < slash)) dot = options.output.size();
  std::string path = options.output.substr(0, dot) + '-';
  append_padded(path, part, static_cast<int>(std::to_string(options.files - 1).size()));
  return path + options.output.substr(dot);
}

/// Where part `part` of `total` ends.
std::int64_t share_end(std::int64_t total, int parts, int part) {
  return static_cast<std::int64_t>(static_cast<__int128>(total) * (part + 1) / parts);
}

/// Writes one part; returns the row after its last.
std::int64_t write_part(const Options& options, int part, std::int64_t row, Profile& profile, Truth& truth) {
  const std::string path = part_path(options, part);
  OutFile file(path);
  truth.begin_file(path);
  std::string buffer;
  buffer.reserve(2 * kBufferBytes);
  profile.append_header(buffer);
  truth.add_header(buffer);
  const std::int64_t last_row = options.first_row + share_end(options.rows, options.files, part);
  const std::int64_t last_byte = share_end(options.bytes, options.files, part);
  while (options.rows > 0 ? row < last_row : truth.bytes() < last_byte) {
    const std::size_t begin = buffer.size();
    const Verdict verdict = profile.append(row++, buffer);
    truth.add(verdict, std::string_view(buffer).substr(begin));
    if (buffer.size() < kBufferBytes) continue;
    file.write(buffer);
    buffer.clear();
  }
  file.write(buffer);
  file.close();
  return row;
}

void run(const Options& options, const std::string& command) {
  const auto profile = make_profile(options);
  Truth truth;
  std::int64_t row = options.first_row;
  for (int part = 0; part < options.files; ++part) row = write_part(options, part, row, *profile, truth);
  if (options.truth.empty()) return;
  OutFile file(options.truth);
  file.write(truth.json(*profile, command));
  file.close();
}

}  // namespace
}  // namespace generate

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const generate::Options options = generate::parse_options(words);
    if (options.help) {
      std::fputs(generate::usage().c_str(), stdout);
      return 0;
    }
    std::string command = "generate_events";
    for (const std::string& word : words) command += " " + word;
    generate::run(options, command);
    return 0;
  } catch (const generate::UsageError& error) {
    std::fprintf(stderr, "generate_events: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "generate_events: %s\n", error.what());
    return 3;
  }
}
