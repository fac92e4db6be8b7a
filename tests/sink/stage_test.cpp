// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "evclean/error.hpp"
#include "evclean/record_batch.hpp"
#include "evclean/sink.hpp"
#include "file_groups.hpp"
#include "frame_plan.hpp"
#include "output_names.hpp"
#include "partition_sink.hpp"
#include "sample_table.hpp"

namespace evclean {
namespace {

const std::string kScratch = std::filesystem::temp_directory_path().string();

TEST(ByteStage, GivesPartsBackFromMemoryAndScratch) {
  for (const std::int64_t memory : {0, 10, 1000}) {
    ByteStage stage(memory, kScratch);
    stage.append(7, "abcdef");
    stage.append(2, "xyz");
    stage.append(7, std::string(9'000'000, 'q'));
    stage.append(5, "");
    EXPECT_EQ(stage.parts(), (std::vector<std::int64_t>{2, 5, 7}));
    EXPECT_EQ(stage.size(7), 9'000'006);
    EXPECT_EQ(stage.read(7), "abcdef" + std::string(9'000'000, 'q'));
    stage.drop(7);
    EXPECT_EQ(stage.read(7), "");
    EXPECT_EQ(stage.read(2), "xyz");
  }
}

TEST(ByteStage, LeavesNothingInScratch) {
  const std::string folder = kScratch + "/evclean-stage-test";
  std::filesystem::create_directory(folder);
  ByteStage stage(0, folder);
  stage.append(1, "abc");
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove(folder);
}

TEST(ByteStage, NamesAScratchFolderThatIsNotThere) {
  ByteStage stage(0, "/no/such/folder");
  try {
    stage.append(1, "abc");
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ExitCode::kSystem);
    EXPECT_NE(std::string(e.what()).find("/no/such/folder"), std::string::npos) << e.what();
  }
}

TEST(BatchStage, GivesBatchesBackFromMemoryAndScratch) {
  const auto schema = arrow_schema(testing::sample_fields());
  for (const std::int64_t memory : {0, 20'000, 10'000'000}) {
    BatchStage stage(testing::sample_fields(), memory, kScratch);
    stage.append(3, testing::sample_batch(0, 100));
    stage.append(3, testing::sample_batch(100, 250));
    stage.append(1, testing::sample_batch(900, 1));
    EXPECT_EQ(stage.rows(3), 350);
    std::int64_t row = 0;
    for (const Batch& batch : stage.read(3)) {
      const Batch expected = testing::sample_batch(row, batch.num_rows);
      EXPECT_TRUE(to_record_batch(batch, schema)->Equals(*to_record_batch(expected, schema)));
      row += batch.num_rows;
    }
    EXPECT_EQ(row, 350);
    stage.drop(3);
    EXPECT_EQ(stage.parts(), std::vector<std::int64_t>{1});
  }
}

TEST(OutputNames, NumbersStandBeforeTheExtension) {
  OutputSpec spec;
  spec.path = "out/events.csv.zst";
  EXPECT_EQ(output_files(spec), std::vector<std::string>{"out/events.csv.zst"});
  spec.files = 2;
  EXPECT_EQ(output_files(spec),
            (std::vector<std::string>{"out/events-00000-of-00002.csv.zst", "out/events-00001-of-00002.csv.zst"}));
  spec.path = "v1.2/.events";
  EXPECT_EQ(output_files(spec).front(), "v1.2/.events-00000-of-00002");
}

TEST(OutputNames, HiveFoldersKeepEveryValueInside) {
  EXPECT_EQ(hive_folder("day", "2026-11-01"), "day=2026-11-01");
  EXPECT_EQ(hive_folder("a/b", "../x y\xC3\xA9"), "a%2Fb=..%2Fx%20y%C3%A9");
  EXPECT_EQ(hive_folder("v", kNullPartition), "v=%5F_HIVE_DEFAULT_PARTITION__");
}

TEST(OutputNames, GroupsHaveTheirFolderAndNumber) {
  OutputSpec spec;
  spec.path = "out/";
  spec.format = OutputFormat::kParquet;
  EXPECT_EQ(group_file_name(spec, {"day=1/", 0, 0}, 0, 0), "out/day=1/events.parquet");
  EXPECT_EQ(group_file_name(spec, {"day=1/", 1, 2}, 0, 0), "out/day=1/events-00001-of-00002.parquet");
  EXPECT_EQ(group_file_name(spec, {}, 3, 5), "out/events-00003-of-00005.parquet");
  spec.path = "e-00000-of-00002.csv";
  EXPECT_EQ(group_file_name(spec, {}, 0, 0), "e-00000-of-00002.csv");
}

TEST(OutputNames, NumberedFilesBelongToTheirSet) {
  EXPECT_EQ(split_output_name("out/events-00003-of-00004.csv.gz").stem, "events");
  EXPECT_EQ(split_output_name("out/events-00003-of-4.csv.gz").stem, "events-00003-of-4");
  EXPECT_EQ(split_output_name("events-2026-of-00004.csv").stem, "events-2026-of-00004");
}

std::vector<std::string> shape(const std::vector<PartInfo>& parts, std::int64_t merge_size) {
  std::vector<std::string> text;
  for (const Stretch& s : plan_stretches(parts, merge_size)) {
    text.push_back(fmt::format("{}{}-{}@{}", s.merged ? "tails" : "blocks", s.first, s.last, s.owner));
  }
  return text;
}

TEST(FramePlan, TailsMeetUntilTheFrameIsFull) {
  const std::vector<PartInfo> parts = {
      {0, 0, 1, 0, 40, 40}, {1, 1, 1, 0, 50, 50}, {2, 1, 1, 0, 30, 30}, {3, 0, 1, 0, 10, 10}};
  EXPECT_EQ(shape(parts, 100), (std::vector<std::string>{"tails0-2@1", "tails3-3@0"}));
}

std::vector<std::string> cuts(const std::vector<std::vector<BlockInfo>>& blocks, const CutRule& rule) {
  std::vector<std::int64_t> groups;
  for (std::size_t s = 0; s < blocks.size(); ++s) groups.push_back(s < 2 ? 0 : 2);
  std::vector<std::string> text;
  const CutPlan plan = cut_files(groups, blocks, rule);
  for (const FilePlan& f : plan.files)
    text.push_back(fmt::format("{}.{}: {} rows, {} bytes", f.group, f.number, f.rows, f.end_bytes));
  for (const Piece& p : plan.pieces) {
    text.push_back(
        fmt::format("{}[{}+{}] to {}@{} skips {}", p.stretch, p.first_block, p.blocks, p.file, p.offset, p.skip));
  }
  return text;
}

TEST(FramePlan, FilesCloseAtTheFirstBlockThatFillsThem) {
  const std::vector<std::vector<BlockInfo>> blocks = {{{40, 4}, {70, 7}, {10, 1}}, {{100, 2}}, {{5, 1}}};
  EXPECT_EQ(cuts(blocks, {4, 6, 100, 3}),
            (std::vector<std::string>{"0.0: 11 rows, 114 bytes", "0.1: 3 rows, 116 bytes", "1.0: 0 rows, 4 bytes",
                                      "2.0: 1 rows, 9 bytes", "0[0+2] to 0@4 skips 0", "0[2+1] to 1@6 skips 110",
                                      "1[0+1] to 1@16 skips 0", "2[0+1] to 3@4 skips 0"}));
  EXPECT_EQ(cuts(blocks, {4, 6, 0, 3}).front(), "0.0: 14 rows, 224 bytes");
}

TEST(FramePlan, AHeadAloneDoesNotFillAFile) {
  EXPECT_EQ(cuts({{{50, 0}, {1, 1}, {1, 1}}}, {4, 60, 10, 1}),
            (std::vector<std::string>{"0.0: 1 rows, 55 bytes", "0.1: 1 rows, 61 bytes", "0[0+2] to 0@4 skips 0",
                                      "0[2+1] to 1@60 skips 51"}));
}

TEST(FramePlan, BlocksEndARunOfTails) {
  const std::vector<PartInfo> parts = {
      {0, 0, 1, 0, 40, 40}, {1, 1, 1, 500, 50, 50}, {2, 0, 0, 0, 0, 0}, {3, 2, 1, 0, 10, 10}};
  EXPECT_EQ(shape(parts, 100), (std::vector<std::string>{"tails0-0@0", "blocks1-1@1", "tails1-3@1"}));
}

}  // namespace
}  // namespace evclean
