// SPDX-License-Identifier: Apache-2.0
#include "access_parser.hpp"

namespace evclean {
namespace {

constexpr const char* kCombinedLine =
    R"(203.0.113.7 - alice [01/Nov/2026:06:52:16 +0000] "GET /product/7 HTTP/1.1" 200 5120 "https://example.org/" "curl/8.5")";
constexpr const char* kCommonLine =
    R"(203.0.113.7 - alice [01/Nov/2026:06:52:16 +0000] "GET /product/7 HTTP/1.1" 200 5120)";

std::vector<InputColumn> columns_of(const RecordParser& parser) {
  std::vector<InputColumn> columns;
  for (const CellType& type : parser.columns()) columns.push_back(type.column);
  return columns;
}

}  // namespace

std::vector<FormatInfo> known_formats() {
  return {
      {"lines", "plain text, one column `line`", "any text", {{"line", true, ValueType::kString}}},
      {"regex",
       "patterns with named groups; the first that matches wins",
       R"(patterns: ['^(?<day>\S+) (?<text>.*)$'])",
       {}},
      {"csv", "comma-separated values; the dialect is sniffed", "id,name", {}},
      {"tsv", "tab-separated values", "id\tname", {}},
      {"json",
       "one object a line, an array of objects, or objects one after another",
       R"({"id": 1, "req": {"path": "/"}})",
       {}},
      {"combined", "access log with referer and user agent (Apache, nginx)", kCombinedLine,
       columns_of(AccessParser(AccessFormat::kCombined))},
      {"common", "access log without them (NCSA)", kCommonLine, columns_of(AccessParser(AccessFormat::kCommon))},
  };
}

}  // namespace evclean
