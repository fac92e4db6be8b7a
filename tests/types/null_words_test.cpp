// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "evclean/types.hpp"
#include "span_columns.hpp"

namespace evclean {
namespace {

std::vector<bool> missing_of(const NullWords& words, const std::vector<Cell>& cells, RawKind kind, Evidence& evidence) {
  ColumnOfCells made = make_column(cells, kind);
  mark_missing(made.column, words, evidence);
  EXPECT_TRUE(made.column.nulls_marked);
  std::vector<bool> missing;
  for (const Span span : made.column.spans) missing.push_back(span.missing());
  return missing;
}

TEST(NullWords, AreThoseOfPandasInExactCase) {
  const NullWords words = NullWords::standard();
  for (const char* word : {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
                           "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"}) {
    EXPECT_TRUE(words.contains(word)) << word;
  }
  for (const char* word : {" ", "\t", "  \t "}) EXPECT_TRUE(words.contains(word));
  for (const char* word :
       {"none", "NONE", "Null", "-", ".", "na", "Na", "N/a", " NA", "NA ", "NAN", "null\n", "0", "nullx", "\n"}) {
    EXPECT_FALSE(words.contains(word)) << word;
  }
}

TEST(NullWords, LogsAddTheDashAndUsersTheirOwn) {
  NullWords words = NullWords::logs();
  EXPECT_TRUE(words.contains("-"));
  EXPECT_FALSE(words.contains("--"));
  const std::string very_long(100, 'x');
  EXPECT_FALSE(words.contains(very_long));
  words.add(very_long);
  words.add("NA");
  EXPECT_TRUE(words.contains(very_long));
  EXPECT_FALSE(words.contains(very_long + "x"));
  EXPECT_TRUE(words.contains("NA"));
}

TEST(NullWords, OnlyReplacesAllOthersBlankIncluded) {
  const NullWords words = NullWords::only({"?", "-1"});
  EXPECT_TRUE(words.contains("?"));
  EXPECT_FALSE(words.contains("NA"));
  EXPECT_FALSE(words.contains(""));
  EXPECT_FALSE(words.contains(" "));
  EXPECT_TRUE(NullWords::only({""}).contains("  "));
}

TEST(MarkMissing, LeavesQuotedFieldsAloneButForTheEmptyOne) {
  Evidence evidence;
  const std::vector<Cell> cells = {
      {"NA"}, {"NA", Span::kQuoted}, {""},  {"", Span::kQuoted}, {"  "}, {" ", Span::kQuoted}, {"x"},
      {"-"},  {"", Span::kMissing},  {"NA"}};
  EXPECT_EQ(missing_of(NullWords::standard(), cells, RawKind::kText, evidence),
            (std::vector<bool>{true, false, true, true, true, false, false, false, true, true}));
  EXPECT_EQ(evidence.null_words, (std::map<std::string, std::int64_t>{{"", 3}, {"NA", 2}}));
  EXPECT_EQ(evidence.missing, 0) << "convert counts the missing";
}

TEST(MarkMissing, JsonKnowsBlankTextAndTheUsersWordsOnly) {
  Evidence evidence;
  NullWords words = NullWords::logs();
  words.add("?");
  words.add("-999");
  const std::vector<Cell> cells = {{"NA", Span::kQuoted},
                                   {"", Span::kQuoted},
                                   {" \t", Span::kQuoted},
                                   {"-", Span::kQuoted},
                                   {"?", Span::kQuoted},
                                   {"-999"},
                                   {"5"},
                                   {"", Span::kMissing}};
  EXPECT_EQ(missing_of(words, cells, RawKind::kJson, evidence),
            (std::vector<bool>{false, true, true, false, true, true, false, true}));
  EXPECT_EQ(evidence.null_words, (std::map<std::string, std::int64_t>{{"", 2}, {"-999", 1}, {"?", 1}}));
}

TEST(MarkMissing, CountsAColumnOnce) {
  ColumnOfCells made = make_column({{"NA"}, {"1"}}, RawKind::kText);
  Evidence evidence;
  mark_missing(made.column, NullWords::standard(), evidence);
  mark_missing(made.column, NullWords::standard(), evidence);
  EXPECT_EQ(evidence.null_words["NA"], 1);
}

}  // namespace
}  // namespace evclean
