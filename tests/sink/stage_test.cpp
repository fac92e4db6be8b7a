// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "evclean/error.hpp"
#include "evclean/sink.hpp"
#include "frame_plan.hpp"
#include "output_names.hpp"
#include "evclean/record_batch.hpp"
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

TEST(FramePlan, BlocksEndARunOfTails) {
  const std::vector<PartInfo> parts = {
      {0, 0, 1, 0, 40, 40}, {1, 1, 1, 500, 50, 50}, {2, 0, 0, 0, 0, 0}, {3, 2, 1, 0, 10, 10}};
  EXPECT_EQ(shape(parts, 100), (std::vector<std::string>{"tails0-0@0", "blocks1-1@1", "tails1-3@1"}));
}

}  // namespace
}  // namespace evclean
