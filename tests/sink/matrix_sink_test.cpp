// SPDX-License-Identifier: Apache-2.0
// Matrices from parts dealt to ranks in any way, some of them written twice, against what they must hold.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "evclean/error.hpp"
#include "sink_run.hpp"

namespace evclean {
namespace {

using testing::Deal;
using testing::file_bytes;
using testing::output_of;
using testing::SharedFolder;

const Fields kFields = {{"key", ValueType::kString},
                        {"whole", ValueType::kInt64},
                        {"split", ValueType::kString},
                        {"y", ValueType::kBool},
                        {"real", ValueType::kFloat64}};
const std::vector<std::int64_t> kPartRows = {700, 1, 0, 3000, 2500, 90};

bool in_test(std::int64_t row) { return mix64(static_cast<std::uint64_t>(row)) % 4 == 0; }
bool label(std::int64_t row) { return row % 3 == 0; }
bool has_real(std::int64_t row) { return row % 11 != 5; }
double real(std::int64_t row) { return static_cast<double>(row) / 7; }

template <typename Builder, typename Value>
Column column_of(Builder&& builder, std::int64_t first, std::int64_t count, Value value) {
  for (std::int64_t row = first; row < first + count; ++row) check_arrow(value(builder, row), "test");
  return take_arrow(builder.Finish(), "test");
}

Batch rows_from(std::int64_t first, std::int64_t count) {
  Batch batch;
  batch.num_rows = count;
  const auto put = [&](auto builder, auto value) {
    batch.columns.push_back(column_of(std::move(builder), first, count, value));
  };
  put(arrow::StringBuilder(), [](auto& b, std::int64_t row) { return b.Append(std::to_string(row)); });
  put(arrow::Int64Builder(), [](auto& b, std::int64_t row) { return b.Append(row); });
  put(arrow::StringBuilder(), [](auto& b, std::int64_t row) { return b.Append(in_test(row) ? "test" : "train"); });
  put(arrow::BooleanBuilder(), [](auto& b, std::int64_t row) { return b.Append(label(row)); });
  put(arrow::DoubleBuilder(),
      [](auto& b, std::int64_t row) { return has_real(row) ? b.Append(real(row)) : b.AppendNull(); });
  return batch;
}

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

/// X, or y, of one side.
std::string expected(bool test, bool y) {
  std::vector<float> values;
  for (std::int64_t row = 0; row < 6291; ++row) {
    if (in_test(row) != test) continue;
    if (y) {
      values.push_back(label(row) ? 1.0F : 0.0F);
    } else {
      values.push_back(static_cast<float>(row));
      values.push_back(has_real(row) ? static_cast<float>(real(row)) : std::numeric_limits<float>::quiet_NaN());
    }
  }
  return bytes_of(values);
}

std::vector<std::string> write_matrix(const Comm& comm, const OutputSpec& spec, const Deal& deal,
                                      std::int64_t batch_rows) {
  Publisher publisher(comm);
  SinkOptions options;
  options.memory_bytes = 20'000;
  options.scratch_dir = "/var/tmp";
  options.encoded = std::make_shared<EncodedTable>(EncodedTable{"y", "split", {"key"}, {}, {"{}\n"}});
  auto sink = make_sink(spec, kFields, comm, publisher, options);
  std::int64_t first = 0;
  for (std::size_t p = 0; p < kPartRows.size(); first += kPartRows[p], ++p) {
    const auto part = static_cast<std::int64_t>(p);
    if (deal(part, comm.size()) != comm.rank()) continue;
    if (part % 2 == 1) {  // a split that is read again
      sink->write(part, rows_from(0, 50));
      sink->drop_part(part);
    }
    for (std::int64_t done = 0; done < kPartRows[p]; done += batch_rows) {
      sink->write(part, rows_from(first + done, std::min(batch_rows, kPartRows[p] - done)));
    }
    sink->end_part(part);
  }
  sink->close();
  std::vector<std::string> notes = sink->notes();
  publisher.publish();
  return notes;
}

TEST(MatrixSink, NpyHoldsTheRowsInOrderWhoeverHasThem) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  const auto notes = write_matrix(
      comm,
      [&] {
        OutputSpec spec = output_of(folder / "a.npy", OutputFormat::kNpy);
        spec.matrix = true;
        return spec;
      }(),
      [](std::int64_t part, int ranks) { return static_cast<int>((part * 5 + 2) % ranks); }, 700);
  EXPECT_EQ(notes, std::vector<std::string>{folder / "a.npy" + ": column real: 572 missing values are NaN"});
  for (const bool test : {false, true}) {
    for (const bool y : {false, true}) {
      const std::string bytes = file_bytes(folder / fmt::format("a.{}{}.npy", test ? "test" : "train", y ? ".y" : ""));
      ASSERT_GT(bytes.size(), 64U);
      const std::size_t head = 10 + static_cast<unsigned char>(bytes[8]);
      EXPECT_EQ(head % 64, 0U);
      EXPECT_EQ(bytes.compare(head, std::string::npos, expected(test, y)), 0) << test << y;
    }
  }
  EXPECT_EQ(file_bytes(folder / "a.names.json"), "[\"whole\", \"real\"]\n");
}

TEST(MatrixSink, NpyInSeveralFilesHoldsTheSameRows) {
  const Comm comm = Comm::world();
  for (const int files : {1, 2, 7, 300}) {
    const SharedFolder folder(comm);
    OutputSpec spec = output_of(folder / "a.npy", OutputFormat::kNpy);
    spec.matrix = true;
    spec.files = files;
    write_matrix(
        comm, spec, [](std::int64_t part, int ranks) { return static_cast<int>((part * 3 + 1) % ranks); }, 450);
    for (const bool test : {false, true}) {
      for (const bool y : {false, true}) {
        std::string all;
        for (int i = 0; i < files; ++i) {
          const std::string number = files == 1 ? "" : fmt::format("-{:05}-of-{:05}", i, files);
          const std::string bytes =
              file_bytes(folder / fmt::format("a.{}{}{}.npy", test ? "test" : "train", y ? ".y" : "", number));
          all += bytes.substr(10 + static_cast<unsigned char>(bytes.at(8)));
        }
        EXPECT_EQ(all.compare(expected(test, y)), 0) << files << test << y;
      }
    }
    comm.barrier();
  }
}

TEST(MatrixSink, Hdf5IsEqualForAnyDealOfPartsAndBatches) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  OutputSpec spec = output_of(folder / "1.h5", OutputFormat::kHdf5);
  spec.matrix = true;
  write_matrix(
      comm, spec, [](std::int64_t, int) { return 0; }, 10'000);
  spec.path = folder / "2.h5";
  spec.compression_level = 0;
  write_matrix(
      comm, spec, [](std::int64_t part, int ranks) { return static_cast<int>((part + 1) % ranks); }, 333);
  comm.barrier();
  if (comm.is_root()) {
    EXPECT_EQ(std::system(("h5diff " + (folder / "1.h5") + " " + (folder / "2.h5")).c_str()), 0);
  }
}

TEST(MatrixSink, TextIsRefusedAndNothingIsLeft) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  OutputSpec spec = output_of(folder / "a.npy", OutputFormat::kNpy);
  spec.matrix = true;
  {
    Publisher publisher(comm);
    try {
      make_sink(spec, kFields, comm, publisher, {});
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kUser);
      EXPECT_NE(std::string(error.what()).find("column 'key' is a string"), std::string::npos) << error.what();
    }
  }
  comm.barrier();
  EXPECT_EQ(folder.names(), std::vector<std::string>{});
}

}  // namespace
}  // namespace evclean
