// SPDX-License-Identifier: Apache-2.0
// `corrupt: salvage`: rows before the damage, and members behind it that are whole; no two halves become one row.
#include <algorithm>
#include <set>

#include "test_files.hpp"

namespace evclean {
namespace {

struct Tool {
  friend std::ostream& operator<<(std::ostream& out, const Tool& tool) { return out << tool.name; }

  std::string name;
  std::string command;
};

class Salvage : public TestFiles, public ::testing::WithParamInterface<Tool> {
 protected:
  std::string packed(const std::string& text) const { return piped(GetParam().command, text); }
};

/// The lines of a text that the damage does not touch.
std::vector<std::string> kept_lines(const ReadResult& result) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < result.text.size();) {
    const std::size_t end = std::min(result.text.find('\n', begin), result.text.size());
    if (!is_cut_off(result.damage, static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end - begin))) {
      lines.push_back(result.text.substr(begin, end - begin));
    }
    begin = end + 1;
  }
  return lines;
}

std::set<std::string> lines_of(const std::string& text) {
  std::set<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.insert(line);
  return lines;
}

TEST_P(Salvage, GoesOnWithMembersBehindACutOffOne) {
  const std::string first = log_lines(300), second = log_lines(30'000, 2, 300), third = log_lines(300, 3, 90'000);
  const std::set<std::string> originals = lines_of(first + second + third);
  const std::string whole = packed(second);
  for (const std::size_t cut :
       {whole.size() / 2, whole.size() - 1, whole.size() - 5, whole.size() / 3, std::size_t{6}}) {
    SCOPED_TRACE("cut at " + std::to_string(cut));
    const std::string stored = packed(first) + whole.substr(0, cut) + packed(third);
    const ReadResult result = read_all(file_of(stored), salvage());
    EXPECT_TRUE(result.damage.damaged);
    EXPECT_TRUE(result.text.starts_with(first));
    EXPECT_TRUE(result.text.ends_with("\n" + third));
    ASSERT_EQ(1u, result.damage.cuts.size());
    EXPECT_EQ(static_cast<std::int64_t>(result.text.size() - third.size()), result.damage.cuts[0].resume_bytes);
    EXPECT_FALSE(result.damage.cuts[0].head_lost);
    const std::vector<std::string> lines = kept_lines(result);
    const auto strange =
        std::count_if(lines.begin(), lines.end(), [&](const auto& line) { return !originals.count(line); });
    EXPECT_EQ(0, strange);
  }
}

TEST_P(Salvage, KeepsWhatStoodBeforeAChangedByte) {
  std::mt19937 random(3);
  for (const int lines : {40, 400, 4'000}) {
    const std::string whole = packed(log_lines(lines));
    for (int i = 0; i < 12; ++i) {
      const std::size_t offset = whole.size() / 8 + random() % (whole.size() / 2);
      std::string stored = whole;
      stored[offset] = static_cast<char>(stored[offset] ^ 0xff);
      SCOPED_TRACE(std::to_string(lines) + " lines, changed at " + std::to_string(offset));
      // A decoder has made all of this before it sees the byte, in pieces of any size.
      const ReadResult before = read_all(file_of(whole.substr(0, offset)), salvage());
      const ReadResult result = read_all(file_of(stored), salvage());
      ASSERT_TRUE(result.text.starts_with(before.text)) << result.text.size() << " of " << before.text.size();
    }
  }
}

TEST_P(Salvage, GoesOnBehindAChangedByte) {
  const std::string first = log_lines(4'000), second = log_lines(300, 2, 90'000);
  const std::string whole = packed(first);
  std::mt19937 random(2);
  for (int i = 0; i < 30; ++i) {
    std::string stored = whole + packed(second);
    const std::size_t offset = random() % whole.size();
    stored[offset] = static_cast<char>(stored[offset] ^ (1 << random() % 8));
    const InputFile file = file_of(stored);
    if (file.codec == Codec::kPlain) continue;
    const ReadResult result = read_all(file, salvage());
    SCOPED_TRACE("changed at " + std::to_string(offset) + ": " + result.damage.reason);
    ASSERT_TRUE(result.text.ends_with(second));
    const std::size_t begin = result.text.size() - second.size();
    ASSERT_TRUE(begin == 0 || result.text[begin - 1] == '\n');
  }
}

TEST_P(Salvage, GoesOnBehindGarbageBetweenMembers) {
  const std::string first = log_lines(300), second = log_lines(300, 2, 300);
  const ReadResult result = read_all(file_of(packed(first) + std::string(70'000, '#') + packed(second)), salvage());
  EXPECT_TRUE(result.text == first + second);
  EXPECT_EQ(1, result.damage.count);
  EXPECT_EQ(70'000, result.damage.lost_stored_bytes);
  EXPECT_EQ(600u, kept_lines(result).size());
}

TEST_P(Salvage, LaterMemberThatIsNotWholeGivesNothing) {
  const std::string first = log_lines(3'000), second = log_lines(3'000, 2, 3'000), third = log_lines(50, 3, 9'000);
  const std::string broken = packed(first), cut = packed(second);
  const ReadResult result =
      read_all(file_of(broken.substr(0, broken.size() / 2) + cut.substr(0, cut.size() / 2) + packed(third)), salvage());
  EXPECT_TRUE(result.text.ends_with("\n" + third) || result.text == third);
  EXPECT_EQ(std::string::npos, result.text.find("line 3005 "));
}

TEST_P(Salvage, LineThatWentOnInTheNextMemberIsCutOffOnBothSides) {
  // Members end within lines, so what stands first behind a loss is the rest of a line.
  const std::string text = log_lines(100);
  const std::string a = packed(text.substr(0, 1'000)), b = packed(text.substr(1'000, 1'000)),
                    c = packed(text.substr(2'000));
  const ReadResult result = read_all(file_of(a + b + std::string(b.size() / 2, 'x') + c), salvage());
  ASSERT_EQ(1u, result.damage.cuts.size());
  EXPECT_TRUE(result.damage.cuts[0].head_lost);
  const std::set<std::string> originals = lines_of(text);
  const std::vector<std::string> lines = kept_lines(result);
  for (const std::string& line : lines) EXPECT_TRUE(originals.count(line)) << line;
  EXPECT_EQ(originals.size() - 1, lines.size());
}

INSTANTIATE_TEST_SUITE_P(Tools, Salvage,
                         ::testing::Values(Tool{"gzip", "gzip"}, Tool{"zstd", "zstd -q"}, Tool{"bzip2", "bzip2 -1"},
                                           Tool{"xz", "xz -1"}, Tool{"lz4", "lz4 -q -B4"}),
                         [](const auto& info) { return info.param.name; });

TEST(CutOff, IsTheRecordThatMissesBytes) {
  ReadDamage damage;
  damage.cuts = {{10, 11, false}, {20, 20, true}, {30, 31, true}, {50, -1, false}};
  EXPECT_FALSE(is_cut_off(damage, 0, 9));
  EXPECT_TRUE(is_cut_off(damage, 5, 5)) << "ends at the cut";
  EXPECT_TRUE(is_cut_off(damage, 5, 40)) << "goes on over cuts";
  EXPECT_FALSE(is_cut_off(damage, 11, 8)) << "members begin at lines";
  EXPECT_TRUE(is_cut_off(damage, 20, 5)) << "its head is lost";
  EXPECT_TRUE(is_cut_off(damage, 31, 5)) << "its head is lost";
  EXPECT_FALSE(is_cut_off(damage, 37, 5));
  EXPECT_TRUE(is_cut_off(damage, 43, 7));
  EXPECT_FALSE(is_cut_off(damage, 43, 6)) << "its line end stands before the cut";
  EXPECT_FALSE(is_cut_off({}, 0, 100));
}

using Checksums = TestFiles;

TEST_F(Checksums, MemberWithAWrongOneIsKeptAsUnverified) {
  struct Case {
    std::string command;
    std::size_t from_end;
    std::string reason;
  };
  for (const Case& c : {Case{"gzip", 6, "checksum of gzip member 2 is wrong"},
                        Case{"zstd -q --check", 2, "checksum of zstd frame 2 is wrong"},
                        Case{"lz4 -q", 2, "checksum of lz4 frame 2 is wrong"}}) {
    SCOPED_TRACE(c.command);
    const std::string first = log_lines(30), second = log_lines(30, 2, 30), third = log_lines(30, 3, 60);
    std::string wrong = piped(c.command, second);
    wrong[wrong.size() - c.from_end] ^= 1;
    const InputFile file = file_of(piped(c.command, first) + wrong + piped(c.command, third));
    const ReadResult result = read_all(file, salvage());
    EXPECT_TRUE(result.text == first + second + third);
    EXPECT_EQ(c.reason, result.damage.reason);
    EXPECT_TRUE(result.damage.cuts.empty());
    ASSERT_EQ(1u, result.damage.unverified.size());
    EXPECT_EQ(static_cast<std::int64_t>(first.size()), result.damage.unverified_from);
    EXPECT_EQ(static_cast<std::int64_t>(first.size()), result.damage.unverified[0].begin);
    EXPECT_EQ(static_cast<std::int64_t>((first + second).size()), result.damage.unverified[0].end);
    EXPECT_EQ(static_cast<std::int64_t>(first.size()), result.damage.at_bytes);
    const ReadResult stopped = read_all(file);
    EXPECT_TRUE(stopped.text == first + second);
    EXPECT_TRUE(stopped.damage.damaged);
  }
}

TEST_F(Checksums, Bzip2BlocksBeforeADamagedOneAreAllThere) {
  const std::string text = log_lines(40'000);
  const std::string stored = piped("bzip2 -1", text);
  for (const std::size_t share : {3u, 5u, 7u, 9u}) {
    std::string changed = stored;
    changed[stored.size() * share / 10] ^= 4;
    const ReadResult result = read_all(file_of(changed), salvage());
    EXPECT_TRUE(result.damage.damaged);
    EXPECT_TRUE(text.starts_with(result.text));
    EXPECT_GE(result.text.size() + 220'000, text.size() * share / 10);
  }
}

TEST_F(Checksums, HostileFileOfFalseMembersEndsSoon) {
  // Each false member decodes far (stored blocks), so trying every one of them to its end would take for ever.
  std::string stored = piped("gzip", "text\n");
  stored.resize(stored.size() - 2);
  std::string member("\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
  for (int i = 0; i < 300'000; ++i) stored += member + std::string("\0\x0a\0\xf5\xff", 5);
  const ReadResult result = read_all(file_of(stored), salvage());
  EXPECT_EQ("text\n", result.text.substr(0, 5));
  EXPECT_TRUE(result.damage.damaged);
}

}  // namespace
}  // namespace evclean
