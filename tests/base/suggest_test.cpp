// SPDX-License-Identifier: Apache-2.0
#include "evclean/suggest.hpp"

#include <gtest/gtest.h>

#include "evclean/hash.hpp"

namespace evclean {
namespace {

TEST(Nearest, FindsSwappedAndMissingLetters) {
  EXPECT_EQ(nearest("fliter", {"fill", "filter", "flag"}), "filter");
  EXPECT_EQ(nearest("pths", {"paths", "patterns"}), "paths");
  EXPECT_EQ(nearest("Status", {"status"}), "status");
}

TEST(Nearest, SaysNothingWhenNothingIsNear) {
  EXPECT_FALSE(nearest("banana", {"filter", "flag"}));
  EXPECT_FALSE(nearest("", {"a"}));
  EXPECT_FALSE(nearest("x", {"y"}));
}

TEST(Caret, PointsUnderTheCharacterNotTheByte) { EXPECT_EQ(caret("é >== 1", 3, 2), "  é >== 1\n    ^"); }

TEST(Caret, ShowsOnlyTheLineOfThePlace) { EXPECT_EQ(caret("a\nbcd\ne", 4, 0), "bcd\n  ^"); }

TEST(Caret, CutsALongLineAroundThePlace) {
  const std::string shown = caret(std::string(1000, 'a') + "!" + std::string(1000, 'b'), 1000, 0);
  EXPECT_LT(shown.size(), 300u);
  EXPECT_NE(shown.find("a!b"), std::string::npos);
}

TEST(Printable, EscapesControlBytesAndCutsOnACharacter) {
  EXPECT_EQ(printable("a\x1b[31m\n"), "a\\x1b[31m\\x0a");
  EXPECT_EQ(printable("ééé", 3), "é…");
  EXPECT_EQ(printable("a\xc2\x9b"
                      "1m\xc2\xa0é"),
            "a\\xc2\\x9b1m\xc2\xa0é");
}

TEST(TerminalText, KeepsLinesAndTabsAndCutsNothing) {
  EXPECT_EQ(terminal_text("a\tb\n\x1b[31m\r\x7f"), "a\tb\n\\x1b[31m\\x0d\\x7f");
  EXPECT_EQ(terminal_text(std::string(5000, 'x')).size(), 5000u);
}

TEST(Hash, IsTheSameForeverAsSamplesAndPartitionsDependOnIt) {
  EXPECT_EQ(hash_bytes(""), 0x2d06800538d394c2ULL);
  EXPECT_EQ(hash_bytes("evclean") == hash_bytes("evclean", 1), false);
}

}  // namespace
}  // namespace evclean
