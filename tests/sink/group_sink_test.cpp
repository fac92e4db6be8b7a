// SPDX-License-Identifier: Apache-2.0
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include "evclean/error.hpp"
#include "evclean/record_batch.hpp"
#include "parquet_footer.hpp"
#include "row_groups.hpp"
#include "sink_run.hpp"
#include "thrift_compact.hpp"

namespace evclean {
namespace {

using testing::file_bytes;
using testing::output_of;
using testing::run_sink;
using testing::RunShape;
using testing::SharedFolder;

/// Parts below and above the sizes at which a part's rest is a row group of its own (8 MiB, about 135,000 rows).
const std::vector<std::int64_t> kPartRows = {12, 300'000, 0, 700, 75'000, 80'000, 1};

void expect_same_bytes(OutputFormat format) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  RunShape alone{kPartRows, 100'000};
  alone.deal = [](std::int64_t, int) { return 0; };
  RunShape dealt{kPartRows, 33'333};
  RunShape tight{kPartRows, 50'000, 100'000};
  tight.deal = [](std::int64_t part, int ranks) { return static_cast<int>((part * 7 + 3) / 2 % ranks); };
  const auto first = run_sink(comm, output_of(folder / "1.parquet", format), alone);
  const auto second = run_sink(comm, output_of(folder / "2.parquet", format), dealt);
  const auto third = run_sink(comm, output_of(folder / "3.parquet", format), tight);
  EXPECT_EQ(first[0].rows, 455'713);
  EXPECT_EQ(first[0].sha256, second[0].sha256);
  EXPECT_EQ(first[0].sha256, third[0].sha256);
}

TEST(ParquetSink, BytesDoNotDependOnTheDealOfPartsBatchesOrMemory) { expect_same_bytes(OutputFormat::kParquet); }
TEST(ArrowSink, BytesDoNotDependOnTheDealOfPartsBatchesOrMemory) { expect_same_bytes(OutputFormat::kArrow); }

TEST(ParquetSink, RowGroupsAreRunsOfWholeSmallPartsAndAllRowsAreThere) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  run_sink(comm, output_of(folder / "a.parquet", OutputFormat::kParquet), {kPartRows, 60'000});
  if (!comm.is_root()) return;
  auto in = take_arrow(arrow::io::ReadableFile::Open(folder / "a.parquet"), "test");
  auto reader = take_arrow(parquet::arrow::OpenFile(in, arrow::default_memory_pool()), "test");
  const auto metadata = reader->parquet_reader()->metadata();
  std::vector<std::int64_t> groups;
  for (int g = 0; g < metadata->num_row_groups(); ++g) groups.push_back(metadata->RowGroup(g)->num_rows());
  EXPECT_EQ(groups, (std::vector<std::int64_t>{12, 300'000, 155'700, 1}));
  const auto table = take_arrow(reader->ReadTable(), "test");
  const auto schema = arrow_schema(testing::sample_fields());
  const auto expected = arrow::Table::FromRecordBatches({to_record_batch(testing::sample_batch(0, 455'713), schema)});
  EXPECT_TRUE(table->Equals(**expected));
}

TEST(GroupRule, SizeCutIsTheFirstRowThatReachesIt) {
  const Batch batch = testing::sample_batch(0, 1000);
  const auto columns = value_columns(batch, batch.columns.size());
  const std::int64_t half = plain_size(columns, 0, 1000) / 2;
  const std::int64_t end = rows_of_size(columns, 10, 1000, half);
  EXPECT_GE(plain_size(columns, 10, end), half);
  EXPECT_LT(plain_size(columns, 10, end - 1), half);
  EXPECT_EQ(rows_of_size(columns, 10, 1000, 1), 11);
  EXPECT_EQ(rows_of_size(columns, 10, 1000, 2 * half), 1000);
}

TEST(GroupRule, RawColumnsCountAsTypedOnes) {
  const Batch batch = testing::sample_batch(0, 1000);
  const auto typed = to_record_batch(batch, arrow_schema(testing::sample_fields()));
  EXPECT_EQ(plain_size(*typed), plain_size(value_columns(batch, batch.columns.size()), 0, 1000));
}

TEST(ParquetSink, LevelOutOfRangeIsTheUsersError) {
  EXPECT_THROW(make_parquet_format(testing::sample_fields(), 99), Error);
}

TEST(ThriftCompact, TreeIsWrittenAsItWasRead) {
  // struct {1: i32 5, 2: true, 20: list<bool>[true, false], 21: "hi", 22: double, 23: map<i32, binary>{7: "x"}, 24: {}}
  constexpr char kBytes[] =
      "\x15\x0a\x11\x09\x28\x22\x01\x02\x18\x02hi\x17\x01\x02\x03\x04\x05\x06\x07\x08\x1b\x01\x58\x0e\x01x\x1c\x00\x00";
  const std::string bytes(kBytes, sizeof kBytes - 1);
  const ThriftValue tree = parse_thrift(bytes);
  EXPECT_EQ(tree.fields.size(), 7u);
  EXPECT_EQ(write_thrift(tree), bytes);
  EXPECT_THROW(parse_thrift(bytes.substr(0, 9)), Error);
}

}  // namespace
}  // namespace evclean
