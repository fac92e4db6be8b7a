// SPDX-License-Identifier: Apache-2.0
// Greps the includes of every room against the table in ARCHITECTURE.md.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

namespace {

namespace fs = std::filesystem;

/// Public headers and the room that implements them.
const std::map<std::string, std::string> kHeaders = {{"error", "base"},
                                                     {"handle", "base"},
                                                     {"hash", "base"},
                                                     {"json_quoted", "base"},
                                                     {"zeroed_array", "base"},
                                                     {"suggest", "base"},
                                                     {"path_problem", "base"},
                                                     {"text_keys", "base"},
                                                     {"interrupt", "base"},
                                                     {"arrow_status", "base"},
                                                     {"heap_pages", "base"},
                                                     {"ledger", "base"},
                                                     {"text_block", "table"},
                                                     {"value_type", "table"},
                                                     {"batch", "table"},
                                                     {"span_mask", "table"},
                                                     {"line_ends", "table"},
                                                     {"reject", "table"},
                                                     {"comm", "mpi"},
                                                     {"mail", "mpi"},
                                                     {"piece_desk", "mpi"},
                                                     {"carried_state", "decode"},
                                                     {"ticket_policy", "mpi"},
                                                     {"patience", "mpi"},
                                                     {"text_layout", "source"},
                                                     {"read_ahead", "source"},
                                                     {"source", "source"},
                                                     {"byte_stream", "source"},
                                                     {"offset_map", "source"},
                                                     {"types", "types"},
                                                     {"pattern", "pattern"},
                                                     {"pattern_tally", "pattern"},
                                                     {"decoder", "decode"},
                                                     {"function", "functions"},
                                                     {"names", "names"},
                                                     {"job", "job"},
                                                     {"expression", "sql"},
                                                     {"cast_text", "sql"},
                                                     {"pipeline", "clean"},
                                                     {"sink", "sink"},
                                                     {"report", "report"},
                                                     {"engine", "plan"},
                                                     {"cluster_plan", "plan"},
                                                     {"stage", "stage"},
                                                     {"descriptor", "stage"},
                                                     {"record_batch", "stage"},
                                                     {"dataset", "exchange"},
                                                     {"exchange", "exchange"},
                                                     {"relational", "relational"},
                                                     {"lookup", "relational"},
                                                     {"valueless", "relational"},
                                                     {"unordered_rows", "relational"},
                                                     {"encode", "encode"},
                                                     {"query", "query"},
                                                     {"digest", "base"},
                                                     {"s3", "s3"},
                                                     {"s3_settings", "s3"},
                                                     {"sql_tree", "sql"},
                                                     {"select", "sql"}};

/// Rooms whose public headers a room may include.
const std::map<std::string, std::set<std::string>> kMayUse = {
    {"base", {}},
    {"table", {"base"}},
    {"mpi", {"base"}},
    {"stage", {"base", "table"}},
    {"exchange", {"base", "table", "stage", "mpi"}},
    {"relational", {"base", "table", "stage", "types", "mpi", "exchange"}},
    {"query", {"base", "table", "stage", "types", "mpi", "sql", "exchange", "relational"}},
    {"encode", {"base", "table", "stage", "types", "mpi", "job", "exchange", "relational"}},
    {"s3", {"base"}},
    {"source", {"base", "s3", "table"}},
    {"types", {"base", "table"}},
    {"pattern", {"base"}},
    {"decode", {"base", "table", "source", "types", "pattern"}},
    {"functions", {"base", "pattern"}},
    {"names", {"base"}},
    {"job", {"base", "s3", "table", "source", "decode", "pattern"}},
    {"sql", {"base", "table", "types", "pattern", "functions"}},
    {"clean", {"base", "table", "types", "pattern", "decode", "job", "sql", "names", "functions"}},
    {"sink", {"base", "names", "s3", "table", "stage", "types", "mpi", "job"}},
    {"report", {"base", "table", "types", "sink", "stage"}},
    {"plan",
     {"base", "s3", "table", "types", "pattern", "functions", "mpi", "source", "decode", "job", "sql", "clean", "sink",
      "report", "stage", "exchange", "relational", "encode", "query"}},
    {"cli",
     {"base", "s3", "table", "types", "mpi", "source", "decode", "job", "sql", "clean", "sink", "report", "plan",
      "names", "functions", "query"}}};

/// Third-party headers (a part of the include) that only some rooms may include.
const std::map<std::string, std::set<std::string>> kOwners = {{"mpi.h", {"mpi", "sink"}},
                                                              {"boost/", {"mpi"}},
                                                              {"pcre2", {"pattern"}},
                                                              {"simdjson", {"decode"}},
                                                              {"yaml-cpp", {"job", "decode"}},
                                                              {"pg_query", {"sql"}},
                                                              {"hdf5.h", {"sink"}},
                                                              {"parquet/", {"sink"}},
                                                              {"zstd", {"source", "sink"}},
                                                              {"libdeflate", {"sink"}},
                                                              {"CLI/", {"cli"}},
                                                              {"utf8proc", {"names"}},
                                                              {"xxhash", {"base"}},
                                                              {"openssl", {"base"}},
                                                              {"curl", {"s3"}},
                                                              {"pugixml", {"s3"}},
                                                              {"isa-l", {"source", "sink"}},
                                                              {"lzma.h", {"source"}},
                                                              {"lz4", {"source"}},
                                                              {"bzlib", {"source"}},
                                                              {"zlib.h", {"source"}}};

std::string included(const std::string& line) {
  const auto hash = line.find_first_not_of(' ');
  if (hash == std::string::npos || line.compare(hash, 8, "#include") != 0) return {};
  const auto begin = line.find_first_of("<\"");
  return begin == std::string::npos ? std::string()
                                    : line.substr(begin + 1, line.find_first_of(">\"", begin + 1) - begin - 1);
}

void check_public(const std::string& room, const std::string& header, const std::string& where) {
  const std::string name = header.substr(8, header.size() - 8 - 4);
  const auto owner = kHeaders.find(name);
  ASSERT_NE(owner, kHeaders.end()) << where << " includes " << header << ", which the table does not know";
  EXPECT_TRUE(owner->second == room || kMayUse.at(room).count(owner->second) > 0)
      << where << ": room " << room << " may not include " << header << " (room " << owner->second << ")";
}

TEST(Layers, RoomsIncludeOnlyWhatTheTableAllows) {
  int files = 0;
  for (const auto& [room, allowed] : kMayUse) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(EVCLEAN_SOURCE_DIR) / "src" / room)) {
      const std::string extension = entry.path().extension();
      if (extension != ".cpp" && extension != ".hpp") continue;
      ++files;
      std::ifstream file(entry.path());
      for (std::string line; std::getline(file, line);) {
        const std::string header = included(line);
        if (header.rfind("evclean/", 0) == 0) check_public(room, header, entry.path());
        EXPECT_EQ(header.find("../"), std::string::npos) << entry.path() << " reaches into another room: " << header;
        for (const auto& [part, owners] : kOwners) {
          if (header.find(part) != std::string::npos) {
            EXPECT_TRUE(owners.count(room) > 0) << entry.path() << ": only its owner may include " << header;
          }
        }
      }
    }
  }
  EXPECT_GT(files, 50);
}

TEST(Layers, NoRoomIsADrawerForEverything) {
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(EVCLEAN_SOURCE_DIR) / "src")) {
    const std::string stem = entry.path().stem();
    for (const char* word : {"util", "helper", "common", "misc"}) {
      EXPECT_EQ(stem.find(word), std::string::npos) << entry.path();
    }
  }
}

TEST(Layers, PublicHeadersExist) {
  for (const auto& [name, room] : kHeaders) {
    EXPECT_TRUE(fs::exists(fs::path(EVCLEAN_SOURCE_DIR) / "include/evclean" / (name + ".hpp"))) << name;
  }
}

}  // namespace
