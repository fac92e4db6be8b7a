// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "evclean/error.hpp"
#include "row_encoder.hpp"
#include "sink_run.hpp"

namespace evclean {
namespace {

using testing::file_bytes;
using testing::output_of;
using testing::run_sink;
using testing::RunShape;
using testing::SharedFolder;

const std::vector<std::int64_t> kPartRows = {12, 30000, 0, 700, 900, 1, 41000, 5000, 0, 3};

struct TextFormat {
  const char* name;
  OutputFormat format;
  OutputCodec codec;
};
const TextFormat kFormats[] = {{"a.csv", OutputFormat::kCsv, OutputCodec::kNone},
                               {"a.tsv", OutputFormat::kTsv, OutputCodec::kNone},
                               {"a.csv.gz", OutputFormat::kCsv, OutputCodec::kGzip},
                               {"a.csv.zst", OutputFormat::kCsv, OutputCodec::kZstd},
                               {"a.jsonl", OutputFormat::kJsonLines, OutputCodec::kNone},
                               {"a.jsonl.zst", OutputFormat::kJsonLines, OutputCodec::kZstd}};

std::string expected_csv() {
  std::int64_t rows = 0;
  for (const std::int64_t count : kPartRows) rows += count;
  auto encoder = make_csv_encoder(testing::sample_fields(), ',', "");
  TextBuffer out;
  out.append(encoder->header());
  encoder->encode(testing::sample_batch(0, rows), 0, SIZE_MAX, out);
  return std::string(out.view());
}

TEST(TextSink, BytesDoNotDependOnTheDealOfPartsBatchesOrMemory) {
  const Comm comm = Comm::world();
  for (const TextFormat& format : kFormats) {
    const SharedFolder folder(comm);
    RunShape alone{kPartRows};
    alone.deal = [](std::int64_t, int) { return 0; };
    RunShape dealt{kPartRows, 777, 64 << 20};
    RunShape tight{kPartRows, 5000, 10'000};
    tight.deal = [](std::int64_t part, int ranks) { return static_cast<int>((part * 7 + 3) / 2 % ranks); };
    const auto first =
        run_sink(comm, output_of(folder / ("1-" + std::string(format.name)), format.format, format.codec), alone);
    const auto second =
        run_sink(comm, output_of(folder / ("2-" + std::string(format.name)), format.format, format.codec), dealt);
    const auto third =
        run_sink(comm, output_of(folder / ("3-" + std::string(format.name)), format.format, format.codec), tight);
    EXPECT_EQ(first[0].rows, 77616);
    EXPECT_EQ(first[0].bytes, static_cast<std::int64_t>(std::filesystem::file_size(first[0].path)));
    EXPECT_EQ(first[0].sha256, second[0].sha256) << format.name;
    EXPECT_EQ(first[0].sha256, third[0].sha256) << format.name;
    EXPECT_EQ(file_bytes(first[0].path), file_bytes(third[0].path)) << format.name;
  }
}

TEST(TextSink, RowsComeInPartOrder) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  const auto files = run_sink(comm, output_of(folder / "a.csv", OutputFormat::kCsv), {kPartRows});
  EXPECT_TRUE(file_bytes(files[0].path) == expected_csv());
}

TEST(TextSink, NumberedFilesDifferByOneRowAndJoinToTheWhole) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  const auto files =
      run_sink(comm, output_of(folder / "a.csv", OutputFormat::kCsv, OutputCodec::kNone, 7), {kPartRows});
  ASSERT_EQ(files.size(), 7u);
  const std::string header = make_csv_encoder(testing::sample_fields(), ',', "")->header();
  std::string joined = header;
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(files[i].rows, i < 77616 % 7 ? 77616 / 7 + 1 : 77616 / 7);
    const std::string bytes = file_bytes(files[i].path);
    ASSERT_EQ(bytes.substr(0, header.size()), header);
    joined += bytes.substr(header.size());
  }
  EXPECT_TRUE(joined == expected_csv());
}

TEST(TextSink, MoreFilesThanRowsGivesFilesWithAHeaderOnly) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  const auto files =
      run_sink(comm, output_of(folder / "a.csv", OutputFormat::kCsv, OutputCodec::kNone, 4), {{1, 0, 1}});
  ASSERT_EQ(files.size(), 4u);
  EXPECT_EQ(files[1].rows, 1);
  EXPECT_EQ(file_bytes(files[3].path), make_csv_encoder(testing::sample_fields(), ',', "")->header());
}

TEST(TextSink, NoRowsGiveAHeader) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  const auto files = run_sink(comm, output_of(folder / "a.csv", OutputFormat::kCsv), {{}});
  EXPECT_EQ(file_bytes(files[0].path), make_csv_encoder(testing::sample_fields(), ',', "")->header());
}

TEST(TextSink, SinkWithoutCloseLeavesNothing) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  {
    Publisher publisher(comm);
    auto sink =
        make_sink(output_of(folder / "a.csv", OutputFormat::kCsv), testing::sample_fields(), comm, publisher, {});
    sink->write(comm.rank(), testing::sample_batch(0, 10));
  }
  comm.barrier();
  EXPECT_EQ(folder.names(), std::vector<std::string>{});
}

/// A limit on the size of files stands in for a full disk; the last rank alone meets it.
TEST(TextSink, FullDiskOnOneRankEndsAllWithTheName) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  {
    Publisher publisher(comm);
    auto sink =
        make_sink(output_of(folder / "a.csv", OutputFormat::kCsv), testing::sample_fields(), comm, publisher, {});
    testing::write_parts(*sink, comm, {kPartRows});
    rlimit small = before;
    small.rlim_cur = 1'000'000;
    if (comm.rank() == comm.size() - 1) ::setrlimit(RLIMIT_FSIZE, &small);
    try {
      sink->close();
      ADD_FAILURE() << "no error";
    } catch (const Error& e) {
      EXPECT_EQ(static_cast<int>(e.code()), static_cast<int>(ExitCode::kSystem));
      EXPECT_NE(std::string(e.what()).find(folder / "a.csv"), std::string::npos) << e.what();
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
  }
  comm.barrier();
  EXPECT_EQ(folder.names(), std::vector<std::string>{});
}

TEST(TextSink, LevelOutOfRangeIsTheUsersError) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  Publisher publisher(comm);
  OutputSpec spec = output_of(folder / "a.csv.gz", OutputFormat::kCsv, OutputCodec::kGzip);
  spec.compression_level = 99;
  EXPECT_THROW(make_sink(spec, testing::sample_fields(), comm, publisher, {}), Error);
}

}  // namespace
}  // namespace evclean
