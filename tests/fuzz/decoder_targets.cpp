// SPDX-License-Identifier: Apache-2.0
// Decoders: the counts balance, spans stay inside their block, and a text cut in blocks reads like the whole.
#include <fmt/format.h>

#include <algorithm>

#include "../decode/decode_run.hpp"
#include "evclean/error.hpp"
#include "preset.hpp"
#include "targets.hpp"
#include "utf8.hpp"

namespace evclean::fuzz {
namespace {

void check_counts(const test::Output& out, std::string_view text) {
  const auto records = static_cast<std::int64_t>(out.rows.size() + out.rejects.size()) + out.blank;
  must(out.lines == records, "lines are rows, rejects and blanks");
  const auto ends = std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; });
  must(out.newlines <= ends, "more line ends than are there");
  for (const Reject& reject : out.rejects) {
    must(!reject.reason.empty(), "a reject without a reason");
    must(reject.byte_offset >= 0 && reject.byte_offset <= static_cast<std::int64_t>(text.size()),
         "a reject outside the text");
  }
}

/// Without missing cells at the end: a column that appears late is in the rows of a batch, not in those before it.
std::vector<std::vector<std::optional<std::string>>> trimmed(const test::Output& out) {
  auto rows = out.rows;
  for (auto& row : rows) {
    while (!row.empty() && !row.back()) row.pop_back();
  }
  return rows;
}

/// Decoders get UTF-8: what is not is repaired before them.
void decode(const FormatSpec& spec, const std::string& format, std::string_view bytes) {
  std::string text;
  std::vector<Utf8Repair> repairs;
  repair_utf8(bytes, true, text, repairs);
  try {
    const auto decoder = make_decoder(spec, format);
    const test::Output whole = test::run(*decoder, text);
    check_counts(whole, text);
    const test::Output pieces = test::run(*make_decoder(spec, format), text, 7 + text.size() % 61);
    check_counts(pieces, text);
    must(trimmed(pieces) == trimmed(whole) && pieces.rejects.size() == whole.rejects.size(),
         "blocks change what is read");
  } catch (const Error& error) {
    must(error.code() == ExitCode::kUser, error.what());  // a CSV header that does not end
  }
}

void add(std::vector<Target>& targets, const std::string& name, const FormatSpec& spec, const std::string& format,
         std::vector<std::string> seeds) {
  targets.push_back({name, [spec, format](std::string_view text) { decode(spec, format, text); }, std::move(seeds)});
}

FormatSpec spec_with(const std::function<void(FormatSpec&)>& change) {
  FormatSpec spec;
  spec.year = 2026;
  spec.max_line_bytes = 4096;
  change(spec);
  return spec;
}

}  // namespace

void add_decoders(std::vector<Target>& targets) {
  const FormatSpec plain = spec_with([](FormatSpec&) {});
  for (const PresetFile& file : preset_files()) {
    std::vector<std::string> seeds = {""};
    for (const PresetSample& sample : find_preset(file.name)->samples) {
      seeds.push_back(fmt::format("{}\n", sample.line));
      seeds[0] += seeds.back();
    }
    add(targets, file.name, plain, file.name, seeds);
  }
  add(targets, "lines", plain, "lines", {"a\nb\r\n\n c", "\xef\xbf\xbd\0x"});
  add(targets, "multiline", spec_with([](FormatSpec& s) {
        s.multiline_start = "^\\d";
        s.comment = "#";
        s.skip = 1;
      }),
      "lines", {"head\n1 a\n at x\n#c\n2 b\n", "1\n2\n3"});
  add(targets, "regex", spec_with([](FormatSpec& s) {
        s.patterns = {"^(?<a>\\d+) (?<b>.*)$", "(?<c>x+)"};
      }),
      "regex", {"1 a\nxx\nnone\n", "12 \n"});
  const std::vector<std::string> csv = {"a,b\n1,\"x\ny\"\n2,z\n", "a;b;c\n1;2\n1;2;3;4\n",
                                        "# c\na\tb\n\"1\"\t\"\"\"\"\n", "a,a,\n1,2,3\na,a,\n", "title\n\nx,y\r1,2\r"};
  add(targets, "csv", plain, "csv", csv);
  add(targets, "csv-auto-header", spec_with([](FormatSpec& s) { s.header_auto = true; }), "csv", csv);
  add(targets, "tsv", plain, "tsv", csv);
  add(targets, "json", plain, "json",
      {"{\"a\":1,\"b\":{\"c\":[1,{}]}}\n{\"a\":\"\\ud83d\\ude00\"}\n", "[{\"a\":1},{\"a\":2}]",
       "{\"a\":1} {\"a\":2}\n{\"a\":3}\n", "{\n \"a\": null\n}\n{\"a\": true}",
       "{\"a\":1,\"a\":2}\n{\"a\":\n{\"b\":1e5}\n"});
  targets.push_back({"auto",
                     [](std::string_view text) {
                       const FormatSpec spec;
                       must(!choose_format(spec, {std::string(text)}, {"x.log"}).format.empty(), "no format");
                     },
                     csv});
}

}  // namespace evclean::fuzz
