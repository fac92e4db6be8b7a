// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "evclean/error.hpp"
#include "sink_run.hpp"

namespace evclean {
namespace {

using testing::file_bytes;
using testing::SharedFolder;

void put(const Comm& comm, const std::string& path, const std::string& bytes) {
  if (comm.is_root()) std::ofstream(path) << bytes;
  comm.barrier();
}

std::string message_of(const std::function<void()>& body, ExitCode code) {
  try {
    body();
  } catch (const Error& e) {
    EXPECT_EQ(static_cast<int>(e.code()), static_cast<int>(code)) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(Publisher, NothingHasItsFinalNameBeforePublish) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  Publisher publisher(comm);
  publisher.reserve(folder / "a.csv", false);
  publisher.reserve(folder / "b.csv", false);
  put(comm, publisher.hidden(folder / "a.csv"), "A");
  put(comm, publisher.hidden(folder / "b.csv"), "B");
  for (const std::string& name : folder.names()) EXPECT_EQ(name.front(), '.') << name;
  publisher.publish();
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"a.csv", "b.csv"}));
  EXPECT_EQ(file_bytes(folder / "b.csv"), "B");
}

TEST(Publisher, WithoutPublishNothingIsLeftNotEvenMadeFolders) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  {
    Publisher publisher(comm);
    publisher.reserve(folder / "new/deep/a.csv", false);
    EXPECT_TRUE(std::filesystem::exists(folder / "new/deep"));
    comm.barrier();
    publisher.discard();
    publisher.discard();
  }
  comm.barrier();
  EXPECT_EQ(folder.names(), std::vector<std::string>{});
}

TEST(Publisher, ExistingFileIsRefusedOnAllRanksByNameAndCure) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  put(comm, folder / "a.csv", "old");
  Publisher publisher(comm);
  const std::string message = message_of([&] { publisher.reserve(folder / "a.csv", false); }, ExitCode::kUser);
  EXPECT_NE(message.find(folder / "a.csv"), std::string::npos);
  EXPECT_NE(message.find("--overwrite"), std::string::npos);
  EXPECT_EQ(folder.names(), std::vector<std::string>{"a.csv"});
}

TEST(Publisher, SeveralPublishAllOrNothing) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  Publisher first(comm), second(comm);
  first.reserve(folder / "a.csv", false);
  second.reserve(folder / "b.csv", false);
  put(comm, folder / "b.csv", "of another");
  message_of([&] { Publisher::publish_together({&first, &second}); }, ExitCode::kUser);
  EXPECT_FALSE(std::filesystem::exists(folder / "a.csv"));
  comm.barrier();
  if (comm.is_root()) std::filesystem::remove(folder / "b.csv");
  comm.barrier();
  Publisher::publish_together({&first, &second});
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"a.csv", "b.csv"}));
}

TEST(Publisher, OverwriteReplacesTheWholeSet) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  for (const char* name :
       {"e-00000-of-00004.csv", "e-00003-of-00004.csv", "e.csv", "e-extra.csv", "f-00000-of-00004.csv"}) {
    put(comm, folder / name, "old");
  }
  Publisher publisher(comm);
  message_of([&] { publisher.reserve(folder / "e-00000-of-00002.csv", false); }, ExitCode::kUser);
  publisher.reserve(folder / "e-00000-of-00002.csv", true);
  publisher.reserve(folder / "e-00001-of-00002.csv", true);
  publisher.publish();
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"e-00000-of-00002.csv", "e-00001-of-00002.csv", "e-extra.csv",
                                                      "f-00000-of-00004.csv"}));
}

TEST(Publisher, OverwriteKeepsTheOldFileUntilPublish) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  put(comm, folder / "a.csv", "old");
  {
    Publisher publisher(comm);
    publisher.reserve(folder / "a.csv", true);
  }
  comm.barrier();
  EXPECT_EQ(file_bytes(folder / "a.csv"), "old");
  EXPECT_EQ(folder.names(), std::vector<std::string>{"a.csv"});
}

TEST(Publisher, FolderInPlaceOfAFileIsRefused) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  if (comm.is_root()) std::filesystem::create_directory(folder / "a.csv");
  comm.barrier();
  Publisher publisher(comm);
  for (const bool overwrite : {false, true}) {
    EXPECT_NE(message_of([&] { publisher.reserve(folder / "a.csv", overwrite); }, ExitCode::kUser).find("folder"),
              std::string::npos);
  }
}

TEST(Publisher, FileInPlaceOfAFolderIsRefused) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  put(comm, folder / "plain", "x");
  Publisher publisher(comm);
  message_of([&] { publisher.reserve(folder / "plain/a.csv", false); }, ExitCode::kUser);
}

TEST(Publisher, TwoOutputsOfOneNameAreRefused) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  Publisher publisher(comm);
  publisher.reserve(folder / "a.csv", true);
  message_of([&] { publisher.reserve(folder / "a.csv", true); }, ExitCode::kUser);
}

TEST(Publisher, FileThatAppearsMeanwhileStopsAllOfThem) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  {
    Publisher publisher(comm);
    publisher.reserve(folder / "a.csv", false);
    publisher.reserve(folder / "b.csv", false);
    put(comm, folder / "b.csv", "somebody else's");
    message_of([&] { publisher.publish(); }, ExitCode::kUser);
  }
  comm.barrier();
  EXPECT_EQ(folder.names(), std::vector<std::string>{"b.csv"});
  EXPECT_EQ(file_bytes(folder / "b.csv"), "somebody else's");
}

TEST(Publisher, LongNamesGetHiddenNamesThatFit) {
  const Comm comm = Comm::world();
  const SharedFolder folder(comm);
  const std::string name = std::string(250, 'n') + ".csv";
  Publisher publisher(comm);
  publisher.reserve(folder / name, false);
  publisher.publish();
  EXPECT_EQ(folder.names(), std::vector<std::string>{name});
}

}  // namespace
}  // namespace evclean
