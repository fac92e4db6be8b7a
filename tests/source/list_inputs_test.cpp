// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "test_files.hpp"

namespace evclean {
namespace {

class ListInputs : public TestFiles {
 protected:
  ListInputs() { options_.base_dir = folder_; }
  Listing list(const std::vector<std::string>& paths) const { return list_inputs(paths, options_); }
  std::vector<std::string> shown(const std::vector<std::string>& paths) const {
    std::vector<std::string> names;
    for (const InputFile& file : list(paths).files) names.push_back(file.shown);
    return names;
  }
  std::string failure(const std::vector<std::string>& paths, ExitCode code = ExitCode::kUser) const {
    const Error error = error_of([&] { list(paths); });
    EXPECT_EQ(code, error.code());
    return error.what();
  }
  void put_all(const std::vector<std::string>& names) const {
    for (const std::string& name : names) put(name, name + "\n");
  }

  ListOptions options_;
};

using Names = std::vector<std::string>;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(ListInputs, FileIsShownAsWritten) {
  put_all({"data/a.log"});
  EXPECT_EQ(Names{"data/a.log"}, shown({"data/a.log"}));
  EXPECT_EQ(Names{"./data/a.log"}, shown({"./data/a.log"}));
  EXPECT_EQ(Names{path("data/a.log")}, shown({path("data/a.log")}));
  const InputFile file = list({"data/a.log"}).files.at(0);
  EXPECT_EQ(path("data/a.log"), file.path);
  EXPECT_EQ(11, file.size_bytes);
  EXPECT_GT(file.modified_s, 1'500'000'000);
  EXPECT_TRUE(file.splittable);
}

TEST_F(ListInputs, PathsKeepTheOrderTheyAreWrittenIn) {
  put_all({"b", "a", "c"});
  EXPECT_EQ((Names{"c", "a", "b"}), shown({"c", "a", "b"}));
}

TEST_F(ListInputs, FolderIsReadDownSortedByPathBytes) {
  put_all({"d/b", "d/a/z", "d/a-1", "d/B", "d/a/b/c", "d/_tmp/x", "d/.hid/x", "d/.x", "d/_SUCCESS", "d/a/_y"});
  EXPECT_EQ((Names{"d/B", "d/a-1", "d/a/b/c", "d/a/z", "d/b"}), shown({"d"}));
  EXPECT_EQ((Names{"d/B", "d/a-1", "d/a/b/c", "d/a/z", "d/b"}), shown({"d/"}));
}

TEST_F(ListInputs, HiddenFileIsReadWhenNamed) {
  put_all({"_x", ".y"});
  EXPECT_EQ((Names{"_x", ".y"}), shown({"_x", ".y"}));
}

TEST_F(ListInputs, WildcardsMatchWithinAName) {
  put_all({"access-1.log", "access-2.log", "access-10.log", "error.log", ".access-3.log", "sub/access-4.log"});
  EXPECT_EQ((Names{"access-1.log", "access-10.log", "access-2.log"}), shown({"access-*.log"}));
  EXPECT_EQ((Names{"access-1.log", "access-2.log"}), shown({"access-?.log"}));
  EXPECT_EQ((Names{"access-2.log"}), shown({"access-[2-9].log"}));
  EXPECT_EQ((Names{"access-1.log"}), shown({"access-[!2-9].log"}));
  EXPECT_EQ((Names{"sub/access-4.log"}), shown({"*/access-*.log"}));
}

TEST_F(ListInputs, DoubleStarMatchesAnyDepth) {
  put_all({"l/a.gz", "l/2026/b.gz", "l/2026/11/c.gz", "l/2026/11/d.txt", "l/_old/e.gz", "l/.tmp/f.gz"});
  EXPECT_EQ((Names{"l/2026/11/c.gz", "l/2026/b.gz", "l/a.gz"}), shown({"l/**/*.gz"}));
  EXPECT_EQ((Names{"l/2026/11/c.gz", "l/2026/11/d.txt"}), shown({"l/**/11/*"}));
  EXPECT_EQ((Names{"l/2026/11/c.gz", "l/2026/11/d.txt", "l/2026/b.gz", "l/a.gz"}), shown({"l/**"}));
  EXPECT_EQ((Names{"l/2026/11/c.gz", "l/2026/b.gz", "l/a.gz"}), shown({"**/*.gz"}));
}

TEST_F(ListInputs, FolderThatAPatternMatchesIsRead) {
  put_all({"2026-10/a", "2026-10/s/b", "2026-11/c", "2025-01/d"});
  EXPECT_EQ((Names{"2026-10/a", "2026-10/s/b", "2026-11/c"}), shown({"2026-*"}));
  EXPECT_EQ((Names{"2026-10/a", "2026-10/s/b", "2026-11/c"}), shown({"2026-*/"}));
}

TEST_F(ListInputs, NameWithBracketsThatExistsIsThatFile) {
  put_all({"data[1].csv", "data1.csv"});
  EXPECT_EQ(Names{"data[1].csv"}, shown({"data[1].csv"}));
}

TEST_F(ListInputs, WildcardsInTheJobFolderMeanNothing) {
  put_all({"x[1]/a.log", "x1/b.log"});
  options_.base_dir = path("x[1]");
  EXPECT_EQ(Names{"a.log"}, shown({"*.log"}));
}

TEST_F(ListInputs, AbsolutePatternShowsAbsolutePaths) {
  put_all({"a.log"});
  EXPECT_EQ(Names{path("a.log")}, shown({path("*.log")}));
}

TEST_F(ListInputs, ListFileNamesPathsRelativeToItself) {
  put_all({"lists/x.log", "lists/d/y.log", "z.log"});
  put("lists/all.txt", "x.log\r\n\n../z.log\nd/*.log\n@more.txt\n" + path("z.log") + "\n");
  put("lists/more.txt", "d");
  EXPECT_EQ((Names{"lists/x.log", "lists/../z.log", "lists/d/y.log"}), shown({"@lists/all.txt"}));
  EXPECT_EQ(2u, list({"@lists/all.txt"}).notes.size());
}

TEST_F(ListInputs, ListThatNamesItselfIsAnError) {
  put("l", "@l\n");
  EXPECT_TRUE(contains(failure({"@l"}), "nested"));
}

TEST_F(ListInputs, FileReachedTwiceIsReadOnceWithANote) {
  put_all({"a.log", "b.log"});
  std::filesystem::create_symlink("a.log", path("c.log"));
  std::filesystem::create_hard_link(path("b.log"), path("d.log"));
  const Listing listing = list({"*.log", "./a.log"});
  ASSERT_EQ(2u, listing.files.size());
  EXPECT_EQ((Names{"reached twice, read once: c.log (the same file as a.log)",
                   "reached twice, read once: d.log (the same file as b.log)",
                   "reached twice, read once: ./a.log (the same file as a.log)"}),
            listing.notes);
}

TEST_F(ListInputs, LinkedFoldersAreFollowedOnceAndLoopsEnd) {
  put_all({"d/a", "e/b"});
  std::filesystem::create_directory_symlink("..", path("d/up"));
  std::filesystem::create_directory_symlink("../e", path("d/e"));
  EXPECT_EQ((Names{"d/a", "d/e/b"}), shown({"d"}));
  EXPECT_EQ((Names{"d/a"}), shown({"d/**/a"}));
}

TEST_F(ListInputs, MissingPathFailsWithTheNearestName) {
  put_all({"data/access.log"});
  const std::string message = failure({"data/acess.log"});
  EXPECT_TRUE(contains(message, "'data/acess.log'")) << message;
  EXPECT_TRUE(contains(message, "did you mean 'access.log'")) << message;
  EXPECT_TRUE(contains(message, "missing: skip")) << message;
}

TEST_F(ListInputs, FolderAndPatternWithoutFilesCountAsMissing) {
  put_all({"d/_x", "d/.y"});
  EXPECT_TRUE(contains(failure({"d"}), "no files in"));
  EXPECT_TRUE(contains(failure({"d/*.log"}), "no files match"));
  options_.missing = OnMissing::kSkip;
  const Listing listing = list({"d", "d/*.log", "nope", "@nolist"});
  EXPECT_EQ(4, listing.missing);
  EXPECT_EQ((Names{"skipped, missing: d", "skipped, missing: d/*.log", "skipped, missing: nope",
                   "skipped, missing: @nolist"}),
            listing.notes);
}

TEST_F(ListInputs, EmptyFilesStayInTheListOrFail) {
  put("a", "");
  put("b", "\xef\xbb\xbf");
  put("c", "x");
  const Listing listing = list({"a", "b", "c"});
  EXPECT_EQ(3u, listing.files.size());
  EXPECT_EQ(2, listing.empty);
  EXPECT_EQ((Names{"skipped, empty: a", "skipped, empty: b"}), listing.notes);
  options_.empty = OnEmpty::kFail;
  EXPECT_TRUE(contains(failure({"c", "a"}), "'a' is empty"));
}

TEST_F(ListInputs, S3NeedsABucket) { EXPECT_TRUE(contains(failure({"s3:///x"}), "names no bucket")); }

TEST_F(ListInputs, NeitherFileNorFolderIsAnError) {
  ASSERT_EQ(0, ::mkfifo(path("pipe").c_str(), 0600));
  EXPECT_TRUE(contains(failure({"pipe"}), "neither a file nor a folder"));
  put_all({"a"});
  EXPECT_EQ(Names{"a"}, shown({"*"}));
}

TEST_F(ListInputs, ErrorsNameTheEntryAndTheLineOfItsList) {
  put_all({"a", "lists/b"});
  put("lists/l", "b\n\ngone\n");
  try {
    list({"a", "@lists/l"});
    FAIL();
  } catch (const ListError& error) {
    EXPECT_EQ(1u, error.entry);
    EXPECT_TRUE(contains(error.what(), "'lists/gone': nothing is there"));
    EXPECT_TRUE(contains(error.what(), "(line 3 of lists/l)"));
  }
}

TEST_F(ListInputs, LinkToNowhereIsMissing) {
  std::filesystem::create_symlink("nowhere", path("l"));
  EXPECT_TRUE(contains(failure({"l"}), "nothing is there"));
}

/// As another user, where the tests run as root.
class AsNobody {
 public:
  AsNobody() : root_(::geteuid() == 0) {
    if (root_) {
      EXPECT_EQ(0, ::seteuid(65534));
    }
  }
  ~AsNobody() {
    if (root_) {
      EXPECT_EQ(0, ::seteuid(0));
    }
  }

 private:
  bool root_;
};

TEST_F(ListInputs, UnreadableFileIsASystemErrorWithItsMode) {
  put_all({"a.log", "d/x"});
  ::chmod(folder_.c_str(), 0755);
  ::chmod(path("a.log").c_str(), 0);
  ::chmod(path("d").c_str(), 0);
  {
    const AsNobody nobody;
    const std::string message = failure({"a.log"}, ExitCode::kSystem);
    EXPECT_TRUE(contains(message, path("a.log"))) << message;
    EXPECT_TRUE(contains(message, "permission denied (mode 0000")) << message;
    EXPECT_TRUE(contains(failure({"d"}, ExitCode::kSystem), path("d")));
    EXPECT_TRUE(contains(failure({"d/x"}, ExitCode::kSystem), path("d/x")));
    EXPECT_TRUE(contains(failure({"*/x"}, ExitCode::kSystem), path("d")));
  }
  ::chmod(path("d").c_str(), 0755);
}

TEST_F(ListInputs, EncodingDecidesWhatCanBeSplit) {
  put("u8", "\xef\xbb\xbfx\n");
  put("u16", "\xff\xfex\0\n\0");
  put("plain", "x\n");
  const auto is_split = [&](const std::string& name) { return list({name}).files.at(0).splittable; };
  EXPECT_TRUE(is_split("u8"));
  EXPECT_EQ(3, list({"u8"}).files.at(0).mark_bytes);
  EXPECT_FALSE(is_split("u16"));
  EXPECT_TRUE(is_split("plain"));
  options_.encoding = Encoding::kLatin1;
  EXPECT_FALSE(is_split("plain"));
  EXPECT_TRUE(is_split("u8"));
  options_.encoding = Encoding::kUtf16Le;
  EXPECT_FALSE(is_split("plain"));
}

}  // namespace
}  // namespace evclean
