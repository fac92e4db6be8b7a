// SPDX-License-Identifier: Apache-2.0
#include "evclean/exchange.hpp"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>

#include "random_table.hpp"

namespace evclean {
namespace {

using testing::batch_of;
using testing::ColumnShape;
using testing::Random;

const std::vector<ColumnShape> kEveryType = {
    {{"text", ValueType::kString}, 1000, 0.1}, {{"number", ValueType::kInt64}, 1000, 0.1},
    {{"full", ValueType::kInt64}, 9, 0},       {{"share", ValueType::kFloat64}, 1000, 0.5},
    {{"flag", ValueType::kBool}, 2, 0.3},      {{"day", ValueType::kDate}, 1000, 0},
    {{"time", ValueType::kTimestamp}, 1000, 1}};

class ExchangeTest : public ::testing::Test {
 protected:
  const Comm comm = Comm::world();
  Workspace workspace{comm, std::make_shared<MemoryBudget>(64 << 20), "/tmp"};
  Fields fields = fields_of(kEveryType);

  /// Batch number `number` of a rank: every rank can make every other's.
  Batch batch(int rank, int number, std::int64_t rows) const {
    Random random(testing::test_seed() + static_cast<std::uint64_t>(rank * 1000 + number));
    return random_batch(random, kEveryType, rows);
  }
};

/// Rows of a source and tag, in the order in which they came.
using Texts = std::map<std::pair<int, std::int64_t>, std::vector<std::string>>;

void append(Texts& texts, int source, std::int64_t tag, const Batch& rows) {
  const auto more = testing::row_texts(rows);
  auto& all = texts[{source, tag}];
  all.insert(all.end(), more.begin(), more.end());
}

/// Rows of a batch that go to a rank with a tag.
std::vector<std::int32_t> share(const Batch& batch, int ranks, int rank, std::int64_t tag) {
  std::vector<std::int32_t> rows;
  const auto hashes = hash_rows(batch, {0, 1});
  for (std::int32_t i = 0; i < batch.num_rows; ++i) {
    const std::uint64_t hash = hashes[static_cast<std::size_t>(i)];
    if (owner_of(partition_of(hash), ranks) == rank && static_cast<std::int64_t>(hash & 3) == tag) rows.push_back(i);
  }
  return rows;
}

TEST_F(ExchangeTest, EveryRowOfEveryTypeArrivesOnceInOrder) {
  constexpr int kBatches = 4;
  constexpr std::int64_t kRows = 300;
  std::vector<ExchangeOptions> shapes = {{}, {1 << 20, 1 << 16, 1000}};
  if (comm.size() <= 4) shapes.insert(shapes.end(), {{4096, 512, 100}, {1000, 1, 0}});  // hundreds of rounds
  for (const ExchangeOptions& options : shapes) {
    Texts expected, received;
    for (int source = 0; source < comm.size(); ++source) {
      for (int number = 0; number < kBatches; ++number) {
        const Batch all = batch(source, number, kRows + source);
        for (std::int64_t tag = 0; tag < 4; ++tag) {
          Batch mine = all;
          mine.keep(share(all, comm.size(), comm.rank(), tag));
          if (mine.num_rows > 0) append(expected, source, tag, mine);
        }
      }
    }
    int number = 0;
    exchange(
        workspace, fields,
        [&](Shipper& ship) {
          const Batch all = batch(comm.rank(), number++, kRows + comm.rank());
          for (std::int64_t tag = 0; tag < 4; ++tag) {
            for (int rank = 0; rank < comm.size(); ++rank) {
              const auto rows = share(all, comm.size(), rank, tag);
              if (tag % 2 == 0) {
                ship.put(rank, tag, all, rows);
              } else {
                Batch some = all;
                some.keep(rows);
                ship.put(rank, tag, some);
              }
            }
          }
          return number < kBatches;
        },
        [&](int source, std::int64_t tag, Batch rows) { append(received, source, tag, rows); }, options);
    EXPECT_EQ(received, expected);
  }
}

TEST_F(ExchangeTest, SlicesTravelLikeWholeBatches) {
  const Batch whole = batch(7, 0, 1001);
  std::vector<std::string> texts;
  bool sent = false;
  const auto produce = [&](Shipper& ship) {
    if (!sent) {
      for (const auto& [first, count] : {std::pair{0, 0}, {3, 5}, {8, 0}, {8, 900}, {908, 93}}) {
        Batch slice = whole;
        slice.num_rows = count;
        for (auto& column : slice.columns) {
          column = std::get<std::shared_ptr<arrow::Array>>(column)->Slice(first, count);
        }
        ship.put((comm.rank() + 1) % comm.size(), 0, slice);
      }
    }
    return !std::exchange(sent, true);
  };
  exchange(workspace, fields, produce, [&](int, std::int64_t, Batch rows) {
    const auto more = testing::row_texts(rows);
    texts.insert(texts.end(), more.begin(), more.end());
  });
  const auto all = testing::row_texts(whole);
  EXPECT_EQ(texts, std::vector<std::string>(all.begin() + 3, all.end()));
}

TEST_F(ExchangeTest, ReceiveMemoryIsBoundedWhenEveryRowGoesToOneRank) {
  const ExchangeOptions options{64 << 10, 16 << 10, 0};
  const std::int64_t before = arrow::default_memory_pool()->bytes_allocated();
  std::int64_t rows = 0, most_bytes = 0;
  int number = 0;
  const Batch sent = batch(comm.rank(), 0, 2000);
  const ExchangeCounts counts = exchange(
      workspace, fields,
      [&](Shipper& ship) {
        ship.put(0, 0, sent);
        return ++number < 20;
      },
      [&](int, std::int64_t, Batch batch) {
        rows += batch.num_rows;
        most_bytes = std::max(most_bytes, arrow::default_memory_pool()->bytes_allocated() - before);
      },
      options);
  EXPECT_EQ(rows, comm.is_root() ? 20 * 2000 * comm.size() : 0);
  const std::int64_t own_bytes = 1 << 20;  // the batch sent, and a block that is copied
  EXPECT_LE(most_bytes, own_bytes + options.round_bytes);
  EXPECT_EQ(counts.letters > 5, !comm.is_root());
  EXPECT_EQ(counts.rows_sent, comm.is_root() ? 0 : 20 * 2000);
}

TEST_F(ExchangeTest, RanksWithoutRowsTakePart) {
  std::int64_t rows = 0;
  bool sent = false;
  exchange(
      workspace, fields,
      [&](Shipper& ship) {
        if (comm.rank() == comm.size() - 1 && !sent) ship.put(0, 5, batch(0, 0, 10));
        return !std::exchange(sent, true);
      },
      [&](int source, std::int64_t tag, Batch batch) {
        EXPECT_EQ(source, comm.size() - 1);
        EXPECT_EQ(tag, 5);
        rows += batch.num_rows;
      });
  EXPECT_EQ(comm.sum(rows), 10);
}

/// Runs an exchange in which one rank fails somewhere; gives the message every rank sees.
template <typename Produce, typename Receive>
std::string message_of(const Workspace& workspace, const Fields& fields, Produce&& produce, Receive&& receive) {
  try {
    exchange(workspace, fields, produce, receive, {32 << 10, 8192, 0});
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(ExchangeTest, AnErrorWhileProducingReachesAllRanks) {
  int number = 0;
  const std::string message = message_of(
      workspace, fields,
      [&](Shipper& ship) {
        for (int rank = 0; rank < comm.size(); ++rank) ship.put(rank, 0, batch(comm.rank(), number, 300));
        if (comm.rank() == comm.size() - 1 && number == 3) fail_user("the third batch is bad");
        return ++number < 10;
      },
      [](int, std::int64_t, Batch) {});
  EXPECT_NE(message.find("the third batch is bad"), std::string::npos) << message;
}

TEST_F(ExchangeTest, AnErrorWhileReceivingReachesAllRanksAlsoInTheLastRound) {
  for (const int batches : {1, 10}) {
    int number = 0, received = 0;
    const std::string message = message_of(
        workspace, fields,
        [&](Shipper& ship) {
          for (int rank = 0; rank < comm.size(); ++rank) ship.put(rank, 0, batch(comm.rank(), number, 300));
          return ++number < batches;
        },
        [&](int, std::int64_t, Batch) {
          if (comm.rank() == 0 && ++received == comm.size()) fail_system("scratch is full");
        });
    EXPECT_NE(message.find("scratch is full"), std::string::npos) << message;
  }
}

TEST_F(ExchangeTest, AnInterruptOnOneRankEndsAll) {
  int pauses = 0;
  workspace.pause = [&] {
    if (comm.rank() == comm.size() / 2 && ++pauses == 3) throw Error(ExitCode::kInterrupted, "interrupted");
  };
  const std::string message = message_of(
      workspace, fields,
      [&](Shipper& ship) {
        ship.put(0, 0, batch(comm.rank(), 0, 300));
        return true;
      },
      [](int, std::int64_t, Batch) {});
  EXPECT_NE(message.find("interrupted"), std::string::npos) << message;
}

TEST_F(ExchangeTest, EqualValuesHashAlikeWhateverTheType) {
  const Batch ints =
      batch_of({{"a", ValueType::kInt64}, {"d", ValueType::kDate}}, {{"3", "1"}, {"0", "0"}, {"NULL", "-2"}});
  const Batch floats = batch_of({{"a", ValueType::kFloat64}, {"d", ValueType::kTimestamp}},
                                {{"3.0", "86400000000"}, {"-0.0", "0"}, {"NULL", "-172800000000"}});
  EXPECT_EQ(hash_rows(ints, {0}), hash_rows(floats, {0}));
  EXPECT_EQ(hash_rows(ints, {1}), hash_rows(floats, {1}));
  EXPECT_EQ(hash_rows(ints, {0, 1}), hash_rows(floats, {0, 1}));
  EXPECT_NE(hash_rows(ints, {0, 1}), hash_rows(ints, {1, 0}));
  const Batch texts = batch_of({{"t", ValueType::kString}}, {{"3"}, {""}, {"NULL"}});
  const auto hashes = hash_rows(texts, {0});
  EXPECT_NE(hashes[1], hashes[2]) << "an empty text is not null";
}

TEST_F(ExchangeTest, GathersADatasetEverywhereInRowOrder) {
  Dataset data(fields, workspace);
  constexpr std::int64_t kParts = 23;
  std::vector<std::string> expected;
  for (std::int64_t part = 0; part < kParts; ++part) {
    const Batch rows = batch(99, static_cast<int>(part), part % 5 == 0 ? 0 : 40 + part);
    if ((part * 7) % comm.size() == comm.rank()) data.append(part, rows);
    const auto texts = testing::row_texts(rows);
    expected.insert(expected.end(), texts.begin(), texts.end());
  }
  data.finish();
  std::vector<std::string> texts;
  for (const Batch& rows : gather_everywhere(data, workspace)) {
    const auto more = testing::row_texts(rows);
    texts.insert(texts.end(), more.begin(), more.end());
  }
  EXPECT_EQ(texts, expected);
  EXPECT_EQ(data.rows(), static_cast<std::int64_t>(expected.size()));
}

TEST_F(ExchangeTest, ADatasetKnowsWhichTextColumnsHaveAValue) {
  const Fields texts{{"a", ValueType::kString}, {"b", ValueType::kString}, {"kept", ValueType::kString}};
  Dataset data(texts, workspace);
  data.keep_value(2);
  if (comm.rank() == 0) data.append(0, batch_of(texts, {{"NULL", "NULL", "NULL"}}));
  if (comm.rank() == comm.size() - 1) {
    data.append(1, batch_of(texts, {{"NULL", "NULL", "NULL"}, {"", "NULL", "NULL"}}));
    data.append(2, batch_of(texts, {{"x", "y", "NULL"}}));
    data.drop(2);
  }
  data.finish();
  EXPECT_TRUE(data.has_value(0)) << "an empty text is a value, on whatever rank";
  EXPECT_FALSE(data.has_value(1)) << "the part with one was dropped";
  EXPECT_TRUE(data.has_value(2));
}

}  // namespace
}  // namespace evclean
