// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "scalar.hpp"
#include "sections.hpp"

namespace evclean::job {

namespace {

/// Splits text into lines; a last newline ends the last line and begins none.
void append_lines(std::vector<std::string>& lines, std::string_view text) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  for (std::size_t begin = 0;;) {
    const std::size_t newline = text.find('\n', begin);
    lines.emplace_back(text.substr(begin, newline == text.npos ? text.npos : newline - begin));
    if (newline == text.npos) return;
    begin = newline + 1;
  }
}

bool all_of_kind(const YamlNode& list, YamlNode::Kind kind) {
  return std::all_of(list.items.begin(), list.items.end(), [kind](const YamlNode& item) { return item.kind == kind; });
}

void read_test_input(const YamlNode& node, TestSpec& test, Problems& problems) {
  if (node.is_scalar()) {
    append_lines(test.lines, node.text);
  } else if (node.is_list() && all_of_kind(node, YamlNode::Kind::kScalar)) {
    for (const YamlNode& line : node.items) append_lines(test.lines, line.text);
  } else if (node.is_map() || (node.is_list() && all_of_kind(node, YamlNode::Kind::kMap))) {
    test.rows = read_rows(node, "tests.input", problems);
  } else {
    problems.report(node, "a test's input is text, a list of lines, or rows (maps), not {}",
                    node.is_list() ? "a list of both" : kind_words(node));
  }
}

/// expect: {reject: text}. Also means this when the row really has a column named reject.
bool is_reject_form(const YamlNode& node) {
  return node.is_map() && node.keys.size() == 1 && node.keys[0].text == "reject";
}

void read_expected_word(const YamlNode& node, TestSpec& test, Problems& problems) {
  test.expect_reject = node.text == "reject";
  test.expect_filtered = node.text == "filtered";
  if (test.expect_reject || test.expect_filtered) return;
  problems.report(node, "expect is a row (a map), a list of rows, reject, {{reject: text}} or filtered, not '{}'{}",
                  printable(node.text, 60), did_you_mean(node.text, {"reject", "filtered"}));
}

void read_expect(const YamlNode& node, TestSpec& test, Problems& problems) {
  test.expect_place = node.place;
  if (node.is_scalar()) return read_expected_word(node, test, problems);
  if (node.is_null()) return problems.report(node, "expect has no value: write a row, reject or filtered");
  if (!is_reject_form(node)) {
    test.expect = read_rows(node, "tests.expect", problems);
    return;
  }
  test.expect_reject = true;
  if (auto text = read_text(node.items[0], "expect.reject", problems)) test.reject_reason = std::move(text->value);
}

void read_test_tables(const YamlNode& node, TestSpec& test, Problems& problems) {
  if (!node.is_map()) {
    return problems.report(node, "a test's tables are a map of table to rows, not {}", kind_words(node));
  }
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const std::string& name = node.keys[i].text;
    test.tables[name] = read_rows(node.items[i], "tests.tables." + printable(name, 60), problems);
  }
}

TestSpec read_test(const YamlNode& node, std::size_t number, Problems& problems) {
  TestSpec test;
  test.place = node.place;
  test.name = fmt::format("test {}", number);
  MapReader map(node, "tests", problems);
  if (const auto* name = map.take("name")) {
    if (auto text = read_word(*name, "tests.name", problems)) test.name = std::move(text->value);
  }
  if (const auto* input = map.need("input")) read_test_input(*input, test, problems);
  if (const auto* tables = map.take("tables")) read_test_tables(*tables, test, problems);
  if (const auto* expect = map.need("expect")) read_expect(*expect, test, problems);
  map.finish();
  return test;
}

}  // namespace

std::vector<TestSpec> read_tests(const YamlNode& node, Problems& problems) {
  std::vector<TestSpec> tests;
  if (node.is_list()) {
    for (const YamlNode& item : node.items) tests.push_back(read_test(item, tests.size() + 1, problems));
  } else if (!node.is_null()) {
    tests.push_back(read_test(node, 1, problems));
  }
  return tests;
}

}  // namespace evclean::job
