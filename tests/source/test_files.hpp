// SPDX-License-Identifier: Apache-2.0
// A folder of files for one test, the real compressors, and reading a file to its end.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "evclean/error.hpp"
#include "evclean/source.hpp"

namespace evclean {

inline std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class TestFiles : public ::testing::Test {
 protected:
  TestFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "evclean-source-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~TestFiles() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string put(const std::string& name, const std::string& bytes) const {
    const std::string full = path(name);
    std::filesystem::create_directories(std::filesystem::path(full).parent_path());
    std::ofstream(full, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return full;
  }

  /// What a command line gives for `input`; `command` reads stdin.
  std::string piped(const std::string& command, const std::string& input) const {
    put(".in", input);
    const std::string line = command + " < '" + path(".in") + "' > '" + path(".out") + "' 2>/dev/null";
    EXPECT_EQ(0, std::system(line.c_str())) << command;
    return slurp(path(".out"));
  }

  InputFile file_of(const std::string& bytes, const std::string& name = "input") const {
    put(name, bytes);
    return list_inputs({path(name)}, {}).files.at(0);
  }

  std::string folder_;
};

/// All a stream gave.
struct ReadResult {
  std::string text;
  ReadDamage damage;
  std::int64_t replaced = 0;
  std::int64_t nul_bytes = 0;
  OffsetMap offsets;
};

inline ReadResult read_all(const InputFile& file, const StreamOptions& options = {}, std::int64_t begin = 0,
                           std::int64_t want = 1 << 20) {
  const auto stream = open_stream(file, begin, options);
  ReadResult result;
  while (true) {
    TextBlock block;
    const std::int64_t got = stream->read(block, want);
    EXPECT_EQ(static_cast<std::int64_t>(block.size()), got);
    if (got == 0) break;
    result.text.append(block.data(), block.size());
  }
  TextBlock after;
  EXPECT_EQ(0, stream->read(after, 10)) << "text behind the end";
  result.damage = stream->damage();
  result.replaced = stream->replaced();
  result.nul_bytes = stream->nul_bytes();
  result.offsets = stream->offsets();
  return result;
}

inline StreamOptions salvage() {
  StreamOptions options;
  options.corrupt = OnCorrupt::kSalvage;
  return options;
}

/// Log-like lines, each with its number, so that lost and mixed ones are seen.
inline std::string log_lines(int count, unsigned seed = 1, int first = 0) {
  std::mt19937 random(seed);
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += "line " + std::to_string(first + i) + " 10.0." + std::to_string(random() % 256) + "." +
            std::to_string(random() % 256) + " GET /product/" + std::to_string(random() % 5000) + " 200 end\n";
  }
  return text;
}

/// The error a call must throw.
template <typename Call>
Error error_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ExitCode::kBug, "no error");
}

}  // namespace evclean
