// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "pieces.hpp"
#include "scalar.hpp"
#include "sections.hpp"
#include "type_word.hpp"

namespace evclean::job {

namespace {

/// A span's length has 28 bits, so a record stays below that.
constexpr std::int64_t kMostLineBytes = (std::int64_t{1} << 28) - 1;

std::vector<Text> read_paths(const YamlNode& node, const std::string& what, Problems& problems) {
  std::vector<Text> paths;
  const auto add = [&](const YamlNode& item) {
    auto path = read_path(item, what, problems);
    if (!path) return;
    path->value = path_from_job(path->value, path->place);
    paths.push_back(*std::move(path));
  };
  if (!node.is_list()) {
    add(node);
    return paths;
  }
  for (const YamlNode& item : node.items) add(item);
  if (node.items.empty()) problems.report(node, "{} is an empty list: name a file, a directory or a glob", what);
  return paths;
}

/// A share or a count; the other one is unset.
void read_most(const YamlNode& node, const char* what, std::optional<double>& share, std::optional<std::int64_t>& count,
               Problems& problems) {
  const auto text = read_text(node, what, problems);
  if (!text) return;
  if (!text->value.empty() && text->value.back() == '%') {
    if (const auto read = read_share(node, what, problems)) {
      share = read;
      count.reset();
    }
    return;
  }
  if (text->value.find('.') != std::string::npos) {
    problems.report(node, "{} is a share such as 0.1% or a count such as 100, not '{}'", what,
                    printable(text->value, 40));
    return;
  }
  if (const auto read = read_integer(node, what, 0, INT64_MAX, problems)) {
    count = read;
    share.reset();
  }
}

/// One file of JSON lines, as it is.
void check_reject_path(const YamlNode& node, const std::string& path, Problems& problems) {
  if (path.ends_with('/')) problems.report(node, "rejects.path is a file such as {}rejects.jsonl, not a folder", path);
  for (const char* packed : {".gz", ".zst", ".bz2", ".xz", ".lz4"}) {
    if (path.ends_with(packed))
      problems.report(node, "rejects are written as plain JSON lines: rejects.path may not end in {}", packed);
  }
}

void read_rejects(const YamlNode& node, RejectBudget& budget, Problems& problems) {
  MapReader map(node, "rejects", problems);
  if (const auto* max = map.take("max")) read_most(*max, "rejects.max", budget.share, budget.count, problems);
  if (const auto* max = map.take("max_per_file"))
    read_most(*max, "rejects.max_per_file", budget.file_share, budget.file_count, problems);
  if (const auto* path = map.take("path")) {
    if (auto text = read_path(*path, "rejects.path", problems)) {
      check_reject_path(*path, text->value, problems);
      budget.path = std::move(text->value);
    }
  }
  if (const auto* s3 = map.take("s3")) budget.s3 = read_s3(*s3, "rejects.s3", S3Use::kWrite, problems);
  map.finish();
}

std::vector<NamedText> read_types(const YamlNode& node, Problems& problems) {
  std::vector<NamedText> types;
  if (!node.is_map()) {
    problems.report(node, "types must be a map of column to type, not {}", kind_words(node));
    return types;
  }
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const auto word = read_type_word(node.items[i], "types." + printable(node.keys[i].text, 60), problems);
    if (!word) continue;
    types.push_back({node.keys[i].text, word->value, node.keys[i].place, word->place});
  }
  return types;
}

std::vector<std::string> read_null_words(const YamlNode& node, const std::string& what, Problems& problems) {
  std::vector<std::string> words;
  const auto add = [&](const YamlNode& item) {
    if (auto word = read_text(item, what, problems)) words.push_back(std::move(word->value));
  };
  if (node.is_list()) {
    for (const YamlNode& item : node.items) add(item);
  } else {
    add(node);
  }
  return words;
}

NullOptions read_nulls(const YamlNode& node, Problems& problems) {
  NullOptions nulls;
  if (!node.is_map()) {
    nulls.words = read_null_words(node, "nulls", problems);
    return nulls;
  }
  MapReader map(node, "nulls", problems);
  if (const auto* only = map.need("only")) {
    nulls.only = true;
    nulls.words = read_null_words(*only, "nulls.only", problems);
  }
  map.finish();
  return nulls;
}

void read_header(const YamlNode& node, FormatSpec& format, Problems& problems) {
  if (node.is_scalar() && node.text == "auto") {
    format.header_auto = true;
    return;
  }
  assign(format.header, read_bool(node, "header", problems, "true, false or auto"));
}

/// quote: null, none, false and '' all turn quoting off.
void read_quote(const YamlNode& node, FormatSpec& format, Problems& problems) {
  const bool off =
      node.is_null() || (node.is_scalar() && (node.text.empty() || node.text == "none" || node.text == "false"));
  if (off) {
    format.quote = "none";
    return;
  }
  assign(format.quote, read_character(node, "quote", problems));
}

void read_comment(const YamlNode& node, FormatSpec& format, Problems& problems) {
  const auto text = read_word(node, "comment", problems);
  if (!text) return;
  if (text->value.find_first_of("\r\n") != std::string::npos) {
    problems.report(node, "comment is what a comment line begins with: it holds no line end");
    return;
  }
  format.comment = text->value;
}

void read_multiline(const YamlNode& node, InputSpec& input, Problems& problems) {
  MapReader map(node, "multiline", problems);
  if (const auto* start = map.need("start")) {
    input.multiline_place = start->place;
    if (auto text = read_word(*start, "multiline.start", problems))
      input.format.multiline_start = std::move(text->value);
  }
  map.finish();
}

/// Formats that say themselves where records end.
void check_multiline(const YamlNode& node, const FormatSpec& format, Problems& problems) {
  for (const std::string& name : format.formats) {
    if (name != "csv" && name != "tsv" && name != "json") continue;
    problems.report(
        node,
        "multiline is for formats that are read line by line (lines, regex, most presets); {} says itself where "
        "records end",
        name);
  }
}

void read_patterns(MapReader& map, InputSpec& input) {
  const YamlNode* const node = map.take("patterns");
  const auto& formats = input.format.formats;
  const bool regex = std::find(formats.begin(), formats.end(), "regex") != formats.end();
  if (node == nullptr) {
    if (regex) map.problems().report(map.node(), "format: regex needs the key 'patterns'");
    return;
  }
  for (Text& pattern : read_words(*node, "patterns", map.problems())) {
    input.pattern_places.push_back(pattern.place);
    input.format.patterns.push_back(std::move(pattern.value));
  }
  if (regex) return;
  if (map.node().find("format") == nullptr) {
    input.format.formats = {"regex"};
    input.format_place = node->place;
  } else {
    map.problems().report(*node, "patterns are for format: regex, not for {}", printable(formats.front(), 60));
  }
}

void read_format(MapReader& map, InputSpec& input) {
  Problems& problems = map.problems();
  if (const auto* node = map.take("format")) {
    input.format_place = node->place;
    std::vector<std::string> names;
    for (Text& name : read_words(*node, "format", problems)) names.push_back(std::move(name.value));
    if (!names.empty()) input.format.formats = std::move(names);
  }
  read_patterns(map, input);
}

void read_text_keys(MapReader& map, InputSpec& input) {
  Problems& problems = map.problems();
  FormatSpec& format = input.format;
  if (const auto* node = map.take("header")) read_header(*node, format, problems);
  if (const auto* node = map.take("delimiter")) assign(format.delimiter, read_character(*node, "delimiter", problems));
  if (const auto* node = map.take("quote")) {
    read_quote(*node, format, problems);
    if (!format.quote.empty() && format.quote == format.delimiter)
      problems.report(*node, "quote and delimiter cannot be the same character '{}'", printable(format.quote, 8));
  }
  if (const auto* node = map.take("skip")) assign(format.skip, read_integer(*node, "skip", 0, INT32_MAX, problems));
  if (const auto* node = map.take("comment")) read_comment(*node, format, problems);
  if (const auto* node = map.take("multiline")) {
    read_multiline(*node, input, problems);
    check_multiline(*node, format, problems);
  }
  if (const auto* node = map.take("timezone")) {
    input.timezone_place = node->place;
    if (auto zone = read_word(*node, "timezone", problems)) format.timezone = std::move(zone->value);
  }
  if (const auto* node = map.take("year")) assign(format.year, read_integer(*node, "year", 1, 9999, problems));
}

void read_limits(MapReader& map, InputSpec& input) {
  Problems& problems = map.problems();
  if (const auto* node = map.take("max_line")) {
    assign(input.format.max_line_bytes, read_size(*node, "max_line", 1, kMostLineBytes, problems));
  }
  if (const auto* node = map.take("max_columns")) {
    assign(input.format.max_columns, read_integer(*node, "max_columns", 1, 1'000'000, problems));
  }
  if (const auto* node = map.take("max_depth")) {
    assign(input.format.max_depth, read_integer(*node, "max_depth", 1, 1024, problems));
  }
  if (const auto* node = map.take("max_ratio")) {
    assign(input.max_ratio, read_integer(*node, "max_ratio", 1, INT32_MAX, problems));
  }
}

void read_policies(MapReader& map, InputSpec& input) {
  Problems& problems = map.problems();
  if (const auto* node = map.take("missing")) {
    assign(input.missing, read_choice<OnMissing>(*node, "missing",
                                                 {{"skip", OnMissing::kSkip}, {"fail", OnMissing::kFail}}, problems));
  }
  if (const auto* node = map.take("empty")) {
    assign(input.empty,
           read_choice<OnEmpty>(*node, "empty", {{"skip", OnEmpty::kSkip}, {"fail", OnEmpty::kFail}}, problems));
  }
  if (const auto* node = map.take("corrupt")) {
    assign(input.corrupt,
           read_choice<OnCorrupt>(
               *node, "corrupt",
               {{"salvage", OnCorrupt::kSalvage}, {"skip", OnCorrupt::kSkip}, {"fail", OnCorrupt::kFail}}, problems));
  }
  if (const auto* node = map.take("rejects")) read_rejects(*node, input.rejects, problems);
}

void read_encoding(const YamlNode& node, InputSpec& input, Problems& problems) {
  assign(input.encoding, read_choice<Encoding>(node, "encoding",
                                               {{"auto", Encoding::kAuto},
                                                {"utf-8", Encoding::kUtf8},
                                                {"utf8", Encoding::kUtf8},
                                                {"UTF-8", Encoding::kUtf8},
                                                {"utf-16", Encoding::kUtf16Le},
                                                {"UTF-16", Encoding::kUtf16Le},
                                                {"utf-16le", Encoding::kUtf16Le},
                                                {"UTF-16LE", Encoding::kUtf16Le},
                                                {"utf-16be", Encoding::kUtf16Be},
                                                {"UTF-16BE", Encoding::kUtf16Be},
                                                {"latin-1", Encoding::kLatin1},
                                                {"latin1", Encoding::kLatin1},
                                                {"iso-8859-1", Encoding::kLatin1},
                                                {"ISO-8859-1", Encoding::kLatin1}},
                                               problems));
}

}  // namespace

InputSpec read_input_keys(MapReader& map) {
  Problems& problems = map.problems();
  InputSpec input;
  input.place = map.node().place;
  if (const auto* node = map.need("paths")) input.paths = read_paths(*node, map.what() + ".paths", problems);
  read_format(map, input);
  read_policies(map, input);
  read_text_keys(map, input);
  read_limits(map, input);
  if (const auto* node = map.take("types")) input.types = read_types(*node, problems);
  for (const NamedText& type : input.types) input.format.types.push_back({type.name, type.value});
  if (const auto* node = map.take("nulls")) input.format.nulls = read_nulls(*node, problems);
  if (const auto* node = map.take("encoding")) read_encoding(*node, input, problems);
  if (const auto* node = map.take("source")) {
    assign(input.source, read_bool(*node, "source", problems));
    input.format.format_column = input.source && input.format.formats.size() > 1;
  }
  if (const auto* node = map.take("only_new")) {
    if (auto text = read_path(*node, "only_new", problems)) input.only_new = std::move(text->value);
  }
  if (const auto* node = map.take("s3")) input.s3 = read_s3(*node, map.what() + ".s3", S3Use::kRead, problems);
  return input;
}

InputSpec read_input(const YamlNode& node, Problems& problems) {
  if (node.is_scalar() || node.is_list()) {
    InputSpec input;
    input.place = node.place;
    input.paths = read_paths(node, "input", problems);
    return input;
  }
  MapReader map(node, "input", problems);
  InputSpec input = read_input_keys(map);
  map.finish();
  return input;
}

}  // namespace evclean::job
