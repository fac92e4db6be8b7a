// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>

#include "scalar.hpp"
#include "sections.hpp"

namespace evclean::job {

namespace {

struct Extension {
  std::string_view ending;
  OutputFormat format;
  OutputCodec codec;
};

/// Longer endings first.
constexpr std::array<Extension, 14> kExtensions{{{".csv.gz", OutputFormat::kCsv, OutputCodec::kGzip},
                                                 {".csv.zst", OutputFormat::kCsv, OutputCodec::kZstd},
                                                 {".csv", OutputFormat::kCsv, OutputCodec::kNone},
                                                 {".tsv.gz", OutputFormat::kTsv, OutputCodec::kGzip},
                                                 {".tsv.zst", OutputFormat::kTsv, OutputCodec::kZstd},
                                                 {".tsv", OutputFormat::kTsv, OutputCodec::kNone},
                                                 {".jsonl.gz", OutputFormat::kJsonLines, OutputCodec::kGzip},
                                                 {".jsonl.zst", OutputFormat::kJsonLines, OutputCodec::kZstd},
                                                 {".jsonl", OutputFormat::kJsonLines, OutputCodec::kNone},
                                                 {".h5", OutputFormat::kHdf5, OutputCodec::kNone},
                                                 {".hdf5", OutputFormat::kHdf5, OutputCodec::kNone},
                                                 {".parquet", OutputFormat::kParquet, OutputCodec::kNone},
                                                 {".arrow", OutputFormat::kArrow, OutputCodec::kNone},
                                                 {".npy", OutputFormat::kNpy, OutputCodec::kNone}}};

std::vector<std::string> endings() {
  std::vector<std::string> words;
  for (const Extension& known : kExtensions) words.emplace_back(known.ending);
  return words;
}

bool ends_with(std::string_view text, std::string_view ending) {
  return text.size() >= ending.size() && text.substr(text.size() - ending.size()) == ending;
}

const Extension* extension_of(const std::string& path) {
  const std::string lower = lowered(path);
  for (const Extension& known : kExtensions) {
    if (ends_with(lower, known.ending)) return &known;
  }
  return nullptr;
}

std::string unknown_extension(const std::string& path) {
  const std::string name = path.substr(path.find_last_of('/') + 1);
  const std::size_t dot = name.find('.');
  const std::string ending = dot == std::string::npos ? "" : name.substr(dot);
  return fmt::format("the output format of '{}' is not known{}: a path ends in {}, or in / with the key 'format'",
                     printable(path, 100), did_you_mean(ending, endings()), fmt::join(endings(), " "));
}

/// `format: csv.gz` as the extension says it, without its dot.
const Extension* read_format_word(const YamlNode& node, Problems& problems) {
  std::vector<std::pair<std::string, const Extension*>> choices;
  for (const Extension& known : kExtensions) choices.emplace_back(known.ending.substr(1), &known);
  return read_choice<const Extension*>(node, "format", choices, problems).value_or(nullptr);
}

/// Returns false when the format stays unknown (a problem says so).
bool settle_format(MapReader& map, const YamlNode& path_node, OutputSpec& output) {
  Problems& problems = map.problems();
  const YamlNode* const format_node = map.take("format");
  const Extension* const word = format_node != nullptr ? read_format_word(*format_node, problems) : nullptr;
  const bool folder = output.path.back() == '/';
  const Extension* const ending = folder ? nullptr : extension_of(output.path);
  if (word != nullptr && ending != nullptr && (word->format != ending->format || word->codec != ending->codec)) {
    problems.report(*format_node, "format contradicts the path's ending {}: leave it out", ending->ending);
  }
  const Extension* const chosen = ending != nullptr ? ending : word;
  if (chosen != nullptr) {
    output.format = chosen->format;
    output.codec = chosen->codec;
    return true;
  }
  if (format_node == nullptr) {
    problems.report(
        path_node, "{}",
        folder ? fmt::format("a path that ends in / needs the key 'format'") : unknown_extension(output.path));
  }
  return false;
}

void check_path(const YamlNode& node, const std::string& path, Problems& problems) {
  const std::string name = path.substr(path.find_last_of('/') + 1);
  const Extension* const ending = extension_of(path);
  if (ending != nullptr && name.size() == ending->ending.size()) {
    problems.report(node, "'{}' has no name before its ending", printable(path, 100));
  }
  if (name == "." || name == "..") problems.report(node, "'{}' is a folder: end it with /", printable(path, 100));
}

/// A key that means something for some formats only; for others it would be ignored, so it is a problem.
const YamlNode* take_if(MapReader& map, std::string_view key, bool applies, std::string_view for_what) {
  const YamlNode* const node = map.take(key);
  if (node == nullptr || applies) return node;
  map.problems().report(*node, "{} is for {} only", key, for_what);
  return nullptr;
}

void read_missing_text(MapReader& map, OutputSpec& output, bool format_known) {
  const bool delimited = !format_known || output.format == OutputFormat::kCsv || output.format == OutputFormat::kTsv;
  const YamlNode* const node = take_if(map, "missing_text", delimited, "CSV and TSV");
  const YamlNode* const other = take_if(map, "null", delimited, "CSV and TSV");
  if (node != nullptr && other != nullptr) {
    map.problems().report(*other, "'null' and 'missing_text' are the same key: write one");
  }
  const YamlNode* const written = node != nullptr ? node : other;
  if (written == nullptr) return;
  auto text = read_text(*written, "missing_text", map.problems());
  if (!text) return;
  const std::string_view odd = output.format == OutputFormat::kTsv ? "\"\r\n\t" : "\"\r\n,";
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  const bool edges = !text->value.empty() && (is_blank(text->value.front()) || is_blank(text->value.back()));
  if (edges || text->value.find_first_of(odd) != std::string::npos) {
    map.problems().report(*written,
                          "missing_text: '{}' would need quotes in the file (delimiter, quote, line end or blank at an "
                          "edge): write another word",
                          printable(text->value, 60));
    return;
  }
  output.missing_text = std::move(text->value);
}

/// Of deflate in HDF5, libdeflate, LZ4 in Arrow, and zstd, whose levels below 0 are faster still.
std::pair<int, int> level_range(const OutputSpec& output) {
  if (output.format == OutputFormat::kHdf5) return {0, 9};
  if (output.format == OutputFormat::kArrow) return {1, 12};
  return output.codec == OutputCodec::kGzip ? std::pair(0, 12) : std::pair(-7, 22);
}

void read_level(MapReader& map, OutputSpec& output, bool format_known) {
  const YamlNode* const node = map.take("compression_level");
  if (node == nullptr || !format_known) return;
  if (output.format == OutputFormat::kNpy) {
    map.problems().report(*node, "compression_level: .npy is not compressed");
    return;
  }
  const bool text = output.format != OutputFormat::kHdf5 && output.format != OutputFormat::kParquet &&
                    output.format != OutputFormat::kArrow;
  if (text && output.codec == OutputCodec::kNone) {
    map.problems().report(*node, "compression_level needs a compressed output, such as .gz or .zst");
    return;
  }
  const auto [least, most] = level_range(output);
  if (const auto level = read_integer(*node, "compression_level", least, most, map.problems())) {
    output.compression_level = static_cast<int>(*level);
  }
}

/// HDF5 takes . and .. in a key for places, and a key of slashes alone for the file itself.
bool names_no_place(std::string_view key) {
  bool any = false;
  while (!key.empty()) {
    const std::string_view part = key.substr(0, key.find('/'));
    if (part == "." || part == "..") return true;
    any |= !part.empty();
    key.remove_prefix(std::min(key.size(), part.size() + 1));
  }
  return !any;
}

void read_hdf5_keys(MapReader& map, OutputSpec& output, bool format_known) {
  Problems& problems = map.problems();
  const bool hdf5 = !format_known || output.format == OutputFormat::kHdf5;
  if (const auto* node = take_if(map, "key", hdf5, "HDF5")) {
    if (auto key = read_word(*node, "key", problems)) output.key = std::move(key->value);
    if (names_no_place(output.key)) {
      problems.report(*node, "key cannot be '{}': names with slashes between them, such as logs/events",
                      printable(output.key, 60));
    }
  }
  if (const auto* node = take_if(map, "max_string", hdf5, "HDF5")) {
    assign(output.max_string, read_size(*node, "max_string", 1, 1 << 20, problems));
  }
  if (const auto* node = take_if(map, "long_text", hdf5, "HDF5")) {
    assign(output.truncate_long_text,
           read_choice<bool>(*node, "long_text", {{"fail", false}, {"truncate", true}}, problems));
  }
}

/// X and y as numbers instead of a table.
void read_layout(MapReader& map, OutputSpec& output, bool format_known) {
  Problems& problems = map.problems();
  output.matrix = format_known && output.format == OutputFormat::kNpy;
  const bool hdf5 = !format_known || output.format == OutputFormat::kHdf5;
  if (const auto* node = take_if(map, "layout", hdf5, "HDF5")) {
    assign(output.matrix, read_choice<bool>(*node, "layout", {{"table", false}, {"matrix", true}}, problems));
  }
  if (!output.matrix) return;
  if (output.path.ends_with('/')) problems.add(output.place, "a matrix needs a file name: its path cannot end in /");
  for (const char* key : {"partition_by", "warehouse", "key", "max_string", "long_text"}) {
    if (const YamlNode* const node = map.node().find(key)) problems.report(*node, "{} is not for a matrix", key);
  }
}

void read_partition_keys(MapReader& map, OutputSpec& output) {
  Problems& problems = map.problems();
  if (const auto* node = map.take("partition_by")) {
    output.partition_by = read_words(*node, "partition_by", problems);
    std::set<std::string> seen;
    for (const Text& column : output.partition_by) {
      if (!seen.insert(column.value).second) {
        problems.add(column.place, fmt::format("partition_by names '{}' twice", printable(column.value, 60)));
      }
    }
  }
  const YamlNode* const most = map.take("max_partitions");
  if (most == nullptr) return;
  if (output.partition_by.empty()) problems.report(*most, "max_partitions is for partition_by only");
  assign(output.max_partitions, read_integer(*most, "max_partitions", 1, 1'000'000, problems));
}

/// How the rows are dealt to files.
void read_set_keys(MapReader& map, OutputSpec& output, bool format_known) {
  Problems& problems = map.problems();
  const YamlNode* const files = map.take("files");
  if (files != nullptr) assign(output.files, read_integer(*files, "files", 1, 100'000, problems));
  if (const auto* node = map.take("file_size")) {
    assign(output.file_size_bytes, read_size(*node, "file_size", 1, std::int64_t{1} << 50, problems));
    if (files != nullptr) problems.report(*node, "file_size and files contradict each other: write one");
    if (format_known && output.format == OutputFormat::kHdf5) {
      problems.report(*node, "file_size is not for HDF5, whose size is known only when it is written: use files: N");
    }
  }
  read_partition_keys(map, output);
}

void read_warehouse(MapReader& map, OutputSpec& output, bool format_known) {
  const YamlNode* const node = map.take("warehouse");
  if (node == nullptr) return;
  Problems& problems = map.problems();
  const auto chosen = read_choice<Warehouse>(
      *node, "warehouse", {{"redshift", Warehouse::kRedshift}, {"athena", Warehouse::kAthena}}, problems);
  if (!chosen) return;
  output.warehouse = *chosen;
  if (format_known && (output.format == OutputFormat::kHdf5 || output.format == OutputFormat::kArrow)) {
    problems.report(*node, "{} is no format that {} loads: write Parquet, CSV or JSON lines",
                    output.format == OutputFormat::kHdf5 ? "HDF5" : "Arrow",
                    *chosen == Warehouse::kRedshift ? "Redshift" : "Athena");
  }
  if (*chosen == Warehouse::kRedshift && !output.partition_by.empty()) {
    problems.report(
        *node,
        "partition_by takes columns out of the files, and Redshift's COPY does not read folder names: leave one out");
  }
}

OutputSpec read_output(const YamlNode& node, Problems& problems) {
  OutputSpec output;
  output.place = node.place;
  MapReader map(node, "output", problems);
  const YamlNode* const path = map.need("path");
  if (path != nullptr) {
    if (auto text = read_path(*path, "output.path", problems)) output.path = std::move(text->value);
  }
  bool format_known = false;
  if (!output.path.empty()) {
    check_path(*path, output.path, problems);
    format_known = settle_format(map, *path, output);
  } else {
    map.take("format");
  }
  if (const auto* table = map.take("table")) {
    if (auto text = read_word(*table, "output.table", problems)) output.table = std::move(text->value);
  }
  if (const auto* over = map.take("overwrite")) assign(output.overwrite, read_bool(*over, "overwrite", problems));
  read_missing_text(map, output, format_known);
  read_level(map, output, format_known);
  read_hdf5_keys(map, output, format_known);
  read_set_keys(map, output, format_known);
  read_warehouse(map, output, format_known);
  read_layout(map, output, format_known);
  if (const auto* s3 = map.take("s3")) output.s3 = read_s3(*s3, "output.s3", S3Use::kWrite, problems);
  map.finish();
  return output;
}

OutputSpec read_output_path(const YamlNode& node, Problems& problems) {
  YamlNode map;
  map.kind = YamlNode::Kind::kMap;
  map.place = node.place;
  map.override_index = node.override_index;
  map.keys.emplace_back().text = "path";
  map.items.push_back(node);
  return read_output(map, problems);
}

}  // namespace

std::vector<OutputSpec> read_outputs(const YamlNode& node, Problems& problems) {
  std::vector<OutputSpec> outputs;
  const auto add = [&](const YamlNode& item) {
    outputs.push_back(item.is_scalar() ? read_output_path(item, problems) : read_output(item, problems));
  };
  if (node.is_list()) {
    for (const YamlNode& item : node.items) add(item);
  } else if (!node.is_null()) {
    add(node);
  }
  return outputs;
}

}  // namespace evclean::job

namespace evclean {

std::string output_base(const OutputSpec& output) {
  if (!output.path.ends_with('/')) return output.path;
  const auto same = [&](const job::Extension& known) {
    return known.format == output.format && known.codec == output.codec;
  };
  const auto known = std::find_if(job::kExtensions.begin(), job::kExtensions.end(), same);
  return output.path + output.table + std::string(known != job::kExtensions.end() ? known->ending : "");
}

}  // namespace evclean
