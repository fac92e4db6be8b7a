// SPDX-License-Identifier: Apache-2.0
// Decompression of any bytes, as a whole under salvage, and in parts as far as headers tell of parts.
#include <sys/mman.h>
#include <unistd.h>

#include <random>

#include "../source/test_files.hpp"
#include "evclean/text_layout.hpp"
#include "targets.hpp"

namespace evclean::fuzz {
namespace {

/// A file in memory that has a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(::memfd_create("fuzz", 0)) {
    must(::write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "memfd");
    file_.path = "/proc/self/fd/" + std::to_string(descriptor_);
    file_.shown = "fuzz";
    file_.size_bytes = static_cast<std::int64_t>(bytes.size());
  }
  ~MemoryFile() { ::close(descriptor_); }
  InputFile of(Codec codec) const {
    InputFile file = file_;
    file.codec = codec;
    file.splittable = codec == Codec::kPlain;
    return file;
  }

 private:
  int descriptor_;
  InputFile file_;
};

std::string read_whole(const InputFile& file, OnCorrupt corrupt, bool& damaged) {
  StreamOptions options;
  options.corrupt = corrupt;
  const auto stream = open_stream(file, 0, options);
  std::string text;
  for (TextBlock block; stream->read(block, 100'000) > 0 && text.size() < (64u << 20); block.set_size(0))
    text.append(block.data(), block.size());
  damaged = stream->damage().damaged;
  return text;
}

/// Where the parts of a file can be read at all, together they are what the whole is.
void read_parts(const InputFile& file) {
  const TextLayout layout = find_layout(file, {}, 1000);
  if (layout.access != TextAccess::kMembers || layout.mark_bytes > 0) return;
  bool damaged = false;
  const std::string whole = read_whole(file, OnCorrupt::kFail, damaged);
  for (std::size_t i = 0; i < layout.places.size(); ++i) {
    const auto source = open_members(file, layout, layout.places[i].bytes, -1, false);
    const bool last = i + 1 == layout.places.size();
    const auto begin = static_cast<std::size_t>(layout.places[i].bytes);
    const auto size = static_cast<std::size_t>((last ? layout.bytes : layout.places[i + 1].bytes)) - begin;
    std::string text(std::min<std::size_t>(size, 16 << 20), '\0');
    std::size_t have = 0;
    while (have < text.size()) {
      const std::size_t got = source->read(text.data() + have, text.size() - have);
      if (got == 0) break;
      have += got;
    }
    const bool comparable = !damaged && have == text.size() && whole.find("\xef\xbf\xbd") == std::string::npos;
    if (comparable) must(whole.compare(begin, have, text, 0, have) == 0, "a part differs from the whole");
    if (have < text.size()) must(source->broken() || damaged, "a part ends early, and nothing is broken");
  }
}

void read(Codec codec, std::string_view bytes) {
  const MemoryFile memory(bytes);
  const InputFile file = memory.of(codec);
  bool damaged = false;
  read_whole(file, OnCorrupt::kSalvage, damaged);
  read_whole(file, OnCorrupt::kFail, damaged);
  if (codec == Codec::kGzip || codec == Codec::kZstd) read_parts(file);
}

std::string piped(const std::string& command, const std::string& input) {
  const MemoryFile in(input);
  std::string out;
  FILE* pipe = ::popen(
      (command + " < " + "/proc/" + std::to_string(::getpid()) + in.of(Codec::kPlain).path.substr(10)).c_str(), "r");
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, got);
  ::pclose(pipe);
  return out;
}

void add(std::vector<Target>& targets, const std::string& name, Codec codec, const std::string& command) {
  const std::string one = command.empty() ? log_lines(20) : piped(command, log_lines(30)),
                    two = command.empty() ? "\xff\xfe"
                                            "a"
                                          : piped(command, log_lines(40, 2));
  targets.push_back({name,
                     [codec](std::string_view bytes) { read(codec, bytes); },
                     {one, one + two + one, two.substr(0, two.size() / 2) + one}});
}

}  // namespace

void add_streams(std::vector<Target>& targets) {
  add(targets, "plain", Codec::kPlain, "");
  add(targets, "gzip", Codec::kGzip, "gzip -c");
  add(targets, "zstd", Codec::kZstd, "zstd -qc");
  add(targets, "bzip2", Codec::kBzip2, "bzip2 -c");
  add(targets, "xz", Codec::kXz, "xz -c");
  add(targets, "lz4", Codec::kLz4, "lz4 -qc");
}

}  // namespace evclean::fuzz
