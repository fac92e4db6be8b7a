// SPDX-License-Identifier: Apache-2.0
#include "evclean/carried_state.hpp"
#include "preset_parsers.hpp"

namespace evclean {
namespace {

std::vector<InputColumn> columns_of(const Preset& preset) {
  std::vector<CellType> types = preset.types;
  if (preset.kind == PresetKind::kAccess || preset.kind == PresetKind::kPatterns ||
      preset.kind == PresetKind::kFields) {
    types = make_preset_parser(preset, {})->columns();
  }
  std::vector<InputColumn> columns;
  for (const CellType& type : types) columns.push_back(type.column);
  return columns;
}

std::string example_of(const Preset& preset) {
  for (const PresetSample& sample : preset.samples) {
    if (!sample.reject && !sample.blank) return sample.line;
  }
  return {};
}

}  // namespace

bool begins_at_line(const std::string& format) {
  if (format == "csv" || format == "tsv" || format == "json") return false;
  const Preset* const preset = find_preset(format);
  return preset == nullptr || preset->kind != PresetKind::kJson;
}

std::string event_start(const FormatSpec& spec, const std::string& format) {
  const Preset* const preset = spec.formats.size() == 1 && spec.multiline_start.empty() ? find_preset(format) : nullptr;
  return preset != nullptr ? preset->multiline_start : spec.multiline_start;
}

std::vector<FormatInfo> known_formats() {
  std::vector<FormatInfo> formats = {
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
  };
  for (const PresetFile& file : preset_files()) {
    const Preset& preset = *find_preset(file.name);
    formats.push_back({preset.name, preset.about, example_of(preset), columns_of(preset)});
  }
  return formats;
}

}  // namespace evclean
