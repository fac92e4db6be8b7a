// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "evclean/error.hpp"
#include "evclean/names.hpp"

namespace evclean {
namespace {

using Names = std::vector<std::string>;

Names renamed(const Names& names, const NameRule& rule = {}) {
  Names out;
  for (const RenamedColumn& column : warehouse_names(names, rule)) out.push_back(column.name);
  return out;
}

std::string one(const std::string& name, const NameRule& rule = {}) { return renamed({name}, rule).front(); }

Names reasons(const std::string& name) { return warehouse_names({name}).front().reasons; }

constexpr NameRule kCamel{1, true, 127};

TEST(WarehouseNames, OrdinaryNamesStay) {
  const Names names{"ip", "user_agent", "x1", "a_b_c", "product_id"};
  EXPECT_EQ(renamed(names), names);
  for (const auto& column : warehouse_names(names)) {
    EXPECT_EQ(column.source, column.name);
    EXPECT_TRUE(column.reasons.empty()) << column.name;
  }
}

TEST(WarehouseNames, OtherCharactersBecomeOneUnderscore) {
  EXPECT_EQ(one("req.id"), "req_id");
  EXPECT_EQ(one("device-type"), "device_type");
  EXPECT_EQ(one("cs(User-Agent)"), "cs_user_agent");
  EXPECT_EQ(one("  total ($) "), "total");
  EXPECT_EQ(one("a__b"), "a_b");
  EXPECT_EQ(one("_id"), "id");
  EXPECT_EQ(one("a\tb\nc"), "a_b_c");
  EXPECT_EQ(one("a; drop table x--"), "a_drop_table_x");
}

TEST(WarehouseNames, AccentsGoAndOtherScriptsAreNotTransliterated) {
  EXPECT_EQ(one("café"), "cafe");
  EXPECT_EQ(one("cafe\u0301"), "cafe");
  EXPECT_EQ(one("Größe"), "gro_e");
  EXPECT_EQ(one("ﬁle №"), "file_no");
  EXPECT_EQ(one("ｗｉｄｅ"), "wide");
  EXPECT_EQ(one("温度"), "col_1");
  EXPECT_EQ(one("温度 C"), "c");
}

TEST(WarehouseNames, DigitsAndEmptyNamesGetAPrefix) {
  EXPECT_EQ(one("2nd"), "c_2nd");
  EXPECT_EQ(one("½"), "c_1_2");
  EXPECT_EQ(renamed({"a", "", "---", "b"}), (Names{"a", "col_2", "col_3", "b"}));
}

TEST(WarehouseNames, WordsOfAthenaAndRedshiftGetASuffix) {
  for (const char* word : {"user", "Date", "TIMESTAMP", "end", "desc", "tag", "offset", "oid", "xmin", "map", "skip",
                           "unescape", "listagg", "raw", "default", "cache", "language", "current_timestamp"}) {
    std::string expected(word);
    for (char& c : expected) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(one(word), expected + "_");
  }
  EXPECT_EQ(one("time"), "time_");
  EXPECT_EQ(one("status"), "status");
  EXPECT_EQ(one("users"), "users");
}

TEST(WarehouseNames, HumpsAreSplitOnRequest) {
  EXPECT_EQ(one("HTTPStatus"), "httpstatus");
  EXPECT_EQ(one("HTTPStatus", kCamel), "http_status");
  EXPECT_EQ(one("processedAt", kCamel), "processed_at");
  EXPECT_EQ(one("userID", kCamel), "user_id");
  EXPECT_EQ(one("S3Bucket", kCamel), "s3_bucket");
  EXPECT_EQ(one("requestURLPath", kCamel), "request_url_path");
  EXPECT_EQ(one("ABC", kCamel), "abc");
  EXPECT_EQ(one("Already_Split", kCamel), "already_split");
  EXPECT_EQ(one("éTat", kCamel), "e_tat");
}

TEST(WarehouseNames, CollisionsAreNumberedInSourceOrder) {
  EXPECT_EQ(renamed({"a", "A", "a!"}), (Names{"a", "a_2", "a_3"}));
  EXPECT_EQ(renamed({"a", "a", "a_2"}), (Names{"a", "a_2", "a_2_2"}));
  EXPECT_EQ(renamed({"a_2", "a", "a", "a"}), (Names{"a_2", "a", "a_3", "a_4"}));
  EXPECT_EQ(renamed({"user", "User", "USER"}), (Names{"user_", "user_2", "user_3"}));
  EXPECT_EQ(renamed({"col_2", ""}), (Names{"col_2", "col_2_2"}));
}

TEST(WarehouseNames, NeverExceedTheLength) {
  const std::string longest(127, 'x');
  EXPECT_EQ(one(longest), longest);
  EXPECT_EQ(one(longest + "y"), longest);
  EXPECT_EQ(renamed({longest, longest + "y"}), (Names{longest, std::string(125, 'x') + "_2"}));
  EXPECT_EQ(one(std::string(126, 'x') + ".y"), std::string(126, 'x'));
  EXPECT_EQ(one("2" + longest), "c_2" + std::string(124, 'x'));
  EXPECT_EQ(one(longest, NameRule{1, false, 63}), std::string(63, 'x'));
  EXPECT_EQ(one(std::string(200, 'a') + std::string(200, '\xC3')).size(), 127U);
}

TEST(WarehouseNames, ReasonsSayWhatWasDone) {
  EXPECT_EQ(reasons("req.id"), (Names{"characters"}));
  EXPECT_EQ(reasons("Café"), (Names{"accents", "case"}));
  EXPECT_EQ(reasons("2nd"), (Names{"leading digit"}));
  EXPECT_EQ(reasons("user"), (Names{"reserved word"}));
  EXPECT_EQ(reasons(""), (Names{"empty"}));
  EXPECT_EQ(reasons("温度"), (Names{"characters", "empty"}));
  EXPECT_EQ(reasons(std::string(130, 'x')), (Names{"length"}));
  EXPECT_EQ(warehouse_names({"a", "A"}).back().reasons, (Names{"case", "collision"}));
  EXPECT_EQ(warehouse_names({"userID"}, kCamel).front().reasons, (Names{"case"}));
}

TEST(WarehouseNames, TenThousandEqualNamesAreQuick) {
  const Names names = renamed(Names(10'000, "x"));
  EXPECT_EQ(names.front(), "x");
  EXPECT_EQ(names.back(), "x_10000");
}

TEST(WarehouseNames, RenamesOfAStepHappenAtOnce) {
  std::vector<RenamedColumn> renames;
  add_renames(renames, {{"a", "b", {"one"}}, {"b", "a", {"one"}}});
  add_renames(renames, {{"a", "c", {"two"}}, {"z", "a", {"two"}}});
  ASSERT_EQ(renames.size(), 3U);
  EXPECT_EQ(renames[0].source + renames[0].name, "ab");
  EXPECT_EQ(renames[1].source + renames[1].name, "bc");
  EXPECT_EQ(renames[1].reasons, (Names{"one", "two"}));
  EXPECT_EQ(renames[2].source + renames[2].name, "za");
}

TEST(WarehouseNames, UnknownVersionsAndTinyLengthsAreErrors) {
  EXPECT_THROW(renamed({"a"}, NameRule{2, false, 127}), Error);
  EXPECT_THROW(renamed({"a"}, NameRule{1, false, 5}), Error);
}

std::string random_name(std::mt19937& random) {
  static const Names kPieces{"a", "B",  "c9",    "_", "__", "-",    " ",   "é",   "温", "1",  "user",     "Date", "2",
                             ".", "ID", "HTTPs", "ß", "\0", "\xFF", "ﬁ",   "a_2", "_2", "$",  "end",      "_3",   "x",
                             "",  "\"", "'",     "😀", "Å",  "½",    "oid", "col", "_1", "c_", "timestamp"};
  std::string name;
  const auto pieces = random() % (random() % 20 == 0 ? 90 : 4);
  for (std::size_t i = 0; i < pieces; ++i) name += kPieces[random() % kPieces.size()];
  return name;
}

TEST(WarehouseNames, AreValidUniqueAndStable) {
  std::mt19937 random(20261123);
  for (int round = 0; round < 3'000; ++round) {
    const NameRule rule{1, random() % 2 == 0, random() % 2 == 0 ? 127 : 20};
    Names names;
    for (std::size_t i = 0; i < 1 + random() % 12; ++i) names.push_back(random_name(random));
    const Names once = renamed(names, rule);
    EXPECT_EQ(renamed(once, rule), once) << "round " << round;
    EXPECT_EQ(std::set<std::string>(once.begin(), once.end()).size(), once.size()) << "round " << round;
    for (const std::string& name : once) {
      EXPECT_TRUE(!name.empty() && name.size() <= static_cast<std::size_t>(rule.max_bytes)) << name;
      EXPECT_TRUE(name.front() >= 'a' && name.front() <= 'z') << name;
      EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos) << name;
    }
  }
}

}  // namespace
}  // namespace evclean
