// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>

#include "evclean/error.hpp"
#include "hdf5_layout.hpp"
#include "pandas_attributes.hpp"
#include "sink_run.hpp"

namespace evclean {
namespace {

using testing::output_of;
using testing::run_sink;
using testing::RunShape;
using testing::SharedFolder;

const std::vector<std::int64_t> kPartRows = {12, 30000, 0, 700, 21000, 5000, 1};

TEST(Hdf5Sink, ObjectsAreEqualForAnyDealOfPartsBatchesAndMemory) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  RunShape alone{kPartRows};
  alone.deal = [](std::int64_t, int) { return 0; };
  RunShape tight{kPartRows, 999, 10'000};
  tight.deal = [](std::int64_t part, int ranks) { return static_cast<int>((part * 7 + 3) / 2 % ranks); };
  std::vector<std::string> notes;
  EXPECT_EQ(run_sink(comm, output_of(folder / "1.h5", OutputFormat::kHdf5), alone, &notes)[0].rows, 56713);
  run_sink(comm, output_of(folder / "2.h5", OutputFormat::kHdf5), tight);
  EXPECT_EQ(notes,
            (std::vector<std::string>{"HDF5: column count has missing integers and some beyond 2^53: stored as text",
                                      "HDF5: column flag has missing booleans: stored as float64"}));
  if (comm.is_root()) {
    const std::string command = "h5diff " + (folder / "1.h5") + " " + (folder / "2.h5");
    EXPECT_EQ(std::system(command.c_str()), 0);
  }
}

/// Writes two rows of `columns` text columns with long names from the last rank, under a nested key.
std::vector<WrittenFile> write_wide(const Comm& comm, const std::string& path, int columns) {
  Fields fields;
  Batch batch;
  batch.num_rows = 2;
  arrow::StringBuilder builder;
  check_arrow(builder.AppendValues({"x", "yz"}), "test");
  const auto values = take_arrow(builder.Finish(), "test");
  for (int c = 0; c < columns; ++c) {
    fields.push_back({std::string(60, 'n') + std::to_string(c), ValueType::kString});
    batch.columns.emplace_back(values);
  }
  OutputSpec spec = output_of(path, OutputFormat::kHdf5);
  spec.key = "/a/b";
  Publisher publisher(comm);
  auto sink = make_sink(spec, fields, comm, publisher, {});
  if (comm.rank() == comm.size() - 1) {
    sink->write(0, batch);
    sink->end_part(0);
  }
  auto files = sink->close();
  publisher.publish();
  return files;
}

TEST(Hdf5Sink, HundredsOfColumnsFitAndTooManyAreTheUsersError) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  EXPECT_EQ(write_wide(comm, folder / "wide.h5", 900)[0].rows, 2);
  if (comm.is_root()) {
    EXPECT_EQ(std::system(("h5ls " + (folder / "wide.h5") + "/a/b | grep -q 'table *Dataset {2/Inf}'").c_str()), 0);
  }
  try {
    write_wide(comm, folder / "wider.h5", 3000);
    ADD_FAILURE() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(static_cast<int>(e.code()), static_cast<int>(ExitCode::kUser)) << e.what();
    EXPECT_NE(std::string(e.what()).find("3000 columns are too many"), std::string::npos) << e.what();
  }
  comm.barrier();
  EXPECT_EQ(folder.names(), std::vector<std::string>{"wide.h5"});
}

/// A limit on the size of files stands in for a full disk. MPI-IO lets some ranks write for all, so all have it.
TEST(Hdf5Sink, FullDiskEndsAllWithTheName) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  for (const rlim_t limit : {1'000'000, 20'000'000}) {  // at the beginning, and with rows written already
    Publisher publisher(comm);
    OutputSpec spec = output_of(folder / "a.h5", OutputFormat::kHdf5);
    spec.compression_level = 0;
    auto sink = make_sink(spec, testing::sample_fields(), comm, publisher, {});
    testing::write_parts(*sink, comm, {{40'000, 160'000, 40'000}});
    rlimit small = before;
    small.rlim_cur = limit;
    ::setrlimit(RLIMIT_FSIZE, &small);
    try {
      sink->close();
      ADD_FAILURE() << "no error";
    } catch (const Error& e) {
      EXPECT_EQ(static_cast<int>(e.code()), static_cast<int>(ExitCode::kSystem));
      EXPECT_NE(std::string(e.what()).find(folder / "a.h5"), std::string::npos) << e.what();
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
  }
  comm.barrier();
  EXPECT_EQ(folder.names(), std::vector<std::string>{});
}

/// The layout of one batch, as chosen by one rank.
StoredTable layout_of(const Batch& batch, const Fields& fields, const OutputSpec& spec = {}) {
  return lay_out(fields, measure_columns(batch, fields), spec);
}

Batch one_column(std::shared_ptr<arrow::Array> values) {
  Batch batch;
  batch.num_rows = values->length();
  batch.names = {"c"};
  batch.columns.emplace_back(std::move(values));
  return batch;
}

Batch texts(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  check_arrow(builder.AppendValues(values), "test");
  return one_column(take_arrow(builder.Finish(), "test"));
}

Batch integers(const std::vector<std::int64_t>& values, const std::vector<bool>& valid) {
  arrow::Int64Builder builder;
  check_arrow(builder.AppendValues(values, valid), "test");
  return one_column(take_arrow(builder.Finish(), "test"));
}

using Kind = StoredColumn::Kind;

TEST(Hdf5Layout, IntegersStayUntilSomeAreMissing) {
  const Fields fields = {{"c", ValueType::kInt64}};
  EXPECT_EQ(layout_of(integers({1, 1LL << 60}, {true, true}), fields).columns[0].kind, Kind::kInt64);
  const StoredTable missing = layout_of(integers({1, 0}, {true, false}), fields);
  EXPECT_EQ(missing.columns[0].kind, Kind::kFloat64);
  EXPECT_EQ(missing.notes, std::vector<std::string>{"HDF5: column c has missing integers: stored as float64"});
  EXPECT_EQ(layout_of(integers({1LL << 53, 0}, {true, false}), fields).columns[0].kind, Kind::kFloat64);
  EXPECT_EQ(layout_of(integers({(1LL << 53) + 1, 0}, {true, false}), fields).columns[0].kind, Kind::kText);
}

TEST(Hdf5Layout, TextsAreAsWideAsTheLongest) {
  EXPECT_EQ(layout_of(texts({"a", "h\xC3\xA9llo", ""}), {{"c", ValueType::kString}}).columns[0].width_bytes, 6);
  EXPECT_EQ(layout_of(texts({}), {{"c", ValueType::kString}}).columns[0].width_bytes, 1);
}

TEST(Hdf5Layout, MissingWordIsNoTextOfTheTable) {
  EXPECT_EQ(layout_of(texts({"a"}), {{"c", ValueType::kString}}).missing_word, "<NA>");
  EXPECT_EQ(layout_of(texts({"<NA>"}), {{"c", ValueType::kString}}).missing_word, "<missing>");
}

TEST(Hdf5Layout, LongTextFailsByNameOrIsCutBetweenCharacters) {
  const Fields fields = {{"c", ValueType::kString}};
  OutputSpec spec;
  spec.max_string = 5;
  try {
    layout_of(texts({"abcdefgh"}), fields, spec);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ExitCode::kUser);
    EXPECT_NE(std::string(e.what()).find("column c has a text of 8 bytes"), std::string::npos) << e.what();
  }
  spec.truncate_long_text = true;
  const Batch batch = texts({"abcd\xC3\xA9", "xy"});
  const StoredTable table = layout_of(batch, fields, spec);
  EXPECT_EQ(table.row_bytes, 13);
  EXPECT_EQ(table.notes.size(), 1u);
  std::string packed(26, '\0');
  pack_rows(table, batch, 0, 2, 7, packed.data());
  EXPECT_EQ(packed, std::string("\x07\0\0\0\0\0\0\0abcd\0\x08\0\0\0\0\0\0\0xy\0\0\0", 26));
}

TEST(Hdf5Layout, TimesOutsideNanosecondsBecomeText) {
  const Fields fields = {{"c", ValueType::kTimestamp}};
  arrow::TimestampBuilder builder(arrow_type(ValueType::kTimestamp), arrow::default_memory_pool());
  check_arrow(builder.AppendValues(std::vector<std::int64_t>{0, 32'503'680'000'000'000}), "test");
  const Batch batch = one_column(take_arrow(builder.Finish(), "test"));
  const StoredTable table = layout_of(batch, fields);
  EXPECT_EQ(table.columns[0].kind, Kind::kText);
  std::string packed(static_cast<std::size_t>(2 * table.row_bytes), '\0');
  pack_rows(table, batch, 0, 2, 0, packed.data());
  EXPECT_STREQ(packed.data() + table.row_bytes + 8, "3000-01-01 00:00:00");
}

TEST(PandasAttributes, NamesAreSpelledInAscii) {
  EXPECT_EQ(pickled_name("a b"), "a b");
  EXPECT_EQ(pickled_name("back\\slash\n"), "back\\u005cslash\\u000a");
  EXPECT_EQ(pickled_name("h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"), "h\\u00e9 \\u20ac \\U0001f600");
}

}  // namespace
}  // namespace evclean
