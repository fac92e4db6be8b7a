// SPDX-License-Identifier: Apache-2.0
// Writes the sample table in every format into a folder, for check_readers.py: FOLDER/many.EXT, none.EXT (no rows),
// one.EXT (one row), split-0000k-of-00003.EXT.
#include <cstdio>

#include "evclean/error.hpp"
#include "sink_run.hpp"

namespace evclean {
namespace {

struct Case {
  const char* extension;
  OutputFormat format;
  OutputCodec codec;
};

constexpr Case kCases[] = {{".csv", OutputFormat::kCsv, OutputCodec::kNone},
                           {".csv.gz", OutputFormat::kCsv, OutputCodec::kGzip},
                           {".csv.zst", OutputFormat::kCsv, OutputCodec::kZstd},
                           {".tsv", OutputFormat::kTsv, OutputCodec::kNone},
                           {".jsonl", OutputFormat::kJsonLines, OutputCodec::kNone},
                           {".jsonl.gz", OutputFormat::kJsonLines, OutputCodec::kGzip},
                           {".jsonl.zst", OutputFormat::kJsonLines, OutputCodec::kZstd},
                           {".parquet", OutputFormat::kParquet, OutputCodec::kNone},
                           {".arrow", OutputFormat::kArrow, OutputCodec::kNone},
                           {".h5", OutputFormat::kHdf5, OutputCodec::kNone}};

void write_samples(const std::string& folder) {
  const Comm comm = Comm::world();
  for (const Case& one : kCases) {
    const auto write = [&](const std::string& stem, std::vector<std::int64_t> part_rows, int files) {
      testing::RunShape shape{std::move(part_rows)};
      testing::run_sink(comm, testing::output_of(folder + "/" + stem + one.extension, one.format, one.codec, files),
                        shape);
    };
    write("many", {100, 0, 20000, 7, 1, 3000}, 1);
    write("none", {}, 1);
    write("one", {0, 1, 0}, 1);
    write("split", {100, 0, 800, 7}, 3);
  }
}

}  // namespace
}  // namespace evclean

int main(int argc, char** argv) {
  evclean::MpiEnvironment mpi(argc, argv);
  try {
    evclean::write_samples(argv[1]);
  } catch (const evclean::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    evclean::abort_all(error.code());
  }
  return 0;
}
